"""`python -m mutation [--again] [MODULE ...]`: mutate these modules of the domain (all, where none is named).

With ``--again`` what a test has killed before, in a function that is still the same, counts as killed and is not tried
anew: for after a test was added.
"""

from __future__ import annotations

import os
import subprocess
import sys

from mutation.results import SURVIVORS, forget_survivors, report
from mutation.stage import ROOT, STAGE, chosen_modules, set_stage


def main(words: list[str]) -> int:
    """Exit status 0 where mutants survive too: that is news, not a failure."""
    again = "--again" in words
    modules = chosen_modules([word for word in words if word != "--again"])
    set_stage(modules)
    if again:
        forget_survivors(modules)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    program = [sys.executable, "-P", str(ROOT / "mutation" / "mutate.py"), "run", "--max-children", "1"]
    subprocess.run(
        # Told no names mutmut tries what it knows no end of, else all that have one of these.
        program if again else [*program, *(f"dbops.domain.{module}.*" for module in modules)],
        cwd=STAGE,
        env=environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=True,
    )
    report(modules)
    sys.stdout.write(f"The survivors, as differences: {SURVIVORS}\n")
    return 0


sys.exit(main(sys.argv[1:]))
