"""Promise: an index is known by its columns and their order, whoever wrote the statement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.advice.index_key import IndexKey, index_keys, key_columns
from dbops.domain.query_plan.conditions import KeyColumn
from dbops.domain.schema.baseline import Table

TABLE = ("public", "Summary")
USER, NEWEST = KeyColumn("userId"), KeyColumn("createdAt", descending=True, nulls_first=True)


def read(definition: str, name: str = "i") -> IndexKey:
    found = IndexKey.of(name, TABLE, definition)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("listed", "columns"),
    [
        ('("userId", "createdAt" DESC)', (USER, NEWEST)),
        ("(userid)", (KeyColumn("userid"),)),
        ("(UserId ASC)", (KeyColumn("userid"),)),
        ("(a DESC NULLS LAST, b NULLS FIRST)", (KeyColumn("a", descending=True), KeyColumn("b", nulls_first=True))),
        ("(lower(a), b)", (None, KeyColumn("b"))),
        ("(((a || b)), b)", (None, KeyColumn("b"))),
        ('(a COLLATE "C")', (None,)),
        ("(a text_pattern_ops)", (None,)),
        ('("a, (b")', (KeyColumn("a, (b"),)),
    ],
)
def test_columns_are_read_with_their_order(listed: str, columns: tuple[KeyColumn | None, ...]) -> None:
    assert read(f'CREATE INDEX i ON public."Summary" USING btree {listed}').columns == columns
    assert read(f'create index concurrently i on "Summary" {listed}').columns == columns


def test_what_sets_an_index_apart_is_known() -> None:
    assert read("CREATE UNIQUE INDEX i ON t (a)").is_unique
    assert read("CREATE INDEX i ON t USING btree (a) WHERE (b > 1)").is_partial
    assert not read("CREATE INDEX i ON t (a) INCLUDE (b) WITH (fillfactor='70')").is_partial
    assert read("CREATE INDEX i ON t USING gin (a)").method == "gin"
    assert not read("CREATE INDEX i ON t USING btree (a) INVALID").is_valid
    assert read("CREATE INDEX i ON t USING btree (a)").is_valid
    assert read("CREATE INDEX i ON t USING btree (a)").table == TABLE


def test_its_statement_locks_nobody_out() -> None:
    unique = read('CREATE UNIQUE INDEX "k" ON public."Summary" USING btree (a)', "k")
    asked = 'CREATE INDEX  CONCURRENTLY "k" ON "Summary" (a)'

    assert unique.statement == 'CREATE UNIQUE INDEX CONCURRENTLY "k" ON public."Summary" USING btree (a)'
    assert read(asked).statement == asked
    assert read("CREATE INDEX i ON t USING btree (a) INVALID").statement == (
        "CREATE INDEX CONCURRENTLY i ON t USING btree (a)"
    )


@pytest.mark.parametrize("rest", ["(a) WHERE (note = 'an INDEX')", '("INDEX")', "(\"INDEX\", a) WHERE (b = 'INDEX')"])
@pytest.mark.parametrize("made", ["CREATE INDEX", "CREATE UNIQUE INDEX", "CREATE INDEX CONCURRENTLY"])
def test_its_statement_says_of_names_and_values_what_they_are(made: str, rest: str) -> None:
    asked = read(f"{made} i ON t USING btree {rest}").statement
    assert asked == f"{made.removesuffix(' CONCURRENTLY')} CONCURRENTLY i ON t USING btree {rest}"


def test_a_constraint_is_an_index_too() -> None:
    primary = IndexKey.of_constraint("k", TABLE, 'PRIMARY KEY ("userId", b) INCLUDE (c)')
    late = IndexKey.of_constraint("k", TABLE, "UNIQUE NULLS NOT DISTINCT (a) DEFERRABLE")

    assert primary is not None
    assert (primary.columns, primary.constraint) == ((USER, KeyColumn("b")), "PRIMARY KEY")
    assert (primary.table, primary.is_unique) == (TABLE, True)
    plain = IndexKey.of_constraint("k", TABLE, "UNIQUE (a)")
    assert plain is not None
    assert plain.statement == 'CREATE UNIQUE INDEX CONCURRENTLY "k" ON "public"."Summary" (a)'
    assert late is not None
    assert late.statement == ('CREATE UNIQUE INDEX CONCURRENTLY "k" ON "public"."Summary" (a) NULLS NOT DISTINCT')
    assert IndexKey.of_constraint("k", TABLE, "CHECK ((a > 0))") is None
    assert IndexKey.of_constraint("k", TABLE, "FOREIGN KEY (a) REFERENCES public.b(id)") is None


def test_an_index_of_another_name_is_the_same() -> None:
    one, other = read("CREATE INDEX a ON t USING btree (x DESC)"), read("CREATE INDEX b ON t (x DESC NULLS FIRST)", "b")

    assert one.equals(other)
    for another in (
        read("CREATE UNIQUE INDEX b ON t (x DESC)"),
        read("CREATE INDEX b ON t (x)"),
        read("CREATE INDEX b ON t (x DESC) WHERE y"),
        read("CREATE INDEX b ON t USING brin (x DESC)"),
        replace(one, table=("public", "User")),
    ):
        assert not one.equals(another)


def test_those_of_a_table_are_its_indexes_and_constraints() -> None:
    table = Table(
        constraints={"p": "PRIMARY KEY (id)", "c": "CHECK (true)"},
        indexes={"i": "CREATE INDEX i ON t USING btree (a)", "odd": "CREATE SOMETHING"},
    )

    assert [(key.name, key.table) for key in index_keys(TABLE, table)] == [("i", TABLE), ("p", TABLE)]


def test_a_list_is_read_up_to_its_end_and_nothing_is_no_column() -> None:
    assert key_columns("(a, b DESC) INCLUDE (c)") == (KeyColumn("a"), KeyColumn("b", descending=True, nulls_first=True))
    assert key_columns("()") == (None,)
