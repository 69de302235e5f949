"""Data docs: the results as Great Expectations' site shows them; made from ours, so no row's value is in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from great_expectations.core import ExpectationSuite, ExpectationSuiteValidationResult
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.validator.validation_statistics import calc_validation_statistics

from dbops.domain.checks import Outcome
from dbops.gateways.validator.asked import Asked
from dbops.gateways.validator.context import SITE
from dbops.gateways.validator.first_pass import gx_kwargs


def build_docs(context: Any, sections: Sequence[tuple[str, Sequence[Asked]]], folder: Path) -> Path:
    """Build the site of one validation into ``folder`` and return it; each section is a table with its rules."""
    run = RunIdentifier(run_name="checks", run_time=datetime.now(UTC))
    for table, rules in sections:
        # A dot in a suite's name would become a folder, and a slash leave it.
        name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in table)
        results = [_result(asked) for asked in rules if asked.result is not None]
        statistics = calc_validation_statistics(results)
        context.suites.add(ExpectationSuite(name=name, expectations=[one.expectation_config for one in results]))
        identifier = ExpectationSuiteIdentifier(name)
        context.validation_results_store.store_validation_results(
            suite_validation_result=ExpectationSuiteValidationResult(
                results=results,
                success=bool(statistics.success),
                suite_name=name,
                statistics={
                    "evaluated_expectations": statistics.evaluated_expectations,
                    "successful_expectations": statistics.successful_expectations,
                    "unsuccessful_expectations": statistics.unsuccessful_expectations,
                    "success_percent": statistics.success_percent,
                },
                meta={"run_id": run, "expectation_suite_name": name, "active_batch_definition": {}},
            ),
            suite_validation_result_identifier=ValidationResultIdentifier(
                expectation_suite_identifier=identifier, run_id=run, batch_identifier=table
            ),
            expectation_suite_identifier=identifier,
        )
    context.build_data_docs(site_names=[SITE])
    return folder


def _result(asked: Asked) -> Any:
    known = asked.result
    assert known is not None  # noqa: S101 - the caller leaves those out
    configuration = ExpectationConfiguration(
        type=asked.rule.type,
        kwargs=gx_kwargs(asked),
        meta={"rule_id": asked.rule.rule_id, "source": known.source},
    )
    unknown = known.outcome is Outcome.NOT_EVALUATED
    observed = (
        known.sentence
        if known.outcome is Outcome.FAILED
        else "proven from the catalog"
        if known.how == "catalog"
        else "it holds"
    )
    return ExpectationValidationResult(
        success=known.outcome is Outcome.PASSED,
        expectation_config=configuration,
        result={} if unknown else {"observed_value": observed},
        meta={},
        exception_info={
            "raised_exception": unknown,
            "exception_message": known.sentence if unknown else None,
            "exception_traceback": "" if unknown else None,
        },
    )
