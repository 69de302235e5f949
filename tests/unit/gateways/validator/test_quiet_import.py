"""Promise: Great Expectations says nothing of itself while it is imported: a task's log begins with what was found."""

from __future__ import annotations

import subprocess
import sys

_IMPORT = """
import logging, sys
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
from dbops.gateways.validator import import_great_expectations
import_great_expectations()
logging.getLogger("great_expectations.core").info("something else")
"""


def test_it_does_not_tell_what_it_registers_and_is_heard_on_everything_else() -> None:
    said = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, text=True, check=True)
    assert said.stdout == "INFO:great_expectations.core:something else\n"
    assert said.stderr == ""
