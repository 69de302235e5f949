"""The schema: each kind of object as a set of signatures, compared by Great Expectations with the SchemaBaseline's."""

from __future__ import annotations

from typing import Any

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.baseline import ObjectKind, SchemaBaseline, signatures
from dbops.domain.schema.differences import differences_of
from dbops.gateways.schema.schema_reader import signature_queries
from dbops.gateways.validator.batch import Batch
from dbops.gateways.validator.expectations import META
from dbops.gateways.validator.server import Refused, Server

EXPECTATION = "expect_column_distinct_values_to_equal_set"
SUBJECT = "schema"
_COLUMN = "sig"


def schema_results(server: Server, context: Any, baseline: SchemaBaseline, options: CheckOptions) -> list[CheckResult]:
    """A result for each difference, and one for each kind of object in which there is none or that nobody could read.

    Raises DatabaseError where the connection is lost.
    """
    wanted = signatures(baseline)
    missing: dict[ObjectKind, frozenset[str]] = {}
    unexpected: dict[ObjectKind, frozenset[str]] = {}
    results: list[CheckResult] = []
    with server.pinned():
        for kind, query in signature_queries().items():
            found = _found(server, context, query, wanted[kind])
            if found is None:
                refusal = server.heard()
                why = refusal.sentence if refusal else "Great Expectations could not evaluate it"
                results.append(_result(kind, Outcome.NOT_EVALUATED, f"the {kind} signatures cannot be read: {why}"))
                continue
            missing[kind], unexpected[kind] = wanted[kind] - found, found - wanted[kind]
    told = differences_of(missing, unexpected, baseline, options)
    passed = [kind for kind in missing if not told or not (missing[kind] or unexpected[kind])]
    return [*told, *results, *(_result(kind, Outcome.PASSED) for kind in passed)]


def _found(server: Server, context: Any, query: str, wanted: frozenset[str]) -> frozenset[str] | None:
    """What the database has; None where it could not be read."""
    configuration = ExpectationConfiguration(
        type=EXPECTATION,
        kwargs={"column": _COLUMN, "value_set": sorted(wanted)},
        meta={META: {"rule_id": SUBJECT}},
    )
    server.heard()
    (result,) = Batch.of_query(server, context, query).validate([configuration], {"result_format": "BOOLEAN_ONLY"})
    if result.success:
        return wanted
    try:
        # All of them: Great Expectations names no more than twenty that are missing or unexpected.
        return frozenset(str(text) for (text,) in server.ask(query))
    except Refused:
        return None


def _result(kind: ObjectKind, outcome: Outcome, sentence: str = "") -> CheckResult:
    return CheckResult(
        rule_id=f"{SUBJECT}:{kind}", group="schema", subject=SUBJECT, outcome=outcome, sentence=sentence, how="catalog"
    )
