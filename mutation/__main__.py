"""`python -m mutation [MODULE ...]`: mutate these modules of the domain (all, where none is named)."""

from __future__ import annotations

import os
import subprocess
import sys

from mutation.results import SURVIVORS, report
from mutation.stage import ROOT, STAGE, chosen_modules, set_stage


def main(words: list[str]) -> int:
    """Exit status 0 where mutants survive too: that is news, not a failure."""
    modules = chosen_modules(words)
    set_stage(modules)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program = [sys.executable, "-P", str(ROOT / "mutation" / "mutate.py"), "run", "--max-children", "1"]
    subprocess.run(
        [*program, *(f"dbops.domain.{module}.*" for module in modules)],
        cwd=STAGE,
        env=environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=True,
    )
    report(modules)
    sys.stdout.write(f"The survivors, as differences: {SURVIVORS}\n")
    return 0


sys.exit(main(sys.argv[1:]))
