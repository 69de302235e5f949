"""Promise: what `make mutants` asks of property-based tests is not undone by our own conftest, which comes later."""

from __future__ import annotations

import subprocess
import sys

from mutation.stage import EXAMPLES, ROOT

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
