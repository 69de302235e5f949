"""see_run: one run by what lies in the bucket, and in words what cannot be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.checks.suite import Outcome
from dbops.domain.target import Target
from dbops.domain.views.target_parts import checks_part
from dbops.domain.views.target_view import CheckView
from dbops.domain.words.start_id import StartId
from dbops.errors import BucketError
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.jobs.views.see_run import see_check, see_probe_report
from tests.unit.page_samples import rule
from tests.unit.samples import DAY, NOW, Clock, check_run, target

SHOP = target()
LAYOUT = Layout(SHOP.root)
RUN = check_run(rule("a", Outcome.FAILED), rule("b"), started=NOW - DAY)
ID = RUN.check_id


def stored(body: bytes = RUN.to_json()) -> InMemoryBucket:
    bucket = InMemoryBucket("vault", Clock())
    bucket.put(LAYOUT.check(ID), body)
    bucket.put(LAYOUT.check(StartId.at(NOW)), check_run(rule("c")).to_json())
    bucket.put(f"{LAYOUT.probe_page(ID)}index.html", b"<html>charts</html>")
    return bucket


def refusing(_target: Target) -> Bucket:
    raise BucketError("The store refused.", "Look at its key.")


def see(bucket: InMemoryBucket, check_id: StartId = ID) -> CheckView | None:
    return see_check(SHOP, lambda _: bucket, check_id, clock=Clock())


def test_a_run_is_shown_as_it_was_when_it_was_the_newest() -> None:
    assert see(stored()) == CheckView(target=SHOP, check_id=ID, seen=NOW, checks=checks_part([RUN]))


def test_there_is_no_run_where_none_was_kept() -> None:
    assert see(stored(), StartId.at(NOW - 2 * DAY)) is None
    assert see_probe_report(SHOP, lambda _: stored(), StartId.at(NOW)) is None


@pytest.mark.parametrize("body", [b"geheim", b'{"format": 9}', check_run(rule("b"), of="blog").to_json()])
def test_what_is_not_a_run_of_the_target_is_named_by_its_place_and_not_quoted(body: bytes) -> None:
    view = see(stored(body))
    assert view is not None
    assert view.checks == (
        f"The run {ID} of the checks of shop cannot be shown: s3://vault/{LAYOUT.check(ID)} is not one that this "
        "version can read."
    )


@pytest.mark.parametrize(
    ("look", "what"),
    [
        (lambda: _checks_of(refusing), f"The run {ID} of the checks of shop"),
        (lambda: see_probe_report(SHOP, refusing, ID), f"The report of the run {ID} of the probes of shop"),
    ],
)
def test_a_store_that_refuses_is_said_in_words(look: Callable[[], object], what: str) -> None:
    assert look() == f"{what} cannot be shown: The store refused. Look at its key."


def test_the_report_of_a_run_of_the_probes_is_what_was_kept() -> None:
    assert see_probe_report(SHOP, lambda _: stored(), ID) == b"<html>charts</html>"


def _checks_of(open_bucket: Callable[[Target], Bucket]) -> object:
    view = see_check(SHOP, open_bucket, ID, clock=Clock())
    return view and view.checks
