"""The shell's way in: what is asked for, what is answered, and with which exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dbops.cli.main import main
from dbops.cli.surroundings import Surroundings
from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.report import BackupReport
from dbops.domain.backups.retention import Hold
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.progress import Progress
from dbops.errors import BucketError
from dbops.gateways.files.target_files import read_targets
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.memory_bucket import InMemoryBucket
from dbops.jobs.backups import back_up as back_up_module
from dbops.jobs.migrations import apply_migration as apply_migration_module
from dbops.jobs.migrations import plan_migration as plan_migration_module
from tests.unit.migration_plans import plan
from tests.unit.samples import DAY, NOW, Clock, claim, manifest, store_backup, verification

REPOSITORY = Path(__file__).resolve().parents[2]
SHOP = Layout("team/shop/")
DEFAULTS = "environment: development\nstorage: {bucket: vault, prefix: team}\n"


class Shell:
    """A shell in which two targets and one bucket exist, at a standing time."""

    def __init__(self, include: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.include = include
        self.bucket = InMemoryBucket("vault", Clock(NOW))
        self._capture = capture
        (include / "targets").mkdir()
        (include / "defaults.yaml").write_text(DEFAULTS, encoding="utf-8")
        self.write_target("shop", "connection: shop\ntimezone: Europe/Vienna\nretention: {last: 1, daily: 2}\n")
        self.write_target("blog", "connection: blog\n")
        self.open_bucket: Callable[[Target], Bucket] = lambda _target: self.bucket
        self.status, self.out, self.err = -1, "", ""

    def write_target(self, name: str, text: str) -> None:
        (self.include / "targets" / f"{name}.yaml").write_text(text, encoding="utf-8")

    def run(self, *argv: str) -> int:
        around = Surroundings(
            self.include,
            open_bucket=self.open_bucket,
            look_up_database=lambda target, _: DatabaseAddress(target.name, "db", 5432, "dba", "hunter2"),
            clock=Clock(NOW),
            who="eve@laptop",
        )
        self.status = main(argv, around)
        self.out, self.err = self._capture.readouterr()
        assert "Traceback" not in self.err
        return self.status

    def captured(self) -> Any:
        return self._capture.readouterr()

    def document(self, *argv: str) -> Any:
        """The answer to that with --json, which is all there is on stdout."""
        self.run(*argv, "--json")
        return json.loads(self.out)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("DBOPS_INCLUDE", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return Shell(tmp_path, capsys)


def test_targets_are_listed(shell: Shell) -> None:
    assert shell.run("targets") == 0
    assert "shop" in shell.out
    assert "s3://vault/team/blog/" in shell.out
    assert [target["name"] for target in shell.document("targets")["targets"]] == ["blog", "shop"]
    assert shell.status == 0


def test_targets_of_one_connection_are_marked(shell: Shell) -> None:
    shell.write_target("copy", "connection: shop\n")
    assert shell.run("targets") == 0
    said = " ".join(shell.out.split())
    assert "shop (also of copy)" in said
    assert "shop (also of shop)" in said
    marked = {target["name"]: target["same_connection"] for target in shell.document("targets")["targets"]}
    assert marked == {"blog": [], "copy": ["shop"], "shop": ["copy"]}


def test_a_notifier_that_is_described_badly_is_shown_beside_the_targets_with_status_2(shell: Shell) -> None:
    (shell.include / "notifiers.yaml").write_text("oncall:\n  only: [failed]\n")
    assert shell.run("targets") == 2
    assert "notifiers.yaml:1: oncall has no class" in shell.out
    assert shell.run("watch") == 1
    assert "notifiers.yaml:1: oncall has no class" in " ".join(shell.out.split())
    assert shell.run("backups", "shop") == 0


def test_a_file_that_cannot_be_used_is_shown_beside_the_targets_with_status_2(shell: Shell) -> None:
    shell.write_target("bad", "conection: x\n")
    assert shell.run("targets") == 2
    assert 'targets/bad.yaml:1: "conection" is not a key of a target. Did you mean "connection"?' in shell.out
    document = shell.document("targets")
    assert {fault["path"] for fault in document["faults"]} == {"targets/bad.yaml"}
    assert len(document["targets"]) == 2


def test_an_include_folder_without_targets_says_so(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty" / "targets").mkdir(parents=True)
    shell.include = tmp_path / "empty"
    assert shell.run("targets") == 0
    assert "There are no targets." in shell.out


@pytest.mark.parametrize("verb", ["backup", "backups", "expire", "baseline", "drill"])
def test_an_unknown_target_is_answered_with_the_one_that_was_meant(shell: Shell, verb: str) -> None:
    assert shell.run(verb, "shpo") == 2
    assert shell.err == 'error: There is no target "shpo".\nDid you mean "shop"?\n'
    assert shell.document(verb, "shpo") == {"error": 'There is no target "shpo".', "remedy": 'Did you mean "shop"?'}


def test_a_target_whose_file_is_bad_is_answered_with_its_line(shell: Shell) -> None:
    shell.write_target("bad", "connection: x\ndaily: 3\n")
    assert shell.run("backup", "bad") == 2
    assert 'targets/bad.yaml:2: "daily" is not a key of a target; it belongs below retention' in shell.err


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ((), "the following arguments are required: VERB"),
        (("bakup", "shop"), 'there is no verb "bakup"'),
        (("backup",), "the following arguments are required: TARGET"),
        (("backup", "shop", "--fast"), "unrecognized arguments: --fast"),
        (("expire", "shop", "--dry"), "unrecognized arguments: --dry"),
        (("hold", "shop"), "required: BACKUP"),
        (("baseline", "shop", "--acept"), "unrecognized arguments: --acept"),
        (("--include", "/nowhere", "targets"), "--include /nowhere is not a folder"),
    ],
)
def test_a_request_that_makes_no_sense_is_status_2_in_words_and_in_json(
    shell: Shell, argv: tuple[str, ...], sentence: str
) -> None:
    assert shell.run(*argv) == 2
    assert shell.out == ""
    assert sentence in shell.err
    shell.run("--json", *argv)
    assert sentence in json.loads(shell.out)["error"]
    assert shell.err == ""


def test_a_mistyped_verb_is_answered_with_the_one_that_was_meant(shell: Shell) -> None:
    shell.run("bakup", "shop")
    assert 'Did you mean "backup"?' in shell.err


@pytest.mark.parametrize("verb", ["targets", "backup", "backups", "expire", "hold", "drill", "watch"])
def test_every_verb_explains_itself_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([verb, "--help"])
    assert exit_.value.code == 0
    assert f"  python -m dbops {verb}" in capsys.readouterr().out


def fill(bucket: InMemoryBucket) -> list[BackupId]:
    """Four nightly backups, of which the policy keeps two and the minimum a third."""
    backups = [manifest(NOW - days * DAY) for days in (4, 3, 2, 1)]
    for backup in backups:
        store_backup(bucket, SHOP, backup)
    return [backup.backup_id for backup in backups]


def test_backups_are_listed_newest_first_with_why_each_is_kept(shell: Shell) -> None:
    oldest, *_, newest = fill(shell.bucket)
    shell.run("hold", "shop", oldest, "--reason", "audit")
    document = shell.document("backups", "shop")
    assert shell.status == 0
    assert [backup["backup_id"] for backup in document["backups"]] == sorted(
        (backup["backup_id"] for backup in document["backups"]), reverse=True
    )
    first, last = document["backups"][0], document["backups"][-1]
    assert (first["backup_id"], first["rows"], first["stored_bytes"]) == (newest, 500, 1000)
    assert first["keep"]
    assert last["held"]
    assert "audit" in " ".join(last["reasons"])
    shell.run("backups", "shop")
    assert newest in shell.out
    assert "audit" in shell.out
    assert shell.out.index(newest) < shell.out.index(oldest)


def test_the_list_says_which_backups_are_encrypted_and_for_whom(shell: Shell) -> None:
    clear, encrypted = manifest(NOW - 2 * DAY), manifest(NOW - DAY)
    store_backup(shell.bucket, SHOP, clear)
    store_backup(shell.bucket, SHOP, replace(encrypted, encryption_recipients=("age1alice", "age1bob"), format=2))
    shell.run("backups", "shop")
    words = {line.split()[0]: line.split() for line in shell.out.splitlines() if line.strip()[:2] == "20"}
    assert "yes" in words[encrypted.backup_id]
    assert "no" in words[clear.backup_id]
    assert [backup["encryption_recipients"] for backup in shell.document("backups", "shop")["backups"]] == [
        ["age1alice", "age1bob"],
        [],
    ]


def test_a_backup_that_the_next_expire_deletes_is_shown_as_such(shell: Shell) -> None:
    shell.write_target("shop", "connection: shop\nretention: {last: 1, daily: 1, weekly: 0, monthly: 0, yearly: 0}\n")
    oldest, *_ = fill(shell.bucket)
    shell.run("backups", "shop")
    (row,) = [line for line in shell.out.splitlines() if oldest in line]
    assert "the next expire deletes it" in row
    assert shell.document("backups", "shop")["backups"][-1]["keep"] is False


def test_leftovers_and_what_cannot_be_read_are_shown_apart(shell: Shell) -> None:
    fill(shell.bucket)
    running = BackupId.at(NOW - timedelta(hours=1))
    shell.bucket.put(SHOP.started(running), claim(running).to_json())
    broken = BackupId.at(NOW - timedelta(hours=2))
    shell.bucket.put(SHOP.manifest(broken), b"{")
    assert shell.run("backups", "shop") == 1
    above, _, below = shell.out.partition("Running, or never finished:")
    assert running not in above
    assert f"{running} by scheduled__1 on worker-1" in below
    assert f"{broken}/manifest.json is not a manifest" in below.partition("What cannot be read")[2]
    document = shell.document("backups", "shop")
    assert [leftover["backup_id"] for leftover in document["leftovers"]] == [running]
    assert len(document["unreadable"]) == 1


def test_no_backup_yet_is_said_in_words(shell: Shell) -> None:
    assert shell.run("backups", "shop") == 0
    assert "There is no backup of shop in s3://vault/team/shop/ yet." in shell.out


def test_a_drill_without_a_backup_has_nothing_to_do(shell: Shell) -> None:
    assert shell.run("drill", "shop") == 0
    assert "No drill of shop is due: there is no backup." in shell.out
    document = shell.document("drill", "shop", "--if-due")
    assert (document["verdict"], document["verification"]) == ("ok", None)


def test_a_backup_that_lacks_a_file_fails_its_drill_with_status_1_and_has_its_verdict(shell: Shell) -> None:
    backup = manifest(NOW - DAY)
    store_backup(shell.bucket, SHOP, backup)
    shell.bucket.delete(f"{SHOP.folder(backup.backup_id)}3001.dat.zst")
    assert shell.run("drill", "shop") == 1
    assert f"Backup {backup.backup_id} of shop FAILED its verification" in shell.out
    assert "3001.dat.zst is missing" in shell.out
    assert shell.document("drill", "shop", "--backup", backup.backup_id)["verdict"] == "failed"
    assert shell.document("backups", "shop")["backups"][0]["verified"] is False


def test_a_drill_where_none_is_due_does_nothing(shell: Shell) -> None:
    backup = manifest(NOW - DAY)
    store_backup(shell.bucket, SHOP, backup)
    shell.bucket.put(SHOP.verification(backup.backup_id), verification(backup.backup_id).to_json())
    assert shell.run("drill", "shop", "--if-due") == 0
    assert "the newest backup has its verdict" in shell.out


@pytest.mark.parametrize(
    ("backup", "status", "sentence"),
    [("yesterday", 2, "is not a backup id"), ("20200101T000000Z", 3, "Backup 20200101T000000Z of shop does not exist")],
)
def test_a_drill_of_a_backup_that_there_is_not_is_refused(
    shell: Shell, backup: str, status: int, sentence: str
) -> None:
    assert shell.run("drill", "shop", "--backup", backup) == status
    assert sentence in shell.err
    assert sentence in shell.document("drill", "shop", "--backup", backup)["error"]
    assert list(shell.bucket.list(SHOP.verifications)) == []


@pytest.mark.parametrize(
    ("asked", "hurried"),
    [
        (("backups", "shop"), True),
        (("expire", "shop", "--dry-run"), True),
        (("expire", "shop"), False),
        (("backups", "blog"), True),
    ],
)
def test_whoever_only_looks_is_told_within_seconds_that_the_store_hangs(
    shell: Shell, asked: tuple[str, ...], hurried: bool
) -> None:
    """They waited for 8 attempts of 60 s each, and nothing was printed meanwhile."""
    shell.write_target("blog", "connection: blog\nstorage: {s3: {attempts: 1, read_timeout: 1s}}\n")
    fill(shell.bucket)
    opened: list[Target] = []

    def open_one(target: Target) -> Bucket:
        opened.append(target)
        return shell.bucket

    shell.open_bucket = open_one
    assert shell.run(*asked) == 0
    [s3] = [target.storage.s3 for target in opened]
    longest = s3.attempts * (s3.connect_timeout + s3.read_timeout)
    assert (longest <= timedelta(seconds=10)) is hurried
    if asked[1] == "blog":
        assert (s3.attempts, s3.read_timeout) == (1, timedelta(seconds=1)), "no longer than its file says"


def test_a_dry_run_of_expire_deletes_nothing(shell: Shell) -> None:
    shell.write_target("shop", "connection: shop\nretention: {last: 1, daily: 1, weekly: 0, monthly: 0, yearly: 0}\n")
    oldest, *_ = fill(shell.bucket)
    before = [stored.key for stored in shell.bucket.list("")]
    document = shell.document("expire", "shop", "--dry-run")
    assert (shell.status, document["dry_run"], list(document["expired"])) == (0, True, [oldest])
    assert [stored.key for stored in shell.bucket.list("")] == before


def test_expire_deletes_what_the_policy_lets_go_and_says_why(shell: Shell) -> None:
    shell.write_target("shop", "connection: shop\nretention: {last: 1, daily: 1, weekly: 0, monthly: 0, yearly: 0}\n")
    oldest, *kept = fill(shell.bucket)
    assert shell.run("expire", "shop") == 0
    assert "Expired 1 backup of shop, kept 3" in shell.out
    assert [backup["backup_id"] for backup in shell.document("backups", "shop")["backups"]] == kept[::-1]
    (audit,) = [stored.key for stored in shell.bucket.list(SHOP.root) if "/audit/" in stored.key]
    assert json.loads(shell.bucket.get(audit))["requested_by"] == "shell of eve@laptop"
    assert oldest not in shell.document("backups", "shop")


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        ("2027-06-30", datetime(2027, 6, 30, 22, tzinfo=UTC)),  # the end of that day in Vienna
        ("2027-06-30T10:00", datetime(2027, 6, 30, 8, tzinfo=UTC)),
        ("2027-06-30T10:00+00:00", datetime(2027, 6, 30, 10, tzinfo=UTC)),
        ("90d", datetime(2027, 2, 20, 12, tzinfo=UTC)),
    ],
)
def test_a_backup_is_held_until_a_day_of_the_targets_zone_or_so_long(
    shell: Shell, until: str, moment: datetime
) -> None:
    oldest, *_ = fill(shell.bucket)
    assert shell.run("hold", "shop", oldest, "--until", until, "--reason", "audit") == 0
    assert "held until" in shell.out
    held = Hold.from_json(shell.bucket.get(SHOP.hold(oldest)))
    assert (held.until, held.reason, held.by) == (moment, "audit", "eve@laptop")


def test_a_hold_is_released(shell: Shell) -> None:
    oldest, *_ = fill(shell.bucket)
    assert shell.document("hold", "shop", oldest, "--reason", "audit") == {
        "target": "shop",
        "backup_id": oldest,
        "held": True,
        "until": None,
    }
    assert shell.document("hold", "shop", oldest, "--release") == {"target": "shop", "backup_id": oldest, "held": False}
    assert not list(shell.bucket.list(SHOP.holds))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("20261121", "--reason", "x"), "is not a backup id"),
        (("20261121T120000Z",), "A hold needs a reason"),
        (("20261121T120000Z", "--reason", " "), "A hold needs a reason"),
        (("20261121T120000Z", "--reason", "x", "--until", "soon"), "is not a time until which"),
        (("20261121T120000Z", "--reason", "x", "--until", "2020-01-01"), "that time is in the past"),
        (("20261121T120000Z", "--reason", "x", "--release"), "either made or released"),
        (("20261121T120000Z", "--release"), "is not held"),
        (("20200101T000000Z", "--reason", "x"), "There is no backup 20200101T000000Z"),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused(shell: Shell, arguments: tuple[str, ...], sentence: str) -> None:
    fill(shell.bucket)
    assert shell.run("hold", "shop", *arguments) == 2
    assert sentence in shell.err
    assert not list(shell.bucket.list(SHOP.holds))


def test_watch_names_what_is_missing_with_status_1(shell: Shell) -> None:
    fill(shell.bucket)
    assert shell.run("watch") == 1
    assert "There is no good backup of blog at all." in shell.out
    assert ("no backup", "blog") in {
        (problem["kind"], problem["target"]) for problem in shell.document("watch")["problems"]
    }
    assert shell.status == 1


def test_a_watch_by_hand_requests_a_heartbeat_only_where_asked_to(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[str] = []
    monkeypatch.setattr("dbops.gateways.alerting.heartbeat.ping", requested.append)
    (shell.include / "targets" / "blog.yaml").unlink()
    shell.write_target("shop", "connection: shop\nalerts: {heartbeat_url: 'https://beat.example.com/x'}\n")
    store_backup(shell.bucket, SHOP, manifest(NOW - timedelta(hours=1)))
    assert shell.run("watch") == 0
    assert requested == []
    assert shell.run("watch", "--heartbeat") == 0
    assert requested == ["https://beat.example.com/x"]


def report(**settings: Any) -> BackupReport:
    fields = {"rows": 5, "stored_bytes": 1000, "database_bytes": 9000, "seconds": 61.0, **settings}
    return BackupReport(
        target="shop",
        started=NOW,
        finished=NOW,
        backup_id="20261122T120000Z",
        location="s3://vault/team/shop/backups/20261122T120000Z/",
        tables=3,
        **fields,
    )


def test_a_backup_shows_where_it_goes_how_far_it_is_and_what_came_of_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def back_up(target: Target, address: DatabaseAddress, bucket: Bucket, **keywords: Any) -> BackupReport:
        given.update(keywords, target=target.name, database=address.database, bucket=bucket.name)
        for _ in range(3):
            keywords["on_progress"](Progress(1, 3, 500, 400, timedelta(seconds=10), 0.5, 0, paused=False))
        return report()

    monkeypatch.setattr(back_up_module, "back_up", back_up)
    monkeypatch.setattr("dbops.cli.screen._SECONDS_BETWEEN_LINES", 0.0)
    assert shell.run("backup", "shop") == 0
    assert (given["target"], given["database"], given["bucket"]) == ("shop", "shop", "vault")
    assert given["run"] == "shell of eve@laptop"
    assert "Backing up dba@db:5432/shop to s3://vault/team/shop/" in shell.err
    assert shell.err.count("1/3 tables") == 3
    assert "Backup 20261122T120000Z of shop: 3 tables, 5 rows" in shell.out
    assert "hunter2" not in shell.out + shell.err
    document = shell.document("backup", "shop")
    assert (document["backup_id"], document["verdict"], shell.err) == ("20261122T120000Z", "ok", "")


def test_probes_are_executed_as_the_role_of_their_own_connection_where_they_have_one(shell: Shell) -> None:
    around = Surroundings(
        shell.include,
        shell.open_bucket,
        look_up_database=lambda target, _: DatabaseAddress(target.name, "db", user="reader"),
        address_of=lambda connection: DatabaseAddress("shop", "db", user=connection),
    )
    shell.write_target("blog", "connection: blog\nprobes: {connection: blog_prober}\n")
    targets = read_targets(shell.include)
    assert [around.probing_address(targets.target(name)).user for name in ("shop", "blog")] == ["reader", "blog_prober"]


def test_only_what_deletes_opens_the_store_with_the_connection_that_may(shell: Shell) -> None:
    opened: list[str] = []

    def open_bucket(target: Target) -> Bucket:
        opened.append(target.storage.connection)
        return shell.bucket

    shell.open_bucket = open_bucket
    shell.write_target("shop", "connection: shop\nstorage: {expire_connection: aws_expires}\n")
    store_backup(shell.bucket, SHOP, manifest(NOW))
    hold = ("hold", "shop", str(BackupId.at(NOW)))
    for argv in (("expire", "shop"), ("backups", "shop"), (*hold, "--reason", "audit"), (*hold, "--release")):
        assert shell.run(*argv) == 0, shell.err
    assert shell.run("expire", "blog") == 0
    assert opened == ["aws_expires", "aws_default", "aws_default", "aws_expires", "aws_default"]


def test_migrations_are_made_as_the_role_of_their_own_connection_where_they_have_one(shell: Shell) -> None:
    around = Surroundings(
        shell.include,
        shell.open_bucket,
        look_up_database=lambda target, _: DatabaseAddress(target.name, "db", user="reader"),
        address_of=lambda connection: DatabaseAddress("shop", "db", user=connection),
    )
    shell.write_target("blog", "connection: blog\nmigrations: {connection: blog_migrate}\n")
    named = [read_targets(shell.include).target(name) for name in ("shop", "blog")]
    assert [around.migrating_address(target).user for target in named] == ["reader", "blog_migrate"]
    assert [target.migrating_connection for target in named] == ["shop", "blog_migrate"]


def test_the_backup_before_a_migration_names_the_connection_that_it_is_made_through(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Imported for the first time while it is replaced, that module would keep the wrong one for all later tests.
    assert vars(apply_migration_module)["plan_migration"] is plan_migration_module.plan_migration
    monkeypatch.setattr(plan_migration_module, "plan_migration", lambda *_, **__: plan())
    shell.write_target("blog", "connection: blog\nmigrations: {connection: blog_migrate}\napprovals: {approve: []}\n")
    around = Surroundings(
        shell.include,
        shell.open_bucket,
        look_up_database=lambda target, _: DatabaseAddress(target.name, "db"),
        address_of=lambda connection: DatabaseAddress("blog", "db", user=connection, pooled=True),
        clock=Clock(NOW),
        who="eve",
    )
    assert main(["migrate", "blog"], around) == 2
    assert 'The connection "blog_migrate" goes through a transaction pooler' in " ".join(shell.captured().err.split())


def test_a_host_that_looks_like_a_pooler_is_noted_before_the_backup(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_up_module, "back_up", lambda *_, **__: report())
    around = Surroundings(
        shell.include, shell.open_bucket, lambda *_: DatabaseAddress("shop", "db", 6432), clock=Clock(NOW), who="eve"
    )
    assert main(["backup", "shop"], around) == 0
    assert "note: Port 6432 is PgBouncer's" in shell.captured().err


def test_a_backup_with_something_odd_about_it_is_status_1(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_up_module, "back_up", lambda *_, **__: report(warnings=("It shrank by 90 %.",)))
    assert shell.run("backup", "shop") == 1
    assert "It shrank by 90 %." in shell.out


def test_what_could_not_be_done_is_status_3_with_a_remedy(shell: Shell) -> None:
    def refuse(_target: Target) -> Bucket:
        raise BucketError("The store does not answer.", "Look whether it runs.")

    shell.open_bucket = refuse
    assert shell.run("backups", "shop") == 3
    assert shell.err == "error: The store does not answer.\nLook whether it runs.\n"
    assert shell.document("backups", "shop") == {
        "error": "The store does not answer.",
        "remedy": "Look whether it runs.",
    }


def test_an_unexpected_error_is_one_sentence_that_repeats_nothing(shell: Shell) -> None:
    def fail(_target: Target) -> Bucket:
        raise KeyError("hunter2")

    shell.open_bucket = fail
    assert shell.run("backups", "shop") == 3
    assert "An unexpected KeyError: this is a bug in dbops itself." in shell.err
    assert "hunter2" not in shell.err
    assert shell.document("backups", "shop")["error"].startswith("An unexpected KeyError")


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_where_an_unexpected_error_came_from_is_shown_on_request(
    shell: Shell, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_target: Target) -> Bucket:
        raise KeyError("x")

    if how == "variable":
        monkeypatch.setenv("DBOPS_DEBUG", "1")
    argv = ["backups", "shop", *(["--debug"] if how == "argument" else [])]
    assert main(argv, Surroundings(shell.include, open_bucket=fail)) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "status", "name"), [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")]
)
def test_a_signal_stops_the_work_once_lets_it_clean_up_and_leaves_a_sentence(
    shell: Shell, number: signal.Signals, status: int, name: str
) -> None:
    cleaned: list[str] = []

    def work(_target: Target) -> Bucket:
        try:
            os.kill(os.getpid(), number)
            raise AssertionError("the signal did not arrive")
        finally:
            os.kill(os.getpid(), number)  # an impatient second one
            cleaned.append("up")

    shell.open_bucket = work
    before = signal.signal(number, signal.SIG_DFL)  # whoever started the tests may have it ignored
    try:
        assert shell.run("backups", "shop") == status
        assert cleaned == ["up"]
        assert f"error: Stopped by {name}." in shell.err
        assert "Still cleaning up." in shell.err
        assert shell.document("backups", "shop")["error"] == f"Stopped by {name}."
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_a_signal_that_was_ignored_stays_ignored_as_nohup_wants(shell: Shell) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:

        def work(_target: Target) -> Bucket:
            os.kill(os.getpid(), signal.SIGHUP)
            return shell.bucket

        shell.open_bucket = work
        assert shell.run("backups", "shop") == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def python_dbops(*argv: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY / "plugins"), **variables}
    return subprocess.run(
        [sys.executable, "-m", "dbops", *argv], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_it_runs_from_any_folder_and_finds_the_repositorys_targets(tmp_path: Path) -> None:
    done = python_dbops("targets", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert "summary_app" in [target["name"] for target in json.loads(done.stdout)["targets"]]


def test_an_include_folder_may_be_given_relative_to_where_one_is(shell: Shell, tmp_path: Path) -> None:
    done = python_dbops("targets", "--json", "--include", tmp_path.name, cwd=tmp_path.parent)
    assert [target["name"] for target in json.loads(done.stdout)["targets"]] == ["blog", "shop"]


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    for number in range(400):
        text = f"connection: x\ndescription: {'x' * 300}\n{DEFAULTS}"
        (tmp_path / "targets" / f"t{number}.yaml").write_text(text, encoding="utf-8")
    command = (
        f'"{sys.executable}" -m dbops targets --json --include "{tmp_path}" | head -c 10; echo " ${{PIPESTATUS[0]}}"'
    )
    done = subprocess.run(
        ["bash", "-c", command],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY / "plugins")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ('{"targets" 0\n', "")


@pytest.mark.parametrize("argv", [("--help",), ("targets", "--json"), ("backup", "nowhere")])
def test_what_needs_no_database_and_no_store_imports_neither(argv: tuple[str, ...], tmp_path: Path) -> None:
    program = (
        "import sys\nfrom dbops.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "heavy = {'sqlalchemy', 'boto3', 'botocore', 'psycopg2', 'pandas', 'jinja2', 'airflow', 'backports.zstd'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY / "plugins")}
    done = subprocess.run(
        [sys.executable, "-c", program, *argv],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.endswith("[]\n")


def test_a_baseline_that_cannot_be_read_is_answered_with_its_line_before_the_database_is_asked(shell: Shell) -> None:
    folder = shell.include / "expectations" / "shop"
    folder.mkdir(parents=True)
    (folder / "schema.yaml").write_text("tables:\n  public.User: 5\n", encoding="utf-8")
    assert shell.run("baseline", "shop") == 2
    assert "expectations/shop/schema.yaml:2: public.User must be a section" in shell.err


@pytest.mark.parametrize("words", [["backup", "\udc80"], ["hold", "shop", "20261122T020000Z", "--reason", "caf\udce9"]])
def test_an_argument_that_is_no_utf_8_is_refused(shell: Shell, words: list[str]) -> None:
    assert shell.run(*words) == 2
    assert "not UTF-8" in shell.err
