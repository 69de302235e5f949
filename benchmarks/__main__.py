"""`python -m benchmarks`: every benchmark there is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from benchmarks.backup import measure_local, measure_relay, measure_sizes
from benchmarks.checks import LARGE, measure_checks
from benchmarks.encryption import measure_encryption
from benchmarks.page import measure_page
from benchmarks.probes import measure_probes
from benchmarks.restore import measure_restore
from benchmarks.results import Table
from benchmarks.scale_bytes import measure_bytes
from benchmarks.scale_catalog import measure_catalog
from benchmarks.scale_celery import measure_celery
from benchmarks.scale_rehearsals import measure_rehearsals
from benchmarks.scale_tables import measure_tables
from benchmarks.scale_targets import measure_targets
from benchmarks.stage import Stage, remove_state, stage

_SCALE = {
    "catalog",
    "bytes",
    "tables",
    "targets",
    "rehearsals",
    "celery",
}  # hours, all together: only when asked for by name


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say which of the required bounds are met; the exit status says nothing about them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each way, interleaved (default: 3)")
    parser.add_argument("--scale", type=float, default=LARGE, help=f"of the checks' sample (default: {LARGE}, 3 GB)")
    parser.add_argument("--only", choices=_parts(LARGE), help="one part of it")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--clean", action="store_true", help="delete the sample databases that are kept, and end")
    asked = parser.parse_args(arguments)
    if asked.clean:
        remove_state()
        return 0
    tables: dict[str, Table] = {}
    with stage() as place:
        for name, measure in _parts(asked.scale).items():
            if asked.only == name or (asked.only is None and name not in _SCALE):
                tables[name] = measure(place, asked.runs)
    if asked.json:
        print(json.dumps({name: table.document() for name, table in tables.items()}, indent=1))
    else:
        print("\n\n".join("\n".join(table.lines()) for table in tables.values()))
    return 0


def _parts(scale: float) -> dict[str, Callable[[Stage, int], Table]]:
    return {
        "local": measure_local,
        "relay": measure_relay,
        "sizes": measure_sizes,
        "encryption": measure_encryption,
        "restore": measure_restore,
        "checks": lambda place, runs: measure_checks(place, runs, scale),
        "probes": measure_probes,
        "catalog": measure_catalog,
        "bytes": measure_bytes,
        "tables": measure_tables,
        "targets": measure_targets,
        "rehearsals": measure_rehearsals,
        "celery": measure_celery,
        "page": measure_page,
    }


if __name__ == "__main__":
    sys.exit(main())
