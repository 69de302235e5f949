"""What an expectation of our own is told cannot end our statement, nor lead out of its folder."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dbops.domain.checks.own_expectations import OWN


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("expect_rows_to_satisfy", {"condition": "a > 0"}),
        ("expect_rows_to_be_unique", {"columns": ["a"], "where": "a > 0"}),
        ("expect_rows_to_have_parent", {"columns": ["a"], "parent": "public.User", "parent_columns": ["id"]}),
        ("expect_query_to_return_no_rows", {"file": "usage_within_limits.sql"}),
        ("expect_jsonb_to_have_shape", {"column": "a", "is": "object", "required": {"id": "string"}}),
    ],
)
def test_what_people_write_is_taken_as_it_is(name: str, kwargs: dict[str, Any]) -> None:
    assert OWN[name].model_validate(kwargs).model_dump(exclude_unset=True, by_alias=True, mode="json") == kwargs


@pytest.mark.parametrize("condition", ["true; DROP TABLE a", "true) OR (true", "", "a = 'open"])
def test_a_condition_that_could_end_our_statement_is_refused_with_the_reason(condition: str) -> None:
    for name, kwargs in (
        ("expect_rows_to_satisfy", {"condition": condition}),
        ("expect_rows_to_be_unique", {"columns": ["a"], "where": condition}),
    ):
        with pytest.raises(ValidationError, match=r"semicolon|closes nothing|is empty|never closed"):
            OWN[name].model_validate(kwargs)


@pytest.mark.parametrize(
    "file", ["../a.sql", "/etc/a.sql", "b/a.sql", ".a.sql", "a", "a.sql\n", "a.sql.txt", ".sql", ""]
)
def test_only_a_file_of_its_own_folder_can_be_named(file: str) -> None:
    with pytest.raises(ValidationError, match="name a file of include/sql/<target>/checks/"):
        OWN["expect_query_to_return_no_rows"].model_validate({"file": file})


def test_a_parent_is_a_table_and_has_as_many_columns() -> None:
    given = {"columns": ["a", "b"], "parent": "User", "parent_columns": ["id", "x"]}
    parent = OWN["expect_rows_to_have_parent"]
    assert parent.model_validate(given)
    with pytest.raises(ValidationError, match="is not the name of a table"):
        parent.model_validate(given | {"parent": "a.b.c"})
    with pytest.raises(ValidationError, match="must be as many"):
        parent.model_validate(given | {"parent_columns": ["id"]})
