"""The mix of requests under load: every probe as often as every other, and so its kinds of parameters."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from dbops.domain.probes import Drawn, Probe

_LONGEST = 10_000


def is_under_load(probe: Probe) -> bool:
    """Whether it only reads, one statement after the other.

    A write under load would hold its locks against the application until its rollback, and leave dead rows behind; a
    pool's probe stands for many connections already.
    """
    return not probe.writes and not probe.is_pool


def mix(drawn: Iterable[tuple[Probe, Sequence[Drawn]]], seed: int) -> list[tuple[Probe, Drawn]]:
    """The requests in the order in which they are sent, again and again; any ``len(drawn)`` in a row are all probes."""
    shuffled = random.Random(seed)  # noqa: S311 - the same order each time is what it is for
    turns = [(probe, _in_turns(sets, shuffled)) for probe, sets in drawn]
    if not turns:
        return []
    rounds = min(max(len(sets) for _, sets in turns), _LONGEST // len(turns) or 1)
    return [(probe, sets[number % len(sets)]) for number in range(rounds) for probe, sets in turns]


def _in_turns(sets: Sequence[Drawn], shuffled: random.Random) -> list[Drawn]:
    """One of each kind, then the next of each kind, until the longest kind is through."""
    kinds: dict[str, list[Drawn]] = {}
    for one in sets or [Drawn()]:
        kinds.setdefault(one.kind, []).append(one)
    for each in kinds.values():
        shuffled.shuffle(each)
    longest = max(map(len, kinds.values()))
    return [each[number % len(each)] for number in range(longest) for each in kinds.values()]
