"""Promise: an index is proposed where it would save much, once, as the schema's files have it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.advice.index_key import IndexKey
from dbops.domain.advice.index_needs import IndexNeed
from dbops.domain.advice.index_proposals import covers, propose, serves
from dbops.domain.query_plan import Plan
from dbops.domain.query_plan.advice import IndexProposal
from dbops.domain.query_plan.conditions import KeyColumn
from dbops.domain.schema.baseline import SchemaBaseline, Table
from dbops.domain.schema.recommended_indexes import RecommendedIndex
from dbops.domain.servers.table_statistics import TableStatistics
from tests.unit.plans import made, plan, recommended, sample_schema

SUMMARY = ("public", "Summary")
WANTING = ("newest_of_a_user", "events_of_this_month", "events_by_type")
NEWEST = KeyColumn("createdAt", descending=True, nulls_first=True)
T = ("public", "t")


def proposed(*names: str, live: SchemaBaseline | None = None, **asked: Any) -> list[IndexProposal]:
    return list(propose({name: [plan(name)] for name in names}, live=live or sample_schema(), **asked))


def of_t(*nodes: dict[str, Any], live: Table | None = None, **asked: Any) -> list[str]:
    """The statements that plans of table t with columns a, b, c, d and v ask for, one plan a probe."""
    columns = {"a": "integer", "b": "text", "c": "text", "d": "timestamp", "v": "character varying(9)", "o'dd": "text"}
    table = live or Table()
    schema = SchemaBaseline({T: replace(table, columns=columns)})
    plans = {f"probe {number}": [made(node)] for number, node in enumerate(nodes, 1)}
    return [one.statement.partition(" ON ")[2] for one in propose(plans, live=schema, **asked)]


def scan(condition: str, *, read: int = 5000, found: int = 10, loops: int = 1, **more: Any) -> dict[str, Any]:
    """A Seq Scan of t that finds rows by a condition; of an alias t as well."""
    return {
        "Node Type": "Seq Scan",
        "Schema": "public",
        "Relation Name": "t",
        "Alias": "t",
        "Filter": condition,
        "Plan Rows": found,
        "Actual Rows": found,
        "Actual Loops": loops,
        "Rows Removed by Filter": read - found,
        **more,
    }


def first_of(source: dict[str, Any], *keys: str, limit: int = 10, rows: int = 5000) -> dict[str, Any]:
    """The first rows of what is sorted."""
    ran = {"Plan Rows": limit, "Actual Rows": limit, "Actual Loops": 1}
    source = source | {"Actual Rows": rows, "Plan Rows": rows}
    return {
        "Node Type": "Limit",
        **ran,
        "Plans": [{"Node Type": "Sort", "Sort Key": list(keys), **ran, "Plans": [source]}],
    }


def key(*columns: KeyColumn | str | None, **more: Any) -> IndexKey:
    read = tuple(KeyColumn(one) if isinstance(one, str) else one for one in columns)
    return IndexKey("i", T, read, "CREATE ...", **more)


def need(*equal: str, then: tuple[KeyColumn, ...] = (), is_sorted: bool = False) -> IndexNeed:
    return IndexNeed(table=T, equal=equal, then=then, is_sorted=is_sorted)


def test_the_sample_database_needs_its_two_recommended_indexes() -> None:
    found = proposed(*WANTING, baseline=sample_schema(), recommended=recommended())

    assert {one.name: (one.origin, one.statement, one.probes) for one in found} == {
        one.name: ("recommended", one.statement, probes)
        for one, probes in zip(recommended(), (WANTING[:1], WANTING[1:]), strict=True)
    }


def test_processes_that_share_a_scan_ask_for_the_same() -> None:
    (one,) = proposed("newest_in_parallel", recommended=recommended())

    assert one.name == "Summary_userId_createdAt_idx"


def test_without_files_an_index_is_named_as_prisma_names_it() -> None:
    newest, events = proposed(*WANTING)

    assert (events.name, newest.name) == ("Summary_userId_createdAt_idx", "UsageEvent_userId_type_createdAt_idx")
    assert events.statement == (
        'CREATE INDEX CONCURRENTLY "Summary_userId_createdAt_idx" ON "public"."Summary" ("userId", "createdAt" DESC)'
    )
    assert events.revert == 'DROP INDEX CONCURRENTLY IF EXISTS "public"."Summary_userId_createdAt_idx"'
    assert events.why == (
        "471 rows of public.Summary with userId given are sorted by createdAt DESC to return the first 20."
    )
    assert newest.probes == ("events_of_this_month", "events_by_type")
    assert newest.why == (
        "The Seq Scan of public.UsageEvent reads 6,887 rows to find 33 rows by userId, type, createdAt."
    )
    assert {one.origin for one in (events, newest)} == {"plan"}


@pytest.mark.parametrize(
    "name",
    [
        "newest_with_the_index",
        "newest_of_another_user",
        "summary_by_video",
        "categories_with_counts",
        "summary_deleted",
        "every_event",
    ],
)
def test_plans_that_are_well_ask_for_nothing(name: str) -> None:
    assert proposed(name, baseline=sample_schema(), recommended=recommended()) == []


def test_a_join_that_reads_all_asks_for_an_index() -> None:
    (one,) = proposed("events_of_a_user_joined", recommended=recommended())

    assert one.name == "UsageEvent_userId_createdAt_idx"
    assert one.why == "The Seq Scan of public.UsageEvent reads 22,009 rows to join 13 rows by userId."


def without_index(name: str, table: str) -> SchemaBaseline:
    schema = sample_schema()
    found = schema.tables["public", table]
    kept = {index: text for index, text in found.indexes.items() if index != name}
    return replace(schema, tables={**schema.tables, ("public", table): replace(found, indexes=kept)})


def test_an_index_that_is_gone_is_proposed_as_the_baseline_has_it() -> None:
    (one,) = proposed(
        "user_by_email_without_its_index",
        live=without_index("User_email_key", "User"),
        baseline=sample_schema(),
        recommended=recommended(),
    )

    assert (one.name, one.origin) == ("User_email_key", "baseline")
    assert one.statement == 'CREATE UNIQUE INDEX CONCURRENTLY "User_email_key" ON public."User" USING btree (email)'
    assert one.why == (
        "The Seq Scan of public.User reads 500 rows to find 1 row by email. The schema's baseline demands this index."
    )


def test_a_foreign_key_that_lost_its_index_is_found_by_its_deletes() -> None:
    live = without_index("ShareLink_summaryId_idx", "ShareLink")

    (one,) = proposed("summary_deleted", live=live, baseline=sample_schema())
    assert (one.name, one.origin) == ("ShareLink_summaryId_idx", "baseline")

    few, many = ({("public", "ShareLink"): TableStatistics(rows=rows, changed=0)} for rows in (999, 1000))
    assert proposed("summary_deleted", live=live, statistics=few) == []
    (own,) = proposed("summary_deleted", live=live, statistics=many)
    assert own.statement.endswith('ON "public"."ShareLink" ("summaryId")')
    assert own.why == (
        "For each row of public.Summary that goes, the foreign key ShareLink_summaryId_fkey reads all 1,000 rows of "
        "public.ShareLink to find those with its summaryId."
    )


def test_a_primary_key_that_is_gone_says_how_it_becomes_one_again() -> None:
    schema = SchemaBaseline({T: Table(columns={"a": "integer"}, constraints={"t_pkey": "PRIMARY KEY (a)"})})
    live = SchemaBaseline({T: Table(columns={"a": "integer"})})

    (one,) = propose({"p": [made(scan("(t.a = 1)"))]}, live=live, baseline=schema)

    assert one.statement == 'CREATE UNIQUE INDEX CONCURRENTLY "t_pkey" ON "public"."t" (a)'
    assert one.why.endswith('ALTER TABLE "public"."t" ADD CONSTRAINT "t_pkey" PRIMARY KEY USING INDEX "t_pkey".')


def test_a_plan_that_was_not_executed_is_judged_by_the_statistics() -> None:
    known = {SUMMARY: TableStatistics(rows=3083, changed=0)}

    (one,) = proposed("newest_not_executed", statistics=known, recommended=recommended())
    assert one.name == "Summary_userId_createdAt_idx"
    assert one.why.startswith("By the planner's estimate 472 rows of public.Summary")

    bare = scan("(t.a = 1)") | {"Actual Rows": None, "Rows Removed by Filter": None}
    assert of_t(bare) == []
    assert of_t(bare, statistics={T: TableStatistics(rows=100_000, changed=0)}) == ['"public"."t" ("a")']


def test_equality_comes_first_then_one_range() -> None:
    assert of_t(scan("((t.d > now()) AND (t.a < 5) AND (t.c = 'x'::text) AND (t.b = 'y'::text))")) == [
        '"public"."t" ("c", "b", "d")'
    ]


def test_a_sort_has_its_direction_and_its_nulls() -> None:
    assert of_t(first_of(scan("(t.b = 'x'::text)"), "t.d DESC NULLS LAST", "t.a")) == [
        '"public"."t" ("b", "d" DESC NULLS LAST, "a")'
    ]


def test_a_list_of_values_gives_no_order() -> None:
    listed = first_of(scan("((t.b = ANY ('{x,y}'::text[])) AND (t.c = 'z'::text))", read=5000, found=5000), "t.d")

    assert of_t(listed) == ['"public"."t" ("c", "d")']


@pytest.mark.parametrize(
    "node",
    [
        scan("(t.a = 1)", read=999, found=1),
        scan("(t.a = 1)", read=5000, found=1001),
        scan("(t.a = 1)", read=99, found=1, loops=100),
        scan("(lower(t.b) = 'x'::text)"),
        scan("((t.a = 1) OR (t.b = 'x'::text))"),
        scan("((t.a)::text = '1'::text)"),
        scan("(t.gone = 1)"),
        scan("(t.a = 1)", Schema="other"),
        first_of(scan("(t.a > 1)", found=5000), "t.d", limit=1001),
        first_of(scan("(t.a > 1)", found=5000), "lower(t.b)"),
        first_of(scan("(t.a > 1)", found=5000), "t.d", "u.d"),
        first_of(scan("(t.a > 1)", found=5000), "t.d", limit=1, rows=99),
    ],
    ids=[
        "few rows",
        "a fifth of them",
        "a small table, often",
        "an expression",
        "an or",
        "another type",
        "a column that is gone",
        "a table that is not ours",
        "half of them sorted",
        "sorted by an expression",
        "sorted by two tables",
        "few sorted",
    ],
)
def test_what_an_index_would_not_help_asks_for_none(node: dict[str, Any]) -> None:
    assert of_t(node) == []


def joined_first(rows: int, *, beside: int, limit: int = 20) -> dict[str, Any]:
    """The first of rows of t that are sorted after each was joined to so many others."""
    ran = {"Plan Rows": rows, "Actual Rows": rows, "Actual Loops": 1}
    of_each = {
        "Node Type": "Seq Scan",
        "Alias": "u",
        "Parent Relationship": "Inner",
        "Plan Rows": beside,
        "Actual Rows": beside,
        "Actual Loops": rows,
    }
    source = {"Node Type": "Index Scan", **ran} | scan("(t.a = 1)", read=rows, found=rows)
    return first_of(
        {"Node Type": "Nested Loop", "Join Type": "Left", "Plans": [source, of_each]}, "t.d", limit=limit, rows=rows
    )


def test_few_rows_that_are_sorted_after_each_was_joined_to_many_ask_for_an_order() -> None:
    assert of_t(joined_first(75, beside=200)) == ['"public"."t" ("a", "d")']


@pytest.mark.parametrize(
    "node",
    [joined_first(59, beside=200), joined_first(75, beside=5), joined_first(0, beside=200, limit=0)],
    ids=["most are kept", "little is joined", "nothing"],
)
def test_few_rows_that_are_sorted_at_little_cost_ask_for_none(node: dict[str, Any]) -> None:
    assert of_t(node) == []


def test_what_is_joined_in_vain_counts_where_nothing_was_executed_too() -> None:
    def estimated(node: dict[str, Any]) -> dict[str, Any]:
        bare = {key: value for key, value in node.items() if not key.startswith(("Actual", "Rows Removed"))}
        return {**bare, "Plans": [estimated(child) for child in node.get("Plans", ())]}

    assert of_t(estimated(joined_first(75, beside=200))) == ['"public"."t" ("a", "d")']
    assert of_t(estimated(joined_first(75, beside=5))) == []


def joining(
    kind: str, *, outer: dict[str, Any] | None = None, inner: dict[str, Any] | None = None, found: int = 10
) -> dict[str, Any]:
    """A join of two scans, one of them of t if nothing else is said, that finds rows."""
    few = {"Node Type": "Index Scan", "Alias": "u", "Plan Rows": 10, "Actual Rows": 10, "Actual Loops": 1}
    return {
        "Node Type": "Hash Join",
        "Join Type": kind,
        "Hash Cond": "(t.a = u.a)",
        "Plan Rows": found,
        "Actual Rows": found,
        "Actual Loops": 1,
        "Plans": [
            {**(outer or few), "Parent Relationship": "Outer"},
            {"Node Type": "Hash", "Parent Relationship": "Inner", "Plans": [inner or few]},
        ],
    }


WHOLE = scan("(t.b IS NOT NULL)", read=5000, found=5000)


@pytest.mark.parametrize(
    ("kind", "of_outer", "of_inner"),
    [
        ("Inner", True, True),
        ("Semi", True, True),
        ("Left", False, True),
        ("Anti", False, True),
        ("Right", True, False),
        ("Right Anti", True, False),
        ("Full", False, False),
    ],
)
def test_a_side_of_a_join_whose_rows_are_all_read_anyway_asks_for_no_index(
    kind: str, of_outer: bool, of_inner: bool
) -> None:
    asked = ['"public"."t" ("a")']
    assert of_t(joining(kind, outer=WHOLE)) == asked * of_outer
    assert of_t(joining(kind, inner=WHOLE)) == asked * of_inner


def test_a_join_with_a_table_that_is_not_ours_or_that_is_read_by_an_index_asks_for_none() -> None:
    assert of_t(joining("Inner", outer={**WHOLE, "Schema": "other"})) == []
    assert of_t(joining("Inner", outer={**WHOLE, "Node Type": "Index Scan"})) == []


@pytest.mark.parametrize(("limit", "asked"), [(1000, ['"public"."t" ("d")']), (1001, [])])
def test_sorting_is_worth_an_index_from_five_times_what_is_returned_on(limit: int, asked: list[str]) -> None:
    assert of_t(first_of(scan("(t.a > 1)", found=5000), "t.d", limit=limit)) == asked


def test_a_column_that_is_given_orders_nothing_and_several_are_told_apart() -> None:
    node = first_of(scan("((t.b = 'x'::text) AND (t.c = 'y'::text))", found=5000), "t.b", "t.d", "t.a")
    schema = SchemaBaseline({T: Table(columns={"a": "integer", "b": "text", "c": "text", "d": "timestamp"})})

    (one,) = propose({"p": [made(node)]}, live=schema)

    assert one.statement.endswith('("b", "c", "d", "a")')
    assert "rows of public.t with b, c given are sorted by d, a to return the first 10." in one.why
    (bare,) = propose({"p": [made(first_of(scan("(t.a > 1)", found=5000), "t.d"))]}, live=schema)
    assert bare.why == "5,000 rows of public.t are sorted by d to return the first 10."


def test_a_sort_of_groups_asks_for_none() -> None:
    group = {
        "Node Type": "Aggregate",
        "Strategy": "Hashed",
        "Actual Loops": 1,
        "Plans": [scan("(t.a > 1)", found=5000)],
    }

    assert of_t(first_of(group, "t.d")) == []


def test_varchar_is_compared_as_text() -> None:
    assert of_t(scan("((t.v)::text = 'x'::text)")) == ['"public"."t" ("v")']


def test_many_short_scans_are_one_long_one() -> None:
    assert of_t(scan("(t.a = u.a)", read=200, found=1, loops=100)) == ['"public"."t" ("a")']


def test_one_index_serves_whoever_asks_for_its_beginning() -> None:
    asked = [
        scan("((t.b = 'x'::text) AND (t.a = 1) AND (t.d > now()))"),
        scan("(t.a = 1)"),
        scan("((t.a = 1) AND (t.b = 'y'::text))"),
    ]

    assert of_t(*asked) == ['"public"."t" ("a", "b", "d")']
    assert of_t(*asked[::-1]) == ['"public"."t" ("a", "b", "d")']


def test_two_orders_are_two_indexes_of_two_names() -> None:
    up, down = first_of(scan("(t.b = 'x'::text)"), "t.d"), first_of(scan("(t.b = 'x'::text)"), "t.d DESC NULLS LAST")
    columns = {"b": "text", "d": "timestamp"}

    found = propose({"up": [made(up)], "down": [made(down)]}, live=SchemaBaseline({T: Table(columns=columns)}))

    assert sorted(one.name for one in found) == ["t_b_d_idx", "t_b_d_idx2"]


@pytest.mark.parametrize(
    "text",
    [
        "CREATE INDEX i ON public.t USING btree (a)",
        "CREATE INDEX i ON public.t USING btree (a, b)",
        "CREATE INDEX i ON public.t USING hash (a)",
    ],
)
def test_an_index_that_would_serve_is_enough(text: str) -> None:
    assert of_t(scan("(t.a = 1)"), live=Table(indexes={"i": text})) == []


@pytest.mark.parametrize(
    "text",
    [
        "CREATE INDEX i ON public.t USING btree (b, a)",
        "CREATE INDEX i ON public.t USING btree (a) WHERE (b IS NULL)",
        "CREATE INDEX i ON public.t USING gin (a)",
        "CREATE INDEX i ON public.t USING btree (((a + 1)))",
    ],
)
def test_an_index_that_would_not_serve_does_not_count(text: str) -> None:
    assert of_t(scan("(t.a = 1)"), live=Table(indexes={"i": text})) == ['"public"."t" ("a")']


def test_an_index_whose_build_failed_is_named_and_its_name_is_kept() -> None:
    broken = "CREATE INDEX t_a_idx ON public.t USING btree (a) INVALID"
    live = SchemaBaseline({T: Table(columns={"a": "integer"}, indexes={"t_a_idx": broken})})

    (one,) = propose({"p": [made(scan("(t.a = 1)"))]}, live=live)

    assert one.name == "t_a_idx"
    assert one.why.endswith(
        'The index t_a_idx is INVALID, its build has failed. First: DROP INDEX CONCURRENTLY "public"."t_a_idx".'
    )


def test_a_recommended_index_whose_build_failed_is_proposed_again() -> None:
    live = sample_schema()
    broken = {one.name: f"{one.statement.replace(' CONCURRENTLY', '')} INVALID" for one in recommended()[:1]}
    table = live.tables[SUMMARY]
    live = replace(live, tables={**live.tables, SUMMARY: replace(table, indexes={**table.indexes, **broken})})

    (one,) = proposed("newest_of_a_user", live=live, recommended=recommended())

    assert (one.statement, one.origin) == (recommended()[0].statement, "recommended")
    assert "INVALID" in one.why


def test_a_recommended_index_leaves_the_rest_to_a_filter() -> None:
    wished = RecommendedIndex.of("w", "CREATE INDEX CONCURRENTLY w ON t (a, d DESC)")
    other = RecommendedIndex.of("o", "CREATE INDEX CONCURRENTLY o ON t (c, a)")

    assert of_t(scan("((t.b = 'x'::text) AND (t.a = 1) AND (t.d > now()))"), recommended=[other, wished]) == [
        "t (a, d DESC)"
    ]


@pytest.mark.parametrize(
    ("node", "is_asked"),
    [
        (scan("(t.a = 1)", read=1000, found=200), True),
        (scan("(t.a = 1)", read=1000, found=201), False),
        (scan("(t.a = 1)", read=100, found=1, loops=10), True),
        (scan("(t.a = 1)") | {"Node Type": "Index Scan", "Index Cond": "(t.b = 'x'::text)"}, True),
    ],
    ids=["a fifth of a thousand", "more", "a hundred, ten times", "what an index leaves to a filter"],
)
def test_an_index_helps_from_a_thousand_rows_and_five_times_what_is_found_on(
    node: dict[str, Any], is_asked: bool
) -> None:
    assert bool(of_t(node)) is is_asked


@pytest.mark.parametrize(
    ("found", "read", "is_asked"), [(1000, 5000, True), (1001, 5000, False), (10, 1000, True), (10, 999, False)]
)
def test_a_join_is_worth_an_index_from_five_times_what_it_returns_on(found: int, read: int, is_asked: bool) -> None:
    assert bool(of_t(joining("Inner", outer=scan("(t.b IS NOT NULL)", read=read, found=read), found=found))) is is_asked


def test_a_table_that_is_small_and_joined_often_is_read_as_it_is() -> None:
    small = scan("(t.b IS NOT NULL)", read=99, found=99, loops=100)
    assert of_t(joining("Inner", outer=small)) == []


def test_what_an_index_finds_already_is_part_of_what_is_asked_for() -> None:
    by_index = scan("(t.a = 1)") | {"Node Type": "Index Scan", "Index Cond": "(t.b = 'x'::text)"}
    by_bitmap = scan("(t.a = 1)") | {"Node Type": "Bitmap Heap Scan", "Recheck Cond": "(t.b = 'x'::text)"}

    assert of_t(by_index) == of_t(by_bitmap) == ['"public"."t" ("b", "a")']


@pytest.mark.parametrize(
    ("definition", "is_ours"),
    [("table", True), ("unlogged table", True), ("materialized view", True), ("partitioned table", False)],
)
def test_what_has_rows_of_its_own_can_have_an_index(definition: str, is_ours: bool) -> None:
    assert bool(of_t(scan("(t.a = 1)"), live=Table(definition))) is is_ours


def test_of_a_column_that_is_given_and_in_a_range_the_value_counts() -> None:
    assert of_t(scan("((t.a = 1) AND (t.a > 0))")) == ['"public"."t" ("a")']


def test_who_reads_most_says_why() -> None:
    asked = {"few": [made(scan("(t.a = 1)", read=2000))], "many": [made(scan("(t.a = 1)", read=9000))]}
    (one,) = propose(asked, live=SchemaBaseline({T: Table(columns={"a": "integer"})}))

    assert one.why == "The Seq Scan of public.t reads 9,000 rows to find 10 rows by a."


NARROW = scan("((t.b = 'x'::text) AND (t.a = 1) AND (t.d > now()))")


@pytest.mark.parametrize(
    "there",
    ["CREATE INDEX x ON public.t USING btree (a, d)", "CREATE INDEX w ON public.t USING btree (c)"],
    ids=["as what it is", "under its name"],
)
def test_a_recommended_index_that_is_there_is_not_proposed_again(there: str) -> None:
    wished = RecommendedIndex.of("w", "CREATE INDEX CONCURRENTLY w ON t (a, d)")
    live = Table(indexes={there.split()[2]: there})

    assert of_t(NARROW, live=live, recommended=[wished]) == ['"public"."t" ("b", "a", "d")']


def test_of_several_recommended_indexes_the_one_that_leaves_least_to_a_filter_is_proposed() -> None:
    two = RecommendedIndex.of("two", "CREATE INDEX CONCURRENTLY two ON t (a, d)")
    one = RecommendedIndex.of("one", "CREATE INDEX CONCURRENTLY one ON t (a)")
    whole = RecommendedIndex.of("whole", "CREATE INDEX CONCURRENTLY whole ON t (b, a, d)")

    for order in ([one, two], [two, one]):
        assert of_t(NARROW, recommended=order) == ["t (a, d)"]
    assert of_t(NARROW, recommended=[two, whole]) == of_t(NARROW, recommended=[whole, two]) == ["t (b, a, d)"]


def named(**others: Table) -> str:
    """What the index of t on a is called beside other tables, named with their schema."""
    tables = {(name.partition("__")[0], name.partition("__")[2]): table for name, table in others.items()}
    live = SchemaBaseline({T: Table(columns={"a": "integer"}), **tables})
    return propose({"p": [made(scan("(t.a = 1)"))]}, live=live)[0].name


def test_a_name_that_another_table_or_index_of_the_schema_has_is_taken() -> None:
    index = Table(indexes={"t_a_idx": "CREATE INDEX t_a_idx ON public.u USING btree (a)"})

    assert named(public__t_a_idx=Table()) == "t_a_idx2"
    assert named(public__u=index) == "t_a_idx2"
    assert named(public__t_a_idx=Table(), public__t_a_idx2=Table()) == "t_a_idx3"
    assert named(other__t_a_idx=Table(), t__t_a_idx=Table()) == "t_a_idx"


@pytest.mark.parametrize(
    ("index", "is_told"),
    [
        ("t_a_idx ON public.t USING btree (b) INVALID", True),
        ("x ON public.t USING btree (a) INVALID", True),
        ("x ON public.t USING btree (a, b) INVALID", True),
        ("x ON public.t USING btree (b) INVALID", False),
        ("x ON public.t USING btree (b)", False),
    ],
)
def test_a_failed_build_is_told_where_it_has_the_name_or_the_columns(index: str, is_told: bool) -> None:
    table = Table(columns={"a": "integer", "b": "text"}, indexes={index.partition(" ")[0]: f"CREATE INDEX {index}"})

    (one,) = propose({"p": [made(scan("(t.a = 1)"))]}, live=SchemaBaseline({T: table}))

    assert ("its build has failed" in one.why) is is_told


def in_schema(schema: str, statement: str = "") -> IndexProposal:
    live = SchemaBaseline({(schema, "t"): Table(columns={"a": "integer"})})
    wished = [RecommendedIndex.of("w", statement)] if statement else []
    (one,) = propose({"p": [made(scan("(t.a = 1)", Schema=schema))]}, live=live, recommended=wished)
    return one


@pytest.mark.parametrize(
    ("schema", "written", "statement", "revert"),
    [
        ("public", "", 'CREATE INDEX CONCURRENTLY "t_a_idx" ON "public"."t" ("a")', '"public"."t_a_idx"'),
        ("shop", "", 'CREATE INDEX CONCURRENTLY "t_a_idx" ON "shop"."t" ("a")', '"shop"."t_a_idx"'),
        ("public", 'CREATE INDEX CONCURRENTLY w ON "t" (a)', 'CREATE INDEX CONCURRENTLY w ON "t" (a)', '"public"."w"'),
        (
            "shop",
            "CREATE INDEX CONCURRENTLY w ON shop.t (a)",
            "CREATE INDEX CONCURRENTLY w ON shop.t (a)",
            '"shop"."w"',
        ),
    ],
)
def test_forward_and_back_are_in_the_table_s_schema_and_what_a_person_wrote_stays(
    schema: str, written: str, statement: str, revert: str
) -> None:
    found = in_schema(schema, written)

    assert (found.statement, found.revert) == (statement, f"DROP INDEX CONCURRENTLY IF EXISTS {revert}")


def test_a_wish_without_a_schema_is_of_public_alone() -> None:
    assert in_schema("shop", "CREATE INDEX CONCURRENTLY w ON t (a)").origin == "plan"


def test_a_partition_is_left_to_its_table() -> None:
    live = SchemaBaseline({T: Table("partition", columns={"a": "integer"})})

    assert propose({"p": [made(scan("(t.a = 1)"))]}, live=live) == ()


def test_a_name_is_cut_where_postgresql_would_cut_it() -> None:
    table = ("public", "é" * 30)
    node = scan("(t.a = 1)") | {"Relation Name": table[1]}

    (one,) = propose({"p": [made(node)]}, live=SchemaBaseline({table: Table(columns={"a": "integer"})}))

    assert one.name == "é" * 29 + "_idx"
    assert len(one.name.encode()) <= 63


@pytest.mark.parametrize(
    ("index", "asked", "answer"),
    [
        (key("a", "b"), need("a"), True),
        (key("a", "b"), need("b", "a"), True),
        (key("a", "b"), need("b"), False),
        (key("a", NEWEST), need("a", then=(KeyColumn("createdAt"),)), True),
        (key("a", NEWEST), need("a", then=(NEWEST,), is_sorted=True), True),
        (key("a", "createdAt"), need("a", then=(NEWEST,), is_sorted=True), True),
        (key("a", "createdAt", "b"), need("a", then=(NEWEST, KeyColumn("b")), is_sorted=True), False),
        (key("a", "x", NEWEST), need("a", then=(NEWEST,), is_sorted=True), False),
        (key("a", is_unique=True), need("a", "b", then=(NEWEST,), is_sorted=True), True),
        (key("a", is_unique=True), need("a", then=(NEWEST,), is_sorted=True), True),
        (key("a", is_unique=False), need("a", "b"), False),
        (key(None, "a"), need("a"), False),
    ],
)
def test_an_index_serves_by_its_beginning_and_in_its_order(index: IndexKey, asked: IndexNeed, answer: bool) -> None:
    assert serves(index, asked) is answer


@pytest.mark.parametrize(
    ("index", "asked", "answer"),
    [
        (key("a", "d"), need("a", "b", then=(KeyColumn("d"),)), True),
        (key("a"), need("a", "b"), True),
        (key("a", "b", "d"), need("a", "b", "c", then=(KeyColumn("d"),)), True),
        (key("a", None), need("a", "b"), False),
        (key(None, "a"), need("a", "b"), False),
        (key("a", "d"), need("a", "b"), False),
        (key("d"), need("a", then=(KeyColumn("d"),)), False),
        (key("a"), need("a", "b", then=(NEWEST,), is_sorted=True), False),
        (key("b", NEWEST), need("a", "b", then=(NEWEST,), is_sorted=True), True),
        (key("a", is_partial=True), need("a"), False),
    ],
)
def test_an_index_covers_with_some_of_the_columns_but_all_of_the_order(
    index: IndexKey, asked: IndexNeed, answer: bool
) -> None:
    assert covers(index, asked) is answer


COLUMNS = st.permutations("abcd").flatmap(lambda names: st.integers(1, 4).map(lambda many: tuple(names[:many])))


@given(st.lists(st.tuples(COLUMNS, st.booleans()), min_size=1, max_size=5))
def test_every_need_is_served_by_what_is_proposed_under_a_name_of_its_own(
    asked: list[tuple[tuple[str, ...], bool]],
) -> None:
    live = SchemaBaseline({T: Table(columns=dict.fromkeys("abcd", "integer"))})
    plans: dict[str, list[Plan]] = {}
    for number, (columns, ranged) in enumerate(asked):
        signs = ["="] * (len(columns) - 1) + [">" if ranged else "="]
        condition = " AND ".join(f"(t.{name} {sign} 1)" for name, sign in zip(columns, signs, strict=True))
        plans[f"p{number}"] = [made(scan(f"({condition})" if len(columns) > 1 else condition))]

    found = propose(plans, live=live)

    indexes = {one.name: f"{one.statement.replace(' CONCURRENTLY', '')}" for one in found}
    assert {probe for one in found for probe in one.probes} == set(plans)
    assert propose(plans, live=SchemaBaseline({T: replace(live.tables[T], indexes=indexes)})) == ()
    assert len({one.name for one in found}) == len(found)
