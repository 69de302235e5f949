"""Promises of schema.yaml: the same text for the same schema, nothing hand-written lost, faults with their lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from dbops.domain.fault import Fault
from dbops.domain.schema.baseline import SchemaBaseline
from dbops.errors import InvalidRequest
from dbops.gateways.files.baseline_files import (
    SchemaFileFault,
    read_baseline,
    read_baseline_file,
    tables_with_suites,
    write_file,
)
from dbops.gateways.files.baseline_text import rendered
from tests.unit.schemas import SCHEMAS, SHOP, USER

WISH = 'CREATE INDEX CONCURRENTLY "User_wish_idx" ON "User" (plan)'
BY_HAND = f"""\
# Ours since 2024.
optional: [public.Progress]    # in memory

recommended_indexes:
  User_wish_idx: {WISH}

"""


def write(include: Path, text: str, name: str = "schema.yaml") -> None:
    write_file(include / "expectations" / "shop" / name, text)


def faults(include: Path, text: str) -> list[str]:
    write(include, text)
    with pytest.raises(SchemaFileFault) as raised:
        read_baseline(include, "shop")
    for fault in raised.value.faults:
        assert str(fault) in raised.value.what
    return [str(fault).removeprefix("expectations/shop/") for fault in raised.value.faults]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(SCHEMAS)
def test_a_schema_is_read_back_from_its_file(tmp_path: Path, schema: SchemaBaseline) -> None:
    write(tmp_path, rendered("shop", schema))
    assert read_baseline(tmp_path, "shop") == schema


@given(SCHEMAS)
def test_the_same_schema_gives_the_same_text_in_whatever_order_it_was_read(schema: SchemaBaseline) -> None:
    turned = SchemaBaseline(dict([*schema.tables.items()][::-1]), dict([*schema.enums.items()][::-1]))
    text = rendered("shop", schema)
    assert rendered("shop", turned) == text
    assert rendered("shop", turned, text) == text


def test_there_is_no_baseline_where_there_is_no_file(tmp_path: Path) -> None:
    assert read_baseline(tmp_path, "shop") is None


def test_a_column_is_a_line_that_reads_like_sql() -> None:
    assert (
        "\n  public.User:\n    columns:\n      id: text NOT NULL\n"
        '      plan: public."Plan" NOT NULL DEFAULT \'FREE\'::public."Plan"\n'
    ) in rendered("shop", SHOP)


def test_what_is_written_by_hand_stays_when_the_schema_changes(tmp_path: Path) -> None:
    text = rendered("shop", SHOP)
    by_hand = BY_HAND + text[text.index("enums:") :].replace(
        "      plan: public", "      # what they pay for\n      # (not FREE)\n      plan: public"
    ).replace("\n  public.order:", "\n  # One line a purchase.\n  public.order:")  # fmt: skip
    write(tmp_path, by_hand)
    file = read_baseline_file(tmp_path, "shop")
    assert file is not None
    assert (file.baseline.optional, file.baseline.recommended_indexes) == (
        ("public.Progress",),
        {"User_wish_idx": WISH},
    )
    assert rendered("shop", file.baseline, file.text) == by_hand

    user = replace(SHOP.tables[USER], columns={**SHOP.tables[USER].columns, "age": "integer"})
    changed = rendered("shop", replace(file.baseline, tables={**SHOP.tables, USER: user}), file.text)
    assert changed == by_hand.replace("      progress: text\n", "      progress: text\n      age: integer\n")


def test_a_comment_goes_with_the_column_it_stood_above(tmp_path: Path) -> None:
    text = rendered("shop", SHOP).replace("      plan: public", "      # what they pay for\n      plan: public")
    columns = {name: column for name, column in SHOP.tables[USER].columns.items() if name != "plan"}
    user = replace(SHOP.tables[USER], columns=columns)
    assert "what they pay for" not in rendered("shop", replace(SHOP, tables={**SHOP.tables, USER: user}), text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tabels: {}", ['schema.yaml:1: "tabels" is not a key here. Did you mean "tables"?']),
        (
            "tables:\n  public.User:\n    columns:\n      id: 7",
            ["schema.yaml:4: id must be a text; put it in quotes"],
        ),
        (
            "tables:\n  public.User:\n    colums: {}",
            ['schema.yaml:3: "colums" is not a key of a table. Did you mean "columns"?'],
        ),
        (
            "tables:\n  a.b.c: {}",
            ["schema.yaml:2: 'a.b.c' is not the name of a table; write for example public.Summary"],
        ),
        ("tables: [User]", ["schema.yaml:1: tables must be a section: indented lines below it"]),
        (
            "tables:\n  public.User: text",
            ["schema.yaml:2: public.User must be a section; it has is, columns, constraints, indexes, triggers"],
        ),
        (
            "enums:\n  public.Plan: FREE",
            ["schema.yaml:2: public.Plan must be a list of labels, as in [FREE, PRO]"],
        ),
        ("enums:\n  public.Plan: [no, x]", ["schema.yaml:2: the label False must be a text; put it in quotes"]),
        ("optional: Progress", ["schema.yaml:1: optional must be a list of tables, as in [public.Progress]"]),
        (
            "recommended_indexes:\n  i: CREATE INDEX i ON t (a)",
            ['schema.yaml:2: i: write the statement CREATE INDEX CONCURRENTLY "i" ON ... that makes it'],
        ),
        (
            "recommended_indexes:\n  i: CREATE INDEX CONCURRENTLY j ON t (a)",
            ['schema.yaml:2: i: write the statement CREATE INDEX CONCURRENTLY "i" ON ... that makes it'],
        ),
        ("\ttables: {}", ["schema.yaml:1: a tab indents this line; YAML takes only spaces"]),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, expected: list[str], tmp_path: Path) -> None:
    assert faults(tmp_path, text) == expected


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    assert len(faults(tmp_path, "x: 1\noptional: 2\nenums:\n  public.P: 3\n")) == 3


def test_the_tables_with_suites_are_those_that_the_files_name_whatever_they_are_called(tmp_path: Path) -> None:
    write(tmp_path, "table: crm.Deal\nexpectations: []\n", "anything.yaml")
    write(tmp_path, "table: [a]\n", "wrong.yaml")
    write(tmp_path, "expectations: []\n", "nameless.yaml")
    write(tmp_path, "table: User\n\tx", "broken.yaml")
    write(tmp_path, rendered("shop", SHOP))
    found, wrong = tables_with_suites(tmp_path, "shop")
    assert found == {("crm", "Deal")}
    nameless = "a suite says of which table it is, as in table: public.Summary"
    assert wrong[1:] == (
        Fault("expectations/shop/nameless.yaml", None, nameless),
        Fault("expectations/shop/wrong.yaml", 1, nameless),
    )
    assert wrong[0].path == "expectations/shop/broken.yaml"


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "expectations").write_text("a file in the way")
    with pytest.raises(InvalidRequest) as raised:
        write(tmp_path, "x")
    assert "schema.yaml cannot be written: " in raised.value.what
    assert "point --include at it" in raised.value.remedy


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path, "old")
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path, "new \ud800")
    folder = tmp_path / "expectations" / "shop"
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("schema.yaml", "old")]
