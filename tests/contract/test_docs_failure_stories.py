"""docs/failure-stories.md tells exactly the stories that are tests, each with all of its tests."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def told() -> dict[str, list[str]]:
    _, *stories = re.split(r"^## ", (ROOT / "docs/failure-stories.md").read_text(), flags=re.MULTILINE)
    return {story.partition("\n")[0]: re.findall(r"`(test_\w+)`", story) for story in stories}


def proven() -> dict[str, list[str]]:
    text = (ROOT / "tests/faults/test_failure_stories.py").read_text()
    _, *stories = re.split(r"^# ", text, flags=re.MULTILINE)
    return {story.partition("\n")[0]: re.findall(r"^def (test_\w+)", story, re.MULTILINE) for story in stories}


def test_every_story_is_told_with_its_tests_and_no_test_is_left_out() -> None:
    assert told() == proven()
    assert len(told()) == 10
    assert all(told().values())


def test_every_story_tells_what_happened_elsewhere_and_what_dbops_does() -> None:
    _, *stories = re.split(r"^## ", (ROOT / "docs/failure-stories.md").read_text(), flags=re.MULTILINE)
    for story in stories:
        assert "**Elsewhere**" in story
        assert "**Here**" in story
