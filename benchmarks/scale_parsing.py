"""Parses dags/ as Airflow's dag-processor does, file by file, in this process, and prints what it cost, as JSON.

Run by ``scale_targets`` in a process of its own, with Airflow's environment: `python -m benchmarks.scale_parsing`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """One line: by file what it took, then how many DAGs there are and how large they are where Airflow keeps them."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    dags: list[Any] = []
    files: dict[str, dict[str, float]] = {}
    DagBag(folder / "watch.py", collect_dags=True)  # imports what every file imports
    for file in sorted(folder.glob("*.py")):
        began, used = time.monotonic(), time.process_time()
        bag = DagBag(file)
        files[file.stem] = {"seconds": time.monotonic() - began, "cpu": time.process_time() - used}
        if bag.import_errors:
            raise SystemExit(f"{file} cannot be imported: {bag.import_errors}")
        dags += bag.dags.values()
    used = time.process_time()
    stored = sum(len(json.dumps(DagSerialization.to_dict(dag))) for dag in dags)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    serialized = {"cpu": time.process_time() - used, "bytes": stored}
    sys.stdout.write("RESULT " + json.dumps({"files": files, "dags": len(dags), "kept": serialized, "peak": peak}))


if __name__ == "__main__":
    main()
