"""Promise: a server for a drill is found that can hold the backup, of the source's own version if there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dbops.errors import PreflightFailed
from dbops.gateways.processes.programs import (
    FOLDER_VARIABLE,
    find_postgres,
    find_restore_programs,
    find_schema_programs,
)

# Far beyond any version that this machine may have.
OLD, NEW = 7001, 7002


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder with programs of that version, which can say it and nothing else."""

    def make(version: str, *names: str) -> Path:
        folder = tmp_path / f"pg-{version}"
        folder.mkdir()
        for name in names or ("postgres",):
            (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
            (folder / name).chmod(0o755)
        return folder

    return make


def test_the_sources_own_version_is_preferred(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    newer, same = install(f"{NEW}.1"), install(f"{OLD}.4")
    monkeypatch.setenv(FOLDER_VARIABLE, str(same))

    assert find_postgres(newer, OLD).version == f"{OLD}.4"
    assert find_postgres(newer, NEW).version == f"{NEW}.1"


def test_else_a_newer_one_serves(install: Callable[..., Path]) -> None:
    assert find_postgres(install(f"{NEW}beta1"), OLD).major == NEW


def test_where_all_are_too_old_they_are_named_with_what_to_do(install: Callable[..., Path]) -> None:
    folder = install(f"{OLD}.4")

    with pytest.raises(PreflightFailed) as failure:
        find_postgres(folder, NEW)

    assert f"can hold a database of PostgreSQL {NEW} ({folder}/postgres is {OLD}.4" in failure.value.what
    assert f"Install postgresql-{NEW} from PGDG" in failure.value.remedy
    assert "drill.connection" in failure.value.remedy


def test_what_a_restore_runs_is_of_one_version(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("pg_restore", "vacuumdb", "pg_dump")
    older, newer = install(f"{OLD}.4", *names), install(f"{NEW}.1", *names)
    monkeypatch.setenv(FOLDER_VARIABLE, str(newer))

    programs = find_restore_programs(older, f"{NEW}beta2")

    assert {programs.pg_restore.path, programs.vacuumdb.path, programs.pg_dump.path} == {newer / name for name in names}


def test_a_restore_without_one_of_them_is_refused(install: Callable[..., Path]) -> None:
    folder = install(f"{NEW}.1", "pg_restore", "pg_dump")

    with pytest.raises(PreflightFailed) as failure:
        find_restore_programs(folder, f"{NEW}.1")

    assert failure.value.what.startswith(
        "No vacuumdb on this worker is new enough: it must match pg_restore, which loads the backup, so vacuumdb "
        f"{NEW} or newer is needed ("
    )


def test_a_schema_is_copied_by_programs_that_are_as_new_as_both_servers(install: Callable[..., Path]) -> None:
    folder = install(f"{OLD}.4", "pg_restore", "postgres", "pg_dump", "psql", "vacuumdb")

    found = find_schema_programs(folder, f"{OLD}.1", OLD, live_major=OLD)

    paths = [getattr(found, name).path for name in ("pg_restore", "postgres", "pg_dump", "psql", "vacuumdb")]
    assert {path.parent for path in paths} == {folder}
    newer = f"the live server is PostgreSQL {NEW}, and the throw-away one {OLD}, so pg_dump {NEW} or newer"
    with pytest.raises(PreflightFailed, match=newer):
        find_schema_programs(folder, f"{OLD}.1", OLD, live_major=NEW)
