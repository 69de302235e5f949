"""docs/verification.md and the code that judges pg_restore's errors say the same."""

from __future__ import annotations

import re
from pathlib import Path

from dbops.domain.archives.complaints import CIRCUMSTANCES, HARMLESS, Complaint, read_complaints

PAGE = (Path(__file__).parents[2] / "docs/verification.md").read_text()


def rows(title: str) -> list[list[str]]:
    """The cells of the table under a heading, without their back-quotes."""
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    lines = re.findall(r"^\| (.+) \|$", found[1], re.MULTILINE)[2:]
    return [[cell.strip().strip("`") for cell in line.split(" | ")] for line in lines]


def complaint(words: str, statement: str = "CREATE TABLE x ();") -> Complaint:
    said = f"pg_restore: error: could not execute query: ERROR:  {words}\nCommand was: {statement}\n"
    (found,) = read_complaints(said)
    return found


def test_every_harmless_complaint_of_the_page_is_one_and_for_the_reason_that_is_given() -> None:
    listed = rows("Complaints of pg_restore that do no harm")

    assert [complaint(words, statement).why for statement, words, _ in listed] == [why for _, _, why in listed]


def test_every_harmless_complaint_of_the_code_is_on_the_page_and_no_other() -> None:
    listed = [why for _, _, why in rows("Complaints of pg_restore that do no harm")]

    assert listed == [why for _, _, why in HARMLESS]


def test_every_circumstance_of_the_page_is_one() -> None:
    for words, _ in rows("Whose fault is it?"):
        assert not complaint(words).refused, words


def test_every_circumstance_of_the_code_is_on_the_page() -> None:
    listed = [words for words, _ in rows("Whose fault is it?")]

    for pattern in CIRCUMSTANCES:
        assert any(pattern.search(words) for words in listed), pattern.pattern
    assert len(listed) == len(CIRCUMSTANCES)
