"""The kinds of difference between a schema and its baseline: the keys of ``checks.severity``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from dbops.domain.words.severity import Severity


@dataclass(frozen=True)
class DifferenceKind:
    """How bad it is unless the target says otherwise, and what it means."""

    severity: Severity
    meaning: str


_ERRORS = {
    "missing_table": "a table or view of the baseline is not there",
    "changed_table": "it is something else now: a view, partitioned, unlogged, or a view with another query",
    "missing_column": "a column of the baseline is not there",
    "changed_type": "a column has another type",
    "changed_nullability": "a column takes NULL and must not, or the other way round",
    "changed_default": "a column has another default, identity or generating expression",
    "missing_constraint": "a primary key, unique, foreign key, check or exclusion constraint is not there",
    "changed_constraint": "a constraint of that name says something else",
    "not_valid_constraint": "a constraint is NOT VALID: rows that were there before it may break it",
    "missing_index": "an index of the baseline is not there",
    "changed_index": "an index of that name is defined otherwise",
    "invalid_index": "the build of an index failed: it costs every write and helps no query",
    "missing_enum": "an enum is not there",
    "missing_enum_label": "a label of an enum is not there",
    "changed_enum": "an enum has the same labels in another order, so they sort otherwise",
    "missing_trigger": "a trigger is not there",
    "changed_trigger": "a trigger of that name does something else, or fires at other times",
    "disabled_trigger": "a trigger does not fire, or those of a foreign key do not, so that it guards nothing",
}
_WARNINGS = {
    "extra_table": "there is a table or view that the baseline does not know",
    "extra_column": "there is a column that the baseline does not know",
    "extra_constraint": "there is a constraint that the baseline does not know",
    "extra_index": "there is an index that the baseline does not know",
    "extra_enum": "there is an enum that the baseline does not know",
    "extra_enum_label": "an enum has a label that the baseline does not know",
    "extra_trigger": "there is a trigger that the baseline does not know",
    "renamed_constraint": "an equal constraint has another name",
    "renamed_index": "an equal index has another name",
    "recommended_index": "an index that schema.yaml recommends is not there",
    "sequence_near_end": "a sequence, or the integer column it fills, has little room left (an error from 90 %)",
    "transaction_id_age": "the oldest transaction id is old, and vacuum does not keep up (an error from 1 billion)",
    "collation_version": "the operating system sorts text otherwise than when indexes were built: they may be corrupt",
}
KINDS: Mapping[str, DifferenceKind] = {
    **{kind: DifferenceKind("error", meaning) for kind, meaning in _ERRORS.items()},
    **{kind: DifferenceKind("warning", meaning) for kind, meaning in _WARNINGS.items()},
}


def severity_of(
    kind: str, overrides: Mapping[str, Literal["error", "warning", "ignore"]], default: Severity | None = None
) -> Severity | None:
    """How bad a difference of that kind is for a target; None where it is to be ignored."""
    chosen = overrides.get(kind, default or KINDS[kind].severity)
    return None if chosen == "ignore" else chosen
