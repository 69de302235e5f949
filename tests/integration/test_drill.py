"""Promise: a drill restores a backup for real, says what it is worth, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.connection import DatabaseAddress
from dbops.domain.drill_report import DrillReport
from dbops.domain.report import Verdict
from dbops.domain.target import Target
from dbops.errors import BackupUnusable, PreflightFailed, RestoreFailed
from dbops.gateways.archive import Archive
from dbops.gateways.catalogs import read_catalog
from dbops.jobs.drill import drill
from tests.backups import execute
from tests.loading import SHOP, Loader


class Ground:
    """Drills the backups of a loader; their servers' data lie in a folder of the test."""

    def __init__(self, loader: Loader, place: Path) -> None:
        self.loader, self.place = loader, place
        place.mkdir()
        place.chmod(0o755)
        for folder in place.parents:  # the server's account has to get through, where the tests run as root
            if os.geteuid() == 0 and folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o011)

    @property
    def target(self) -> Target:
        options = self.loader.target.drill.model_copy(update={"directory": str(self.place)})
        return self.loader.target.model_copy(update={"drill": options})

    def drill(self, **asked: Any) -> DrillReport:
        return drill(
            self.target,
            self.loader.bucket,
            run="test",
            clock=lambda: datetime.now(UTC),
            programs=self.loader.desk.programs.folder,
            **asked,
        )

    def expect_nothing_left(self) -> None:
        assert list(self.place.iterdir()) == []


@pytest.fixture
def ground(loader: Loader, tmp_path: Path) -> Ground:
    return Ground(loader, tmp_path / "drills")


def test_the_trap_database_is_proven_on_a_throw_away_server_with_its_owners_and_grants(
    ground: Ground, trap_database: str
) -> None:
    ground.loader.back_up(trap_database)

    report = ground.drill()

    proof = report.verification
    assert proof is not None
    assert proof.errors == ()
    assert proof.ok
    assert proof.recovery_seconds > 0
    (entry,) = read_catalog(ground.loader.bucket, ground.target).entries
    assert entry.verified
    assert entry.verification == proof
    ground.expect_nothing_left()


def test_a_second_drill_of_the_same_backup_is_not_due_and_can_be_forced(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)

    assert ground.drill().verification is not None
    second = ground.drill()
    forced = ground.drill(force=True)

    assert second.verification is None
    assert second.verdict is Verdict.OK
    assert "the newest backup has its verdict" in second.markdown()
    assert forced.verification is not None


def test_a_damaged_backup_fails_its_drill_and_is_no_longer_counted_on(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    archive = ground.loader.back_up(empty_database)
    largest = max(archive.data_files, key=lambda file: file.bytes)
    ground.loader.damage(largest.name)

    report = ground.drill()

    assert report.verdict is Verdict.FAILED
    with pytest.raises(RestoreFailed, match="FAILED its drill"):
        report.require_proof()
    (entry,) = read_catalog(ground.loader.bucket, ground.target).entries
    assert not entry.is_good
    ground.expect_nothing_left()


def test_a_damaged_table_of_contents_fails_the_drill(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    ground.loader.damage("toc.dat")

    report = ground.drill()

    assert report.verification is not None
    assert not report.verification.ok
    assert "toc.dat is damaged" in report.verification.errors[0]


def test_an_unknown_backup_gets_no_verdict(ground: Ground) -> None:
    with pytest.raises(BackupUnusable, match="does not exist"):
        ground.drill(backup_id=ground.loader.backup_id)

    assert list(ground.loader.bucket.list(f"{ground.target.root}verifications/")) == []


def test_without_a_backup_nothing_is_due(ground: Ground) -> None:
    assert "there is no backup" in ground.drill().markdown()


def test_an_extension_that_the_server_lacks_is_said_in_advance(
    ground: Ground, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    monkeypatch.setattr("dbops.gateways.throwaway_server.ThrowawayServer.available_extensions", lambda _: {"plpgsql"})

    with pytest.raises(PreflightFailed, match=r"pgcrypto.*drill.connection"):
        ground.drill()

    assert list(ground.loader.bucket.list(f"{ground.target.root}verifications/")) == []
    ground.expect_nothing_left()


def test_a_disk_that_is_too_small_is_said_in_advance(
    ground: Ground, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.loader.back_up(empty_database)
    monkeypatch.setattr("dbops.gateways.throwaway_server.ThrowawayServer.free_bytes", 1000)

    with pytest.raises(PreflightFailed, match=r"A drill needs about .* of disk"):
        ground.drill()


def test_a_scratch_server_serves_as_well_and_is_left_as_it_was(
    ground: Ground, trap_database: str, empty_database: str
) -> None:
    ground.loader.back_up(trap_database)
    before = databases(empty_database)
    execute(empty_database, "CREATE DATABASE dbops_drill_vault_20200101000000")

    report = ground.drill(scratch=DatabaseAddress.from_url(empty_database))

    assert report.verification is not None
    assert report.verification.errors == ()
    assert databases(empty_database) == before


def databases(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_a_drill_that_is_killed_leaves_no_server_and_the_next_one_removes_its_data(
    ground: Ground, empty_database: str
) -> None:
    execute(empty_database, *SHOP)
    archive: Archive = ground.loader.back_up(empty_database)
    script = """
import sys, time
from pathlib import Path
from dbops.gateways.programs import find_postgres
from dbops.gateways.throwaway_server import ThrowawayServer
with ThrowawayServer(find_postgres(Path(sys.argv[1]), at_least=17, why="a test"), Path(sys.argv[2]), "vault"):
    print("up", flush=True)
    time.sleep(600)
"""
    arguments = [str(ground.loader.desk.programs.folder), str(ground.place)]
    with subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "up\n"
        assert servers(ground.place)
        victim.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 30
    while servers(ground.place):
        assert time.monotonic() < deadline, "the server outlives the drill"
        time.sleep(0.1)
    assert len(list(ground.place.iterdir())) == 1
    assert ground.drill().verification is not None
    assert archive.manifest.backup_id in {entry.backup_id for entry in read_catalog(
        ground.loader.bucket, ground.target).entries}  # fmt: skip
    ground.expect_nothing_left()


def servers(place: Path) -> list[int]:
    """Processes that run with data below that folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str(place) in (entry / "cmdline").read_bytes().decode(errors="replace"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return [pid for pid in found if pid != os.getpid()]
