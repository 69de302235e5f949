"""smoke_test: does each operation that the application lives from work? Each is executed once, and rolled back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.probes import Probe
from dbops.domain.probes.operations import in_words, passed_by_model
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.severity import Severity
from dbops.errors import InvalidRequest
from dbops.gateways.files.probe_files import has_probes, read_probes
from dbops.gateways.probing import Tried, execute_once


@dataclass(frozen=True)
class SmokeTest:
    """A result for each probe; ``operations`` is how many work, by model, empty where there is no probe."""

    results: tuple[CheckResult, ...] = ()
    operations: str = ""


def smoke_test(target: Target, address: DatabaseAddress, include: Path) -> SmokeTest:
    """Execute the target's probes once, as the role of ``address``; files that cannot be used are a result too.

    What our role may not do, or has no parameters for, could not be evaluated, and is a warning. Raises DatabaseError.
    """
    if not has_probes(include, target.name):
        return SmokeTest()
    try:
        probes = read_probes(include, target.name)
    except InvalidRequest as error:
        return SmokeTest(results=(_unreadable(target, error),))
    came = execute_once(address, probes, target.probes)
    tried = [probe for probe in probes if probe.name in came]
    return SmokeTest(
        tuple(_result(probe, came[probe.name]) for probe in tried),
        in_words(
            passed_by_model(
                (probe.model, not came[probe.name].wrong) for probe in tried if not came[probe.name].unknown
            )
        ),
    )


def _result(probe: Probe, came: Tried) -> CheckResult:
    severity: Severity = "error"
    outcome, sentence = Outcome.PASSED, ""
    if came.unknown:
        outcome, severity, sentence = Outcome.NOT_EVALUATED, "warning", f"the operation was not tried: {came.unknown}"
    elif came.wrong:
        outcome, sentence = Outcome.FAILED, f"the operation fails: {came.wrong}"
    return CheckResult(
        rule_id=f"operation/{probe.name}",
        group="operation",
        subject=probe.name,
        description=f"{probe.title} works",
        outcome=outcome,
        severity=severity,
        sentence=sentence,
        source=probe.source,
    )


def _unreadable(target: Target, error: InvalidRequest) -> CheckResult:
    what, *faults = error.what.splitlines()
    return CheckResult(
        rule_id="operation",
        group="operation",
        subject=f"sql/{target.name}/probes",
        outcome=Outcome.NOT_EVALUATED,
        sentence=f"{what} {'; '.join(faults)}".strip(),
    )
