"""Rounds: when which sample is taken, so that a stall of a second meets every probe alike."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from dbops.domain.probes import Probe


def rounds(probes: Sequence[Probe], seed: int) -> list[list[tuple[Probe, int]]]:
    """Each round's samples, as a probe and the sample's number; the first round has one of every probe.

    A probe's samples are spread evenly over all rounds. The seed decides the order within a round, in which pools come
    last: what they leave behind on the server would be measured with others.
    """
    most = max((probe.samples for probe in probes), default=0)
    order = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    found = []
    for number in range(most):
        before = {probe.name: _until(number, probe.samples, most) for probe in probes}
        due = [
            (probe, before[probe.name])
            for probe in probes
            if _until(number + 1, probe.samples, most) > before[probe.name]
        ]
        order.shuffle(due)
        found.append(sorted(due, key=lambda sample: sample[0].is_pool))
    return found


def _until(number: int, samples: int, most: int) -> int:
    """How many samples are to be taken before the round of that number."""
    return -(-number * samples // most)
