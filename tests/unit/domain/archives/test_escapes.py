"""Promise: the texts of an archive are the same text, however the server that wrote them escaped what is in them."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.archives.escapes import has_escapes, without_escapes
from dbops.domain.archives.schema_comparison import differences, fingerprint
from dbops.domain.archives.toc_entry import TocEntry


def entry(kind: str, definition: str, **told: Any) -> TocEntry:
    facts: dict[str, Any] = {"dump_id": 1, "schema": "s", "name": "t", **told}
    return TocEntry(kind=kind, definition=definition, **facts)


def settings(value: str) -> TocEntry:
    return entry("STDSTRINGS", f"SET standard_conforming_strings = '{value}';\n", schema="", name="STDSTRINGS")


ON, OFF = settings("on"), settings("off")


@pytest.mark.parametrize(
    ("entries", "escapes"), [([], False), ([ON], False), ([OFF], True), ([ON, OFF], True), ([OFF, ON], False)]
)
def test_what_the_archive_says_last_counts_as_for_pg_restore(entries: list[TocEntry], escapes: bool) -> None:
    assert has_escapes(entries) is escapes


@pytest.mark.parametrize(
    ("escaped", "standard"),
    [
        (r"IS 'C:\\temp\\''; it is\\';", r"IS 'C:\temp\''; it is\';"),
        (r"ENUM ('a\\', 'b;\\c''d')", r"ENUM ('a\', 'b;\c''d')"),
        (r"DEFAULT E'a\\', " "\\" " b'01' $$\\$$", r"DEFAULT E'a\\', " "\\" " b'01' $$\\$$"),
        (r"IS 'a\'b\n';", r"IS  E'a\'b\n';"),
        ("no text at all", "no text at all"),
    ],
)
def test_a_text_is_written_as_other_servers_write_it(escaped: str, standard: str) -> None:
    (said, found) = without_escapes([OFF, entry("COMMENT", escaped)])
    assert found.definition == standard
    assert said == ON
    assert differences([OFF, entry("TABLE", escaped)], [ON, entry("TABLE", standard)]) == ()
    assert fingerprint([OFF, entry("TABLE", escaped)]) == fingerprint([ON, entry("TABLE", standard)])


def test_an_archive_without_escapes_is_left_as_it_is() -> None:
    entries = [ON, entry("COMMENT", r"IS 'C:\\temp\'';")]
    assert without_escapes(entries) == entries
