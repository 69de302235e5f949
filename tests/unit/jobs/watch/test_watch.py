"""watch on in-memory buckets: what it finds, what it mails, what it remembers, and whom it tells that all is well."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.fault import Fault
from dbops.domain.report import Verdict
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.included_names import IncludedNames
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.problem import Problem, ProblemKind, problem_of
from dbops.domain.watch.report import WatchReport
from dbops.domain.words.ended import Ended
from dbops.errors import BucketError, DatabaseError, DbopsError, HeartbeatFailed
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.check_runs import put_check_run
from dbops.gateways.store.index_bundles import list_renewed
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.probe_runs import put_probe_run
from dbops.gateways.store.rehearsals import put_rehearsal
from dbops.gateways.store.restores import all_restores, put_restore
from dbops.gateways.store.target_indexes import build_index, read_index, write_index
from dbops.jobs.target_index.refresh_index import refresh_index
from dbops.jobs.watch import lost_files
from dbops.jobs.watch.watch import watch
from tests.unit.probe_samples import probe_run
from tests.unit.restores import BEFORE, RESTORED, record, rehearsal
from tests.unit.samples import DAY, NOW, Clock, check_run, manifest, store_backup, target

HOUR = timedelta(hours=1)
FAULT = Fault("targets/blog.yaml", 3, "unknown key retentoin")


class World:
    """Targets, their one bucket, and everything that a watch does to the outside."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.bucket = InMemoryBucket("vault", self.clock)
        self.targets: list[Target] = []
        self.broken: dict[str, Exception] = {}
        self.clusters: dict[str, str] = {}
        self.dead_heartbeats: set[str] = set()
        self.pinged: list[str] = []
        self.memory: Mapping[str, datetime] = {}
        self.known = KnownTargets()
        self.retired: frozenset[str] | None = frozenset()
        self.databases: set[str] | DbopsError = set()

    def add(self, name: str, *, backed_up: timedelta | None = HOUR, url: str | None = None, **more: object) -> Target:
        added = target(name, alerts={"heartbeat_url": url} if url else {}, **more)
        self.targets.append(added)
        if backed_up is not None:
            self.back_up(added, backed_up)
        return added

    def back_up(self, of: Target, ago: timedelta = timedelta(0)) -> None:
        now = self.clock.now
        self.clock.now = now - ago
        made = manifest(self.clock.now, finished=self.clock.now, of=of.name)
        backup = replace(made, system_identifier=self.clusters.get(of.name))
        store_backup(self.bucket, Layout(of.root), backup)
        self.clock.now = now

    def open(self, of: Target) -> Bucket:
        if of.name in self.broken:
            raise self.broken[of.name]
        return self.bucket

    def exists(self, _of: Target, database: str) -> bool:
        if isinstance(self.databases, DbopsError):
            raise self.databases
        return database in self.databases

    def swap(self, of: Target, before: str, ago: timedelta) -> None:
        """Put on record that a swap has replaced a database so long ago."""
        moment = self.clock.now - ago
        swapped = RestoreRecord(
            target=of.name,
            run=f"run of {before}",
            request=RestoreRequest(mode="swap"),
            backup_id=BackupId.at(moment),
            digest="d",
            planned=NOW,
            requested_by="alice",
            live="shop",
            live_oid=1,
            database=RESTORED,
            before=before,
            state=RestoreState.SWAPPED,
            oid=2,
            swapped=moment,
        )
        put_restore(self.bucket, of, swapped)

    def reject(self, of: Target, ago: timedelta) -> None:
        """Put on record that the swap of what was loaded was rejected so long ago."""
        moment = self.clock.now - ago
        loaded = record(
            target=of.name,
            planned=NOW,
            state=RestoreState.VERIFIED,
            ended=Ended(word="rejected", why="bob said no", when=moment, by="bob"),
        )
        put_restore(self.bucket, of, loaded)

    def ping(self, url: str) -> None:
        if url in self.dead_heartbeats:
            raise HeartbeatFailed("The heartbeat to outside.example was not accepted: it answered 404.", "")
        self.pinged.append(url)

    def watch(
        self, faults: Sequence[Fault] = (), paused: Sequence[str] = (), noticed: Sequence[Problem] = ()
    ) -> WatchReport:
        report = watch(
            self.targets,
            faults,
            self.open,
            clock=self.clock,
            memory=self.memory,
            names=self.names(*(fault.target for fault in faults if fault.target)),
            known=self.known,
            paused=paused,
            ping=self.ping,
            exists=self.exists,
            noticed=noticed,
        )
        self.memory, self.known = report.memory, report.known
        return report

    def names(self, *unreadable: str) -> IncludedNames:
        return IncludedNames(frozenset({*(each.name for each in self.targets), *unreadable}), self.retired)

    def look(self, open_bucket: Callable[[Target], Bucket], exists: Callable[[Target, str], bool]) -> WatchReport:
        """A first watch that reaches buckets and servers in these ways."""
        return watch(
            self.targets,
            [],
            open_bucket,
            clock=self.clock,
            memory={},
            names=self.names(),
            known=KnownTargets(),
            ping=self.ping,
            exists=exists,
        )


@pytest.fixture
def world() -> World:
    return World()


def kinds(report: WatchReport) -> list[ProblemKind]:
    return [problem.kind for problem in report.problems]


# ---------------------------------------------------------------- looking


def test_when_every_promise_is_kept_it_says_so(world: World) -> None:
    world.add("shop")
    world.add("blog")
    report = world.watch()
    assert report.verdict == Verdict.OK
    assert report.markdown() == "Every promise of 2 targets is kept."
    assert (report.problems, report.due, report.memory) == ((), (), {})


def test_a_target_that_was_never_backed_up_is_noticed_without_any_dag_run(world: World) -> None:
    world.add("shop", backed_up=None)
    report = world.watch()
    assert kinds(report) == [ProblemKind.NO_BACKUP]
    assert report.due == report.problems
    assert report.verdict == Verdict.FAILED


def test_a_bucket_that_fails_is_a_problem_and_hides_no_other_target(world: World) -> None:
    world.add("shop")
    world.add("blog", backed_up=3 * DAY)
    world.broken["shop"] = BucketError("The store at vault.example did not answer.", "Look whether it runs.")
    report = world.watch()
    assert kinds(report) == [ProblemKind.UNREACHABLE, ProblemKind.LATE]
    assert report.problems[0].sentence == (
        "The backups of shop in s3://vault/team/shop/ cannot be looked at: "
        "The store at vault.example did not answer. Look whether it runs."
    )


def test_an_error_that_nobody_expected_is_a_problem_and_its_text_goes_nowhere(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.add("shop")
    world.add("blog")
    world.broken["shop"] = RuntimeError("password=hunter2")
    with caplog.at_level(logging.DEBUG):
        report = world.watch()
    assert kinds(report) == [ProblemKind.UNREACHABLE]
    assert "RuntimeError" in report.problems[0].sentence
    assert "hunter2" not in report.markdown() + report.to_json() + caplog.text
    assert "in open" in caplog.text  # but where it happened does


def test_faults_and_paused_dags_are_problems(world: World) -> None:
    world.add("shop")
    report = world.watch(faults=[FAULT], paused=["backup__shop"])
    assert [problem.sentence for problem in report.problems] == [
        "targets/blog.yaml:3: unknown key retentoin",
        "backup__shop is paused in Airflow: it does not run.",
    ]


def test_the_worst_comes_first(world: World) -> None:
    world.add("c_late", backed_up=3 * DAY)
    world.add("d_late", backed_up=3 * DAY)
    world.add("b_empty", backed_up=None)
    world.add("a_broken")
    world.broken["a_broken"] = BucketError("no answer", "")
    report = world.watch(faults=[FAULT], paused=["backup__shop"])
    assert [problem.target for problem in report.problems] == ["b_empty", "a_broken", "c_late", "d_late", None, "shop"]
    table = [line for line in report.markdown().splitlines() if line.startswith("| ")]
    assert table[0] == "| problem | target | since | what to know |"
    assert [line.split(" | ")[1] for line in table[2:]] == ["b_empty", "a_broken", "c_late", "d_late", "", "shop"]


def test_the_index_of_every_target_that_can_be_read_is_rebuilt(world: World) -> None:
    shop, blog = world.add("shop"), world.add("blog")
    world.broken["blog"] = BucketError("no answer", "")
    world.watch()
    assert read_index(world.bucket, shop) == build_index(world.bucket, shop, world.clock.now)
    assert list(world.bucket.list(Layout(blog.root).index)) == []


def test_a_watch_believes_the_objects_and_no_index(world: World) -> None:
    shop = world.add("shop", backed_up=30 * HOUR)
    world.watch()
    index = read_index(world.bucket, shop)
    assert index is not None
    [backup] = index.backups
    write_index(world.bucket, shop, replace(index, backups=(replace(backup, finished=world.clock.now),)))
    assert kinds(world.watch()) == [ProblemKind.LATE]
    assert read_index(world.bucket, shop) == index


def test_the_index_is_written_before_a_database_server_is_waited_for(world: World) -> None:
    shop = world.add("shop")
    world.swap(shop, BEFORE, 2 * DAY)
    seen: list[TargetIndex | None] = []

    def exists(of: Target, _database: str) -> bool:
        seen.append(read_index(world.bucket, of))
        return True

    world.look(world.open, exists)
    assert seen == [build_index(world.bucket, shop, NOW)]


def test_a_backup_that_ends_while_a_database_server_is_waited_for_stays_in_the_index(world: World) -> None:
    shop = world.add("shop")
    world.swap(shop, BEFORE, 2 * DAY)

    def exists(of: Target, _database: str) -> bool:
        world.clock.now += timedelta(minutes=1)
        world.back_up(of)
        assert refresh_index(of, world.bucket, world.clock) == ""
        return True

    world.look(world.open, exists)
    index = read_index(world.bucket, shop)
    assert index is not None
    assert len(index.backups) == 2


def test_the_newest_run_of_the_checks_that_cannot_be_read_is_told_and_makes_nobody_forget_the_promise(
    world: World,
) -> None:
    shop = world.add("shop")
    checked(world, shop, 3 * DAY)
    world.bucket.put(Layout(shop.root).check(BackupId.at(world.clock.now)), b"{")
    report = world.watch()
    assert kinds(report) == [ProblemKind.NOT_CHECKED, ProblemKind.UNREADABLE]
    assert report.problems[1].sentence == (
        "s3://vault/team/shop/checks/20261122T120000Z.json is not a run of the checks that this version can read."
    )


def test_an_index_that_cannot_be_written_is_a_warning(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add("shop")

    def refuse(key: str, body: bytes) -> None:
        raise BucketError(f"The store refused to write {key}.", "")

    monkeypatch.setattr(world.bucket, "put", refuse)
    report = world.watch()
    assert report.verdict == Verdict.WARNING
    assert report.warnings == (
        "The index of shop could not be written: The store refused to write team/_indexes/shop.json.",
    )


def test_three_hundred_targets_are_looked_at_by_a_bounded_number_of_threads(world: World) -> None:
    for number in range(300):
        world.add(f"shop_{number}")
    seen: set[str] = set()
    looking, most = 0, 0
    lock = threading.Lock()
    original = world.open

    def open_bucket(of: Target) -> Bucket:
        nonlocal looking, most
        with lock:
            looking += 1
            most = max(most, looking)
        seen.add(of.name)
        bucket = original(of)
        with lock:
            looking -= 1
        return bucket

    report = world.look(open_bucket, world.exists)
    assert (len(seen), report.targets, report.problems) == (300, 300, ())
    assert most <= 8


# ---------------------------------------------------------------- mailing and remembering


def test_a_lasting_problem_is_mailed_daily_and_not_hourly(world: World) -> None:
    world.add("shop", backed_up=3 * DAY)
    mailed = []
    for hour in range(73):
        world.clock.now = NOW + hour * HOUR
        if world.watch().due:
            mailed.append(hour)
    assert mailed == [0, 24, 48, 72]


def test_a_watch_that_starts_some_minutes_early_does_not_put_the_daily_mail_off(world: World) -> None:
    world.add("shop", backed_up=3 * DAY)
    world.watch()
    world.clock.now = NOW + DAY - timedelta(minutes=5)
    assert world.watch().due


def test_a_new_problem_is_mailed_at_once_beside_an_old_one(world: World) -> None:
    world.add("shop", backed_up=3 * DAY)
    blog = world.add("blog")
    world.watch()
    world.clock.now += HOUR
    world.broken[blog.name] = BucketError("no answer", "")
    report = world.watch()
    assert len(report.problems) == 2
    assert [problem.target for problem in report.due] == ["blog"]


def test_a_problem_that_comes_back_is_mailed_at_once(world: World) -> None:
    shop = world.add("shop", backed_up=3 * DAY)
    assert world.watch().due
    world.clock.now += HOUR
    world.back_up(shop)
    assert world.watch().memory == {}
    world.clock.now += 30 * HOUR
    assert world.watch().due


def test_what_is_over_is_told_once(world: World) -> None:
    shop = world.add("shop", backed_up=3 * DAY)
    world.watch()
    world.clock.now += HOUR
    world.back_up(shop)
    report = world.watch()
    assert report.recovered == ("shop: backup is late",)
    assert "- No longer: shop: backup is late" in report.markdown()
    assert world.watch().recovered == ()


def test_a_mail_remembered_from_the_future_silences_nothing(world: World) -> None:
    world.add("shop", backed_up=3 * DAY)
    key = world.watch().problems[0].key
    world.memory = {key: NOW + 300 * DAY, "gone: backup is late": NOW + 300 * DAY}
    report = world.watch()
    assert [problem.key for problem in report.due] == [key]
    assert report.memory == {key: NOW}
    assert report.recovered == ()


def test_while_a_bucket_cannot_be_read_its_older_problems_are_neither_over_nor_forgotten(world: World) -> None:
    world.add("shop", backed_up=3 * DAY)
    world.watch()
    world.clock.now += HOUR
    world.broken["shop"] = BucketError("no answer", "")
    hidden = world.watch()
    assert (kinds(hidden), hidden.recovered) == ([ProblemKind.UNREACHABLE], ())
    world.clock.now += HOUR
    world.broken.clear()
    back = world.watch()
    assert (kinds(back), back.due) == ([ProblemKind.LATE], ())
    assert back.recovered == ("shop: backups cannot be looked at",)


def test_while_its_file_cannot_be_read_a_targets_older_problems_are_neither_over_nor_forgotten(world: World) -> None:
    world.add("shop")
    blog = world.add("blog", backed_up=3 * DAY)
    world.watch()
    world.clock.now += HOUR
    world.targets.remove(blog)
    hidden = world.watch(faults=[FAULT])
    assert (kinds(hidden), hidden.recovered) == ([ProblemKind.FAULT], ())
    world.targets.append(blog)
    back = world.watch()
    assert back.due == ()
    assert back.recovered == ("targets/blog.yaml: file cannot be read: unknown key retentoin",)


def test_what_is_over_is_told_while_some_other_file_cannot_be_read(world: World) -> None:
    shop = world.add("shop", backed_up=3 * DAY)
    other = Fault("targets/wiki.yaml", None, "unreadable")
    world.watch(faults=[FAULT, other])
    world.back_up(shop)
    assert world.watch(faults=[FAULT]).recovered == (
        "shop: backup is late",
        "targets/wiki.yaml: file cannot be read: unreadable",
    )


def test_the_problems_of_a_target_that_was_removed_are_forgotten(world: World) -> None:
    world.targets.remove(world.add("shop", backed_up=3 * DAY))
    world.memory = {"shop: backup is late": NOW - HOUR}
    report = world.watch()
    assert report.memory == {}
    assert report.verdict == Verdict.OK


# ---------------------------------------------------------------- files that disappear


def test_a_target_whose_file_disappears_is_told_and_what_was_wrong_with_it_is_not_over(world: World) -> None:
    world.add("blog", url="https://outside.example/1")
    shop = world.add("shop", backed_up=3 * DAY)
    assert kinds(world.watch()) == [ProblemKind.LATE]
    world.pinged.clear()
    world.clock.now += HOUR
    world.targets.remove(shop)
    report = world.watch()
    assert (kinds(report), report.recovered) == ([ProblemKind.NO_FILE], ())
    assert (report.due, report.problems[0].since) == (report.problems, NOW)
    assert world.pinged == []
    world.targets.append(shop)
    back = world.watch()
    assert (kinds(back), back.due, back.recovered) == ([ProblemKind.LATE], (), ("shop: target has no file",))


def test_it_is_told_daily_until_somebody_says_that_it_is_retired(world: World) -> None:
    world.add("blog", url="https://outside.example/1")
    shop = world.add("shop", backed_up=3 * DAY)
    world.watch()
    world.targets.remove(shop)
    mailed = []
    for hour in range(1, 50):
        world.clock.now = NOW + hour * HOUR
        world.back_up(world.targets[0])
        if world.watch().due:
            mailed.append(hour)
    assert mailed == [1, 25, 49]
    assert world.pinged == ["https://outside.example/1"]  # while it had its file
    world.retired = frozenset({"shop"})
    report = world.watch()
    assert report.verdict == Verdict.OK
    assert sorted(report.recovered) == ["shop: backup is late", "shop: target has no file"]
    assert len(world.pinged) == 2


def test_when_all_files_disappear_every_one_is_told(world: World) -> None:
    for name in ("shop", "blog"):
        world.add(name)
    world.watch()
    world.targets.clear()
    assert [problem.target for problem in world.watch().problems] == ["blog", "shop"]


def test_a_target_without_a_backup_may_go_without_a_word(world: World) -> None:
    world.add("blog")
    shop = world.add("shop", backed_up=None)
    world.watch()
    world.targets.remove(shop)
    assert world.watch().problems == ()


def test_while_its_file_cannot_be_read_a_target_is_told_once(world: World) -> None:
    blog = world.add("blog", backed_up=3 * DAY)
    world.watch()
    world.targets.remove(blog)
    assert kinds(world.watch(faults=[FAULT])) == [ProblemKind.FAULT]
    assert kinds(world.watch()) == [ProblemKind.NO_FILE]


def test_while_nobody_can_know_what_is_retired_no_file_is_missed_and_no_heartbeat_told(world: World) -> None:
    world.add("blog", url="https://outside.example/1")
    shop = world.add("shop", backed_up=3 * DAY)
    world.watch()
    world.pinged.clear()
    world.targets.remove(shop)
    world.watch()
    world.retired = None
    report = world.watch()
    assert (report.problems, report.recovered, world.pinged) == ((), (), [])
    world.retired = frozenset()
    back = world.watch()
    assert (kinds(back), back.due) == ([ProblemKind.NO_FILE], ())


def test_the_targets_of_another_airflow_in_the_same_folder_are_not_missed(world: World) -> None:
    theirs = World()
    theirs.bucket, theirs.clock = world.bucket, world.clock
    world.add("shop", url="https://outside.example/shop")
    theirs.add("wiki")
    blog = theirs.add("blog", url="https://outside.example/blog")
    for _ in range(12):
        world.clock.now += HOUR
        for each in (world, theirs):
            assert each.watch().problems == ()
    assert (len(world.pinged), len(theirs.pinged)) == (12, 12)
    theirs.targets.remove(blog)
    world.targets.append(blog)  # and now it is ours
    told = []
    for _ in range(6):
        world.clock.now += HOUR
        assert world.watch().problems == ()
        told.append(kinds(theirs.watch()))
    assert told == [[ProblemKind.NO_FILE]] * 3 + [[]] * 3


def test_a_first_watch_misses_a_target_that_nobody_has_looked_after_for_hours(world: World) -> None:
    """As on a new machine, after a disaster: what the bucket has and include/ has not."""
    world.add("shop", url="https://outside.example/1")
    old, never = world.add("old"), world.add("never", backed_up=None)
    world.watch()
    world.pinged.clear()
    world.targets = [each for each in world.targets if each not in (old, never)]
    world.memory, world.known = {}, KnownTargets()
    world.clock.now += HOUR
    assert world.watch().problems == ()  # another Airflow's, perhaps
    told = []
    for _ in range(4):
        world.clock.now += HOUR
        told.append([problem.target for problem in world.watch().problems])
    assert told == [[], [], ["old"], ["old"]]
    world.memory, world.known = {}, KnownTargets()
    assert [problem.target for problem in world.watch().problems] == ["old"]


def test_a_folder_that_cannot_be_listed_hides_no_lost_file_that_was_known(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.add("blog")
    shop = world.add("shop")
    world.watch()
    world.targets.remove(shop)

    def refuse(*_: object) -> None:
        raise BucketError("The store refused: 403.", "")

    monkeypatch.setattr(lost_files, "list_renewed", refuse)
    assert kinds(world.watch()) == [ProblemKind.NO_FILE]
    assert "s3://vault/team/_indexes/ has a target without a file is not known: The store refused: 403." in caplog.text


def test_as_long_as_every_target_has_its_file_no_folder_is_listed_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("shop")
    listings: list[Layout] = []

    def count(bucket: Bucket, layout: Layout) -> dict[str, datetime]:
        listings.append(layout)
        return list_renewed(bucket, layout)

    monkeypatch.setattr(lost_files, "list_renewed", count)
    for _ in range(3):
        assert world.watch().problems == ()
    assert len(listings) == 1


# ---------------------------------------------------------------- heartbeat


def test_a_heartbeat_beats_once_for_all_the_targets_that_share_it(world: World) -> None:
    for name in ("shop", "blog"):
        world.add(name, url="https://outside.example/1")
    world.add("wiki", url="https://outside.example/2")
    world.add("plain")
    report = world.watch()
    assert sorted(world.pinged) == ["https://outside.example/1", "https://outside.example/2"]
    assert report.heartbeats == 2


def test_a_heartbeat_is_silent_while_any_of_its_targets_has_a_problem(world: World) -> None:
    world.add("shop", url="https://outside.example/1")
    world.add("blog", url="https://outside.example/1", backed_up=3 * DAY)
    world.add("news", url="https://outside.example/1")
    world.add("wiki", url="https://outside.example/2")
    world.watch()
    assert world.pinged == ["https://outside.example/2"]


def test_a_heartbeat_stays_silent_also_in_the_hours_in_which_no_mail_is_due(world: World) -> None:
    world.add("shop", url="https://outside.example/1", backed_up=3 * DAY)
    for _ in range(3):
        world.watch()
        world.clock.now += HOUR
    assert world.pinged == []


def test_a_paused_backup_silences_the_heartbeat_of_its_target(world: World) -> None:
    world.add("shop", url="https://outside.example/1")
    world.watch(paused=["backup__shop"])
    assert world.pinged == []


def test_no_heartbeat_beats_while_a_target_file_cannot_be_read(world: World) -> None:
    world.add("shop", url="https://outside.example/1")
    world.watch(faults=[FAULT])
    assert world.pinged == []


def test_a_heartbeat_that_is_not_taken_is_a_warning_and_the_others_still_beat(world: World) -> None:
    world.add("shop", url="https://outside.example/1")
    world.add("blog", url="https://outside.example/2")
    world.dead_heartbeats.add("https://outside.example/1")
    report = world.watch()
    assert world.pinged == ["https://outside.example/2"]
    assert (report.verdict, report.heartbeats) == (Verdict.WARNING, 1)
    assert report.warnings == ("The heartbeat to outside.example was not accepted: it answered 404.",)


def test_the_report_is_one_json_document_without_heartbeat_addresses(world: World) -> None:
    world.add("shop", url="https://outside.example/secret")
    world.add("blog", backed_up=3 * DAY)
    text = world.watch().to_json()
    assert "secret" not in text
    document = json.loads(text)
    assert document["verdict"] == "failed"
    assert document["problems"][0]["kind"] == "backup is late"
    assert document["memory"] == {"blog: backup is late": NOW.isoformat()}


# ------------------------------------------------------------------------------------------------ old databases


def test_a_database_that_a_swap_has_replaced_is_reminded_of_as_long_as_it_is_there(world: World) -> None:
    shop = world.add("shop")
    world.swap(shop, BEFORE, 2 * DAY)
    world.databases = {BEFORE}

    first = world.watch()

    assert kinds(first) == [ProblemKind.OLD_DATABASE]
    assert f'DROP DATABASE "{BEFORE}";' in first.problems[0].remedy
    assert first.due == first.problems
    assert world.watch().due == ()


def test_it_is_no_reason_to_remind_on_the_day_of_the_swap(world: World) -> None:
    world.swap(world.add("shop"), BEFORE, 2 * HOUR)
    world.databases = {BEFORE}

    assert kinds(world.watch()) == []


def test_a_database_that_is_gone_is_put_on_record_and_not_asked_for_again(world: World) -> None:
    shop = world.add("shop")
    world.swap(shop, BEFORE, 2 * DAY)

    assert kinds(world.watch()) == []

    [swapped] = all_restores(world.bucket, shop)
    assert swapped.old_gone == world.clock.now
    world.databases = DatabaseError("asked again")
    assert kinds(world.watch()) == []


def test_where_the_server_cannot_be_asked_the_old_database_counts_as_there(world: World) -> None:
    world.swap(world.add("shop"), BEFORE, 2 * DAY)
    world.databases = DatabaseError("no answer")

    assert kinds(world.watch()) == [ProblemKind.OLD_DATABASE]


def test_a_reminder_does_not_keep_the_heartbeat_from_being_told(world: World) -> None:
    world.swap(world.add("shop", url="https://hc/shop"), BEFORE, 2 * DAY)
    world.databases = {BEFORE}

    world.watch()

    assert world.pinged == ["https://hc/shop"]


# ------------------------------------------------------------------------------------------- restored databases


def test_a_copy_whose_swap_was_rejected_is_reminded_of_once_a_day_as_long_as_it_is_there(world: World) -> None:
    world.reject(world.add("shop", url="https://hc/shop"), 2 * DAY)
    world.databases = {RESTORED}

    first = world.watch()

    assert kinds(first) == [ProblemKind.LEFT_COPY]
    assert f'DROP DATABASE "{RESTORED}";' in first.problems[0].remedy
    assert first.due == first.problems
    assert world.watch().due == ()
    world.clock.now += DAY
    assert [problem.kind for problem in world.watch().due] == [ProblemKind.LEFT_COPY]
    assert "https://hc/shop" in world.pinged, "it says nothing against the backups"


def test_a_copy_that_is_gone_is_put_on_record_and_not_asked_for_again(world: World) -> None:
    shop = world.add("shop")
    world.reject(shop, 2 * DAY)

    assert kinds(world.watch()) == []

    [rejected] = all_restores(world.bucket, shop)
    assert rejected.copy_gone == world.clock.now
    world.databases = DatabaseError("asked again")
    assert kinds(world.watch()) == []


def test_where_the_server_cannot_be_asked_the_copy_counts_as_there(world: World) -> None:
    world.reject(world.add("shop"), 2 * DAY)
    world.databases = DatabaseError("no answer")

    assert kinds(world.watch()) == [ProblemKind.LEFT_COPY]


# ----------------------------------------------------------------------------------------------------- rehearsals


def rehearsed(world: World, of: Target, *refusals: str) -> None:
    put_rehearsal(world.bucket, of, rehearsal(target=of.name, planned=world.clock.now, refusals=refusals))


def test_that_a_restore_would_be_refused_is_told_once_a_day_until_it_would_not(world: World) -> None:
    shop = world.add("shop", url="https://hc/shop")
    rehearsed(world, shop, "The role dbops may not create databases.")

    first = world.watch()

    assert kinds(first) == [ProblemKind.RESTORE_REFUSED]
    assert "The role dbops may not create databases." in first.problems[0].told
    assert first.due == first.problems
    rehearsed(world, shop, "The role dbops may not create databases, still.")
    assert world.watch().due == ()
    world.clock.now += DAY - HOUR
    world.back_up(shop)
    world.clock.now += HOUR
    assert [problem.kind for problem in world.watch().due] == [ProblemKind.RESTORE_REFUSED]
    assert "https://hc/shop" in world.pinged, "it says nothing against the backups"
    rehearsed(world, shop)
    assert world.watch().recovered == ("shop: restore would be refused",)


def test_a_rehearsal_is_in_the_index_and_one_that_cannot_be_read_is_no_problem(world: World) -> None:
    shop = world.add("shop")
    rehearsed(world, shop)
    assert kinds(world.watch()) == []
    assert read_index(world.bucket, shop) == replace(
        build_index(world.bucket, shop, world.clock.now), rehearsal=rehearsal(planned=world.clock.now)
    )
    world.bucket.put(Layout(shop.root).rehearsal, b"{}")
    assert kinds(world.watch()) == []


# --------------------------------------------------------------------------------------------------------- checks


def checked(world: World, of: Target, ago: timedelta) -> None:
    put_check_run(world.bucket, of, check_run(started=world.clock.now - ago, of=of.name))


def test_checks_that_ran_lately_are_no_problem_and_late_ones_are(world: World) -> None:
    shop = world.add("shop")
    checked(world, shop, 25 * HOUR)
    assert kinds(world.watch()) == []
    world.clock.now += 2 * HOUR
    report = world.watch()
    assert kinds(report) == [ProblemKind.NOT_CHECKED]
    assert "check__shop" in report.problems[0].remedy


def test_a_target_without_rules_that_was_never_checked_is_not_late(world: World) -> None:
    shop = world.add("shop", backed_up=9 * DAY)
    world.back_up(shop)
    assert kinds(world.watch()) == []


def test_rules_and_probes_that_no_run_ever_looked_at_are_late(world: World) -> None:
    shop = world.add("shop", backed_up=9 * DAY)
    world.back_up(shop)
    world.targets[0] = shop.with_files(rules=True, probes=True)
    report = world.watch()
    assert kinds(report) == [ProblemKind.NOT_CHECKED, ProblemKind.NOT_PROBED]
    assert [problem.since for problem in report.problems] == [NOW - 9 * DAY + 26 * HOUR, NOW - DAY]
    put_check_run(world.bucket, shop, check_run(of="shop"))
    assert kinds(world.watch()) == [ProblemKind.NOT_PROBED]


def test_rules_that_were_checked_once_and_are_gone_now_are_missed(world: World) -> None:
    checked(world, world.add("shop"), 3 * DAY)
    assert kinds(world.watch()) == [ProblemKind.NOT_CHECKED]


# --------------------------------------------------------------------------------------------------------- probes


def test_probes_that_ran_lately_are_no_problem_and_late_ones_are(world: World) -> None:
    shop = world.add("shop")
    put_probe_run(world.bucket, shop, probe_run(started=world.clock.now - 7 * DAY))
    assert kinds(world.watch()) == []
    world.clock.now += 25 * HOUR
    world.back_up(shop)
    report = world.watch()
    assert kinds(report) == [ProblemKind.NOT_PROBED]
    assert report.problems[0].sentence == (
        "The operations of shop were last timed 8d 1h ago, and probes.late_after promises 8d."
    )
    assert "probe__shop" in report.problems[0].remedy


def test_a_target_that_was_never_probed_or_asks_for_no_probes_is_not_late(world: World) -> None:
    world.add("shop")
    blog = world.add("blog")
    world.targets[1] = target("blog", schedule={"probe": None})
    put_probe_run(world.bucket, blog, probe_run(started=world.clock.now - 30 * DAY, of="blog"))
    assert kinds(world.watch()) == []


def test_an_alert_that_a_pager_did_not_take_says_nothing_about_the_backups_and_keeps_no_heartbeat(world: World) -> None:
    shop = world.add("shop", url="https://hc/shop")
    lost = problem_of(shop, ProblemKind.NOT_NOTIFIED, "The notifier oncall did not take it.", "Look at its log.")
    report = world.watch(noticed=[lost])
    assert kinds(report) == [ProblemKind.NOT_NOTIFIED]
    assert report.due == (lost,)
    assert world.pinged == ["https://hc/shop"]


# ---------------------------------------------------------------- two targets of one database


@pytest.fixture
def sharing(world: World) -> World:
    """A world in which shop and crm back up the same database, and blog another one."""
    world.clusters |= {"shop": "7588", "crm": "7588", "blog": "7712"}
    for name in ("shop", "crm", "blog"):
        world.add(name, url=f"https://beat.example/{name}")
    return world


def test_two_targets_of_one_database_are_told_each_and_their_heartbeats_are_not(sharing: World) -> None:
    report = sharing.watch()

    assert [problem.key for problem in report.due] == [
        "crm: another target has the same database",
        "shop: another target has the same database",
    ]
    assert sharing.pinged == ["https://beat.example/blog"]


def test_the_newest_backup_counts_and_with_the_next_ones_it_is_over(sharing: World) -> None:
    sharing.watch()
    sharing.clusters["crm"] = "7799"
    sharing.back_up(sharing.targets[1])

    report = sharing.watch()

    assert kinds(report) == []
    assert len(report.recovered) == 2


def test_a_copied_file_is_told_before_it_has_a_backup(world: World) -> None:
    world.clusters["shop"] = "7588"
    world.add("shop")
    world.add("crm", backed_up=None, connection="shop")

    assert kinds(world.watch()).count(ProblemKind.SAME_DATABASE) == 2


def test_what_one_of_them_accepts_is_no_problem(world: World) -> None:
    world.clusters |= {"shop": "7588", "copy": "7588"}
    world.add("shop")
    world.add("copy", allow=["same_database"])

    assert kinds(world.watch()) == []


@pytest.mark.parametrize("hidden", ["bucket", "file"])
def test_while_one_of_them_cannot_be_looked_at_nobody_says_that_it_is_over(sharing: World, hidden: str) -> None:
    sharing.watch()
    crm = sharing.targets[1]
    if hidden == "bucket":
        sharing.broken["crm"] = BucketError("The store is away.", "")
    else:
        sharing.targets.remove(crm)
    faults = [Fault("targets/crm.yaml", 3, "unknown key retentoin")] if hidden == "file" else []

    report = sharing.watch(faults=faults)

    assert ProblemKind.SAME_DATABASE not in kinds(report)
    assert report.recovered == ()
    sharing.broken.clear()
    if crm not in sharing.targets:
        sharing.targets.append(crm)
    assert kinds(sharing.watch()) == [ProblemKind.SAME_DATABASE] * 2
