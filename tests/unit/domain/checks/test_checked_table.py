"""A rule passes unread only where the catalog proves it: by exactly its columns, and exactly its parent."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.checks.checked_table import CheckedTable, ProvenParent
from dbops.domain.checks.suite import Rule

ORDER = CheckedTable(
    name=("public", "order"),
    kind="r",
    primary_key=("tenant", "id"),
    unique_columns=(frozenset({"tenant", "id"}), frozenset({"code"})),
    parents=(
        ProvenParent(columns=("tenant", "user"), parent=("public", "User"), parent_columns=("tenant", "id")),
        ProvenParent(columns=("shop",), parent=("x", "Shop"), parent_columns=("id",)),
    ),
)


def unique(*columns: str, **more: Any) -> Rule:
    return Rule(rule_id="r", type="expect_rows_to_be_unique", kwargs={"columns": columns, **more})


def parent(columns: tuple[str, ...], table: str, parent_columns: tuple[str, ...]) -> Rule:
    kwargs = {"columns": columns, "parent": table, "parent_columns": parent_columns}
    return Rule(rule_id="r", type="expect_rows_to_have_parent", kwargs=kwargs)


@pytest.mark.parametrize(
    "rule",
    [
        unique("code"),
        unique("id", "tenant"),
        parent(("tenant", "user"), "User", ("tenant", "id")),
        parent(("user", "tenant"), "public.User", ("id", "tenant")),
        parent(("shop",), "x.Shop", ("id",)),
    ],
)
def test_a_rule_that_the_server_enforces_is_proven(rule: Rule) -> None:
    assert ORDER.proves(rule)


@pytest.mark.parametrize(
    "rule",
    [
        unique("id"),
        unique("code", "id"),
        parent(("user",), "User", ("id",)),
        parent(("tenant", "user"), "User", ("id", "tenant")),
        parent(("user", "tenant"), "User", ("tenant", "id")),
        parent(("shop",), "Shop", ("id",)),
        parent(("shop",), "x.Shop", ("code",)),
        parent(("tenant", "user"), "x.Shop", ("tenant", "id")),
        Rule(rule_id="r", type="expect_rows_to_satisfy", kwargs={"condition": "true"}),
        Rule(rule_id="r", type="expect_row_count_to_be_at_least", kwargs={"min_value": 0}),
        Rule(rule_id="r", type="expect_column_values_to_be_unique", kwargs={"column": "code"}),
    ],
)
def test_any_other_rule_has_to_be_read(rule: Rule) -> None:
    assert not ORDER.proves(rule)


def test_a_row_is_named_by_its_primary_key_else_by_where_it_lies() -> None:
    assert ORDER.keys == ['"tenant"', '"id"']
    kinds = {kind: CheckedTable(name=("public", "t"), kind=kind).keys for kind in "rmpvf"}
    assert kinds == {"r": ["ctid"], "m": ["ctid"], "p": ["tableoid::regclass", "ctid"], "v": [], "f": []}
