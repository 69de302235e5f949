"""Promise: on the sample database the probes' plans ask for the indexes that it lacks, and for no other."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from dbops.domain.advice.advise import advise
from dbops.domain.advice.index_proposals import propose
from dbops.domain.advice.proposed_migration import migration_folder
from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Drawn, Probe, Statement
from dbops.domain.probes.latency import Latency
from dbops.domain.query_plan import Plan, joined_shape, shapes_before
from dbops.domain.query_plan.advice import IndexProposal
from dbops.domain.schema.recommended_indexes import RecommendedIndex
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.table_statistics import ColumnStatistics
from dbops.gateways.files.baseline_files import read_baseline
from dbops.gateways.files.probe_files import read_probes
from dbops.gateways.probing.draws import drawn_rows
from dbops.gateways.probing.explain import explaining
from dbops.gateways.probing.session import session
from dbops.gateways.schema.schema_reader import read_schema
from dbops.gateways.server.table_statistics import read_statistics
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create, generate
from tests.backups import execute
from tests.validating import cloned

NEWEST, EVENTS = "Summary_userId_createdAt_idx", "UsageEvent_userId_createdAt_idx"
INCLUDE = Path(__file__).parents[2] / "include"
PROBES = {probe.name: probe for probe in read_probes(INCLUDE, "summary_app")}
LIST_NEWEST, COUNT_MONTH = PROBES["summary_list_newest"], PROBES["usage_event_count_this_month"]
GROUP_BY_TYPE, CREATE = PROBES["usage_event_group_by_type"], PROBES["transaction_create_summary"]


@pytest.fixture(scope="module")
def full_template(postgres_server: EmbeddedPostgres) -> str:
    """A sample database in which a user's rows are many, for tests to copy."""
    name = f"plans_{secrets.token_hex(4)}"
    postgres_server.create_database(name)
    create(postgres_server.url(name))
    generate(postgres_server.url(name), 0.3, now=datetime(2026, 11, 26, 12, tzinfo=UTC))
    return name


@pytest.fixture
def sample(postgres_server: EmbeddedPostgres, full_template: str) -> Iterator[str]:
    with cloned(postgres_server.url(), full_template, f"planned_{secrets.token_hex(4)}") as url:
        execute(url, "ANALYZE")
        yield url


def explained(url: str, probe: Probe, *, analyze: bool = True, kinds: int = 1) -> tuple[Plan, ...]:
    """With the first parameters of as many kinds; those of heavy users come first."""
    address, options = DatabaseAddress.from_url(url), ProbeOptions()
    with session(address, options) as one:
        drawn = [drawn_rows(one, draw, 1).rows[0] for draw in probe.draws[:kinds]] or [Drawn()]
    with explaining(address, options) as explainer:
        return tuple(plan for each in drawn for plan in explainer.plans(probe, each, analyze=analyze))


def proposed(url: str, probes: Iterable[Probe], *, analyze: bool = True) -> dict[str, IndexProposal]:
    address = DatabaseAddress.from_url(url)
    baseline = read_baseline(INCLUDE, "summary_app")
    assert baseline is not None
    found = propose(
        {probe.name: explained(url, probe, analyze=analyze, kinds=3) for probe in probes},
        live=read_schema(address),
        baseline=baseline,
        recommended=[RecommendedIndex.of(name, text) for name, text in baseline.recommended_indexes.items()],
        statistics=read_statistics(address),
    )
    return {one.name: one for one in found}


@pytest.mark.parametrize("analyze", [True, False], ids=["executed", "estimated"])
def test_all_operations_together_ask_for_the_two_recommended_indexes(sample: str, analyze: bool) -> None:
    found = proposed(sample, PROBES.values(), analyze=analyze)

    assert {name: (one.probes, one.origin) for name, one in found.items()} == {
        NEWEST: ((LIST_NEWEST.name,), "recommended"),
        EVENTS: ((CREATE.name, COUNT_MONTH.name, GROUP_BY_TYPE.name), "recommended"),
    }


@pytest.mark.parametrize(("scale", "seed"), [(0.5, 3), (1, 2)])
def test_the_same_two_are_asked_for_in_every_database_that_is_large_enough(
    postgres_server: EmbeddedPostgres, scale: float, seed: int
) -> None:
    name = f"plans_{secrets.token_hex(4)}"
    postgres_server.create_database(name)
    try:
        create(postgres_server.url(name))
        generate(postgres_server.url(name), scale, seed, now=datetime(2026, 11, 26, 12, tzinfo=UTC))
        found = proposed(postgres_server.url(name), PROBES.values())
    finally:
        postgres_server.drop_database(name)

    assert {name: one.origin for name, one in found.items()} == {NEWEST: "recommended", EVENTS: "recommended"}


@pytest.mark.parametrize(("probe", "index"), [(LIST_NEWEST, NEWEST), (COUNT_MONTH, EVENTS), (GROUP_BY_TYPE, EVENTS)])
def test_each_of_the_slow_ones_asks_for_its_own(sample: str, probe: Probe, index: str) -> None:
    assert list(proposed(sample, [probe])) == [index]


def test_with_the_proposed_indexes_nothing_is_asked_for_and_the_plans_use_them(sample: str) -> None:
    for number, proposal in enumerate(proposed(sample, PROBES.values()).values()):
        _, files = migration_folder(proposal, datetime(2026, 11, 26, tzinfo=UTC), number)
        execute(sample, files["migration.sql"])

    assert proposed(sample, PROBES.values()) == {}
    for probe, index in ((LIST_NEWEST, NEWEST), (COUNT_MONTH, EVENTS), (GROUP_BY_TYPE, EVENTS)):
        assert index in joined_shape(explained(sample, probe))


def test_a_proposal_can_be_taken_back(sample: str) -> None:
    (proposal,) = proposed(sample, [LIST_NEWEST]).values()
    _, files = migration_folder(proposal, datetime.now(UTC))
    before = read_schema(DatabaseAddress.from_url(sample))

    execute(sample, files["migration.sql"])
    assert read_schema(DatabaseAddress.from_url(sample)) != before
    execute(sample, files["down.sql"])

    assert read_schema(DatabaseAddress.from_url(sample)) == before


@pytest.mark.parametrize(
    ("index", "probe", "statement"),
    [
        (
            "ShareLink_slug_key",
            "share_link_by_slug",
            'CREATE UNIQUE INDEX CONCURRENTLY "ShareLink_slug_key" ON public."ShareLink" USING btree (slug)',
        ),
        (
            "Summary_userId_videoId_key",
            "summary_find_unique",
            'CREATE UNIQUE INDEX CONCURRENTLY "Summary_userId_videoId_key" ON public."Summary" '
            'USING btree ("userId", "videoId")',
        ),
        (
            "User_email_key",
            "user_find_by_email",
            'CREATE UNIQUE INDEX CONCURRENTLY "User_email_key" ON public."User" USING btree (email)',
        ),
        (
            "ShareLink_summaryId_idx",
            "transaction_delete_summary",
            'CREATE INDEX CONCURRENTLY "ShareLink_summaryId_idx" ON public."ShareLink" USING btree ("summaryId")',
        ),
    ],
)
def test_a_dropped_index_is_proposed_as_the_baseline_has_it(
    sample: str, index: str, probe: str, statement: str
) -> None:
    before = read_schema(DatabaseAddress.from_url(sample))
    execute(sample, f'DROP INDEX "{index}"')

    (found,) = proposed(sample, [PROBES[probe]]).values()
    assert (found.statement, found.origin, found.probes) == (statement, "baseline", (probe,))
    execute(sample, found.statement)

    assert read_schema(DatabaseAddress.from_url(sample)) == before
    assert proposed(sample, [PROBES[probe]]) == {}


def test_an_index_whose_build_failed_is_named_and_can_be_made_after_it_was_dropped(sample: str) -> None:
    execute(
        sample,
        'ALTER TABLE "User" DISABLE TRIGGER ALL',
        'DROP INDEX "User_email_key"',
        """UPDATE "User" SET email = 'one@example.com' WHERE id IN (SELECT id FROM "User" ORDER BY id LIMIT 2)""",
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        execute(sample, 'CREATE UNIQUE INDEX CONCURRENTLY "User_email_key" ON "User" (email)')

    (found,) = proposed(sample, [PROBES["user_find_by_email"]]).values()

    assert found.why.endswith(
        "The index User_email_key is INVALID, its build has failed. First: "
        'DROP INDEX CONCURRENTLY "public"."User_email_key".'
    )
    execute(sample, """UPDATE "User" SET email = id WHERE email = 'one@example.com'""")
    execute(sample, 'DROP INDEX CONCURRENTLY "public"."User_email_key"')
    execute(sample, found.statement)


def test_a_dropped_index_shows_in_the_advice(sample: str) -> None:
    probe = PROBES["summary_find_unique"]
    execute(sample, 'DROP INDEX "Summary_videoId_idx"')
    before = joined_shape(explained(sample, probe))
    execute(sample, 'DROP INDEX "Summary_userId_videoId_key"')

    missing, changed = advise(
        probe,
        explained(sample, probe),
        latency=Latency.of([10**8]),
        round_trip_ms=0.1,
        before=shapes_before(explained(sample, probe), before),
        statistics=read_statistics(DatabaseAddress.from_url(sample)),
        proposals=tuple(proposed(sample, [probe]).values()),
    )

    assert (missing.kind, changed.kind) == ("missing_index", "plan_changed")
    assert "to Seq Scan on Summary (userId, videoId)" in changed.sentence


def test_statistics_that_are_behind_are_to_be_renewed_and_then_no_more(sample: str) -> None:
    address = DatabaseAddress.from_url(sample)
    statement = """SELECT count(*) FROM "UsageEvent" WHERE "requestId" LIKE 'new-%%' AND type = 'LINK_SHARED'"""
    probe = Probe(name="p", title="", model="", budget_ms=1, statements=(Statement(statement),))
    execute(
        sample,
        'ALTER TABLE "UsageEvent" SET (autovacuum_enabled = off)',
        'INSERT INTO "UsageEvent" (id, "userId", type, "videoId", "requestId") '
        """SELECT 'new-' || n, (SELECT min(id) FROM "User"), 'LINK_SHARED', 'v', 'new-' || n """
        "FROM generate_series(1, 5000) n",
    )

    def kinds() -> list[str]:
        plans = explained(sample, probe)
        known = read_statistics(address)
        found = advise(probe, plans, latency=Latency.of([1]), round_trip_ms=0, statistics=known)
        return [f"{one.kind} {one.sql}" for one in found]

    assert kinds() == ['statistics ANALYZE "public"."UsageEvent"']
    execute(sample, 'ANALYZE "public"."UsageEvent"')
    assert kinds() == []


def test_the_statistics_of_a_table_are_read(empty_database: str) -> None:
    execute(
        empty_database,
        'CREATE TABLE "T" (n int) WITH (autovacuum_enabled = off)',
        "CREATE TABLE never (n int) WITH (autovacuum_enabled = off)",
        'INSERT INTO "T" SELECT generate_series(1, 100)',
        "CREATE TABLE kinds (n int, kind text) WITH (autovacuum_enabled = off)",
        "INSERT INTO kinds SELECT n, CASE WHEN n <= 75 THEN 'often' ELSE 'seldom' END FROM generate_series(1, 100) n",
        "ANALYZE kinds",
    )
    execute(empty_database, 'ANALYZE "T"')  # in a session of its own, for one counts what it did when it ends
    execute(empty_database, 'DELETE FROM "T" WHERE n <= 7')

    found = read_statistics(DatabaseAddress.from_url(empty_database))

    known = found["public", "T"]
    assert (known.rows, known.changed) == (100, 7)
    assert known.analyzed is not None
    assert known.ago is not None
    assert found["public", "kinds"].columns == {
        "n": ColumnStatistics(distinct=-1, width=4),
        "kind": ColumnStatistics(distinct=2, most_common=0.75, width=6),
    }
    assert found["public", "never"].columns == {}
    assert (found["public", "never"].rows, found["public", "never"].analyzed) == (None, None)
