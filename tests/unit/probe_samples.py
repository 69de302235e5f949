"""Made-up latencies, probes and runs of the probes for unit tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from dbops.domain.probes import Probe, Statement
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.run import ProbeResult, ProbeRun
from tests.unit.samples import DAY, NOW


def latency(*milliseconds: float, count: int = 40) -> Latency:
    """Of those samples, repeated until they are so many."""
    return latency_of(milliseconds[number % len(milliseconds)] for number in range(max(count, len(milliseconds))))


def latency_of(milliseconds: Iterable[float]) -> Latency:
    """Of exactly those samples."""
    return Latency.of([round(one * 1e6) for one in milliseconds])


_ROUND_TRIP, _CONNECT = latency(0.4), latency(6.0)  # once: a latency takes milliseconds to make


def probe(name: str = "user_by_id", **more: Any) -> Probe:
    """One that asks a single statement and may take 100 ms."""
    settings: dict[str, Any] = {"title": name.replace("_", " "), "model": "User", "budget_ms": 100.0, **more}
    return Probe(name=name, statements=(Statement("SELECT 1"),), **settings)


def probe_result(name: str = "user_by_id", *milliseconds: float, **more: Any) -> ProbeResult:
    """One whose samples took so long; 3 ms where nothing is said."""
    settings: dict[str, Any] = {
        "title": name.replace("_", " "),
        "model": "User",
        "budget_ms": 100.0,
        "asked": 40,
        "latency": latency(*(milliseconds or (3.0,))),
        **more,
    }
    return ProbeResult(probe=name, **settings)


def probe_run(*results: ProbeResult, started: datetime = NOW, of: str = "shop", **more: Any) -> ProbeRun:
    """A run of them, near its server."""
    settings: dict[str, Any] = {
        "run": "test",
        "finished": started,
        "server_version": "17.10",
        "round_trip": _ROUND_TRIP,
        "connect": _CONNECT,
        **more,
    }
    return ProbeRun(target=of, started=started, results=tuple(results), **settings)


def weekly(results: Sequence[ProbeResult], **more: Any) -> list[ProbeRun]:
    """A run a week, each of one result, oldest first, the last one a week ago."""
    return [
        probe_run(result, started=NOW - 7 * (len(results) - number) * DAY, **more)
        for number, result in enumerate(results)
    ]
