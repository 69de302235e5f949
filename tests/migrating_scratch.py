"""What tests of migrations on scratch share: a live database, migrations made by hand, and a place to try them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from dbops.domain.ledger.migration import Migration
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.whole_statements import whole_statements
from dbops.domain.target import Target
from dbops.jobs.migrations.scratch import Scratch, scratch_for
from tests.backups import target
from tests.clock import now

INIT = (Path(__file__).parents[1] / "include/sql/summary_app/migrations/0_init/migration.sql").read_bytes()
BASELINE = Migration(name="0_init", body=INIT)


def migration(name: str, sql: str, *, down: str | None = None, concurrently: bool = False) -> Migration:
    return Migration(name=name, body=sql.encode(), down=down, concurrently=concurrently)


def write_migration(folder: Path, name: str, sql: str, down: str | None = None) -> None:
    """One more migration in that folder, or another text of one."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "migration.sql").write_text(sql)
    if down is not None:
        (folder / name / "down.sql").write_text(down)


def tell(url: str, *scripts: str) -> None:
    """Run each statement by itself, as psql does."""
    with psycopg.connect(url, autocommit=True) as connection:
        for script in scripts:
            for statement in whole_statements(script):
                connection.execute(statement.sql.encode())


def target_in(place: Path, **changed: Any) -> Target:
    """A target whose throw-away servers lie in that folder."""
    made = target("unused")
    return made.model_copy(update={"drill": made.drill.model_copy(update={"directory": str(place)}), **changed})


@contextmanager
def scratch_like(url: str, place: Path, programs: Path, **asked: Any) -> Iterator[Scratch]:
    """Where migrations of the database of that URL are tried."""
    address = DatabaseAddress.from_url(url)
    with scratch_for(target_in(place), address, clock=now, programs=programs, **asked) as scratch:
        yield scratch
