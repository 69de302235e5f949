"""Promises of the patterns that leave tables out: what they match is what pg_dump is told."""

import pytest

from dbops.domain.sql.relation_pattern import RelationPattern


@pytest.mark.parametrize(
    ("pattern", "schema", "table", "matches"),
    [
        ("public.Usage*", "public", "UsageEvent", True),
        ("public.Usage*", "public", "usageevent", False),
        ("public.Usage*", "audit", "UsageEvent", False),
        ("tmp_?", "any schema", "tmp_1", True),
        ("tmp_?", "any schema", "tmp_12", False),
        ("*.log", "audit", "log", True),
        ("public.a[b]", "public", "a[b]", True),
        ("public.a[b]", "public", "ab", False),
        ("public.a.b", "public", "a.b", True),
    ],
)
def test_a_table_pattern_matches_by_name_and_case(pattern: str, schema: str, table: str, matches: bool) -> None:
    assert RelationPattern.of_table(pattern).matches(schema, table) is matches


def test_a_schema_pattern_matches_every_table_of_the_schema() -> None:
    pattern = RelationPattern.of_schema("audit_*")
    assert pattern.matches("audit_2026", "anything")
    assert not pattern.matches("public", "audit_2026")


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("public.Usage*", '"public"."Usage"*'),
        ("tmp_?", '*."tmp_"?'),
        ('public.we"ird', '"public"."we""ird"'),
        ("*.*", "*.*"),
    ],
)
def test_pg_dump_is_told_literal_parts_in_quotes(pattern: str, told: str) -> None:
    assert RelationPattern.of_table(pattern).for_pg_dump() == told


def test_one_table_or_schema_is_told_exactly_whatever_is_in_its_name() -> None:
    assert RelationPattern.for_one_schema('we"ird*') == '"we""ird*"'
    assert RelationPattern.for_one_table("a.b", "C?") == '"a.b"."C?"'
    assert RelationPattern.of_schema("audit_*").for_pg_dump() == '"audit_"*'
