"""`python -m support`: try the wheel beside each Airflow, on each Python, and on each PostgreSQL.

Prints a line for each cell of docs/support.md, and ends with 1 where one has failed. The Pythons are looked for on
PATH, and under pyenv.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from support.asked import what_is_asked
from support.trial import Trial
from support.wheel import build_wheel
from tests.servers import running_postgres, running_s3


def main() -> int:
    """All of both, unless some are named."""
    asked = what_is_asked(sys.argv[1:], __doc__)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="dbops-matrix-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        wheel = build_wheel(folder)
        with running_s3(folder / "s3") as store, running_postgres(folder / "postgres") as server:
            trial = Trial(folder, wheel, store, server)
            for cell in asked.cells:
                failed += not trial.of_cell(cell, needed=asked.needs_each)
            if asked.postgres:
                failed += trial.of_postgres(asked.postgres, asked.beside)
    return bool(failed)


sys.exit(main())
