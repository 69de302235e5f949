"""Promise: a restore brings back what the backup holds, where it was asked to, and nothing live is touched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dbops.domain.report import Verdict
from dbops.domain.restores.record import RestoreState
from dbops.errors import BackupUnusable, PreflightFailed
from dbops.gateways.server import restore_lock
from dbops.gateways.store.restores import put_restore
from tests.faults.job import wait_until
from tests.restoring import Restoring


def test_beside_brings_the_whole_database_back_under_a_name_of_its_own(restoring: Restoring) -> None:
    restoring.tell("DELETE FROM crm.lines", "DELETE FROM crm.orders")
    before = restoring.databases()

    record = restoring.restored()

    assert record.state is RestoreState.VERIFIED
    assert restoring.databases() == before | {record.database}
    assert restoring.ask("SELECT count(*) FROM crm.orders", record.database) == [(100,)]
    assert restoring.ask("SELECT count(*) FROM crm.orders") == [(0,)]
    report = restoring.report()
    assert report.verdict is Verdict.OK
    assert record.database in report.markdown()
    assert "point the application at it yourself" in report.markdown()


def test_the_plan_shows_both_sides_and_what_will_run(restoring: Restoring) -> None:
    restoring.options = {"time_columns": {"events_1": "day"}}
    restoring.tell("DELETE FROM crm.orders WHERE id > 60", "INSERT INTO events VALUES ('2026-01-31', 7)")

    plan = restoring.plan(mode="swap")

    assert plan.blockers == ()
    shown = plan.markdown()
    assert "| crm.orders | 100 | 60 | - | - | **40 fewer live** |" in shown
    assert "2026-01-31" in shown
    assert f'ALTER DATABASE "{restoring.live}" RENAME TO "{plan.before}";' in shown
    assert "has never been restored before" in shown


def test_the_plan_says_that_the_backup_is_of_another_cluster_and_of_the_same_or_an_old_one_nothing(
    restoring: Restoring,
) -> None:
    (same,) = restoring.ask("SELECT system_identifier::text FROM pg_control_system()")
    assert restoring.plan(mode="swap").manifest.system_identifier == same[0]
    assert "cluster" not in restoring.plan(mode="swap").markdown()
    restoring.loader.change_manifest(system_identifier=None)
    assert "cluster" not in restoring.plan(mode="swap").markdown()

    restoring.loader.change_manifest(system_identifier="7588262098374612345")

    plan = restoring.plan(mode="swap")
    assert f"its system identifier is `7588262098374612345`, and that of this server `{same[0]}`" in plan.markdown()
    assert plan.blockers == ()


def test_a_swap_puts_it_into_place_and_keeps_the_old_one(restoring: Restoring) -> None:
    restoring.tell("DROP TABLE crm.lines")
    restoring.tell(f'ALTER DATABASE "{restoring.live}" SET work_mem = \'7MB\'', "COMMENT ON DATABASE "
                   f'"{restoring.live}" IS \'the shop\'')  # fmt: skip
    restoring.restored(mode="swap")

    record = restoring.swap()

    assert record.state is RestoreState.SWAPPED
    assert restoring.databases() == {restoring.live, record.before}
    assert restoring.ask("SELECT count(*) FROM crm.lines") == [(0,)]
    assert restoring.ask("SHOW work_mem") == [("7MB",)]
    restoring.post_check()
    assert record.before is not None
    assert record.before in restoring.report().markdown()


def test_chosen_tables_come_back_with_what_they_need(restoring: Restoring) -> None:
    record = restoring.restored(tables=["crm.orders"])

    assert restoring.ask("SELECT count(*) FROM crm.orders", record.database) == [(100,)]
    assert record.verification is not None
    assert not record.verification.whole


def test_into_an_empty_database_and_never_into_one_that_is_not(restoring: Restoring) -> None:
    name = f"{restoring.live}__given"
    restoring.tell(f'CREATE DATABASE "{name}"', database="postgres")

    record = restoring.restored(mode="into", into=name)
    again = Restoring(restoring.loader, restoring.url).plan(mode="into", into=name)

    assert record.database == name
    assert restoring.ask("SELECT count(*) FROM crm.orders", name) == [(100,)]
    assert "is not empty" in again.blockers[0]


def test_into_a_database_in_which_an_administrator_has_created_extensions_and_into_none_with_more_in_it(
    restoring: Restoring,
) -> None:
    """PostGIS brings a table with a primary key along, pg_cron a schema with tables."""
    name = f"{restoring.live}__prepared"
    restoring.tell(f'CREATE DATABASE "{name}"', database="postgres")
    restoring.tell(
        "CREATE EXTENSION pgcrypto",
        "CREATE TABLE spatial_ref_sys (srid int PRIMARY KEY, srtext text)",
        "CREATE TYPE band AS RANGE (subtype = float8)",
        "CREATE SCHEMA cron",
        "CREATE TABLE cron.job (jobid int PRIMARY KEY, command text)",
        *(
            f"ALTER EXTENSION pgcrypto ADD {member}"
            for member in ("TABLE spatial_ref_sys", "TYPE band", "SCHEMA cron", "TABLE cron.job")
        ),
        *(f"ALTER EXTENSION pgcrypto ADD FUNCTION {each}" for each in constructors("band", "float8")),
        database=name,
    )
    server = restoring.place.server(restoring.target)
    assert server.in_the_way(name) == []

    restoring.tell("CREATE TABLE cron.mine (n int PRIMARY KEY)", "CREATE SCHEMA empty", database=name)
    assert server.in_the_way(name) == ["relation cron.mine", "schema empty"]
    refused = Restoring(restoring.loader, restoring.url).plan(mode="into", into=name)
    assert "is not empty: among others it has relation cron.mine, schema empty" in refused.blockers[0]

    restoring.tell("DROP TABLE cron.mine", "DROP SCHEMA empty", database=name)
    record = restoring.restored(mode="into", into=name)
    assert record.state is RestoreState.VERIFIED
    assert restoring.ask("SELECT count(*) FROM crm.orders", name) == [(100,)]


def constructors(range_type: str, subtype: str) -> list[str]:
    """The constructors of a range type and of its multirange."""
    many = f"{range_type}_multirange"
    ours = (f"{subtype}, {subtype}", f"{subtype}, {subtype}, text")
    return [*(f"{range_type}({of})" for of in ours), f"{many}()", f"{many}({range_type})", f"{many}({range_type}[])"]


def test_a_schema_comes_into_the_live_database_under_a_name_of_its_own(restoring: Restoring) -> None:
    restoring.tell("DELETE FROM crm.lines", "DELETE FROM crm.orders")

    plan = restoring.plan(mode="schema", schemas=["crm"])
    restoring.load()
    restoring.analyze()
    record = restoring.verify()

    assert plan.blockers == ()
    assert f'CREATE SCHEMA "{record.schema}";' in plan.markdown()
    assert record.state is RestoreState.VERIFIED
    assert restoring.databases() == {restoring.live}
    assert restoring.ask(f'SELECT count(*) FROM "{record.schema}".orders') == [(100,)]  # noqa: S608
    assert restoring.ask("SELECT count(*) FROM crm.orders") == [(0,)]
    report = restoring.report()
    assert report.verdict is not Verdict.FAILED
    assert f"It is schema {record.schema} of" in report.markdown().replace("\\", "")
    assert restoring.load() == record


def test_the_plan_that_is_shown_before_a_swap_has_the_live_rows_of_now(restoring: Restoring) -> None:
    record = restoring.restored(mode="swap")
    restoring.tell("DELETE FROM crm.orders WHERE id > 60")

    plan = restoring.plan_swap()

    assert "| crm.orders | 100 | 60 | **40 fewer live** |" in plan.markdown()
    assert plan.digest == record.digest


def test_every_step_may_be_run_again(restoring: Restoring) -> None:
    restoring.plan(mode="swap")
    restoring.plan(mode="swap")
    for step in (restoring.load, restoring.analyze, restoring.verify, restoring.swap, restoring.post_check):
        first = step()
        assert step() == first


def test_an_unknown_backup_is_refused(restoring: Restoring) -> None:
    with pytest.raises(BackupUnusable, match="does not exist"):
        restoring.plan(backup="20200101T000000Z")


def test_a_step_waits_for_the_end_of_the_one_before_which_the_server_may_be_slow_to_notice(
    restoring: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore_lock, "_LET_GO_WITHIN", 60.0)
    asked = "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()"
    restoring.plan()
    with ThreadPoolExecutor(1) as beside:
        with restoring.place.server(restoring.target).alone():
            loading = beside.submit(restoring.load)
            wait_until(lambda: len(restoring.ask(asked, "postgres")) == 2, "it asks for the lock as well")
            assert not loading.done()
        assert loading.result(60).state is RestoreState.LOADED


def test_a_try_waits_for_the_one_before_that_was_taken_for_dead_and_loads_nothing_that_it_has_loaded(
    restoring: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore_lock, "_LET_GO_WITHIN", 0.0)
    asked = "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()"
    restoring.plan()
    with ThreadPoolExecutor(1) as beside:
        with restoring.place.server(restoring.target).alone():
            loading = beside.submit(restoring.load, after_another_try=True)
            wait_until(lambda: len(restoring.ask(asked, "postgres")) == 2, "it asks for the lock as well")
            loaded = put_restore(restoring.loader.bucket, restoring.target, restoring.record.at(RestoreState.LOADED))
            assert not loading.done()
        assert loading.result(60) == loaded
    assert restoring.databases() == {restoring.live}


def test_a_swap_waits_for_the_try_before_that_was_taken_for_dead_and_knows_what_it_wrote(
    restoring: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore_lock, "_LET_GO_WITHIN", 0.0)
    asked = "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()"
    verified = restoring.restored(mode="swap")
    with ThreadPoolExecutor(1) as beside:
        with restoring.place.server(restoring.target).alone():
            swapping = beside.submit(restoring.swap, after_another_try=True)
            wait_until(lambda: len(restoring.ask(asked, "postgres")) == 2, "it asks for the lock as well")
            put_restore(restoring.loader.bucket, restoring.target, verified.at(verified.state, approved_by="bob"))
            assert not swapping.done()
        swapped = swapping.result(60)
    assert (swapped.state, swapped.approved_by) == (RestoreState.SWAPPED, "bob")


def test_two_restores_at_once_are_one_too_many(restoring: Restoring) -> None:
    restoring.plan()
    with restoring.place.server(restoring.target).alone(), pytest.raises(PreflightFailed, match="Another restore"):
        restoring.load()
    assert restoring.databases() == {restoring.live}
