"""Promise: what differs from the plan is noticed before anything is done, and nothing is ever overwritten."""

from __future__ import annotations

import pytest

from dbops.domain.restores.record import RestoreState
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import (
    InvalidRequest,
    PlanChanged,
    PreflightFailed,
    RestoreFailed,
)
from dbops.gateways.server.database_server import DatabaseServer
from dbops.gateways.store.restores import put_restore, read_restore
from tests.loading import Loader
from tests.restoring import Restoring

CHANGES = {
    "a table more": "CREATE TABLE crm.more (n int)",
    "a column more": "ALTER TABLE crm.orders ADD more int",
    "a setting": "ALTER DATABASE {live} SET work_mem = '9MB'",
    "a comment": "COMMENT ON DATABASE {live} IS 'other'",
    "another owner": "ALTER DATABASE {live} OWNER TO pg_monitor",
    "another limit": "ALTER DATABASE {live} CONNECTION LIMIT 17",
    "a grant": "GRANT CREATE ON DATABASE {live} TO pg_monitor",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_live_database_that_changed_since_the_plan(restoring: Restoring, change: str) -> None:
    restoring.plan(mode="swap")
    restoring.tell(change.format(live=f'"{restoring.live}"'))

    with restoring.refusing(PlanChanged, "is not what its plan says"):
        restoring.load()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_live_database_that_changed_before_the_swap(restoring: Restoring, change: str) -> None:
    restoring.restored(mode="swap")
    restoring.tell(change.format(live=f'"{restoring.live}"'))

    with restoring.refusing(PlanChanged, "is not what its plan says"):
        restoring.swap()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_while_it_was_loaded_is_shown_with_the_swap_and_loses_nothing(
    restoring: Restoring, change: str
) -> None:
    """A partition more each night, for example: the swap is planned with what is live when all is verified."""
    planned = restoring.restored(mode="swap")
    restoring.tell(change.format(live=f'"{restoring.live}"'))

    plan = restoring.plan_swap()

    assert plan.digest != planned.digest
    assert f"{restoring.live}, its schema or its settings have changed since the restore" in plan.warnings[0]
    if "TABLE crm.more" in change:
        assert "| crm.more | - | 0 | **not in the backup** |" in plan.markdown()
    assert restoring.swap().state is RestoreState.SWAPPED


def test_nothing_is_said_of_a_live_database_that_has_not_changed(restoring: Restoring) -> None:
    warned = restoring.plan(mode="swap").warnings
    planned = restoring.bring_back()

    plan = restoring.plan_swap()

    assert plan.digest == planned.digest
    assert set(plan.warnings) <= set(warned)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_after_the_swap_was_planned_is_refused_and_the_verified_copy_can_be_used_by_hand(
    restoring: Restoring, change: str
) -> None:
    record = restoring.restored(mode="swap")
    restoring.plan_swap()
    restoring.tell(change.format(live=f'"{restoring.live}"'))

    with restoring.refusing(PlanChanged, f"{record.database} stays, as it was verified") as refused:
        restoring.swap()

    by_hand = refused.value.remedy.partition("step 9): ")[2]
    restoring.tell(*by_hand.removesuffix(";").split("; "), database="postgres")
    assert restoring.databases() == {restoring.live, record.before}
    assert restoring.ask("SELECT oid FROM pg_database WHERE datname = current_database()") == [(record.oid,)]


def put_another_in_place(restoring: Restoring) -> None:
    """A copy of the live database under its name."""
    aside, live = f"{restoring.live}__aside", restoring.live
    restoring.tell(
        f'ALTER DATABASE "{live}" RENAME TO "{aside}"',
        f'CREATE DATABASE "{live}" TEMPLATE "{aside}"',
        database="postgres",
    )


def test_a_swap_is_not_planned_with_another_live_database(restoring: Restoring) -> None:
    restoring.restored(mode="swap")
    put_another_in_place(restoring)
    with restoring.refusing(PlanChanged, "is not the one that was there when this restore was planned"):
        restoring.plan_swap()


def test_a_live_database_that_is_another_one_by_now(restoring: Restoring) -> None:
    restoring.restored(mode="swap")
    put_another_in_place(restoring)
    with restoring.refusing(PlanChanged, "is not what its plan says"):
        restoring.swap()


def test_a_restored_database_that_is_another_one_by_now(restoring: Restoring) -> None:
    record = restoring.restored(mode="swap")
    restoring.tell(f'DROP DATABASE "{record.database}"', f'CREATE DATABASE "{record.database}"', database="postgres")

    with restoring.refusing(PreflightFailed, f"There is a database {record.database} already"):
        restoring.swap()


def test_a_restored_database_that_is_gone(restoring: Restoring) -> None:
    record = restoring.restored(mode="swap")
    restoring.tell(f'DROP DATABASE "{record.database}"', database="postgres")

    with restoring.refusing(PlanChanged, "is not the one that was verified"):
        restoring.swap()


def test_more_rows_are_no_other_plan(restoring: Restoring) -> None:
    restoring.restored(mode="swap")
    restoring.tell("INSERT INTO crm.orders (customer) SELECT 1 FROM generate_series(1, 50)")

    assert restoring.swap().state is RestoreState.SWAPPED


def test_another_plan_of_a_run_that_has_begun(restoring: Restoring) -> None:
    restoring.plan()
    restoring.load()

    with restoring.refusing(PlanChanged, "is restoring"):
        restoring.plan()


def test_a_swap_that_was_not_planned(restoring: Restoring) -> None:
    restoring.restored()

    with restoring.refusing(PlanChanged, "to restore beside, not to swap"):
        restoring.swap()


def test_steps_before_their_time(restoring: Restoring) -> None:
    with restoring.refusing(InvalidRequest, "has planned no restore"):
        restoring.load()
    restoring.plan(mode="swap")
    with restoring.refusing(RestoreFailed, "no longer exists, or is no longer the same one"):
        restoring.verify()
    with restoring.refusing(RestoreFailed, "has not passed verification"):
        restoring.swap()
    with restoring.refusing(RestoreFailed, "is not the database that this run has restored"):
        restoring.post_check()


def test_the_restored_name_is_taken(restoring: Restoring) -> None:
    plan = restoring.plan()
    restoring.tell(f'CREATE DATABASE "{plan.database}"', database="postgres")

    with restoring.refusing(PreflightFailed, f"There is a database {plan.database} already"):
        restoring.load()


def test_the_name_for_the_old_database_is_taken(restoring: Restoring) -> None:
    record = restoring.restored(mode="swap")
    restoring.tell(f'CREATE DATABASE "{record.before}"', database="postgres")

    with restoring.refusing(PreflightFailed, f"There is a database {record.before} already"):
        restoring.swap()


def test_a_database_that_a_killed_attempt_has_filled_is_not_taken_for_ours(restoring: Restoring) -> None:
    """Its oid was never written down, so that nobody knows whose it is."""
    plan = restoring.plan()
    record = read_restore(restoring.loader.bucket, restoring.target, restoring.run)
    put_restore(restoring.loader.bucket, restoring.target, record.at(RestoreState.LOADING))
    restoring.tell(f'CREATE DATABASE "{plan.database}" TEMPLATE "{restoring.live}"', database="postgres")

    with restoring.refusing(PreflightFailed, "was not created by this run, and is not empty"):
        restoring.load()


def test_what_a_killed_attempt_left_is_made_anew(restoring: Restoring) -> None:
    plan = restoring.plan()
    record = read_restore(restoring.loader.bucket, restoring.target, restoring.run)
    restoring.tell(f'CREATE DATABASE "{plan.database}" TEMPLATE "{restoring.live}"', database="postgres")
    ((oid,),) = restoring.ask("SELECT oid::int FROM pg_database WHERE datname = current_database()", plan.database)
    put_restore(restoring.loader.bucket, restoring.target, record.at(RestoreState.LOADING, oid=oid))

    assert restoring.load().oid != oid
    restoring.analyze()
    assert restoring.verify().state is RestoreState.VERIFIED


@pytest.mark.parametrize("what", ["crm.orders", "live", "missing"])
def test_into_a_database_that_is_not_empty_or_not_there(restoring: Restoring, what: str) -> None:
    name = f"{restoring.live}__given" if what != "live" else restoring.live
    if what == "crm.orders":
        restoring.tell(f'CREATE DATABASE "{name}"', database="postgres")
        restoring.tell("CREATE TABLE orders (n int)", database=name)
    words = {"crm.orders": "is not empty: among others it has relation public.orders", "live": "is the live database"}

    plan = restoring.plan(mode="into", into=name)

    assert words.get(what, "There is no database") in plan.blockers[0]
    with restoring.refusing(PreflightFailed, words.get(what, "There is no database")):
        restoring.load()


def test_into_a_database_that_was_filled_since_the_plan(restoring: Restoring) -> None:
    name = f"{restoring.live}__given"
    restoring.tell(f'CREATE DATABASE "{name}"', database="postgres")
    restoring.plan(mode="into", into=name)
    restoring.tell("CREATE TYPE mood AS ENUM ('sad')", database=name)

    with restoring.refusing(PreflightFailed, "type public.mood"):
        restoring.load()


def test_two_restores_at_once(restoring: Restoring, loader: Loader) -> None:
    restoring.restored(mode="swap")
    other = Restoring(loader, restoring.url)
    other.plan()

    with restoring.place.server(restoring.target).alone():
        with restoring.refusing(PreflightFailed, "Another restore"):
            other.load()
        with restoring.refusing(PreflightFailed, "Another restore"):
            restoring.swap()
    assert other.load().state is RestoreState.LOADED


def test_a_database_of_another_name_is_not_locked(restoring: Restoring) -> None:
    elsewhere = DatabaseServer(DatabaseAddress.from_url(restoring.url), "another")

    with elsewhere.alone(), restoring.place.server(restoring.target).alone():
        pass
