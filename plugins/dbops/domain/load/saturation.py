"""Saturation: beyond how many connections a server does no more, seen in the steps of a load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from dbops.domain.load.steps import LoadStep
from dbops.domain.words.quantities import format_count

_GAIN = 1.10  # less is not worth the connections
_BEHIND_MS = 5.0


@dataclass(frozen=True, kw_only=True)
class Saturation:
    """``connections`` beyond which more bring nothing, None where none were found, and ``cause`` says why."""

    cause: Literal["throughput", "response", "worker", "not reached"]
    sentence: str
    connections: int | None = None


def saturation(steps: Sequence[LoadStep]) -> Saturation:
    """Where the server saturates; raises ValueError where there is no step.

    It does at the first step after which no number of connections that keeps up with its schedule brings a tenth more
    throughput. A step in which our own worker was the limit proves no saturation; what it reached all the same can
    disprove one.
    """
    if not steps:
        raise ValueError("saturation is seen in steps")
    believed = trusted(steps)
    for number, here in enumerate(believed[:-1]):
        more = [step for step in steps[number + 1 :] if step.throughput >= here.throughput * _GAIN]
        if not more:
            best = max(steps[number + 1 :], key=lambda step: step.throughput)
            return Saturation(
                cause="throughput",
                connections=here.connections,
                sentence=f"It saturates at {connections_of(here)}, with {here.throughput:,.0f} requests a second: "
                f"{best.connections} brought {_change(here.throughput, best.throughput)}.",
            )
        if not _is_behind(here) and all(_is_behind(step) for step in more):
            return Saturation(
                cause="response",
                connections=here.connections,
                sentence=f"It saturates at {connections_of(here)}: with {more[0].connections} half of the requests "
                f"that fell due were answered after more than {more[0].response.p50:,.1f} ms, of which they were "
                f"executed for {more[0].service.p50:,.1f} ms.",
            )
    return _not_found(steps, believed)


def trusted(steps: Sequence[LoadStep]) -> list[LoadStep]:
    """Those that tell of the server: all before our own worker was the limit."""
    return list(takewhile(lambda step: not step.is_worker_bound, steps))


def connections_of(step: LoadStep) -> str:
    """How many a step had, in words."""
    return format_count(step.connections, "connection")


def _not_found(steps: Sequence[LoadStep], believed: Sequence[LoadStep]) -> Saturation:
    most = max(steps, key=lambda step: step.throughput)
    if len(believed) < len(steps):
        bound = steps[len(believed)]
        return Saturation(
            cause="worker",
            sentence=f"Where the server saturates was not found: from {connections_of(bound)} on our own worker was "
            f"the limit (it used {bound.worker_cpu * 100:.0f} % of a processor and was {bound.worker_delay_ms:.1f} ms "
            f"late). The server can do {most.throughput:,.0f} requests a second at least.",
        )
    return Saturation(
        cause="not reached",
        sentence=f"It did not saturate: {connections_of(most)} did {most.throughput:,.0f} requests a second, and more "
        "connections were not tried.",
    )


def _is_behind(step: LoadStep) -> bool:
    """Whether the server did not keep up with the schedule: most requests waited longer than they were executed.

    By the median, for the slowest of a few seconds may have met one checkpoint. Where our worker was late, it was that.
    """
    waited = step.response.p50 - step.service.p50
    return not step.is_worker_bound and waited > step.service.p50 and waited > _BEHIND_MS + step.worker_delay_ms


def _change(before: float, after: float) -> str:
    percent = round((after / before - 1) * 100)
    return f"only {percent} % more" if percent > 0 else "no more" if percent == 0 else f"{-percent} % less"
