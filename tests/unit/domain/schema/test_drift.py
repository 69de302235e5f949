"""Promise: drift is told as errors, but for what only has another name; the ledger is none of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.schema.baseline import SchemaBaseline, Table
from dbops.domain.schema.drift import drift, errors_of, whole_drift
from dbops.domain.schema.whole_schema import WholeSchema

USER = ("public", "User")


def schema(columns: dict[str, str], **more: Any) -> SchemaBaseline:
    return SchemaBaseline({USER: Table(columns=columns, **more)})


def told(expected: SchemaBaseline, live: SchemaBaseline) -> list[tuple[str, str, str | None]]:
    return [(one.kind, one.subject, one.severity) for one in drift(expected, live)]


def test_equal_schemas_have_none() -> None:
    assert told(schema({"id": "text"}), schema({"id": "text"})) == []


def test_a_renamed_constraint_is_a_warning_and_comes_after_the_errors() -> None:
    before = schema({"id": "text"}, constraints={"a": "CHECK (true)"}, indexes={"i": "CREATE INDEX i ON x"})
    now = schema({"id": "text"}, constraints={"b": "CHECK (true)"}, indexes={"j": "CREATE INDEX j ON x"})

    assert told(before, now) == [
        ("renamed_index", "public.User.i", "error"),
        ("renamed_constraint", "public.User.a", "warning"),
    ]
    assert [one.kind for one in errors_of(drift(before, now))] == ["renamed_index"]


def test_what_is_a_warning_at_night_is_an_error_here() -> None:
    assert told(schema({"id": "text"}), schema({"id": "text", "n": "text"})) == [
        ("extra_column", "public.User.n", "error")
    ]


def test_a_column_of_equal_type_in_the_place_of_another_is_told_once() -> None:
    before = schema({"id": "text", "a": "text NOT NULL", "b": "integer", "z": "text"})
    now = schema({"id": "text", "x": "text", "y": "integer", "z": "text"})

    assert told(before, now) == [
        ("renamed_column", "public.User.a", "error"),
        ("renamed_column", "public.User.b", "error"),
    ]
    assert "x (text) is in its place: it was renamed or replaced" in drift(before, now)[0].sentence


def test_a_column_of_another_type_or_in_another_place_is_not_in_its_place() -> None:
    before = schema({"id": "text", "a": "text", "z": "text"})

    for now in ({"id": "text", "x": "integer", "z": "text"}, {"id": "text", "z": "text", "x": "text"}):
        assert [kind for kind, _, _ in told(before, schema(now))] == ["missing_column", "extra_column"]


def test_the_ledger_is_no_drift() -> None:
    ledger = {("public", "_prisma_migrations"): Table(columns={"id": "text"})}
    before = schema({"id": "text"})

    assert told(before, replace(before, tables={**before.tables, **ledger})) == []
    assert told(replace(before, tables={**before.tables, **ledger}), before) == []


def test_another_collation_is_told_in_its_own_words() -> None:
    (one,) = drift(schema({"id": "text"}), schema({"id": 'text COLLATE pg_catalog."C" NOT NULL'}))[:1]

    assert one.kind == "changed_type"
    assert 'has the collation pg_catalog."C", and should have no collation of its own' in one.sentence


def test_what_hangs_on_a_table_that_is_gone_is_not_told_again() -> None:
    entries = (
        TocEntry(dump_id=1, kind="TABLE", schema="public", name="User", definition="CREATE TABLE"),
        TocEntry(dump_id=2, kind="SEQUENCE", schema="public", name="User_id_seq", definition="x", depends_on=(1,)),
        TocEntry(dump_id=3, kind="SEQUENCE OWNED BY", schema="public", name="User_id_seq", definition="y",
                 depends_on=(2,)),
        TocEntry(dump_id=4, kind="POLICY", schema="public", name="User own", definition="z", depends_on=(1,)),
        TocEntry(dump_id=5, kind="FUNCTION", schema="public", name="f()", definition="f"),
    )  # fmt: skip
    expected = WholeSchema(schema({"id": "integer"}), entries)

    found = whole_drift(expected, WholeSchema(SchemaBaseline(), ()))

    assert [(one.kind, one.subject) for one in found] == [
        ("missing_table", "public.User"),
        ("missing_object", "public.f()"),
    ]


def test_of_all_that_differs_the_errors_come_first() -> None:
    function = TocEntry(dump_id=1, kind="FUNCTION", schema="public", name="f()", definition="f")
    before = schema({"id": "text"}, constraints={"a": "CHECK (true)"})
    now = schema({"id": "text"}, constraints={"b": "CHECK (true)"})

    found = whole_drift(WholeSchema(before, (function,)), WholeSchema(now, ()))

    assert [(one.kind, one.severity) for one in found] == [
        ("missing_object", "error"),
        ("renamed_constraint", "warning"),
    ]


def test_what_the_catalog_has_told_of_a_table_is_not_told_again() -> None:
    table = TocEntry(
        dump_id=1, kind="TABLE", schema="public", name="User", definition="CREATE TABLE (\n    id text\n);"
    )
    live = replace(table, definition="CREATE TABLE (\n    id integer\n);")

    found = whole_drift(WholeSchema(schema({"id": "text"}), (table,)), WholeSchema(schema({"id": "integer"}), (live,)))

    assert [one.kind for one in found] == ["changed_type"]
