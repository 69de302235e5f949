"""What loses rows or stops the application is an error of the linter, and what to do is the linter's word or ours."""

from __future__ import annotations

import pytest

from dbops.domain.migrations.lint_rules import LEFT_OUT, remedy_of_rule, severity_of_rule


@pytest.mark.parametrize(
    "rule",
    [
        *("ban-drop-column", "ban-drop-table", "ban-drop-schema", "ban-drop-database", "ban-truncate-cascade"),
        *("changing-column-type", "adding-foreign-key-constraint", "require-concurrent-index-creation"),
        *("renaming-column", "renaming-table", "adding-required-field", "syntax-error"),
    ],
)
def test_what_loses_rows_or_stops_the_application_is_an_error(rule: str) -> None:
    assert severity_of_rule(rule) == "error"
    assert rule not in LEFT_OUT


@pytest.mark.parametrize("rule", ["prefer-text-field", "prefer-big-int", "invented-later"])
def test_everything_else_is_advice(rule: str) -> None:
    assert severity_of_rule(rule) == "warning"


def test_the_linters_own_remedy_comes_before_ours() -> None:
    assert remedy_of_rule("ban-drop-column", "Do it so.") == "Do it so."
    assert "a backup has its rows" in remedy_of_rule("ban-drop-column", None)
    assert "a backup has its rows" in remedy_of_rule("ban-drop-column", "")
    assert remedy_of_rule("prefer-text-field", None) == ""
