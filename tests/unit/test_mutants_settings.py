"""Promises: what `make mutants` asks of property-based tests is not undone by our own conftest, which comes later, and
only tests that are there are asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mutation import stage
from mutation.stage import ALL_TESTS, EXAMPLES, ROOT

_TWICE = """
import runpy
runpy.run_path("tests/conftest.py")

from hypothesis import given, settings, strategies as st

class TestOfAClass:
    @given(st.integers())
    def test_something(self, number):
        assert isinstance(number, int)

for instance in (TestOfAClass(), TestOfAClass()):
    instance.test_something()
print(settings.default.max_examples, settings.default.derandomize, settings.default.deadline)
"""


def test_few_examples_are_tried_and_a_test_of_a_class_may_be_run_again_in_the_same_process() -> None:
    """As it is: once to see what it reaches, and once to see that it passes."""
    ran = subprocess.run(
        [sys.executable, "-c", EXAMPLES + _TWICE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (0, "20 True None\n"), ran.stderr


def test_a_test_that_is_gone_is_not_asked_and_what_was_found_out_of_modules_that_are_there_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "STAGE", tmp_path)
    domain, tests = tmp_path / "mutants/dbops/domain", tmp_path / "mutants/tests/unit/domain"
    gone = [domain / "retention.py", domain / "retention.py.meta", tests / "test_retention.py"]
    kept = [domain / "backups/catalog.py", domain / "backups/catalog.py.meta", tests / "test_target.py"]
    for path in (*gone, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    stage.set_stage(["backups.retention"], ALL_TESTS)

    assert [path.exists() for path in (*gone, *kept)] == [False] * len(gone) + [True] * len(kept)
