"""Whatever lies in a bucket in place of our records: it is told in words, shown, and nothing is done because of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.cli.main import main
from dbops.cli.surroundings import Surroundings
from dbops.domain.alerts.told_failure import ToldFailure
from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.retention import Hold
from dbops.domain.ledger.seen_migrations import SeenMigrations
from dbops.domain.migrations.record import MigrationRecord, MigrationStep
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.views.target_view import Part
from dbops.domain.watch.light import Light
from dbops.domain.watch.notification import Notification
from dbops.domain.watch.told_backup import ToldBackup
from dbops.errors import DbopsError, InvalidConnection
from dbops.gateways.files.target_files import read_targets
from dbops.gateways.store.approvals import consume_approval, find_stake, read_plan, record_plan
from dbops.gateways.store.audit import write_audit
from dbops.gateways.store.check_runs import put_check_run
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.gateways.store.notifications import put_notification
from dbops.gateways.store.probe_runs import put_probe_run
from dbops.gateways.store.restores import put_restore
from dbops.gateways.store.target_indexes import build_index, write_index
from dbops.gateways.store.told_backups import put_told_backup
from dbops.gateways.store.told_failures import put_told_failure
from dbops.jobs.backups.expire import expire
from dbops.jobs.views.see_backup import see_backup
from dbops.jobs.views.see_target import see_target
from dbops.jobs.views.see_targets import see_targets
from dbops_airflow.page.readings import Reading
from dbops_airflow.page.rendering import Rendering, newest_good
from tests.fuzzing import fuzzed
from tests.mutations import GARBAGE, HOSTILE_TEXTS, almost
from tests.unit.fuzz.terminal import terminal
from tests.unit.fuzz.watched_bucket import WatchedBucket
from tests.unit.page_samples import rule
from tests.unit.probe_samples import probe_result, probe_run
from tests.unit.restores import record
from tests.unit.samples import DAY, NOW, Clock, check_run, claim, manifest, store_backup, verification

PATIENCE = timedelta(minutes=5)
INCLUDE = Path(__file__).parent / "include"
FILES = read_targets(INCLUDE)


BACKUPS = [BackupId.at(NOW - days * DAY) for days in (7, 6, 5, 4, 3)]
OLDEST, HELD, PROVEN, CONDEMNED, NEWEST = BACKUPS
LAYOUT = Layout("team/shop/")


def _sample() -> InMemoryBucket:
    """One record of every kind."""
    bucket, shop = InMemoryBucket("vault", Clock(NOW - 3 * DAY)), FILES.target("shop")
    for backup_id in BACKUPS:
        store_backup(bucket, LAYOUT, manifest(backup_id))
    for backup_id in (OLDEST, PROVEN, CONDEMNED):
        verdict = verification(backup_id, ok=backup_id != CONDEMNED)
        bucket.put(LAYOUT.verification(backup_id), verdict.to_json())
    bucket.put(LAYOUT.hold(HELD), Hold(HELD, NOW + 90 * DAY, "audit", "alice").to_json())
    unfinished = BackupId.at(NOW - 2 * DAY)
    bucket.put(LAYOUT.started(unfinished), claim(unfinished).to_json())
    for night in (1, 2, 3):
        seen = SeenMigrations(applied=(("0_init", NOW),), failed=("1_bad",))
        put_check_run(bucket, shop, check_run(rule("a"), started=NOW - night * DAY, migrations=seen))
    for week in (1, 2):
        put_probe_run(bucket, shop, probe_run(probe_result(), started=NOW - week * timedelta(weeks=1)))
    put_restore(bucket, shop, record(run="manual__1"))
    step = MigrationStep(name="1_bad", checksum="c" * 64)
    migration = MigrationRecord(target="shop", run="manual__2", digest="d", planned=NOW - DAY, steps=(step,))
    bucket.put(LAYOUT.migration("manual__2"), migration.to_json())
    write_audit(
        bucket, shop, NOW - DAY, "expire", {"requested_by": "alice", "expired": {OLDEST: ["old"]}, "objects": 3}
    )
    lost = Notification(
        target="shop", notifier="pager", moment=NOW - DAY, subject="late", run="r", refusal="It is down."
    )
    put_notification(bucket, shop, lost)
    put_told_backup(bucket, shop, ToldBackup(backup_id=PROVEN, moment=NOW))
    put_told_failure(bucket, shop, "drill", ToldFailure(run="manual__1", moment=NOW))
    record_plan(bucket, shop, run="manual__1", digest="d", markdown="# Plan", stake=(("Rows lost", "12 rows"),))
    write_index(bucket, shop, build_index(bucket, shop, NOW))
    return bucket


SAMPLE = _sample()
KEYS = sorted(stored.key for stored in SAMPLE.list("") if stored.key.endswith((".json", ".md")))


class World:
    """The sample, of which some records are not what they should be."""

    def __init__(self, spoiled: Mapping[str, bytes]) -> None:
        self.bucket = WatchedBucket()
        for stored in SAMPLE.list(""):
            self.bucket.put(stored.key, SAMPLE.get(stored.key))
        for key, body in spoiled.items():
            self.bucket.put(key, body)
        self.bucket.changes.clear()
        self.target = FILES.target("shop")

    def shell(self, *words: str) -> tuple[int, str]:
        """Exit status and stdout of ``python -m dbops``."""

        def no_database(*_of: Any) -> DatabaseAddress:
            raise InvalidConnection("Nobody may ask a database here.", "")

        around = Surroundings(
            INCLUDE,
            open_bucket=lambda _target: self.bucket,
            look_up_database=no_database,
            address_of=no_database,
            clock=Clock(NOW),
            who="tester",
        )
        with terminal() as (out, err):
            status = main(words, around)
        said, complained = out.text(), err.text()
        assert "bug in dbops itself" not in said + complained, (words, said, complained)
        assert "Traceback" not in complained
        return status, said

    def pages(self) -> list[str]:
        """Everything that is shown of the target."""
        opened = lambda _target: self.bucket  # noqa: E731
        asked: dict[str, Any] = {"clock": Clock(NOW), "within": PATIENCE}
        overview = see_targets(list(FILES.targets.values()), FILES.faults, opened, {}, **asked)
        view = see_target(self.target, opened, {}, **asked)
        drawn = Rendering(base="/database_ops", airflow="", now=NOW)
        newest_good(view.row)
        pages = [
            drawn.page(
                "overview",
                overview=overview,
                reading=Reading(overview, 0.0),
                faults=(),
                untold=(),
                rows=overview.rows,
                totals={light: sum(row.light is light for row in overview.rows) for light in Light},
                all=len(overview.rows),
                q="",
                show="",
                page=1,
                last_page=1,
            ),
            drawn.page(
                "target",
                view=view,
                target=self.target,
                reading=Reading(view, 0.0),
                shown=[part.value for part in Part],
                hidden=[],
                actions=[],
                limit=None,
            ),
        ]
        for backup_id in BACKUPS:
            backup = see_backup(self.target, opened, backup_id, **asked)
            if backup is not None:
                given = backup.manifest
                tables = [] if isinstance(given, str) else sorted(given.tables, key=lambda one: -one.bytes)
                pages.append(
                    drawn.page(
                        "backup",
                        view=backup,
                        target=self.target,
                        reading=Reading(backup, 0.0),
                        tables=tables,
                        actions=[],
                    )
                )
        return pages


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, bytes]:
    """Up to three records that are not what they were, or lie under another key."""
    found: dict[str, bytes] = {}
    for _ in range(draw(st.integers(1, 3))):
        key = draw(st.sampled_from(KEYS))
        body = SAMPLE.get(key)
        changed = draw(almost(body)) if key.endswith(".json") else draw(GARBAGE)
        other = draw(st.sampled_from(["here", "here", "here", "here", "another", "strange", "id"]))
        if other == "id":
            strange = draw(
                st.sampled_from(["00010101T000000Z", "00020101T000000Z", "99900101T000000Z", "99991231T235959Z"])
            )
            key, changed = (
                key.replace(NEWEST, strange),
                (body if draw(st.booleans()) else changed).replace(NEWEST.encode(), strange.encode()),
            )
        elif other == "another":
            key = draw(st.sampled_from(KEYS))
        elif other == "strange":
            folder, _, name = key.rpartition("/")
            put_in = draw(HOSTILE_TEXTS).encode("utf-8", "ignore").decode()  # no store has keys that are not UTF-8
            key = f"{folder}/{put_in}{name}"
        found[key] = changed
    return found


@fuzzed(60)
@given(spoiled())
def test_whatever_lies_there_is_shown_and_nothing_is_written(records: dict[str, bytes]) -> None:
    world = World(records)
    for page in world.pages():
        assert "</html>" in page
        assert "Traceback" not in page
        page.encode()
    assert world.bucket.changes == []


@fuzzed(40)
@given(spoiled())
def test_whatever_lies_there_is_told_in_a_shell_and_nothing_is_written(records: dict[str, bytes]) -> None:
    world = World(records)
    for words in (["backups", "shop"], ["expire", "shop", "--dry-run"], ["watch"]):
        status, _ = world.shell(*words)
        assert status in {0, 1}
        status, said = world.shell(*words, "--json")
        assert status in {0, 1}
        assert said.count("\n") == 1
        json.loads(said)
    for words in (["restore", "shop", "--plan"], ["restore", "shop", "--plan", "--backup", NEWEST]):
        world.shell(*words)
    assert world.bucket.changes == []


@fuzzed(80)
@given(spoiled())
def test_whatever_lies_there_the_newest_good_backups_stay_and_so_does_what_cannot_be_read(
    records: dict[str, bytes],
) -> None:
    world = World(records)
    before = {stored.key for stored in world.bucket.list("")}
    from dbops.gateways.store.catalogs import read_catalog

    catalog = read_catalog(world.bucket, world.target)
    good = [entry.backup_id for entry in catalog.entries if entry.is_good and entry.backup_id.time <= NOW]
    listed = {entry.backup_id for entry in catalog.entries} | {leftover.backup_id for leftover in catalog.leftovers}
    status, _ = world.shell("expire", "shop")
    assert status in {0, 1}
    for key in world.bucket.deleted:
        assert key.startswith(LAYOUT.backups)
        assert key.removeprefix(LAYOUT.backups).partition("/")[0] in listed
    kept = {stored.key for stored in world.bucket.list("")}
    for backup_id in good[-world.target.retention.minimum_redundancy :]:
        assert {key for key in before if key.startswith(LAYOUT.folder(backup_id))} <= kept


@fuzzed(4)
@given(GARBAGE)
def test_whichever_record_cannot_be_read_lets_no_backup_go_that_stays_otherwise(body: bytes) -> None:
    whole = World({})
    expire(whole.target, whole.bucket, clock=Clock(NOW))
    for key in KEYS:
        world = World({key: body})
        expire(world.target, world.bucket, clock=Clock(NOW))
        assert world.bucket.deleted <= whole.bucket.deleted, key


@fuzzed(40)
@given(spoiled(), GARBAGE)
def test_whatever_lies_there_nobody_is_taken_to_have_approved_anything(records: dict[str, bytes], body: bytes) -> None:
    world = World(records)
    approvals = LAYOUT.approvals
    world.bucket.put(f"{approvals}manual__1-swap.json", body)
    world.bucket.changes.clear()
    with pytest.raises(DbopsError):
        consume_approval(world.bucket, world.target, run="manual__1", action="swap", digest="d", now=NOW)
    with contextlib.suppress(DbopsError):
        read_plan(world.bucket, world.target, run="manual__1", digest="d")
        find_stake(world.bucket, world.target, run="manual__1", digest="d")
    assert world.bucket.changes == []
