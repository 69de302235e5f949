"""Each statement of the reference application's probes is executed for all that is drawn, and nothing is left of it."""

# ruff: noqa: S608 - tables are named by us
from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dbops.domain.probes import Draw, Probe
from dbops.domain.probes.parameters import as_driven
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import quoted
from dbops.domain.sql.statements import statements
from dbops.gateways.files.probe_files import read_probes
from dbops.gateways.server.connecting import connect
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import TABLES
from tests.validating import cloned

PROBES = read_probes(Path(__file__).parents[2] / "include", "summary_app")
DRAWS = {f"{probe.name}-{draw.kind}": (probe, draw) for probe in PROBES for draw in probe.draws}

each_draw = pytest.mark.parametrize(("probe", "draw"), DRAWS.values(), ids=DRAWS)


@pytest.fixture(scope="module")
def sample(postgres_server: EmbeddedPostgres, sample_template: str) -> Iterator[Any]:
    """A session of the driver in a sample database, in which a statement is a transaction until BEGIN."""
    with (
        cloned(postgres_server.url(), sample_template, f"probed_{secrets.token_hex(4)}") as url,
        closing(connect(DatabaseAddress.from_url(url))) as session,
    ):
        session.autocommit = True
        yield session


def drawn(session: Any, draw: Draw) -> list[dict[str, Any]]:
    with session.cursor() as cursor:
        cursor.execute(draw.query)
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def executed(session: Any, probe: Probe, values: dict[str, Any]) -> list[int]:
    """How many rows each statement returned or changed, in a transaction that ends as it must."""
    with session.cursor() as cursor:
        cursor.execute("BEGIN" if probe.writes else "BEGIN READ ONLY")
        try:
            counts = []
            for statement in probe.statements:
                cursor.execute(statement.sql, values)
                counts.append(cursor.rowcount)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return counts
        finally:
            cursor.execute("ROLLBACK")


def contents(session: Any) -> dict[str, str]:
    """A checksum of every table."""
    with session.cursor() as cursor:
        sums = {}
        for table in TABLES:
            name = quoted(table)
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} AS t")
            sums[table] = cursor.fetchone()[0]
        return sums


@each_draw
def test_every_draw_gives_the_parameters_that_the_statements_take(sample: Any, probe: Probe, draw: Draw) -> None:
    rows = drawn(sample, draw)

    assert len(rows) >= 10
    assert set(rows[0]) == {name for statement in probe.statements for name in statement.parameters}
    assert all(value is not None for row in rows for value in row.values())
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    assert drawn(sample, draw) == rows


@each_draw
def test_every_statement_is_executed_with_each_of_them(sample: Any, probe: Probe, draw: Draw) -> None:
    before = contents(sample)

    counts = [executed(sample, probe, values) for values in drawn(sample, draw)]

    assert contents(sample) == before
    if draw.kind == "miss":
        assert {rows for rows, *_ in counts} == {1 if probe.name == "usage_event_count_this_month" else 0}
    else:
        assert all(rows > 0 for one in counts for rows in one)


@pytest.mark.parametrize("probe", [one for one in PROBES if not one.draws], ids=lambda probe: probe.name)
def test_what_takes_no_parameters_is_executed_as_it_is(sample: Any, probe: Probe) -> None:
    (rows,) = executed(sample, probe, {})

    assert rows > 0


@pytest.mark.parametrize("values", [{}, {"n": 7}])
def test_a_percent_sign_reaches_the_server_as_it_was_written(sample: Any, values: dict[str, int]) -> None:
    (one,) = statements(
        f"SELECT {':n' if values else 7} % 4, '100%', '%(n)s', \"%\" FROM (SELECT 1) AS t (\"%\") -- 5%"
    )
    with sample.cursor() as cursor:
        cursor.execute(as_driven(one).sql, values)
        assert cursor.fetchone() == (3, "100%", "%(n)s", 1)


def test_a_user_gets_the_newest_summaries_each_with_its_own_categories_and_tags(sample: Any) -> None:
    probe = next(one for one in PROBES if one.name == "summary_list_newest")
    heavy = next(draw for draw in probe.draws if draw.kind == "heavy")
    (user, *_) = drawn(sample, heavy)
    with sample.cursor() as cursor:
        cursor.execute(probe.statements[0].sql, user)
        columns = [column.name for column in cursor.description]
        found = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        cursor.execute(
            'SELECT "id" FROM "Summary" WHERE "userId" = %(user_id)s ORDER BY "createdAt" DESC LIMIT 20', user
        )
        assert [row["id"] for row in found] == [row[0] for row in cursor.fetchall()]
        for row in found:
            cursor.execute('SELECT "A" FROM "_CategoryToSummary" WHERE "B" = %(id)s', row)
            assert {one["id"] for one in row["categories"]} == {one[0] for one in cursor.fetchall()}
            cursor.execute('SELECT "B" FROM "_SummaryToTag" WHERE "A" = %(id)s', row)
            assert {one["id"] for one in row["tags"]} == {one[0] for one in cursor.fetchall()}
    assert any(row["categories"] for row in found)
    assert any(row["tags"] for row in found)


@pytest.mark.parametrize(
    ("table", "link", "end"), [("Category", "_CategoryToSummary", "A"), ("Tag", "_SummaryToTag", "B")]
)
def test_the_lists_count_every_summary(sample: Any, table: str, link: str, end: str) -> None:
    probe = next(one for one in PROBES if one.name == f"{table.lower()}_list_with_counts")
    with sample.cursor() as cursor:
        cursor.execute(probe.statements[0].sql, {})
        listed = {row[0]: row[-1] for row in cursor.fetchall()}
        cursor.execute(f'SELECT o.id, (SELECT count(*) FROM "{link}" WHERE "{end}" = o.id) FROM "{table}" AS o')
        assert listed == dict(cursor.fetchall())
