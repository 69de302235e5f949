"""What a migration will run, statement by statement, as its plan shows it and as its digest covers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from dbops.domain.ledger.table import LOCK, create_ledger
from dbops.domain.migrations.planned import PlannedMigration
from dbops.domain.options.migrations import MigrationOptions
from dbops.domain.sql.object_names import in_sql
from dbops.domain.sql.text import literal
from dbops.domain.sql.whole_statements import whole_statements
from dbops.domain.words.quantities import format_count

_PUBLIC = "public"


def migration_steps(
    migrations: Sequence[PlannedMigration], ledger: tuple[str, str], options: MigrationOptions, *, creates_ledger: bool
) -> tuple[str, ...]:
    """Every statement in its order, with comments between; nothing at all where nothing is pending."""
    return tuple(_steps(migrations, ledger, options, creates_ledger=creates_ledger)) if migrations else ()


def _steps(
    migrations: Sequence[PlannedMigration], table: tuple[str, str], options: MigrationOptions, *, creates_ledger: bool
) -> Iterator[str]:
    ledger = in_sql(*table)
    yield f"SELECT pg_try_advisory_lock({LOCK});  -- Prisma Migrate's own: nobody else migrates meanwhile"
    if table[0] != _PUBLIC:
        yield f"SET search_path = {in_sql(table[0])};  -- the connection's ?schema="
    if creates_ledger:
        yield f"{create_ledger(ledger)};"
    for migration in migrations:
        yield from _marked(migration, ledger) if migration.marked else _executed(migration, ledger, options)


def _marked(migration: PlannedMigration, ledger: str) -> Iterator[str]:
    yield f"-- {migration.name}: only marked as applied; its SQL is not executed"
    yield _row(migration, ledger, ("finished_at", "<now>"), ("logs", "''"))


def _executed(migration: PlannedMigration, ledger: str, options: MigrationOptions) -> Iterator[str]:
    own = [f"{statement.sql};" for statement in whole_statements(migration.sql)]
    step = f"UPDATE {ledger} SET applied_steps_count = applied_steps_count + 1 WHERE id = <new id>;"  # noqa: S608 - shown
    if migration.concurrently:
        yield f"-- {migration.name}: by itself; what an interrupted build leaves INVALID is dropped first"
        yield _row(migration, ledger)
        yield "SET lock_timeout = 0;"
        yield f"SET statement_timeout = {_ms(options.concurrent_timeout)};"
        yield from (*own, step)
    else:
        tries = format_count(options.tries, "attempt")
        yield f"-- {migration.name}: in one transaction, with at most {tries} to get its locks"
        yield _row(migration, ledger)
        yield f"SET lock_timeout = {_ms(options.lock_timeout)};"
        yield f"SET statement_timeout = {_ms(options.statement_timeout)};"
        yield from ("BEGIN;", *own, step, "COMMIT;")
    yield f"UPDATE {ledger} SET finished_at = <now> WHERE id = <new id>;"  # noqa: S608 - shown


def _row(migration: PlannedMigration, ledger: str, *more: tuple[str, str]) -> str:
    """The ledger's new row, in the columns and the order in which Prisma writes it."""
    values = {
        "id": "<new id>",
        "checksum": literal(migration.checksum),
        "started_at": "<now>",
        "migration_name": literal(migration.name),
        **dict(more),
    }
    return f"INSERT INTO {ledger} ({', '.join(values)}) VALUES ({', '.join(values.values())});"  # noqa: S608 - shown


def _ms(duration: timedelta) -> str:
    return f"'{duration // timedelta(milliseconds=1)}ms'"
