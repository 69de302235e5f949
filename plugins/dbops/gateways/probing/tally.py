"""Tally: the samples of one probe, and what becomes of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from dbops.domain.probes import Drawn, Probe
from dbops.domain.probes.latency import Latency
from dbops.domain.probes.measurement import Measured
from dbops.gateways.probing.draws import Draws
from dbops.gateways.server.refusals import is_lack_of_privilege, is_time_out, said

ENOUGH_TIME_OUTS = 3


@dataclass
class Tally:
    """``skipped`` is how many bursts of a pool found no room on the server, ``no_room`` the last reason for it.

    ``is_short`` says that the last one found none. ``lacks`` is what our role may not do, where that is why not a
    single sample succeeded: it is asked no more then.
    """

    probe: Probe
    draws: Draws
    samples: list[int] = field(default_factory=list)
    kinds: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    waits: list[int] = field(default_factory=list)
    asked: int = 0
    errors: int = 0
    error: str = ""
    lacks: str = ""
    skipped: int = 0
    no_room: str = ""
    is_short: bool = False
    slowest: Drawn = field(default_factory=Drawn)
    _longest: int = -1
    _time_outs: int = 0

    @property
    def gave_up(self) -> bool:
        """Whether it ran into time limits so often, one after the other, that the server is to be spared."""
        return self._time_outs >= ENOUGH_TIME_OUTS

    @property
    def is_told(self) -> bool:
        """Whether there is anything to say of it but why it was left out."""
        return self.asked > 0 and not self.lacks

    def took(self, nanoseconds: int, drawn: Drawn) -> None:
        """A sample that succeeded."""
        self.asked += 1
        self._time_outs = 0
        self.samples.append(nanoseconds)
        if drawn.kind and not self.probe.is_pool:
            self.kinds[drawn.kind].append(nanoseconds)
        if nanoseconds > self._longest:
            self._longest, self.slowest = nanoseconds, drawn

    def failed(self, error: BaseException, *drawn: Drawn) -> None:
        """A sample that did not."""
        self.asked += 1
        self.errors += 1
        self._time_outs = self._time_outs + 1 if is_time_out(error) else 0
        if not self.error:
            self.error = said(error, [value for one in drawn for value in one.values.values()])
        if is_lack_of_privilege(error) and not self.samples:
            self.lacks = self.error

    def measured(self) -> Measured:
        """All of it."""
        return Measured(
            probe=self.probe.name,
            asked=self.asked,
            latency=Latency.of(self.samples) if self.samples else None,
            errors=self.errors,
            error=self.error,
            kinds={kind: Latency.of(samples) for kind, samples in self.kinds.items()},
            waits=Latency.of(self.waits) if self.waits else None,
            slowest=self.slowest,
            drawn=self.draws.first,
        )
