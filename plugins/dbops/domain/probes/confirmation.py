"""Probe confirmation: what is wrong with an operation counts where a second measurement in the same run sees it too."""

from __future__ import annotations

from collections.abc import Sequence

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes.history import latencies_of
from dbops.domain.probes.judgement import slower
from dbops.domain.probes.measurement import Measured
from dbops.domain.probes.probe import Probe
from dbops.domain.probes.run import ProbeResult, ProbeRun
from dbops.domain.words.quantities import format_count


def confirmed(
    probe: Probe,
    first: Measured,
    again: Measured | None,
    history: Sequence[ProbeRun],
    options: ProbeOptions,
    *,
    doubtful: bool,
) -> tuple[ProbeResult, str]:
    """What came of a probe, and a sentence on errors that only one of two measurements has seen, else empty.

    ``doubtful`` says that it was to be measured again, and ``again`` is None where it was not.
    """
    measured = [one for one in (first, again) if one is not None]
    latencies = [one.latency for one in measured if one.latency is not None]
    errors, asked = sum(one.errors for one in measured), sum(one.asked for one in measured)
    is_once = again is not None and bool(latencies) and any(one.errors == 0 for one in measured) and errors > 0
    timed = first if first.latency is not None else measured[-1]
    before = latencies_of(probe.name, history, options)
    result = ProbeResult(
        probe=probe.name,
        title=probe.title,
        model=probe.model,
        budget_ms=probe.budget_ms,
        asked=asked,
        latency=latencies[0] if latencies else None,
        errors=errors,
        error=next((one.error for one in measured if one.error), ""),
        again=latencies[1] if len(latencies) > 1 else None,
        is_confirmed=not (is_once or (doubtful and again is None)),
        kinds={kind: latency.p50 for kind, latency in timed.kinds.items()},
        waits=timed.waits,
        slower=slower(latencies[0], latencies[1], before, options) if len(latencies) > 1 else None,
    )
    if not is_once:
        return result, ""
    times = f"{format_count(errors, 'time')} in {asked} ({result.error})"
    return result, f"{probe.name} failed {times}, in only one of two measurements."
