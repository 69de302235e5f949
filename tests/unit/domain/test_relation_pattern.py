"""Promises of the patterns that leave tables out: what they match is what pg_dump is told."""

import pytest

from dbops.domain.relation_pattern import RelationPattern


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
