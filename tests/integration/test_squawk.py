"""Promise: the linter's remarks on a migration come with rule, line, sentence, remedy and weight."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dbops.errors import PreflightFailed
from dbops.gateways.processes.squawk import lint, lint_down
from tests.migrating_scratch import migration

REMARKS = {
    'ALTER TABLE "User" DROP COLUMN name': ("ban-drop-column", "error"),
    'DROP TABLE "Tag"': ("ban-drop-table", "error"),
    'ALTER TABLE "User" ADD age int NOT NULL': ("adding-required-field", "error"),
    'ALTER TABLE "User" ALTER name SET NOT NULL': ("adding-not-nullable-field", "error"),
    'ALTER TABLE "User" ALTER "monthlyLimit" TYPE bigint': ("changing-column-type", "error"),
    'ALTER TABLE "User" RENAME name TO "fullName"': ("renaming-column", "error"),
    'ALTER TABLE "User" RENAME TO "Person"': ("renaming-table", "error"),
    'CREATE INDEX by_name ON "User" (name)': ("require-concurrent-index-creation", "error"),
    'DROP INDEX by_name': ("require-concurrent-index-deletion", "warning"),
    'ALTER TABLE "User" ADD CONSTRAINT is_named CHECK (name IS NOT NULL)': ("constraint-missing-not-valid", "error"),
    'ALTER TABLE "User" ADD UNIQUE (name)': ("disallowed-unique-constraint", "error"),
    'CREATE INDEX CONCURRENTLY a ON "User" (name); SELECT 1': ("ban-concurrent-index-creation-in-transaction", "error"),
    'ALTRE TABLE "User" ADD age int': ("syntax-error", "error"),
}  # fmt: skip


@pytest.mark.parametrize("sql", REMARKS)
def test_a_remark_has_its_rule_its_line_and_its_weight(sql: str) -> None:
    rule, severity = REMARKS[sql]

    found = [one for one in lint(migration("1_x", f"-- why\n\n{sql};\n"), server_major=17) if one.rule == rule]

    assert {(one.line, one.severity) for one in found} == {(3, severity)}
    assert all(one.sentence for one in found)
    assert all(one.remedy for one in found) or rule not in {"ban-drop-column", "require-concurrent-index-creation"}


def test_what_down_sql_would_lose_is_a_warning_and_what_is_advice_is_none() -> None:
    down = 'ALTER TABLE "User" DROP COLUMN "age";\nALTER TABLE "User" ADD "n" int;'

    found = lint_down(replace(migration("1_x", 'ALTER TABLE "User" ADD "age" bigint;'), down=down), server_major=17)

    assert [(one.rule, one.line, one.severity) for one in found] == [("ban-drop-column", 1, "warning")]
    assert lint_down(migration("1_x", "SELECT 1;"), server_major=17) == ()


def test_what_our_runner_does_anyway_is_not_asked_for() -> None:
    assert lint(migration("1_x", 'ALTER TABLE "User" ADD "age" bigint;'), server_major=17) == ()


def test_an_index_that_is_built_concurrently_and_alone_is_as_it_should_be() -> None:
    sql = 'CREATE INDEX CONCURRENTLY "by_name" ON "User" ("name");'

    assert lint(migration("1_x", sql, concurrently=True), server_major=17) == ()


def test_a_rule_may_be_silenced_in_the_file_and_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = 'ALTER TABLE "User" DROP COLUMN "name";'
    (tmp_path / ".squawk.toml").write_text('excluded_rules = ["ban-drop-column"]\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert [one.rule for one in lint(migration("1_x", sql), server_major=17)] == ["ban-drop-column"]
    assert lint(migration("1_x", f"-- squawk-ignore ban-drop-column\n{sql}"), server_major=17) == ()


def test_a_linter_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PreflightFailed, match=r"squawk is not installed.*squawk-cli is in it\."):
        lint(migration("1_x", "SELECT 1;"), server_major=17)


def test_a_linter_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "squawk"
    program.write_text("#!/bin/sh\necho 'out of luck' >&2\nexit 2\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(PreflightFailed, match="could not read 1_x: out of luck"):
        lint(migration("1_x", "SELECT 1;"), server_major=17)
