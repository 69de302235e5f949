"""The sample data of the reference application, made by the server itself from a scale, a seed and a time."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from demo.errors import DemoError

TABLES = (
    "User",
    "Summary",
    "ShareLink",
    "UsageEvent",
    "Category",
    "Tag",
    "_CategoryToSummary",
    "_SummaryToTag",
    "Progress",
)
"""Every table of the application, as 0_init creates them."""

_SQL = Path(__file__).parent / "sql"
_INIT = Path(__file__).parents[2] / "include/sql/summary_app/migrations/0_init/migration.sql"
_SUMMARIES_A_BATCH = 10_000
_MOST_TAGS = 2000


def create(url: str) -> None:
    """Apply 0_init to the empty database at `url` (libpq's form), whole or not at all; DemoError if it is not empty."""
    with _connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_class "
            "WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'p', 'v', 'm', 'f')"
        ).fetchone()
        if found and found[0]:
            raise DemoError(
                f"Database {connection.info.dbname} already holds {found[0]} tables or views; the sample schema goes "
                "into an empty database only. Create a new database, or drop this one's tables."
            )
        connection.execute(_INIT.read_bytes())


def generate(
    url: str,
    scale: float = 1.0,
    seed: int = 1,
    progress: Callable[[str], None] | None = None,
    *,
    now: datetime | None = None,
) -> dict[str, int]:
    """Fill the tables that `create` made in one transaction, analyze them, and return the rows of each table.

    The same scale, seed and now give the same rows. Scale 1 is about 60 MB on disk, and size grows in proportion.
    `now` is the time the data end at, with a time zone; by default the full hour, so that they are fresh.
    `progress` receives a sentence now and then. DemoError when the tables are missing or not empty.
    """
    if not 0 < scale <= 1000:  # noqa: PLR2004 (60 GB; the counters in the ids are made for that)
        raise DemoError(f"Scale {scale} is outside 0 to 1000. Scale 1 is about 60 MB, scale 40 about 2 GB.")
    if now is not None and now.tzinfo is None:
        raise DemoError(f"{now} has no time zone: give it one, as in {now.isoformat()}+00:00.")
    say = progress or (lambda _sentence: None)
    draws = _draws(scale, seed, now or datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    with _connect(url) as connection:
        _refuse_unless_empty(connection)
        connection.execute("SET LOCAL temp_buffers = '64MB'; SET LOCAL work_mem = '64MB'")
        say("Deciding who made which summary")
        for script in ("1_draws", "2_prose", "3_spine", "4_users"):
            _run(connection, script, draws)
        total = _count(connection, "sample_summary")
        for first in range(1, total + 1, _SUMMARIES_A_BATCH):
            last = min(first + _SUMMARIES_A_BATCH - 1, total)
            _run(connection, "5_summaries", draws | {"first": first, "last": last})
            say(f"Summary: {last:,} of {total:,} rows")
        say("Categories, tags, links and usage events")
        _run(connection, "6_around", draws)
        rows = {table: _count(connection, table) for table in TABLES}
        say("Committing and analyzing")
    with _connect(url, autocommit=True) as connection:
        # VACUUM too, so that no autovacuum starts in the middle of what is measured on these tables next.
        connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.SQL(", ").join(map(sql.Identifier, TABLES))))
    return rows


def _draws(scale: float, seed: int, now: datetime) -> dict[str, Any]:
    """What the scripts are parametrised with; numbers of videos are powers of two, see 3_spine.sql."""
    summaries = max(100, round(11_000 * scale))
    return {
        "seed": seed,
        "now": now.astimezone(UTC).replace(tzinfo=None),
        "users": max(20, round(500 * scale)),
        "summaries": summaries,
        "videos": 1 << (summaries - 1).bit_length(),
        "popular": max(32, 1 << (summaries // 16).bit_length()),
        "tags": min(_MOST_TAGS, round(200 + 40 * scale)),
    }


@contextmanager
def _connect(url: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """One session, committed at the end; psycopg's errors become DemoErrors, which never quote the URL."""
    try:
        # ClientCursor: the scripts are several statements each, with values in them.
        connection = psycopg.connect(
            url, autocommit=autocommit, connect_timeout=10, cursor_factory=psycopg.ClientCursor, client_encoding="UTF8"
        )
    except psycopg.ProgrammingError:
        raise DemoError(
            "The database URL is not one that libpq reads: postgresql://user:password@host:port/database, the password "
            "percent-encoded, without Prisma's own parameters such as ?schema=."
        ) from None
    except psycopg.OperationalError as error:
        # Only what the server itself said: libpq's own words can quote a password that was not percent-encoded.
        _, fatal, said = str(error).partition("FATAL:")
        reason = said.splitlines()[0].strip() if fatal else "no server answers there"
        raise DemoError(
            f"Cannot connect to the database of the URL: {reason}. Start the server, or correct the URL."
        ) from None
    try:
        with connection:
            yield connection
    except psycopg.Error as error:
        # The first line: the others quote rows.
        reason = str(error).partition("\n")[0]
        raise DemoError(f"The database refused the sample: {reason}. The transaction was rolled back.") from error


def _run(connection: psycopg.Connection[tuple[Any, ...]], script: str, draws: dict[str, Any]) -> None:
    connection.execute((_SQL / f"{script}.sql").read_bytes(), draws)


def _count(connection: psycopg.Connection[tuple[Any, ...]], table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def _refuse_unless_empty(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    database = connection.info.dbname
    for table in TABLES:
        name = sql.Identifier(table)
        try:
            filled = connection.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(name)).rowcount
        except psycopg.errors.UndefinedTable:
            raise DemoError(
                f'Database {database} has no table "{table}": create the schema first, with create().'
            ) from None
        if filled:
            raise DemoError(
                f'Table "{table}" of database {database} is not empty; sample data go into empty tables only. '
                "Create a new database for them."
            )


def _has_schema(url: str) -> bool:
    with _connect(url) as connection:
        row = connection.execute("SELECT to_regclass('\"Summary\"') IS NOT NULL").fetchone()
    return bool(row and row[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m demo.summary_app.generate`: create the schema where it is missing, fill it, print the rows."""
    parser = argparse.ArgumentParser(prog="python -m demo.summary_app.generate", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is about 60 MB on disk (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other rows (default: 1)")
    parser.add_argument("--now", type=datetime.fromisoformat, help="the time the data end at (default: the full hour)")
    parser.add_argument("--url", help="the database; DATABASE_URL is not seen by other users, this is")
    asked = parser.parse_args(arguments)
    url = asked.url or os.environ.get("DATABASE_URL")
    if not url:
        parser.error("name the database with DATABASE_URL or --url")
    try:
        if not _has_schema(url):
            create(url)
        rows = generate(url, asked.scale, asked.seed, lambda sentence: print(sentence, file=sys.stderr), now=asked.now)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    for table, count in rows.items():
        print(f"{table:20} {count:>12,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
