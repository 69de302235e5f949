"""Promise: what a run has loaded and verified is swapped in by a later one, loaded once, and by no two of them."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.report import Verdict
from dbops.domain.restores.left_copy import may_be_left, way_on
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.words.quantities import format_bytes
from dbops.errors import (
    ApprovalMissing,
    BackupUnusable,
    BucketError,
    DatabaseError,
    InvalidRequest,
    PlanChanged,
    PreflightFailed,
    RestoreFailed,
)
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.server.database_server import DatabaseServer
from dbops.jobs.restores.plan_restore import plan_restore
from demo.postgres import EmbeddedPostgres
from tests.backups import counted_rows, execute
from tests.restore_records import edit, oid_of, yes
from tests.restoring import Restoring


def anew(restoring: Restoring, **changed: Any) -> Restoring:
    """A new run, of the same target."""
    return replace(restoring, run=f"test-{secrets.token_hex(4)}", **changed)


@pytest.fixture
def earlier(restoring: Restoring) -> Restoring:
    """A run that has loaded and verified, and could not swap: the live schema is another one by now."""
    restoring.restored(mode="swap")
    restoring.plan_swap()
    restoring.tell("DELETE FROM crm.lines", "DELETE FROM crm.orders", "CREATE TABLE crm.more (n int)")
    with restoring.refusing(PlanChanged, f"in mode swap with loaded: {restoring.record.database} loads nothing again"):
        restoring.swap()
    return restoring


@pytest.fixture
def later(earlier: Restoring) -> Restoring:
    return anew(earlier)


def rename(restoring: Restoring, database: str, to: str) -> None:
    restoring.tell(f'ALTER DATABASE "{database}" RENAME TO "{to}"', database="postgres")


@contextmanager
def refused_and_untouched(earlier: Restoring, kind: type[Exception], words: str) -> Iterator[None]:
    """As ``refusing``, and the earlier run's database and record are what they were."""
    database = earlier.record.database
    record = earlier.record
    rows = counted_rows(earlier.url_of(database)) if database in earlier.databases() else None
    with earlier.refusing(kind, words):  # type: ignore[type-var]  # each is a DbopsError
        yield
    assert earlier.record == record
    assert rows is None or counted_rows(earlier.url_of(database)) == rows


@pytest.mark.parametrize("by", ["run", "database"])
def test_it_is_swapped_in_by_a_new_run_and_nothing_is_loaded(earlier: Restoring, later: Restoring, by: str) -> None:
    loaded = earlier.record

    plan = later.plan(mode="swap", loaded=getattr(loaded, by))
    record = later.bring_back()
    assert record.verification is not None
    assert record.verification.findings == ()
    later.plan_swap()
    swapped = later.swap()
    later.post_check()

    assert plan.blockers == ()
    assert "CREATE DATABASE" not in plan.markdown()
    assert (
        f"**Nothing is loaded.** The database `{loaded.database}` (oid {loaded.oid}), which the run" in plan.markdown()
    )
    assert (record.database, record.oid, record.backup_id) == (loaded.database, loaded.oid, loaded.backup_id)
    assert (record.state, swapped.state) == (RestoreState.VERIFIED, RestoreState.SWAPPED)
    assert oid_of(later, later.live) == loaded.oid
    assert later.ask("SELECT count(*) FROM crm.orders") == [(100,)]
    assert later.databases() == {later.live, str(swapped.before)}
    assert later.ask("SELECT count(*) FROM crm.more", swapped.before) == [(0,)]
    assert later.report().verdict is Verdict.OK


def test_what_was_restored_beside_is_swapped_in(restoring: Restoring) -> None:
    beside = restoring.restored()
    later = anew(restoring)
    restoring.tell("DELETE FROM crm.lines", "DELETE FROM crm.orders")

    later.restored(mode="swap", loaded=beside.database)
    later.swap()

    assert later.ask("SELECT count(*) FROM crm.orders") == [(100,)]


def test_it_is_on_record_who_took_over_what_from_whom(earlier: Restoring, later: Restoring) -> None:
    bucket, root = later.loader.bucket, later.target.root
    later.plan(mode="swap", loaded=earlier.run)
    proof = bucket.get(Layout(root).verification(earlier.record.backup_id))

    later.bring_back()

    [key] = [stored.key for stored in bucket.list(f"{root}audit/") if stored.key.endswith("-take-over.json")]
    audit = json.loads(bucket.get(key))
    assert (audit["run"], audit["from"], audit["oid"]) == (later.run, earlier.run, earlier.record.oid)
    # The backup itself was not read again: its proof is as old as it was.
    assert bucket.get(Layout(root).verification(earlier.record.backup_id)) == proof


def test_a_live_database_that_is_gone_is_replaced_as_well(restoring: Restoring) -> None:
    loaded = restoring.restored(mode="swap")
    restoring.tell(f"DROP DATABASE {restoring.quoted}", database="postgres")
    later = anew(restoring)

    later.restored(mode="swap", loaded=loaded.database)
    swapped = later.swap()
    later.post_check()

    assert oid_of(later, later.live) == loaded.oid
    assert later.ask("SELECT count(*) FROM crm.orders") == [(100,)]
    with pytest.raises(PlanChanged, match="has taken over"):
        restoring.swap()
    assert swapped.live_oid is None


# It is that very database


def test_one_that_was_dropped_is_not_taken_over(earlier: Restoring, later: Restoring) -> None:
    earlier.tell(f'DROP DATABASE "{earlier.record.database}"', database="postgres")

    with refused_and_untouched(earlier, InvalidRequest, "no longer exists. Start a new run that loads"):
        later.plan(mode="swap", loaded=earlier.run)


@pytest.mark.parametrize("planned", [False, True])
def test_another_one_of_its_name_is_not_taken_over(earlier: Restoring, later: Restoring, planned: bool) -> None:
    name = earlier.record.database
    if planned:
        later.plan(mode="swap", loaded=earlier.run)
    rename(earlier, name, f"{name}_kept")
    earlier.tell(f'CREATE DATABASE "{name}" TEMPLATE "{name}_kept"', database="postgres")

    if planned:
        with refused_and_untouched(earlier, PlanChanged, "is not the one that was to be taken over"):
            later.load()
    else:
        with refused_and_untouched(earlier, InvalidRequest, "is no longer the same one"):
            later.plan(mode="swap", loaded=earlier.run)


def test_one_that_is_exchanged_after_its_verification_is_not_swapped_in(earlier: Restoring, later: Restoring) -> None:
    name = later.restored(mode="swap", loaded=earlier.run).database
    later.plan_swap()
    rename(later, name, f"{name}_kept")
    later.tell(f'CREATE DATABASE "{name}" TEMPLATE "{name}_kept"', database="postgres")

    with refused_and_untouched(earlier, RestoreFailed, "is no longer the same one"):
        later.swap()


def test_one_whose_backup_has_expired_is_not_taken_over(earlier: Restoring, later: Restoring) -> None:
    earlier.loader.bucket.delete(Layout(earlier.target.root).manifest(earlier.record.backup_id))

    with refused_and_untouched(
        earlier, BackupUnusable, "With the database's credentials you can put it into place by hand"
    ):
        later.plan(mode="swap", loaded=earlier.run)


# It is proven anew


def test_one_that_somebody_has_written_into_is_not_swapped_in(earlier: Restoring, later: Restoring) -> None:
    later.plan(mode="swap", loaded=earlier.run)
    earlier.tell("DELETE FROM crm.orders WHERE id = 1", database=earlier.record.database)
    later.load()
    later.analyze()

    with refused_and_untouched(earlier, RestoreFailed, "somebody has changed something in it since"):
        later.verify()
    with later.refusing(RestoreFailed, "has not passed verification"):
        later.swap()

    assert later.record.state is RestoreState.FAILED
    with refused_and_untouched(earlier, InvalidRequest, "has taken over"):
        anew(later).plan(mode="swap", loaded=earlier.run)
    with refused_and_untouched(earlier, InvalidRequest, "is not what the backup holds, so nothing can be taken"):
        anew(later).plan(mode="swap", loaded=later.run)


def test_rows_that_were_changed_and_whose_number_is_the_same_are_told(earlier: Restoring, later: Restoring) -> None:
    later.plan(mode="swap", loaded=earlier.run)
    later.load()
    earlier.tell("UPDATE crm.orders SET id = id WHERE id <= 3", database=earlier.record.database)

    proof = later.verify().verification

    assert proof is not None
    assert proof.ok
    [said] = [warning for warning in proof.warnings if "were changed" in warning]
    assert "since it was loaded, in crm.orders (3): they may not be what the backup holds" in said
    assert said in later.report().markdown()


# It is one run's


@pytest.mark.parametrize("state", ["planned", "loading", "loaded", "analyzed", "failed"])
def test_a_run_that_still_works_or_has_found_a_fault_keeps_it(restoring: Restoring, state: str) -> None:
    restoring.plan(mode="swap")
    if state != "planned":
        restoring.load()
    if state == "loading":
        edit(restoring, state="loading")
    if state in {"analyzed", "failed"}:
        restoring.analyze()
    if state == "failed":
        restoring.tell("CREATE TABLE crm.odd (n int)", database=restoring.record.database)
        with pytest.raises(RestoreFailed):
            restoring.verify()
    assert restoring.record.state == state

    with refused_and_untouched(restoring, InvalidRequest, "so nothing can be taken over from it"):
        anew(restoring).plan(mode="swap", loaded=restoring.run)


def test_nothing_is_taken_over_while_another_step_is_at_work(earlier: Restoring, later: Restoring) -> None:
    later.plan(mode="swap", loaded=earlier.run)
    at_work, over = threading.Event(), threading.Event()

    def hold() -> None:
        with earlier.place.server(earlier.target).alone():
            at_work.set()
            over.wait()

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        assert at_work.wait(60)
        with refused_and_untouched(earlier, PreflightFailed, "Another restore of"):
            later.load()
    finally:
        over.set()
        holding.join()
    assert later.load().state is RestoreState.ANALYZED


def test_the_earlier_run_does_not_swap_it_in_any_more_even_with_a_yes(earlier: Restoring, later: Restoring) -> None:
    earlier.approve = later.approve = ("swap",)
    yes(earlier, "swap", earlier.plan_swap().digest)
    later.plan(mode="swap", loaded=earlier.run)
    later.load()

    for step in (earlier.plan_swap, earlier.swap):
        with refused_and_untouched(earlier, PlanChanged, f"The run {later.run} has taken over"):
            step()
    edit(earlier, state="loading")  # then it would drop what a killed try has left
    with refused_and_untouched(earlier, PlanChanged, f"The run {later.run} has taken over"):
        earlier.load()


def test_two_runs_that_have_planned_it_do_not_both_get_it(earlier: Restoring, later: Restoring) -> None:
    last = anew(later)
    for each in (later, last):
        each.plan(mode="swap", loaded=earlier.record.database)

    later.load()

    with refused_and_untouched(earlier, InvalidRequest, f"has taken over {earlier.record.database} from the run"):
        last.load()
    assert last.record.state is RestoreState.PLANNED
    later.analyze()
    later.verify()
    later.swap()
    with pytest.raises(InvalidRequest, match="has taken over"):
        last.load()


@pytest.mark.parametrize("verified", [False, True])
def test_what_was_taken_over_is_taken_over_again(earlier: Restoring, later: Restoring, verified: bool) -> None:
    later.plan(mode="swap", loaded=earlier.run)
    later.load()
    if verified:
        later.verify()
    last = anew(later)

    plan = last.plan(mode="swap", loaded=earlier.record.database)
    last.bring_back()

    assert f"which the run `{earlier.run}` of" in plan.markdown()
    assert f"and the run `{later.run}` has taken over" in plan.markdown()
    later.verify()  # has been at work all the while
    with last.refusing(PlanChanged, f"The run {last.run} has taken over"):
        later.swap()
    assert last.swap().oid == earlier.record.oid


def test_a_try_that_was_killed_over_it_goes_on(earlier: Restoring, later: Restoring) -> None:
    later.approve = ("restore",)
    yes(later, "restore", later.plan(mode="swap", loaded=earlier.run).digest)
    later.load()
    edit(later, state="loading")  # as it was when that try was killed

    assert later.load().state is RestoreState.ANALYZED
    assert later.verify().oid == earlier.record.oid


def test_of_one_that_is_left_again_people_are_told_the_name_and_the_size(earlier: Restoring, later: Restoring) -> None:
    """The run that has taken it over made another plan at another time: the name is the first one's."""
    later.plan(mode="swap", loaded=earlier.record.database)
    later.bring_back()

    record = later.record

    assert may_be_left(record)
    assert record.loaded_bytes is not None
    assert record.loaded_bytes == earlier.record.loaded_bytes
    assert f"{record.database}, {format_bytes(record.loaded_bytes)}." in way_on(record)


def test_what_was_swapped_in_is_not_taken_over(restoring: Restoring) -> None:
    restoring.restored(mode="swap")
    restoring.swap()

    with restoring.refusing(InvalidRequest, "has already swapped in what it loaded"):
        anew(restoring).plan(mode="swap", loaded=restoring.run)


def test_a_swap_that_its_run_could_not_put_on_record_is_put_there_by_the_next_who_asks_for_it(
    restoring: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a shell a run is one process: nobody can go on with it."""
    verified = restoring.restored(mode="swap")
    with monkeypatch.context() as away:
        away.setattr(S3Bucket, "put", _refuse)
        with pytest.raises(BucketError, match=r"The swap took place: .* with loaded: ") as refused:
            restoring.swap()
    assert f"with loaded: {verified.database}." in refused.value.remedy
    later = anew(restoring)

    with restoring.refusing(InvalidRequest, "Its record does not say so yet"):
        plan_restore(later.asked(), later.request(mode="swap", loaded=verified.database), by="tester", keep=False)
    assert restoring.record == verified

    with restoring.refusing(InvalidRequest, f"it is {restoring.live}. Its record did not say so, and does now"):
        later.plan(mode="swap", loaded=verified.database)
    assert restoring.record.state is RestoreState.SWAPPED
    assert restoring.post_check() == restoring.record


def _refuse(bucket: S3Bucket, key: str, body: object) -> None:
    raise BucketError(f"Could not write s3://{bucket.name}/{key}.", "Look at the store.")


# People are asked as ever


def test_a_yes_to_the_earlier_run_does_not_count_and_one_to_this_plan_does(
    earlier: Restoring, later: Restoring
) -> None:
    earlier.approve = later.approve = ("restore", "swap")
    yes(earlier, "swap", earlier.plan_swap().digest)
    planned = later.plan(mode="swap", loaded=earlier.run)

    with refused_and_untouched(earlier, ApprovalMissing, "Nobody has approved the restore"):
        later.load()
    yes(later, "restore", planned.digest)
    later.bring_back()
    with refused_and_untouched(earlier, ApprovalMissing, "Nobody has approved the swap"):
        later.swap()
    yes(later, "swap", later.plan_swap().digest)

    assert later.swap().approved_by == "bob"


def test_what_the_server_would_refuse_is_found_before_the_yes_is_used_up(
    earlier: Restoring, later: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    later.approve = ("restore",)
    yes(later, "restore", later.plan(mode="swap", loaded=earlier.run).digest)

    def refuse(*_: Any) -> None:
        raise DatabaseError("permission denied to set parameter")

    with monkeypatch.context() as patched:
        patched.setattr(DatabaseServer, "rehearse", refuse)
        with refused_and_untouched(earlier, PreflightFailed, "permission denied to set parameter"):
            later.load()

    assert later.record.state is RestoreState.PLANNED
    assert later.load().state is RestoreState.ANALYZED


# Whoever may write to the bucket


@pytest.fixture
def victim(earlier: Restoring, postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The name of a database of somebody else on the same server, with a table in it."""
    name = f"billing_{secrets.token_hex(4)}"
    postgres_server.create_database(name)
    execute(postgres_server.url(name), "CREATE TABLE invoices AS SELECT 1 AS n")
    yield name
    assert counted_rows(postgres_server.url(name)) == {("public", "invoices"): 1}
    postgres_server.drop_database(name)


def test_an_earlier_record_that_names_another_database_is_refused(
    earlier: Restoring, later: Restoring, victim: str
) -> None:
    edit(earlier, database=victim, oid=oid_of(earlier, victim))

    for name in (earlier.run, victim):
        with later.refusing(PlanChanged, f"the database to load is {victim}, not "):
            later.plan(mode="swap", loaded=name)


def test_an_earlier_record_that_gives_another_oid_is_refused(earlier: Restoring, later: Restoring, victim: str) -> None:
    edit(earlier, oid=oid_of(earlier, victim))

    with later.refusing(InvalidRequest, "is no longer the same one"):
        later.plan(mode="swap", loaded=earlier.run)


def test_an_earlier_record_that_gives_another_backup_is_found_out(earlier: Restoring, later: Restoring) -> None:
    """What decides is not that record, but whether the database is what that backup holds."""
    execute(earlier.url, "CREATE TABLE crm.newer AS SELECT 1 AS n")
    earlier.loader.back_up(earlier.url)
    other = earlier.loader.backup_id
    request = json.loads(earlier.record.to_json())["request"]
    edit(earlier, backup_id=other, request={**request, "backup_id": other})
    assert later.plan(mode="swap", loaded=earlier.run).manifest.backup_id == other
    later.load()

    with later.refusing(RestoreFailed, "is not what the backup holds"):
        later.verify()


def test_an_earlier_record_that_says_it_is_verified_is_not_believed(restoring: Restoring) -> None:
    restoring.restored(mode="swap")
    restoring.tell("CREATE TABLE crm.odd (n int)", database=restoring.record.database)
    later = anew(restoring)
    later.plan(mode="swap", loaded=restoring.run)
    later.load()

    with later.refusing(RestoreFailed, "is not what the backup holds"):
        later.verify()


@pytest.mark.parametrize("what", ["oid", "planned", "mode"])
def test_the_later_record_says_what_was_planned(earlier: Restoring, later: Restoring, victim: str, what: str) -> None:
    later.plan(mode="swap", loaded=earlier.run)
    request = json.loads(later.record.to_json())["request"]
    taken: dict[str, Any] = request["takes_over"]
    changed: dict[str, dict[str, Any]] = {
        "oid": {"takes_over": {**taken, "oid": oid_of(later, victim)}},
        "planned": {"takes_over": {**taken, "planned": "2020-01-01T00:00:00Z"}},
        "mode": {"mode": "into", "into": victim},
    }
    edit(later, request={**request, **changed[what]})

    with refused_and_untouched(earlier, PlanChanged, "Somebody has edited it"):
        later.load()


def test_what_is_taken_over_is_never_dropped_as_what_a_killed_try_left(earlier: Restoring, later: Restoring) -> None:
    later.plan(mode="swap", loaded=earlier.run)
    loaded: RestoreRecord = earlier.record
    edit(later, state="loading")

    later.load()

    assert oid_of(later, loaded.database) == loaded.oid
    assert not later.record.is_own_database


def test_what_nobody_has_loaded_is_refused(restoring: Restoring) -> None:
    with restoring.refusing(InvalidRequest, "none has loaded a database of that name"):
        restoring.plan(mode="swap", loaded="shop__restore_20200101_000000")
