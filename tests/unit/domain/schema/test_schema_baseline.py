"""Promises of a schema's signatures: one text an object, from which the schema can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given

from dbops.domain.schema.baseline import (
    OBJECT_KINDS,
    Column,
    SchemaBaseline,
    Signature,
    Table,
    baseline_of,
    parent_of,
    renewed,
    signatures,
    to_be_kept,
    without,
)
from tests.unit.schemas import PROGRESS, SCHEMAS, SHOP, USER


@given(SCHEMAS)
def test_a_schema_is_read_back_from_its_signatures(schema: SchemaBaseline) -> None:
    assert baseline_of(signatures(schema)) == schema


@given(SCHEMAS, SCHEMAS)
def test_two_schemas_have_the_same_signatures_only_if_they_are_the_same(
    one: SchemaBaseline, two: SchemaBaseline
) -> None:
    assert (signatures(one) == signatures(two)) == (one == two)


@given(SCHEMAS)
def test_every_object_has_a_signature_of_its_own(schema: SchemaBaseline) -> None:
    texts = signatures(schema)
    for kind in OBJECT_KINDS:
        keys = {Signature.of(kind, text).key for text in texts[kind]}
        assert len(keys) == len(texts[kind])
    assert len(texts["table"]) == len(schema.tables)
    assert len(texts["column"]) == sum(len(table.columns) for table in schema.tables.values())


def test_a_signature_is_what_postgresql_writes() -> None:
    """As json_build_array writes it: a space after each comma, and nothing escaped that need not be."""
    table = Table(columns={'a"b\\\n\t\x01é': "text NOT NULL"})
    (text,) = signatures(SchemaBaseline({("public", "T"): table}))["column"]
    assert text == '["public", "T", "a\\"b\\\\\\n\\t\\u0001é", "text NOT NULL"]'
    (labels,) = signatures(SchemaBaseline({}, {("public", "Plan"): ("FREE", "PRO")}))["enum"]
    assert labels == '["public", "Plan", "", ["FREE", "PRO"]]'


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("text", Column("text")),
        ("timestamp(3) without time zone NOT NULL", Column("timestamp(3) without time zone", nullable=False)),
        ("integer DEFAULT 0", Column("integer", default="0")),
        ("text NOT NULL DEFAULT 'a NOT NULL DEFAULT b'::text", Column("text", False, "'a NOT NULL DEFAULT b'::text")),
        ('public."a NOT NULL DEFAULT b" DEFAULT NULL', Column('public."a NOT NULL DEFAULT b"', default="NULL")),
        ('text COLLATE pg_catalog."C" NOT NULL', Column('text COLLATE pg_catalog."C"', nullable=False)),
        (
            "integer NOT NULL GENERATED ALWAYS AS IDENTITY",
            Column("integer", nullable=False, generated="GENERATED ALWAYS AS IDENTITY"),
        ),
        (
            "numeric GENERATED ALWAYS AS (round((net * 1.2), 2)) STORED",
            Column("numeric", generated="GENERATED ALWAYS AS (round((net * 1.2), 2)) STORED"),
        ),
        ("text DEFAULT 'two\nlines'::text", Column("text", default="'two\nlines'::text")),
    ],
)
def test_a_column_is_read_in_its_parts(text: str, column: Column) -> None:
    assert Column.of(text) == column


def test_nothing_is_no_column() -> None:
    with pytest.raises(ValueError, match="is not a column"):
        Column.of("")


def test_a_baseline_never_takes_a_failed_build_or_a_disabled_foreign_key_as_meant() -> None:
    broken = Table(
        constraints={"fk": "FOREIGN KEY (a) REFERENCES public.b(id) DISABLED", "c": "CHECK ((a > 0)) NOT VALID"},
        indexes={"i": "CREATE INDEX i ON public.t USING btree (a) INVALID"},
        triggers={"t": "CREATE TRIGGER t DISABLED"},
    )
    kept = to_be_kept(SchemaBaseline({("public", "t"): broken})).tables["public", "t"]
    assert kept.constraints == {"fk": "FOREIGN KEY (a) REFERENCES public.b(id)", "c": "CHECK ((a > 0)) NOT VALID"}
    assert kept.indexes == {"i": "CREATE INDEX i ON public.t USING btree (a)"}
    assert kept.triggers == broken.triggers


def test_with_a_table_goes_what_hangs_on_it() -> None:
    left = without(SHOP, [PROGRESS])
    assert PROGRESS not in left.tables
    assert ("public", "Step") not in left.enums
    assert left.enums["public", "Plan"] == SHOP.enums["public", "Plan"]
    assert "User_progress_fkey" not in left.tables[USER].constraints
    assert "User_pkey" in left.tables[USER].constraints
    assert without(SHOP, []) == SHOP


def test_a_renewed_baseline_keeps_what_is_written_by_hand_and_tables_that_may_be_absent() -> None:
    by_hand = SchemaBaseline(
        SHOP.tables, SHOP.enums, ("Progress",), {"i": 'CREATE INDEX CONCURRENTLY "i" ON "User" (id)'}
    )
    live = without(SHOP, [PROGRESS])
    assert renewed(by_hand, live, [PROGRESS]).tables == {**live.tables, PROGRESS: SHOP.tables[PROGRESS]}
    now = renewed(by_hand, live, [PROGRESS])
    assert (now.optional, now.recommended_indexes) == (by_hand.optional, by_hand.recommended_indexes)
    assert now.enums == SHOP.enums
    assert PROGRESS not in renewed(by_hand, live, []).tables
    assert renewed(by_hand, live, []).enums == live.enums
    more = SchemaBaseline(enums={("public", "Size"): ("S",)})
    assert renewed(by_hand, more, [PROGRESS]).enums == {**more.enums, ("public", "Step"): ("first", "last")}


def test_tables_hold_rows_of_their_own_and_views_do_not() -> None:
    holding = {"table", "unlogged table", "partitioned table BY RANGE (a)"}
    others = {"foreign table", "view AS\nSELECT 1 AS a", "materialized view AS\nSELECT 1 AS a"}
    assert {text for text in holding | others if Table(text).holds_rows} == holding


@pytest.mark.parametrize(
    ("constraint", "parent"),
    [
        ('FOREIGN KEY ("userId") REFERENCES public."User"(id) ON DELETE CASCADE NOT VALID', ("public", "User")),
        ('FOREIGN KEY (a, "b) REFERENCES x.y(") REFERENCES "my ""odd"".s".tag(a, b)', ('my "odd".s', "tag")),
        ("CHECK ((note <> 'FOREIGN KEY (a) REFERENCES public.b(id)'::text))", None),
        ("PRIMARY KEY (id)", None),
    ],
)
def test_a_foreign_key_says_where_it_leads(constraint: str, parent: tuple[str, str] | None) -> None:
    assert parent_of(constraint) == parent
