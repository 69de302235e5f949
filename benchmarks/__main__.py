"""`python -m benchmarks`: every benchmark there is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from benchmarks.backup import measure_local, measure_relay, measure_sizes
from benchmarks.restore import measure_restore
from benchmarks.results import HEADER, Bound, Result
from benchmarks.stage import Stage, remove_state, stage

Measure = Callable[[Stage, int], tuple[list[Result], list[Bound]]]

PARTS: dict[str, Measure] = {
    "local": measure_local,
    "relay": measure_relay,
    "sizes": measure_sizes,
    "restore": measure_restore,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say which of the required bounds are met; the exit status says nothing about them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each way, interleaved (default: 3)")
    parser.add_argument("--only", choices=PARTS, help="one part of it")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("--clean", action="store_true", help="delete the sample databases that are kept, and end")
    asked = parser.parse_args(arguments)
    if asked.clean:
        remove_state()
        return 0
    results: list[Result] = []
    bounds: list[Bound] = []
    with stage() as place:
        for name, measure in PARTS.items():
            if asked.only in {None, name}:
                more_results, more_bounds = measure(place, asked.runs)
                results += more_results
                bounds += more_bounds
    if asked.json:
        document = {
            "results": [asdict(result) | {"seconds": result.seconds} for result in results],
            "bounds": [asdict(bound) | {"met": bound.met} for bound in bounds],
        }
        print(json.dumps(document, indent=1))
    else:
        print("\n".join([HEADER, *(result.row() for result in results), "", *(bound.row() for bound in bounds)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
