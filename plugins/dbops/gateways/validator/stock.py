"""Great Expectations' own expectations: which there are, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import great_expectations.expectations  # noqa: F401 - registers all of them
from great_expectations.compatibility.pydantic import ValidationError
from great_expectations.exceptions.exceptions import ExpectationNotFoundError
from great_expectations.expectations.registry import (
    get_expectation_impl,
    list_registered_expectation_implementations,
)

from dbops.domain.checks.own_expectations import OWN
from dbops.domain.sql.text import objection
from dbops.gateways.files.yaml_lines import Place
from dbops.gateways.validator.own_refusals import unknown_kwarg

# What every expectation has and a rule says elsewhere, or may not say: what comes back is ours to choose.
_NOT_KWARGS = frozenset(
    {"id", "meta", "notes", "result_format", "description", "catch_exceptions", "rendered_content", "severity"}
    | {"windows", "batch_id", "condition_parser"}
)


def types() -> list[str]:
    """The names of Great Expectations' own expectations."""
    return [name for name in list_registered_expectation_implementations() if name not in OWN]


def is_known(kind: str) -> bool:
    """Whether there is an expectation of that name."""
    try:
        get_expectation_impl(kind)
    except ExpectationNotFoundError:
        return False
    return True


def refusals(kind: str, kwargs: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Each thing that is wrong with the kwargs, with its place in the expectation."""
    implementation: Any = get_expectation_impl(kind)
    known = [name for name in implementation.__fields__ if name not in _NOT_KWARGS]
    strange = [name for name in kwargs if name not in known]
    for name in strange:
        yield ("kwargs", name), unknown_kwarg(name, known)
    for name, value in kwargs.items():
        why = objection(value) if name.endswith("query") and isinstance(value, str) else ""
        if why:
            yield ("kwargs", name), f"{name}: {why}"
    told: set[str] = set()
    try:
        implementation(**{name: value for name, value in kwargs.items() if name in known})
    except ValidationError as invalid:
        for error in invalid.errors():
            name = str(error["loc"][0])
            if name == "__root__" and not told and not strange:
                yield ("kwargs",), str(error["msg"])
            elif name != "__root__" and name not in told:
                missing = error["type"] == "value_error.missing"
                told.add(name)
                place = ("kwargs",) if missing else ("kwargs", name)
                yield place, f"{name} is missing from its kwargs" if missing else f"{name}: {error['msg']}"
    except (TypeError, ValueError) as error:
        yield ("kwargs",), str(error)
