"""The schema is compared inside Great Expectations: what differs is told once, and what is as it was passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dbops.domain.checks.suite import Outcome
from dbops.gateways.files.baseline_files import read_baseline
from tests.validating import Validating, satisfies, suite

INCLUDE = Path(__file__).parents[2] / "include"

CHANGES = {
    "a missing table": ('DROP TABLE "ShareLink"', "missing_table:public.ShareLink"),
    "an extra table": ("CREATE TABLE extra (id int)", "extra_table:public.extra"),
    "a missing column": ('ALTER TABLE "Tag" DROP COLUMN "createdAt"', "missing_column:public.Tag.createdAt"),
    "a changed type": ('ALTER TABLE "Tag" ALTER "createdAt" TYPE timestamptz', "changed_type:public.Tag.createdAt"),
    "a missing index": ('DROP INDEX "Summary_status_idx"', "missing_index:public.Summary.Summary_status_idx"),
    "a new label": ("""ALTER TYPE "Plan" ADD VALUE 'VIP'""", "extra_enum_label:public.Plan"),
    "a disabled trigger": ('ALTER TABLE "ShareLink" DISABLE TRIGGER ALL', "disabled_trigger:public.ShareLink"),
}


def told(validating: Validating, **options: Any) -> dict[str, str]:
    """By what differs, how bad it is: everything but the two indexes that the application should have."""
    known = read_baseline(INCLUDE, "summary_app")
    assert known is not None
    found = validating.validate(suite("User", satisfies("true")), baseline=known, **options)
    bad = [one for one in found.results if one.is_bad and not one.rule_id.startswith("recommended_index:")]
    assert all(one.group == "schema" and one.outcome is Outcome.FAILED and one.sentence for one in bad)
    return {one.rule_id: one.severity for one in bad}


def test_the_sample_is_as_its_baseline_says(validating: Validating) -> None:
    assert told(validating, docs=True) == {}
    assert validating.last is not None
    assert {one.rule_id for one in validating.last.results if one.outcome is Outcome.PASSED} >= {
        f"schema:{kind}" for kind in ("table", "column", "constraint", "index", "trigger", "enum")
    }
    assert validating.last.statements == 1
    assert validating.last.docs is not None
    assert list((validating.last.docs / "validations/schema").rglob("*.html"))


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_named(validating: Validating, change: str) -> None:
    statement, name = CHANGES[change]
    validating.tell(statement)

    assert any(one.startswith(name) for one in told(validating)), told(validating)


def test_an_optional_table_may_be_absent_from_schema_and_rules(validating: Validating) -> None:
    validating.tell('DROP TABLE "Progress"')

    assert told(validating, optional=("Progress",)) == {}
    assert validating.bad(optional=("Progress",)) == []


def test_more_differences_than_great_expectations_lists_are_all_named(validating: Validating) -> None:
    validating.tell(*(f"CREATE TABLE extra_{number} (id int)" for number in range(40)))

    assert sum(name.startswith("extra_table:") for name in told(validating)) == 40
