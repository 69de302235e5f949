"""Promise: whoever edits a restore's record in the bucket has no other database dropped, renamed or written into."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from dbops.domain.restores.record import RestoreState
from dbops.errors import ApprovalMissing, PlanChanged, PreflightFailed
from dbops.gateways.server.database_server import DatabaseServer
from demo.postgres import EmbeddedPostgres
from tests.backups import counted_rows, execute
from tests.restore_records import edit, oid_of, yes
from tests.restoring import Restoring

STEPS: dict[str, Callable[[Restoring], object]] = {
    "load": Restoring.load,
    "analyze": Restoring.analyze,
    "verify": Restoring.verify,
    "plan_swap": Restoring.plan_swap,
    "swap": Restoring.swap,
    "post_check": Restoring.post_check,
    "report": Restoring.report,
}


@pytest.fixture
def victim(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database of somebody else on the same server, with a table in it."""
    name = f"billing_{secrets.token_hex(4)}"
    postgres_server.create_database(name)
    execute(postgres_server.url(name), "CREATE TABLE invoices AS SELECT 1 AS n")
    yield name
    postgres_server.drop_database(name)


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_the_live_database_is_not_dropped_as_what_a_killed_try_left(restoring: Restoring, mode: str) -> None:
    restoring.plan(mode=mode)
    edit(restoring, database=restoring.live, oid=oid_of(restoring, restoring.live), state="loading")

    with restoring.refusing(PlanChanged, "Somebody has edited it"):
        restoring.load()


def test_another_database_is_not_dropped_as_what_a_killed_try_left(restoring: Restoring, victim: str) -> None:
    restoring.plan()
    edit(restoring, database=victim, oid=oid_of(restoring, victim), state="loading")

    with restoring.refusing(PlanChanged, f"the database to load is {victim}, not {restoring.live}__restore_"):
        restoring.load()

    assert counted_rows(restoring.url_of(victim)) == {("public", "invoices"): 1}


@pytest.mark.parametrize(
    ("step", "what"),
    [*((step, "database") for step in STEPS), ("swap", "live"), ("swap", "before"), ("swap", "schema")],
)
def test_no_step_acts_upon_what_an_edited_record_names(restoring: Restoring, victim: str, step: str, what: str) -> None:
    record = restoring.plan(mode="swap")
    assert record.blockers == ()
    state = {"analyze": "loaded", "verify": "analyzed", "post_check": "swapped", "load": "loading"}
    edit(restoring, **{what: victim}, oid=oid_of(restoring, victim), state=state.get(step, "verified"))

    with restoring.refusing(PlanChanged, f"is {victim}, not ") as refused:
        STEPS[step](restoring)

    assert "Find out who can write to the bucket" in refused.value.remedy
    assert counted_rows(restoring.url_of(victim)) == {("public", "invoices"): 1}


def test_a_yes_to_a_swap_does_not_count_for_another_live_database(restoring: Restoring, victim: str) -> None:
    restoring.approve = ("swap",)
    restoring.restored(mode="swap")
    yes(restoring, "swap", restoring.plan_swap().digest)
    edit(restoring, live=victim, live_oid=oid_of(restoring, victim), before="billing_gone")

    with restoring.refusing(PlanChanged, f"the live database is {victim}"):
        restoring.swap()

    assert counted_rows(restoring.url_of(victim)) == {("public", "invoices"): 1}


@pytest.mark.parametrize("step", ["load", "swap"])
def test_the_oid_of_the_live_database_is_the_one_that_the_digest_covers(
    restoring: Restoring, victim: str, step: str
) -> None:
    if step == "load":
        restoring.plan(mode="swap")
    else:
        restoring.restored(mode="swap")
    edit(restoring, live_oid=oid_of(restoring, victim))

    with restoring.refusing(PlanChanged, "names a different database as the live"):
        STEPS[step](restoring)


def test_a_swap_is_not_taken_for_done_because_the_record_calls_the_live_database_restored(
    restoring: Restoring,
) -> None:
    restoring.approve = ("swap",)
    restoring.restored(mode="swap")
    edit(restoring, oid=oid_of(restoring, restoring.live), live_oid=None)

    with restoring.refusing(PlanChanged, "names a different database as the live"):
        restoring.swap()
    assert restoring.record.state is RestoreState.VERIFIED


def test_another_backup_is_not_loaded_than_the_one_of_the_plan(restoring: Restoring) -> None:
    restoring.plan()
    edit(restoring, backup_id="20200101T000000Z")

    with restoring.refusing(PlanChanged, "the backup is 20200101T000000Z, not "):
        restoring.load()


def test_a_record_that_says_it_has_begun_does_not_spare_the_yes(restoring: Restoring) -> None:
    restoring.approve = ("restore", "swap")
    restoring.plan()
    edit(restoring, state="loading")

    with restoring.refusing(ApprovalMissing, "no yes to it was ever used"):
        restoring.load()


def test_a_killed_try_that_has_used_its_yes_goes_on(restoring: Restoring) -> None:
    restoring.approve = ("restore", "swap")
    yes(restoring, "restore", restoring.plan().digest)
    loaded = restoring.load()
    edit(restoring, state="loading")  # as it was when that try was killed

    again = restoring.load()

    assert (again.state, again.database) == (RestoreState.LOADED, loaded.database)
    assert again.oid != loaded.oid


def test_the_server_never_drops_the_live_database_whatever_it_is_told(restoring: Restoring, victim: str) -> None:
    server: DatabaseServer = restoring.place.server(restoring.target)
    oid = oid_of(restoring, restoring.live)

    for name, number in ((restoring.live, oid), (victim, oid)):
        with restoring.refusing(PreflightFailed, "is live, but was about to be dropped"):
            server.drop(name, number)

    assert counted_rows(restoring.url_of(victim)) == {("public", "invoices"): 1}
