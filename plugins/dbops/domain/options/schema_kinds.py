"""The kinds of difference between a schema and its baseline: the keys of ``checks.severity``, and how bad each is.

A target may say otherwise. docs/expectations.md says what each means; change both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from dbops.domain.words.severity import Severity

_ERRORS = (
    "missing_table",
    "changed_table",
    "missing_column",
    "changed_type",
    "changed_nullability",
    "changed_default",
    "missing_constraint",
    "changed_constraint",
    "not_valid_constraint",
    "missing_index",
    "changed_index",
    "invalid_index",
    "missing_enum",
    "missing_enum_label",
    "changed_enum",
    "missing_trigger",
    "changed_trigger",
    "disabled_trigger",
)
_WARNINGS = (
    "extra_table",
    "extra_column",
    "extra_constraint",
    "extra_index",
    "extra_enum",
    "extra_enum_label",
    "extra_trigger",
    "renamed_constraint",
    "renamed_index",
    "recommended_index",
    "sequence_near_end",
    "transaction_id_age",
    "collation_version",
)
KINDS: Mapping[str, Severity] = {**dict.fromkeys(_ERRORS, "error"), **dict.fromkeys(_WARNINGS, "warning")}


def severity_of(
    kind: str, overrides: Mapping[str, Literal["error", "warning", "ignore"]], default: Severity | None = None
) -> Severity | None:
    """How bad a difference of that kind is for a target; None where it is to be ignored."""
    chosen = overrides.get(kind, default or KINDS[kind])
    return None if chosen == "ignore" else chosen
