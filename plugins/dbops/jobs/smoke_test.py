"""smoke_test: does each operation that the application lives from work? Each is executed once, and rolled back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dbops.domain.checks import CheckResult, Outcome
from dbops.domain.connection import DatabaseAddress
from dbops.domain.operations import in_words, passed_by_model
from dbops.domain.probes import Probe
from dbops.domain.target import Target
from dbops.errors import InvalidRequest
from dbops.gateways.probe_files import has_probes, read_probes
from dbops.gateways.probing import execute_once


@dataclass(frozen=True)
class SmokeTest:
    """A result for each probe; ``operations`` is how many work, by model, empty where there is no probe."""

    results: tuple[CheckResult, ...] = ()
    operations: str = ""


def smoke_test(target: Target, address: DatabaseAddress, include: Path) -> SmokeTest:
    """Execute the target's probes once; files that cannot be used are a result too. Raises DatabaseError."""
    if not has_probes(include, target.name):
        return SmokeTest()
    try:
        probes = read_probes(include, target.name)
    except InvalidRequest as error:
        return SmokeTest(results=(_unreadable(target, error),))
    wrong = execute_once(address, probes, target.probes)
    tried = [probe for probe in probes if probe.name in wrong]
    return SmokeTest(
        tuple(_result(probe, wrong[probe.name]) for probe in tried),
        in_words(passed_by_model((probe.model, not wrong[probe.name]) for probe in tried)),
    )


def _result(probe: Probe, wrong: str) -> CheckResult:
    return CheckResult(
        rule_id=f"operation/{probe.name}",
        group="operation",
        subject=probe.name,
        description=f"{probe.title} works",
        outcome=Outcome.FAILED if wrong else Outcome.PASSED,
        sentence=f"the operation fails: {wrong}" if wrong else "",
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
