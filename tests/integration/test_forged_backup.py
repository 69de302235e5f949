"""Promise: a backup that somebody forged with the key that writes makes the worker do nothing but refuse it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbops.domain.report import Verdict
from tests.backups import execute
from tests.drills import Ground, public_folder


@pytest.fixture
def witness() -> Iterator[Path]:
    """A file that every account could write, and that nothing may write."""
    with public_folder(0o777) as folder:
        yield folder / secrets.token_hex(4)


@pytest.mark.parametrize("forged", ["\\! id > {}", "COPY (SELECT 1) TO PROGRAM 'cat > {}';"], ids=["psql", "server"])
def test_commands_in_globals_are_refused_and_run_by_nobody(
    ground: Ground, empty_database: str, witness: Path, forged: str
) -> None:
    execute(empty_database, "CREATE TABLE t AS SELECT 1 n")
    ground.loader.back_up(empty_database)
    ground.loader.change_file("globals.sql", lambda body: body + forged.format(witness).encode() + b"\n")

    report = ground.drill(force=True)

    assert not witness.exists()
    assert report.verdict is Verdict.FAILED
    assert report.verification is not None
    (error,) = report.verification.errors
    assert "globals.sql, line" in error
    assert "holds something that pg_dumpall does not write" in error
    assert str(witness) not in error
    ground.expect_nothing_left()
