"""Promise: the first migration has what makes a schema, in an order in which each statement finds what it needs."""

from __future__ import annotations

from datetime import UTC, datetime

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.migrations.initial_migration import initial_migration

NOW = datetime(2026, 11, 26, 14, 5, tzinfo=UTC)


def entry(dump_id: int, kind: str, name: str, *needs: int, text: str = "") -> TocEntry:
    definition = text or f"CREATE {kind} {name};\n"
    return TocEntry(dump_id=dump_id, kind=kind, schema="public", name=name, definition=definition, depends_on=needs)


def order(*entries: TocEntry) -> list[str]:
    lines = initial_migration("shop", entries, NOW).splitlines()
    return [line.removeprefix("CREATE ").rstrip(";") for line in lines if line.startswith("CREATE")]


def test_it_says_what_it_is() -> None:
    assert initial_migration("shop", [entry(1, "TABLE", "a")], NOW).splitlines() == [
        "-- The schema of shop as it was on 2026-11-26 14:05 UTC, by `python -m dbops migrate shop --init`.",
        "-- It is where the migrations begin: marked as applied where it is live, executed where a database is new.",
        "",
        "-- Table a",
        "CREATE TABLE a;",
    ]


def test_what_needs_no_function_comes_first_and_functions_come_when_they_are_needed() -> None:
    found = order(
        entry(1, "FUNCTION", "of_a"),
        entry(2, "FUNCTION", "twice", 1),
        entry(3, "FUNCTION", "unused"),
        entry(4, "TABLE", "b", 2),
        entry(5, "FUNCTION", "each_b", 4),
        entry(6, "TABLE", "a"),
        entry(7, "VIEW", "every", 5, 4),
        entry(8, "INDEX", "on_b", 4),
    )

    assert found == [
        "TABLE a", "FUNCTION of_a", "FUNCTION twice", "TABLE b", "FUNCTION each_b", "VIEW every", "INDEX on_b",
        "FUNCTION unused",
    ]  # fmt: skip


def test_owners_grants_settings_passwords_and_the_ledger_stay_behind() -> None:
    found = order(
        entry(1, "ENCODING", "ENCODING"),
        entry(2, "SCHEMA", "public"),
        entry(3, "TABLE", "_prisma_migrations"),
        entry(4, "CONSTRAINT", "_prisma_migrations _prisma_migrations_pkey", 3),
        entry(5, "ACL", "TABLE a"),
        entry(6, "DEFAULT ACL", "DEFAULT PRIVILEGES FOR TABLES"),
        entry(7, "USER MAPPING", "far"),
        entry(8, "SUBSCRIPTION", "far"),
        entry(9, "TABLE DATA", "a"),
        entry(11, "COMMENT", "SUBSCRIPTION far", 8),
        entry(10, "TABLE", "a"),
    )

    assert found == ["TABLE a"]


def test_a_name_with_a_line_break_stays_within_its_comment() -> None:
    text = initial_migration("shop", [entry(1, "TABLE", "a\nDROP TABLE b", text="CREATE TABLE x ();")], NOW)

    assert "\nDROP" not in text


def test_texts_are_written_as_a_new_database_reads_them() -> None:
    setting = entry(1, "STDSTRINGS", "STDSTRINGS", text="SET standard_conforming_strings = 'off';\n")
    comment = entry(2, "COMMENT", "TABLE a", text="COMMENT ON TABLE public.a IS 'C:\\\\temp';\n")
    assert "IS 'C:\\temp';" in initial_migration("shop", [setting, comment], NOW)
