"""A suite that is wrong in part is wrong in that part only, and says where."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.gateways.validator.expectation_files import SuiteFiles, read_suites

HEAD = "table: public.Summary\nexpectations:\n"


def read(tmp_path: Path, **files: str) -> SuiteFiles:
    folder = tmp_path / "expectations/app"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return read_suites(tmp_path, "app")


def fault(tmp_path: Path, text: str) -> CheckResult:
    """The one fault of a file, whose other rule is not hidden by it."""
    good = "  - type: expect_rows_to_satisfy\n    kwargs: {condition: good}\n"
    files = read(tmp_path, Summary=f"{HEAD}{good}{text}")
    assert [rule.kwargs for suite in files.suites for rule in suite.rules] == [{"condition": "good"}]
    (one,) = files.faults
    assert one.outcome is Outcome.NOT_EVALUATED
    assert one.group == "data"
    return one


def test_a_suite_is_read_with_the_line_of_each_rule(tmp_path: Path) -> None:
    text = f"""{HEAD}  - type: expect_rows_to_satisfy
    kwargs: {{condition: '"wordCount" >= 0'}}
    meta: {{severity: warning, description: a length}}

  - kwargs: {{min_value: 3}}
    type: expect_row_count_to_be_at_least
"""

    (suite,) = read(tmp_path, Summary=text).suites

    assert suite.table == ("public", "Summary")
    first, second = suite.rules
    assert (first.type, first.kwargs) == ("expect_rows_to_satisfy", {"condition": '"wordCount" >= 0'})
    assert (first.severity, first.description) == ("warning", "a length")
    assert (first.source, first.line) == ("expectations/app/Summary.yaml", 3)
    assert (second.severity, second.line) == ("error", 8)
    assert first.rule_id.startswith("public.Summary/rows_to_satisfy/")


def test_a_rule_keeps_its_id_wherever_it_stands_and_however_it_is_described(tmp_path: Path) -> None:
    rule = "  - type: expect_rows_to_satisfy\n    kwargs: {condition: a > 0}\n"
    before = read(tmp_path, Summary=HEAD + rule).suites[0].rules[0]
    other = "  - type: expect_rows_to_satisfy\n    kwargs: {condition: b > 0}\n"

    after = read(tmp_path, Summary=HEAD + other + rule + "    meta: {description: x}\n").suites[0].rules

    assert after[1].rule_id == before.rule_id != after[0].rule_id


WRONG = {
    "an unknown expectation": (
        "  - type: expect_row_to_satisfy\n    kwargs: {condition: x}\n",
        5,
        'there is no expectation "expect_row_to_satisfy". Did you mean "expect_rows_to_satisfy"?',
    ),
    "an unknown stock expectation": (
        "  - type: expect_column_values_to_be_betwen\n    kwargs: {column: x}\n",
        5,
        'Did you mean "expect_column_values_to_be_between"?',
    ),
    "an unknown kwarg": (
        "  - type: expect_rows_to_satisfy\n    kwargs:\n      condition: x\n      condtion: x\n",
        8,
        '"condtion" is not among its kwargs. Did you mean "condition"?',
    ),
    "an unknown kwarg of a stock expectation": (
        "  - type: expect_column_values_to_be_between\n    kwargs: {column: x, min_valu: 3}\n",
        6,
        '"min_valu" is not among its kwargs. Did you mean "min_value"?',
    ),
    "a wrong type": ("  - type: expect_row_count_to_be_at_least\n    kwargs: {min_value: many}\n", 6, "min_value"),
    "a wrong type of a stock expectation": (
        "  - type: expect_column_values_to_be_between\n    kwargs: {column: [x], min_value: 1}\n",
        6,
        "column: str type expected",
    ),
    "a missing kwarg": ("  - type: expect_rows_to_satisfy\n    kwargs: {}\n", 6, "condition is missing"),
    "a missing kwarg of a stock expectation": (
        "  - type: expect_column_values_to_not_be_null\n    kwargs: {}\n",
        6,
        "column is missing",
    ),
    "a missing type": ("  - kwargs: {condition: x}\n", 5, "an expectation has a type"),
    "no section": ("  - expect_rows_to_satisfy\n", 5, "an expectation is a section"),
    "kwargs that are none": ("  - type: expect_rows_to_satisfy\n    kwargs: x\n", 6, "kwargs must be a section"),
    "an unknown key": (
        "  - type: expect_rows_to_satisfy\n    kwargs: {condition: x}\n    metta: {}\n",
        7,
        'Did you mean "meta"?',
    ),
    "an unknown severity": (
        "  - type: expect_rows_to_satisfy\n    kwargs: {condition: x}\n    meta: {severity: warn}\n",
        7,
        'severity must be one of error, warning. Did you mean "warning"?',
    ),
    "an age that is none": (
        "  - type: expect_newest_row_within\n    kwargs: {column: at, max_age: soon}\n",
        6,
        "'soon' is not a duration",
    ),
    "a shape that is none": (
        "  - type: expect_jsonb_to_have_shape\n    kwargs: {column: j, is: list}\n",
        6,
        "is must be 'object' or 'array'",
    ),
    "no columns": ("  - type: expect_rows_to_be_unique\n    kwargs: {columns: []}\n", 6, "columns is empty"),
    "columns without their parents": (
        "  - type: expect_rows_to_have_parent\n"
        "    kwargs: {columns: [a, b], parent: public.User, parent_columns: [id]}\n",
        6,
        "must be as many",
    ),
    "a missing file": (
        "  - type: expect_query_to_return_no_rows\n    kwargs: {file: usage.sql}\n",
        6,
        "there is no file usage.sql in sql/app/checks",
    ),
    "a file elsewhere": (
        "  - type: expect_query_to_return_no_rows\n    kwargs: {file: ../usage.sql}\n",
        6,
        "name a file of include/sql/<target>/checks/",
    ),
    "a condition that ends the statement": (
        "  - type: expect_rows_to_satisfy\n    kwargs: {condition: 'true; DROP TABLE a'}\n",
        6,
        "semicolon",
    ),
    "a NUL character": (
        '  - type: expect_rows_to_be_unique\n    kwargs: {columns: ["a\\0"]}\n',
        6,
        "NUL character",
    ),
    "the same rule twice": (
        "  - type: expect_rows_to_satisfy\n    kwargs: {condition: good}\n",
        5,
        "is given twice, first in line 3",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_it_is_a_fault_with_its_line_and_hides_no_other_rule(tmp_path: Path, wrong: str) -> None:
    text, line, sentence = WRONG[wrong]

    found = fault(tmp_path, text)

    assert sentence in found.sentence
    assert found.source == f"expectations/app/Summary.yaml:{line}"
    assert found.subject == "public.Summary"


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("table: public.A\nexpectations: [\n", 3, "this is not YAML"),
        ("expectations: []\n", None, "a suite says of which table it is"),
        ('table: "public.A.B.C"\n', 1, "is not the name of a table"),
        ("table: public.A\nexpectations: {type: x}\n", 2, "expectations must be a list"),
        ("table: public.A\noptional: maybe\n", 2, "optional must be true or false"),
        ("- table: public.A\n", 1, "this is not a mapping"),
        ("table: public.A\ntabel: public.B\n", 2, '"tabel" is not a key of a suite. Did you mean "table"?'),
    ],
)
def test_a_file_that_is_wrong_is_one_fault_and_the_others_are_read(
    tmp_path: Path, text: str, line: int | None, sentence: str
) -> None:
    files = read(tmp_path, A=text, B="table: public.B\n")

    (found,) = files.faults
    assert ("public", "B") in [suite.table for suite in files.suites]
    assert sentence in found.sentence
    assert found.source == "expectations/app/A.yaml" + (f":{line}" if line else "")


def test_two_suites_of_one_table_are_a_fault_of_the_second(tmp_path: Path) -> None:
    files = read(tmp_path, A="table: public.T\n", B="\ntable: T\n")

    (found,) = files.faults
    assert len(files.suites) == 1
    assert found.source == "expectations/app/B.yaml:2"
    assert "public.T has a suite already, expectations/app/A.yaml" in found.sentence


def test_the_schema_is_no_suite_and_another_ending_is_a_fault(tmp_path: Path) -> None:
    read(tmp_path, schema="tables: {}\n")
    (tmp_path / "expectations/app/T.yml").write_text("table: public.T\n")

    files = read_suites(tmp_path, "app")

    assert files.suites == ()
    assert [one.source for one in files.faults] == ["expectations/app/T.yml"]


def test_a_target_without_suites_has_none(tmp_path: Path) -> None:
    assert read_suites(tmp_path, "app") == SuiteFiles()


def test_a_query_that_cannot_be_put_into_a_statement_is_a_fault(tmp_path: Path) -> None:
    checks = tmp_path / "sql/app/checks"
    checks.mkdir(parents=True)
    (checks / "usage.sql").write_text("SELECT id FROM a; DROP TABLE a\n")

    found = fault(tmp_path, "  - type: expect_query_to_return_no_rows\n    kwargs: {file: usage.sql}\n")

    assert found.sentence == "usage.sql: it has a semicolon; write one expression or query, without a semicolon"


def test_reading_rules_of_our_own_imports_no_great_expectations(tmp_path: Path) -> None:
    read(tmp_path, A="table: public.A\nexpectations:\n- {type: expect_rows_to_satisfy, kwargs: {condition: x}}\n")
    script = (
        f"import sys; sys.path[:] = {sys.path!r}\n"
        "from pathlib import Path; import dbops.gateways.validator\n"
        "from dbops.gateways.validator.expectation_files import read_suites\n"
        f"files = read_suites(Path({str(tmp_path)!r}), 'app')\n"
        "assert files.suites and not files.faults\n"
        "assert 'great_expectations' not in sys.modules"
    )

    ran = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
