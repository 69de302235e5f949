"""Data docs: the results as Great Expectations' site shows them; made from ours, so no row's value is in them."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.gateways.clock import utc_now
from dbops.gateways.validator.context import SITE


@dataclass(frozen=True)
class Shown:
    """A result, and the expectation that it is shown as."""

    result: CheckResult
    type: str
    kwargs: Mapping[str, Any]
    description: str = ""


def build_docs(context: Any, sections: Sequence[tuple[str, Sequence[Shown]]], folder: Path) -> Path:
    """Build the site of one validation into ``folder`` and return it; each section has a page."""
    run = RunIdentifier(run_name="checks", run_time=utc_now())
    for title, shown in sections:
        # A dot in a suite's name would become a folder, and a slash leave it.
        name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in title)
        section = _escaped(title)
        results = [_result(one) for one in shown]
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
                meta={
                    "run_id": run,
                    "expectation_suite_name": name,
                    "active_batch_definition": {"data_asset_name": section},
                },
            ),
            suite_validation_result_identifier=ValidationResultIdentifier(
                expectation_suite_identifier=identifier, run_id=run, batch_identifier=section
            ),
            expectation_suite_identifier=identifier,
        )
    context.build_data_docs(site_names=[SITE])
    for picture in (folder / "static" / "images").glob("*.gif"):
        picture.unlink()  # of how-to pages that we do not show: four fifths of the site
    return folder


def _result(shown: Shown) -> Any:
    known = shown.result
    unknown = known.outcome is Outcome.NOT_EVALUATED
    said = "proven from the catalog" if known.how == "catalog" else "it holds"
    kwargs = dict(shown.kwargs)
    if isinstance(column := kwargs.get("column"), str):
        kwargs["column"] = _escaped(column)  # the title of its part of the page
    meta = {"rule_id": known.rule_id, "source": known.source, "description": shown.description}
    return ExpectationValidationResult(
        success=known.outcome is Outcome.PASSED,
        expectation_config=ExpectationConfiguration(type=shown.type, kwargs=kwargs, meta=meta),
        result={} if unknown else {"observed_value": _escaped(known.sentence or said)},
        meta={},
        exception_info={
            "raised_exception": unknown,
            "exception_message": known.sentence if unknown else None,
            "exception_traceback": "" if unknown else None,
        },
    )


def _escaped(text: str) -> str:
    """What Great Expectations puts into a page as it is: titles, columns and what was observed, but no other kwargs."""
    return html.escape(text, quote=False)
