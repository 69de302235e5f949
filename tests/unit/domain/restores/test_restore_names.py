"""Promise: a record can have no database dropped, renamed or written into but those that its own request makes."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.restores.names import RestoreNames, restore_names, strange_names
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.restores.request import RestoreMode, RestoreRequest
from tests.unit.restores import BACKUP, BEFORE, RESTORED, record
from tests.unit.samples import NOW

NAMES: dict[RestoreMode, RestoreNames] = {
    "beside": RestoreNames(RESTORED),
    "swap": RestoreNames(RESTORED, before=BEFORE),
    "into": RestoreNames("copy"),
    "schema": RestoreNames("shop", schema="crm__restore_20261122_120000"),
}


def request(mode: RestoreMode) -> RestoreRequest:
    return RestoreRequest(
        mode=mode,
        backup_id=BACKUP,
        into="copy" if mode == "into" else None,
        schemas=("crm",) if mode == "schema" else (),
    )


def planned(mode: RestoreMode, **changed: Any) -> RestoreRecord:
    names = NAMES[mode]
    facts = {"database": names.database, "before": names.before, "schema": names.schema, **changed}
    return record(request=request(mode), **facts)


@pytest.mark.parametrize("mode", NAMES)
def test_each_way_to_restore_has_its_own_names(mode: RestoreMode) -> None:
    assert restore_names(request(mode), "shop", NOW) == NAMES[mode]


@pytest.mark.parametrize("mode", NAMES)
def test_nothing_is_strange_about_a_record_that_was_planned(mode: RestoreMode) -> None:
    assert strange_names(planned(mode), "shop") == ()


@pytest.mark.parametrize("mode", NAMES)
@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"live": "crm"}, "the live database is crm, not shop"),
        ({"database": "postgres"}, "the database to load is postgres, not {database}"),
        ({"before": "crm"}, "the name for the old one is crm, not {before}"),
        ({"schema": "public"}, "the schema is public, not {schema}"),
        ({"backup_id": BackupId("20260101T000000Z")}, f"the backup is 20260101T000000Z, not {BACKUP}"),
    ],
)
def test_each_name_that_somebody_has_changed_is_told(mode: RestoreMode, changed: dict[str, Any], what: str) -> None:
    names = NAMES[mode]
    meant = what.format(database=names.database, before=names.before or "none", schema=names.schema or "none")
    assert strange_names(planned(mode, **changed), "shop") == (meant,)


def test_a_name_that_is_missing_is_told_as_none() -> None:
    assert strange_names(planned("swap", before=None), "shop") == (f"the name for the old one is none, not {BEFORE}",)


def test_all_that_is_strange_is_told_and_the_live_database_is_the_targets_own() -> None:
    assert len(strange_names(planned("swap", database="postgres", before="crm"), "shop")) == 2
    assert strange_names(planned("into"), "crm") == ("the live database is shop, not crm",)
