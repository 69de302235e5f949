"""Promise: how far a restore is is read back as it was written, and a record of another format is not guessed at."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupId
from dbops.domain.restores.record import HarmlessComplaint, RestoreRecord, RestoreState
from dbops.domain.restores.request import RestoreMode, RestoreRequest
from dbops.domain.restores.taken_over import TakenOver
from dbops.domain.words.ended import Ended
from tests.unit.restores import record
from tests.unit.samples import NOW, verification

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
MODES: st.SearchStrategy[RestoreMode] = st.sampled_from(["beside", "swap", "into", "schema"])
RECORDS = st.builds(
    RestoreRecord,
    target=TEXTS,
    run=TEXTS,
    request=st.builds(
        RestoreRequest,
        mode=MODES,
        schemas=st.tuples(TEXTS),
        tables=st.tuples(TEXTS),
        into=st.none() | TEXTS,
        takes_over=st.none()
        | st.builds(
            TakenOver,
            run=TEXTS,
            loaded_by=TEXTS,
            planned=st.just(NOW),
            oid=st.integers(1, 2**32 - 1),
            verified=st.just(NOW),
            verify_seconds=st.floats(0, 9),
        ),
    ),
    backup_id=st.just(BackupId.at(NOW)),
    digest=TEXTS,
    planned=st.just(NOW),
    live=TEXTS,
    live_oid=st.none() | st.integers(1, 2**32 - 1),
    database=TEXTS,
    before=st.none() | TEXTS,
    schema=st.none() | TEXTS,
    state=st.sampled_from(RestoreState),
    oid=st.none() | st.integers(1, 2**32 - 1),
    complaints=st.lists(st.builds(HarmlessComplaint, TEXTS, TEXTS), max_size=2).map(tuple),
    verification=st.sampled_from([None, verification(BackupId.at(NOW))]),
    migrations=TEXTS,
    swapped=st.none() | st.just(NOW),
    asked=st.none() | st.just(RestoreRequest(mode="swap", not_later_than=NOW)),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    ended=st.none() | st.builds(Ended, word=st.sampled_from(["rejected", "refused"]), why=TEXTS, when=st.just(NOW)),
)


@given(RECORDS)
def test_a_record_is_read_back_equal(written: RestoreRecord) -> None:
    assert RestoreRecord.from_json(written.to_json()) == written


def changed(**values: object) -> bytes:
    return json.dumps({**json.loads(record().to_json()), **values}).encode()


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", changed(format=2), changed(state="dropped"), changed(backup_id="newest")]
)
def test_what_is_not_a_record_of_this_format_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        RestoreRecord.from_json(body)


def test_what_a_newer_version_adds_is_ignored() -> None:
    assert RestoreRecord.from_json(changed(more={"a": 1})) == record()


def test_a_step_further_keeps_the_rest() -> None:
    assert record().at(RestoreState.LOADED, oid=7) == replace(record(), state=RestoreState.LOADED, oid=7)


@pytest.mark.parametrize(("mode", "ours"), [("beside", True), ("swap", True), ("into", False), ("schema", False)])
def test_only_a_database_that_was_made_for_it_is_ours_to_drop(mode: RestoreMode, ours: bool) -> None:
    assert record(request=RestoreRequest(mode=mode)).is_own_database is ours
