"""An encrypted backup beside the same one in clear, interleaved on one machine. See benchmarks/README.md."""

from __future__ import annotations

import pyrage

from benchmarks.backup import LARGE, MEMORY_CAP, OURS, Benchmark
from benchmarks.results import HEADER, MB, Bound, Table
from benchmarks.stage import Stage

ENCRYPTED = f"{OURS}, encrypted"
_SLOWER, _MORE_CPU = 1.25, 1.25


def measure_encryption(place: Stage, runs: int, scale: float = LARGE) -> Table:
    """Client, server and store on one machine, two jobs, one recipient."""
    name, benchmark = place.sample(scale), Benchmark(place, runs)
    recipients = [str(pyrage.x25519.Identity.generate().to_public())]
    clear, encrypted = benchmark.beside_each_other(
        scale,
        "local",
        {OURS: benchmark.ours(name, jobs=2), ENCRYPTED: benchmark.ours(name, recipients=recipients, jobs=2)},
    )
    bounds = [
        Bound("times the time of a backup in clear", encrypted.seconds / clear.seconds, _SLOWER, at_least=False),
        Bound("times its CPU seconds", encrypted.cpu_seconds / clear.cpu_seconds, _MORE_CPU, at_least=False),
        Bound("MB resident, encrypted", encrypted.resident / MB, MEMORY_CAP / MB, at_least=False),
    ]
    return Table(HEADER, [clear, encrypted], bounds)
