"""check_restored: ask a restored database the target's own rules, beside the comparison with its backup."""

from __future__ import annotations

from dbops.domain.backups.verification import Verification
from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DbopsError
from dbops.gateways.files.baseline_files import read_baseline
from dbops.gateways.files.target_files import has_expectations, include_folder
from dbops.gateways.validator import validate
from dbops.gateways.validator.expectation_files import checks_folder, read_suites

_TOLD = 10


def check_restored(target: Target, address: DatabaseAddress, proof: Verification) -> Verification:
    """The same verdict, with a warning for each rule of severity error that the restored database does not obey.

    Warnings, for a backup is good when it is what the source was: also one whose source broke a rule. Nothing is asked
    where the target has no rules, or only a part was restored.
    """
    include = include_folder()
    if not proof.whole or not has_expectations(include, target.name):
        return proof
    try:
        found = validate(
            address,
            read_suites(include, target.name).suites,
            options=target.checks,
            full=True,
            folder=None,
            baseline=read_baseline(include, target.name),
            sql_folder=checks_folder(include, target.name),
        )
    except DbopsError as error:
        return proof.with_warning(f"The rules of {target.name} could not be evaluated: {error.what}")
    bad = [result for result in found.results if result.is_bad and result.severity == "error"]
    for result in bad[:_TOLD]:
        proof = proof.with_warning(_sentence(result))
    left = len(bad) - _TOLD
    return proof.with_warning(f"{left} more rules are broken.") if left > 0 else proof


def _sentence(result: CheckResult) -> str:
    unknown = "could not evaluate: " if result.outcome is Outcome.NOT_EVALUATED else ""
    return f"Rule of {result.subject}: {unknown}{result.sentence or result.rule_id}"
