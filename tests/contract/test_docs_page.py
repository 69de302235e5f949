"""docs/page.md says what the page is: its parts, how long it waits, and the words that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dbops.domain.backups.storage import S3Options
from dbops.domain.views.target_view import Part
from dbops.gateways.s3 import attempts
from dbops_airflow.page.readings import Readings
from dbops_airflow.page.sight import AT_ONCE, PATIENCE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/page.md").read_text(encoding="utf-8")


def test_every_part_of_a_targets_page_is_described_with_who_sees_it() -> None:
    rows = re.findall(r"^\| (\w+) \| .+ \| .*`\w+.*` \|$", PAGE, re.MULTILINE)
    assert rows == [part.value for part in Part]


def test_how_long_it_waits_and_remembers_is_what_the_page_says() -> None:
    readings = Readings()
    readings.close()
    assert readings._fresh == 10
    assert "kept for ten seconds" in PAGE
    assert AT_ONCE == 60
    assert "less than a minute old is shown at once" in PAGE
    assert readings._remembered > AT_ONCE
    assert PATIENCE * 2 / 3 == 8
    assert "A store has eight seconds to answer" in PAGE


def test_all_attempts_at_a_store_that_hangs_end_before_the_page_stops_waiting() -> None:
    hurried = S3Options().hurried
    assert hurried.attempts == 2
    for attempt in (hurried.connect_timeout, hurried.read_timeout):
        assert hurried.attempts * attempt.total_seconds() + attempts._FIRST_PAUSE < PATIENCE * 2 / 3


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("did not answer in time", "dbops/jobs/views/see_index.py"),
        ("Nothing is known about", "dbops/jobs/views/see_index.py"),
        ("is not defined", "dbops_airflow/connections.py"),
        ("Database Ops", "dbops_airflow/plugin.py"),
    ],
)
def test_what_it_quotes_the_page_really_says(words: str, file: str) -> None:
    assert words in PAGE
    assert words in (ROOT / "plugins" / file).read_text(encoding="utf-8")
