"""Promise: a drill restores a backup for real, says what it is worth, and leaves nothing behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dbops.domain.report import Verdict
from dbops.errors import BackupUnusable, PreflightFailed, ServerFailed, SpoolError
from dbops.gateways.store.catalogs import read_catalog
from tests.backups import execute
from tests.drills import Ground
from tests.loading import BY_ENUM, FELT, SHOP


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


def test_partitions_that_several_connections_read_and_load_are_proven_by_their_rows_together(
    ground: Ground, empty_database: str
) -> None:
    execute(empty_database, *BY_ENUM, "VACUUM ANALYZE")
    jobs = ground.loader.target.drill.model_copy(update={"jobs": 4})
    backup = ground.loader.target.backup.model_copy(update={"jobs": 4, "split_above": 1})
    ground.loader.target = ground.loader.target.model_copy(update={"backup": backup, "drill": jobs})
    ground.loader.back_up(empty_database)

    proof = ground.drill().verification

    assert proof is not None
    assert proof.findings == ()
    assert (proof.ok, proof.rows) == (True, FELT)


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
    with pytest.raises(BackupUnusable, match="FAILED its drill"):
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

    assert ground.verdicts() == []


def test_without_a_backup_nothing_is_due(ground: Ground) -> None:
    assert "there is no backup" in ground.drill().markdown()


def test_an_unfinished_backup_gets_no_verdict(ground: Ground, empty_database: str) -> None:
    archive = ground.loader.back_up(empty_database)
    ground.bucket.delete(f"{archive.folder}manifest.json")

    with pytest.raises(BackupUnusable, match="never finished, or is still running"):
        ground.drill(backup_id=ground.loader.backup_id)

    assert ground.verdicts() == []


def test_a_manifest_of_a_later_version_gets_no_verdict(ground: Ground, empty_database: str) -> None:
    archive = ground.loader.back_up(empty_database)
    key = f"{archive.folder}manifest.json"
    ground.bucket.put(key, ground.bucket.get(key).replace(b'"format": 1', b'"format": 3'))

    with pytest.raises(BackupUnusable, match="not a manifest that this version can read"):
        ground.drill(backup_id=ground.loader.backup_id)

    assert ground.verdicts() == []


def test_an_extension_that_the_server_lacks_is_said_in_advance(
    ground: Ground, empty_database: str, tmp_path: Path
) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    installation = tmp_path / "pginstall"
    shutil.copytree(ground.programs.parent, installation, symlinks=True)
    (control,) = installation.rglob("pgcrypto.control")
    control.unlink()
    ground.programs = installation / "bin"

    with pytest.raises(PreflightFailed, match=r"it has no extension pgcrypto.*drill\.connection"):
        ground.drill()

    assert ground.verdicts() == []
    ground.expect_nothing_left()


def test_a_disk_that_is_too_small_is_said_in_advance(ground: Ground, empty_database: str) -> None:
    ground.loader.back_up(empty_database)
    ground.loader.change_manifest(database_bytes=10**18)

    with pytest.raises(PreflightFailed, match=r"A drill needs about .* of disk, and the worker has .*drill\.directory"):
        ground.drill()

    assert ground.verdicts() == []
    ground.expect_nothing_left()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"server_version": "99.1"}, r"No PostgreSQL server on this worker can hold a database of PostgreSQL 99"),
        ({"pg_dump_version": "99beta1"}, r"No pg_restore on this worker is new enough"),
    ],
)
def test_programs_that_are_too_old_are_said_in_advance(
    ground: Ground, empty_database: str, fields: dict[str, str], sentence: str
) -> None:
    ground.loader.back_up(empty_database)
    ground.loader.change_manifest(**fields)

    with pytest.raises(PreflightFailed, match=sentence):
        ground.drill()

    assert ground.verdicts() == []
    ground.expect_nothing_left()


def test_a_directory_that_is_not_there_is_called_by_its_key(ground: Ground, empty_database: str) -> None:
    ground.loader.back_up(empty_database)
    nowhere = ground.target.drill.model_copy(update={"directory": str(ground.place / "nowhere")})

    with pytest.raises(SpoolError, match=r"No such file or directory.*Set drill\.directory"):
        ground.drill(target=ground.target.model_copy(update={"drill": nowhere}))

    assert ground.verdicts() == []


def test_a_path_that_is_too_long_for_a_socket_is_said_in_advance(
    ground: Ground, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.loader.back_up(empty_database)
    long = tmp_path / ("deep" * 20)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))

    with pytest.raises(ServerFailed, match=r"too long for a unix socket\. Set TMPDIR"):
        ground.drill()

    ground.expect_nothing_left()


def test_a_run_whose_task_was_killed_after_a_bad_verdict_says_it_again(ground: Ground, empty_database: str) -> None:
    ground.loader.back_up(empty_database)
    ground.loader.damage("toc.dat")
    bad = ground.drill(run="scheduled__1")

    again, next_run = ground.drill(run="scheduled__1"), ground.drill(run="scheduled__2")

    assert again.verification == bad.verification
    assert again.verdict is Verdict.FAILED
    assert (next_run.verification, next_run.verdict) == (None, Verdict.OK)


def test_a_backup_that_failed_can_be_drilled_again_and_its_newest_verdict_counts(
    ground: Ground, empty_database: str
) -> None:
    archive = ground.loader.back_up(empty_database)
    whole = ground.bucket.get(f"{archive.folder}toc.dat")
    key = ground.loader.damage("toc.dat")
    assert ground.drill().verdict is Verdict.FAILED
    ground.bucket.put(key, whole)

    assert ground.drill(force=True).verdict is Verdict.OK
    (entry,) = read_catalog(ground.bucket, ground.target).entries
    assert entry.is_good


def test_a_backup_that_expires_meanwhile_gets_no_verdict(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    archive = ground.loader.back_up(empty_database)
    largest = max(archive.data_files, key=lambda file: file.bytes)
    ground.loader.damage(largest.name)
    ground.disturb(lambda: ground.bucket.delete(f"{archive.folder}manifest.json"))

    with pytest.raises(BackupUnusable, match="is damaged"):
        ground.drill()

    assert ground.verdicts() == []


def test_two_drills_at_once_do_not_get_in_each_others_way(ground: Ground, empty_database: str) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)

    with ThreadPoolExecutor(2) as both:
        reports = list(both.map(lambda run: ground.drill(run=run, force=True), ["one", "two"]))

    assert [report.verdict for report in reports] == [Verdict.OK, Verdict.OK]
    ground.expect_nothing_left()


def test_a_drill_that_is_killed_leaves_no_server_and_the_next_one_removes_its_data(
    ground: Ground, empty_database: str
) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    script = """
import sys, time
from pathlib import Path
from dbops.gateways.processes.programs import find_postgres
from dbops.gateways.scratch.throwaway_server import ThrowawayServer
with ThrowawayServer(find_postgres(Path(sys.argv[1]), 17), Path(sys.argv[2]), "vault"):
    print("up", flush=True)
    time.sleep(600)
"""
    arguments = [str(ground.programs), str(ground.place)]
    with subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "up\n"
        assert ground.servers()
        victim.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 30
    while ground.servers():
        assert time.monotonic() < deadline, "the server outlives the drill"
        time.sleep(0.1)
    assert len(list(ground.place.iterdir())) == 1
    assert ground.drill().verification is not None
    ground.expect_nothing_left()


def test_a_rule_that_the_restored_database_does_not_obey_is_a_warning_and_condemns_nothing(
    ground: Ground, empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    include = tmp_path / "include"
    rules = include / "expectations" / ground.target.name
    rules.mkdir(parents=True)
    (include / "sql").symlink_to(Path(__file__).parents[2] / "include/sql")
    (rules / "orders.yaml").write_text(
        "table: crm.orders\nexpectations:\n"
        "  - {type: expect_rows_to_satisfy, kwargs: {condition: id < 100}, meta: {description: few orders}}\n"
    )
    monkeypatch.setenv("DBOPS_INCLUDE", str(include))
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)

    report = ground.drill()

    assert report.verification is not None
    assert report.verification.ok
    [warning] = report.verification.warnings
    assert "crm.orders" in warning


def test_a_database_whose_texts_escape_by_backslashes_is_proven(ground: Ground, empty_database: str) -> None:
    name = empty_database.rpartition("/")[2]
    execute(
        empty_database,
        *SHOP,
        f"ALTER DATABASE {name} SET standard_conforming_strings = off",
        r"CREATE TYPE slashed AS ENUM (E'a\\', E'b;\\c''d')",
        r"CREATE TABLE slashes (s slashed DEFAULT E'a\\', t text DEFAULT E'\\''; x', CHECK (t <> E'\\'))",
        r"INSERT INTO slashes VALUES (E'b;\\c''d', E'a\\')",
        r"COMMENT ON TABLE slashes IS E'C:\\temp\\''; it is\\'",
    )
    ground.loader.back_up(empty_database)

    proof = ground.drill().verification

    assert proof is not None
    assert proof.findings == ()
    assert proof.ok
