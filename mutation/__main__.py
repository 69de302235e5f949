"""`python -m mutation [--again] [--tests=PATH ...] [MODULE ...]`: mutate these modules of the domain, or all.

With ``--again`` only what has survived is tried: for after a test was added. What was killed stays so, and a function
that has changed since counts as not tried. With ``--tests`` nothing but these tests is asked, and the rows say so.
"""

from __future__ import annotations

import os
import subprocess
import sys

from mutation.results import SURVIVORS, open_questions, report
from mutation.stage import ALL_TESTS, ROOT, STAGE, chosen_modules, set_stage

_TESTS = "--tests="


def main(words: list[str]) -> int:
    """Exit status 0 where mutants survive too: that is news, not a failure."""
    again = "--again" in words
    tests = [word.removeprefix(_TESTS) for word in words if word.startswith(_TESTS)]
    modules = chosen_modules([word for word in words if word != "--again" and not word.startswith(_TESTS)])
    names = open_questions(modules) if again else [f"dbops.domain.{module}.*" for module in modules]
    set_stage(modules, tests or ALL_TESTS)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program = [sys.executable, "-P", str(ROOT / "mutation" / "mutate.py"), "run", "--max-children", "1"]
    subprocess.run(
        [*program, *names],
        cwd=STAGE,
        env=environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=True,
    )
    report(modules, by_some=bool(tests))
    sys.stdout.write(f"The survivors, as differences: {SURVIVORS}\n")
    return 0


sys.exit(main(sys.argv[1:]))
