"""What pg_dump alone knows is compared too: once for each object, and as bad as what it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.schema.baseline import SchemaBaseline
from dbops.domain.schema.unmodelled_objects import object_differences
from dbops.domain.schema.whole_schema import WholeSchema

PLAIN = 'CREATE TABLE public."User" (\n    id text NOT NULL,\n    n text\n);\n'
USER = TocEntry(dump_id=1, kind="TABLE", schema="public", name="User", definition=PLAIN)
TRIGGER = TocEntry(dump_id=2, kind="TRIGGER", schema="public", name="User touch", definition="t", depends_on=(1,))
SEQUENCE = TocEntry(dump_id=3, kind="SEQUENCE", schema="public", name="User_id_seq", definition="s", depends_on=(1,))


def entry(kind: str, name: str = "x", *, definition: str = "old") -> TocEntry:
    return TocEntry(dump_id=9, kind=kind, schema="public", name=name, definition=definition)


def found(before: Sequence[TocEntry], now: Sequence[TocEntry], told: Sequence[str] = ()) -> list[tuple[str, str, str]]:
    sides = (WholeSchema(SchemaBaseline(), tuple(entries)) for entries in (before, now))
    return [(one.kind, one.subject, str(one.severity)) for one in object_differences(*sides, told=told)]


@pytest.mark.parametrize(
    ("definition", "severity"),
    [
        (PLAIN.replace("\n);", "\n)\nWITH (fillfactor='70');"), "warning"),
        (f'{PLAIN}ALTER TABLE ONLY public."User" ALTER COLUMN n SET STORAGE EXTERNAL;\n', "warning"),
        (f'{PLAIN}ALTER TABLE ONLY public."User" REPLICA IDENTITY FULL;\n', "warning"),
        (PLAIN.replace("\n);", "\n)\nINHERITS (public.x);"), "error"),
        (f'{PLAIN}ALTER TABLE ONLY public."User" FORCE ROW LEVEL SECURITY;\n', "error"),
        (
            PLAIN.replace("\n);", "\n)\nINHERITS (public.x)\nWITH (fillfactor='70');"),
            "error",
        ),
    ],
)
def test_a_table_that_is_only_stored_otherwise_is_a_warning(definition: str, severity: str) -> None:
    changed = replace(USER, definition=definition)
    assert found([USER], [changed]) == [("changed_object", "public.User", severity)]
    assert found([changed], [USER]) == [("changed_object", "public.User", severity)]


def test_the_order_of_columns_and_what_constraints_are_called_means_nothing() -> None:
    named = PLAIN.replace("n text", "n text CONSTRAINT a CHECK (true)")
    turned = 'CREATE TABLE public."User" (\n    n text CONSTRAINT b CHECK (true),\n    id text NOT NULL\n);\n'
    assert found([replace(USER, definition=named)], [replace(USER, definition=turned)]) == []


@pytest.mark.parametrize(
    ("kind", "severity"),
    [("COMMENT", "warning"), ("PUBLICATION", "warning"), ("STATISTICS", "warning"), ("FUNCTION", "error"),
     ("POLICY", "error"), ("RULE", "error"), ("DOMAIN", "error")],
)  # fmt: skip
def test_what_changes_an_answer_is_an_error_and_what_does_not_is_a_warning(kind: str, severity: str) -> None:
    old, new = entry(kind), entry(kind, definition="new")
    assert found([old], [new]) == [("changed_object", "public.x", severity)]
    assert found([old], []) == [("missing_object", "public.x", severity)]
    assert found([], [old]) == [("extra_object", "public.x", severity)]


def test_an_extension_beside_those_that_the_migrations_need_is_a_warning_and_a_missing_one_an_error() -> None:
    vector = TocEntry(dump_id=9, kind="EXTENSION", schema="", name="vector", definition="CREATE EXTENSION vector")
    assert found([], [vector]) == [("extra_object", "vector", "warning")]
    assert found([vector], []) == [("missing_object", "vector", "error")]


def test_what_the_catalog_has_told_of_a_table_or_of_a_part_of_it_is_not_told_again() -> None:
    view, other = entry("VIEW", "v"), entry("VIEW", "w")
    before, now = [USER, TRIGGER, view, other], [replace(one, definition="new") for one in (USER, TRIGGER, view, other)]

    assert [subject for _, subject, _ in found(before, now, ["public.v"])] == [
        "public.User",
        "public.User touch",
        "public.w",
    ]
    assert [subject for _, subject, _ in found(before, now, ["public.User.n", "public.w"])] == ["public.v"]


def test_a_function_is_told_also_where_its_name_is_like_that_of_a_table() -> None:
    old, new = entry("FUNCTION", "User()"), entry("FUNCTION", "User()", definition="new")
    assert found([USER, old], [USER, new], ["public.User"]) == [("changed_object", "public.User()", "error")]


def test_what_hangs_on_a_table_that_is_there_is_missed() -> None:
    owned = replace(SEQUENCE, dump_id=4, kind="SEQUENCE OWNED BY", depends_on=(3,))
    policy = replace(entry("POLICY", "User own"), depends_on=(1,))
    assert found([USER, SEQUENCE, owned, policy], [USER]) == [
        ("missing_object", "public.User own", "error"),
        ("missing_object", "public.User_id_seq", "error"),
        ("missing_object", "public.User_id_seq", "error"),
    ]


def test_what_needs_a_sequence_that_is_not_its_own_is_missed_where_that_sequences_table_is_gone() -> None:
    uses = replace(entry("FUNCTION", "next()"), depends_on=(3,))
    assert found([USER, SEQUENCE, uses], []) == [("missing_object", "public.next()", "error")]


def test_each_is_said_in_a_sentence_also_after_one_that_is_equal() -> None:
    equal, old, new = entry("FUNCTION", "a()"), entry("FUNCTION", "b()"), entry("FUNCTION", "b()", definition="new")
    gone, more = entry("POLICY", "User own"), entry("RULE", "x")
    sides = (WholeSchema(SchemaBaseline(), entries) for entries in ((equal, old, gone), (equal, new, more)))
    assert [one.sentence for one in object_differences(*sides, told=())] == [
        "the function public.b() is defined otherwise than by the migrations",
        "the policy public.User own is missing",
        "the rule public.x is in no migration",
    ]


def test_whether_a_table_or_a_view_is_there_and_what_hangs_on_an_extra_one_the_catalog_tells() -> None:
    policy = replace(entry("POLICY", "User own"), depends_on=(1,))
    assert found([], [USER, policy, entry("VIEW"), entry("INDEX")]) == []
    assert found([entry("VIEW"), entry("INDEX")], []) == []
    assert found([USER], [USER, policy]) == [("extra_object", "public.User own", "error")]


def test_an_enum_the_catalog_compares_and_any_other_type_is_compared_here() -> None:
    enum = entry("TYPE", "Plan", definition="CREATE TYPE public.\"Plan\" AS ENUM (\n    'FREE'\n);\n")
    composite = entry("TYPE", "Pair", definition='CREATE TYPE public."Pair" AS (a int, b int);\n')
    domain = entry("DOMAIN", "Plan")
    catalog = SchemaBaseline(enums={("public", "Plan"): ("FREE",)})
    before, now = WholeSchema(catalog, (enum, composite, domain)), WholeSchema(catalog, ())
    assert [one.subject for one in object_differences(before, now, told=())] == ["public.Plan", "public.Pair"]


def test_what_every_database_has_and_what_an_extension_says_of_itself_is_no_object_of_ours() -> None:
    def bare(kind: str, name: str) -> TocEntry:
        return TocEntry(dump_id=9, kind=kind, schema="", name=name, definition="x")

    ours = [bare("SCHEMA", "crm"), bare("COMMENT", "SCHEMA crm")]
    others = [bare("SCHEMA", "public"), bare("COMMENT", "SCHEMA public"), bare("COMMENT", "EXTENSION citext")]
    assert found([*ours, *others], []) == [
        ("missing_object", "SCHEMA crm", "warning"),
        ("missing_object", "crm", "error"),
    ]


def test_a_policy_is_told_also_where_its_table_has_another_fault() -> None:
    policy = replace(entry("POLICY", "User own"), depends_on=(1,))
    assert found([USER, policy], [USER, replace(policy, definition="new")], ["public.User.n"]) == [
        ("changed_object", "public.User own", "error")
    ]


def test_a_table_with_a_dot_in_its_name_is_not_told_again_either() -> None:
    old = entry("VIEW", "a.b")
    assert found([old], [replace(old, definition="new")], ['public."a.b"']) == []
