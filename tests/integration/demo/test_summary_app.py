"""The sample data of the reference application, on a real server."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from backports import zstd
from psycopg import sql

from demo.errors import DemoError
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import TABLES, create, generate, main

NOW = datetime(2026, 11, 22, 21, tzinfo=UTC)


def scalar(connection: psycopg.Connection[Any], statement: LiteralString | sql.Composed) -> Any:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def rows_of(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        count = sql.SQL("SELECT count(*) FROM {}")
        return {table: scalar(connection, count.format(sql.Identifier(table))) for table in TABLES}


def contents_of(url: str) -> dict[str, str]:
    """A hash of every table, row by row in the order they were written."""
    hashes = {}
    with psycopg.connect(url) as connection:
        for table in TABLES:
            copied = hashlib.sha256()
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as stream:
                for block in stream:
                    copied.update(block)
            hashes[table] = copied.hexdigest()
    return hashes


def test_a_created_database_was_never_touched_by_prisma_migrate(empty_database: str) -> None:
    create(empty_database)

    with psycopg.connect(empty_database) as connection:
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        assert sorted(name for (name,) in found) == sorted(TABLES)


def test_a_database_that_holds_anything_is_refused_and_left_as_it_was(empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("CREATE TABLE theirs ()")

    with pytest.raises(DemoError, match="already holds 1 tables or views"):
        create(empty_database)

    with psycopg.connect(empty_database) as connection:
        assert scalar(connection, "SELECT count(*) FROM pg_type WHERE typname = 'SummaryStatus'") == 0


def test_the_two_recommended_indexes_are_absent(sample: psycopg.Connection[Any]) -> None:
    led_by_user = sample.execute(
        """SELECT tablename, indexname FROM pg_indexes
           WHERE tablename IN ('Summary', 'UsageEvent') AND indexdef ~ '\\("?(userId|createdAt)"?[,) ]' ORDER BY 1, 2"""
    ).fetchall()

    assert led_by_user == [("Summary", "Summary_userId_videoId_key")]


def test_the_same_scale_seed_and_time_give_the_same_rows_whatever_the_server_is_set_to(
    postgres_server: EmbeddedPostgres, empty_database: str
) -> None:
    other = "sample_other_settings"
    settings = {
        "timezone": "Asia/Kolkata",
        "datestyle": "German",
        "work_mem": "64kB",
        "enable_hashjoin": "off",
        "enable_nestloop": "off",
        "max_parallel_workers_per_gather": "0",
        "jit": "off",
    }
    postgres_server.create_database(other)
    try:
        with psycopg.connect(postgres_server.url(other)) as connection:
            for name, value in settings.items():
                connection.execute(
                    sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                        *map(sql.Identifier, (other, name)), sql.Literal(value)
                    )
                )
        for url in (empty_database, postgres_server.url(other)):
            create(url)
            generate(url, 0.05, seed=7, now=NOW)
        with psycopg.connect(postgres_server.url(other)) as connection:
            for name in ("timezone", "datestyle"):
                connection.execute(sql.SQL("ALTER DATABASE {} RESET {}").format(*map(sql.Identifier, (other, name))))

        assert contents_of(empty_database) == contents_of(postgres_server.url(other))
    finally:
        postgres_server.drop_database(other)


def test_another_seed_gives_other_rows_in_every_table(postgres_server: EmbeddedPostgres, empty_database: str) -> None:
    other = "sample_other_seed"
    postgres_server.create_database(other)
    try:
        for seed, url in enumerate((empty_database, postgres_server.url(other))):
            create(url)
            generate(url, 0.05, seed=seed, now=NOW)

        one, two = contents_of(empty_database), contents_of(postgres_server.url(other))
        assert [table for table in TABLES if one[table] == two[table]] == []
    finally:
        postgres_server.drop_database(other)


def test_the_rows_it_reports_are_the_rows_there_are(empty_database: str) -> None:
    create(empty_database)

    said: list[str] = []
    reported = generate(empty_database, 0.05, progress=said.append, now=NOW)

    assert reported == rows_of(empty_database)
    assert all(reported.values())
    assert f"Summary: {reported['Summary']:,} of {reported['Summary']:,} rows" in said


def test_by_default_the_data_end_at_the_current_hour(empty_database: str) -> None:
    create(empty_database)

    before = datetime.now(UTC)
    generate(empty_database, 0.05)

    with psycopg.connect(empty_database) as connection:
        newest = scalar(connection, 'SELECT max("createdAt") FROM "Summary"').replace(tzinfo=UTC)
    assert before - timedelta(hours=2) < newest < before


@pytest.mark.parametrize(
    ("table", "column", "enum"),
    [("Summary", "status", "SummaryStatus"), ("User", "plan", "Plan"), ("UsageEvent", "type", "UsageType")],
)
def test_every_label_of_every_enum_occurs(sample: psycopg.Connection[Any], table: str, column: str, enum: str) -> None:
    unused = sql.SQL(
        "SELECT count(*) FROM unnest(enum_range(NULL::{enum})) AS label "
        "WHERE label NOT IN (SELECT {column} FROM {table})"
    )

    assert (
        scalar(
            sample, unused.format(enum=sql.Identifier(enum), column=sql.Identifier(column), table=sql.Identifier(table))
        )
        == 0
    )


def test_few_users_make_most_summaries_and_some_make_none(sample: psycopg.Connection[Any]) -> None:
    counted = sample.execute(
        """SELECT count(s.id) FROM "User" AS u LEFT JOIN "Summary" AS s ON s."userId" = u.id
           GROUP BY u.id ORDER BY 1 DESC"""
    )
    made = [count for (count,) in counted]

    assert sum(made[: len(made) // 10]) > sum(made) / 2
    assert made[-1] == 0


def test_summary_dominates_the_database(sample: psycopg.Connection[Any]) -> None:
    share = scalar(
        sample,
        """SELECT sum(pg_total_relation_size(oid)) FILTER (WHERE relname = 'Summary') / sum(pg_total_relation_size(oid))
           FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace""",
    )

    assert share > 0.6


def test_the_text_compresses_like_prose(sample: psycopg.Connection[Any]) -> None:
    with sample.cursor().copy('COPY "Summary" TO STDOUT') as stream:
        text = b"".join(bytes(block) for block in stream)

    assert 3 < len(text) / len(zstd.compress(text, 1)) < 4


def test_the_server_has_fresh_statistics_of_every_table(sample: psycopg.Connection[Any]) -> None:
    unknown = """SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                 AND (reltuples < 1 OR oid NOT IN (SELECT starelid FROM pg_statistic))"""

    assert scalar(sample, unknown) == 0


def test_nothing_but_rows_is_left_behind(sample: psycopg.Connection[Any]) -> None:
    assert scalar(sample, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == 0
    assert scalar(sample, "SELECT count(*) FROM pg_class WHERE relname LIKE 'sample%'") == 0


def test_a_run_that_is_interrupted_leaves_empty_tables(empty_database: str) -> None:
    create(empty_database)

    def interrupt(sentence: str) -> None:
        if sentence.startswith("Categories"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(empty_database, 0.05, progress=interrupt, now=NOW)

    assert not any(rows_of(empty_database).values())


def test_tables_that_hold_rows_are_refused_and_keep_them(empty_database: str) -> None:
    create(empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute("""INSERT INTO "Tag" (id, name) VALUES ('theirs', 'theirs')""")

    with pytest.raises(DemoError, match=r'"Tag" of database .* is not empty'):
        generate(empty_database, 0.05, now=NOW)

    assert rows_of(empty_database) == {table: int(table == "Tag") for table in TABLES}


def test_a_database_without_the_schema_is_refused_with_the_remedy(empty_database: str) -> None:
    with pytest.raises(DemoError, match=r'no table "User": create the schema first'):
        generate(empty_database, 0.05, now=NOW)


def test_a_server_that_says_no_is_quoted_without_the_password(postgres_server: EmbeddedPostgres) -> None:
    with pytest.raises(DemoError, match='password authentication failed for user "postgres"') as caught:
        create(postgres_server.url(password="wr0ng-w0rd"))

    assert "wr0ng-w0rd" not in str(caught.value)


def test_the_command_line_creates_and_fills_for_an_ordinary_owner(
    postgres_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    postgres_server.create_role("sample_owner", "word")
    postgres_server.create_database("sample_owned", owner="sample_owner")
    url = postgres_server.url("sample_owned", user="sample_owner", password="word")
    try:
        monkeypatch.setenv("DATABASE_URL", url)
        assert main(["--scale", "0.05", "--now", "2026-11-22T21:00:00+00:00"]) == 0

        printed = dict(line.split() for line in capsys.readouterr().out.splitlines())
        assert printed == {table: f"{count:,}" for table, count in rows_of(url).items()}
    finally:
        postgres_server.drop_database("sample_owned")
