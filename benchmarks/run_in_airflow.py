"""Runs a module in a process of its own that is told where an Airflow is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.measured_run import RunFailed
from benchmarks.stage import REPOSITORY, STATE

_ANSWER = "RESULT "


def run_in_airflow(module: str, include: Path, metadata_url: str) -> Any:
    """The JSON that the module prints after RESULT; raises RunFailed where it prints none."""
    home = STATE / "airflow"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    told = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",  # seconds on the clock, of which a busy machine has few
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url.replace("postgresql://", "postgresql+psycopg2://", 1),
        "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-this-benchmark-" + "0" * 32,
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "DBOPS_INCLUDE": str(include),
        "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'plugins'}",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    done = subprocess.run(
        [sys.executable, "-m", module], env={**inherited, **told}, capture_output=True, text=True, check=False, cwd=home
    )
    answers = [line for line in done.stdout.splitlines() if line.startswith(_ANSWER)]
    if not answers:
        raise RunFailed(f"{module} has no answer: {done.stderr[-3000:]}")
    return json.loads(answers[-1].removeprefix(_ANSWER))
