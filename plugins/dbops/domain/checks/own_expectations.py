"""The expectations of our own: what a file of include/expectations/ may say in their ``kwargs``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dbops.domain.options.section import Section
from dbops.domain.sql.object_names import read_table_name
from dbops.domain.sql.text import objection
from dbops.domain.words.quantities import Duration

JsonType = Literal["string", "number", "boolean", "object", "array", "null"]

_FILE = re.compile(r"\w[\w.-]*\.sql", re.ASCII)


def _condition(text: str) -> str:
    why = objection(text)
    if why:
        raise ValueError(why)
    return text


def _file(name: str) -> str:
    if not _FILE.fullmatch(name):
        raise ValueError("name a file of include/sql/<target>/checks/, as in usage_within_limits.sql")
    return name


def _table(name: str) -> str:
    read_table_name(name)
    return name


Condition = Annotated[str, AfterValidator(_condition)]
Columns = Annotated[tuple[str, ...], Field(min_length=1)]


class OwnExpectation(Section):
    """What an expectation of our own may be told."""


class RowsToSatisfy(OwnExpectation):
    """Every row satisfies a condition; NULL does not."""

    condition: Condition


class JsonbToHaveShape(OwnExpectation):
    """A jsonb column holds an object with the keys required, or an array of objects with them."""

    column: str
    is_: Literal["object", "array"] = Field(alias="is")
    required: dict[str, JsonType] = Field(default_factory=dict)
    nullable: bool = False


class NewestRowWithin(OwnExpectation):
    """The newest row, by a column that says when it came, is no older than this."""

    column: str
    max_age: Duration


class RowCountToBeAtLeast(OwnExpectation):
    """The table has so many rows."""

    min_value: Annotated[int, Field(ge=0, strict=True)]


class RowsToBeUnique(OwnExpectation):
    """No two rows have the same values in these columns; NULL equals nothing."""

    columns: Columns
    where: Condition | None = None


class RowsToHaveParent(OwnExpectation):
    """What these columns hold is found in the parent; NULL needs none."""

    columns: Columns
    parent: Annotated[str, AfterValidator(_table)]
    parent_columns: Columns

    @model_validator(mode="after")
    def _pairs(self) -> RowsToHaveParent:
        if len(self.columns) != len(self.parent_columns):
            raise ValueError("columns and parent_columns must be as many; each column has its own in the parent")
        return self


class QueryToReturnNoRows(OwnExpectation):
    """A query of include/sql/<target>/checks/, which returns the rows that break a rule, returns none."""

    file: Annotated[str, AfterValidator(_file)]


OWN: dict[str, type[OwnExpectation]] = {
    "expect_rows_to_satisfy": RowsToSatisfy,
    "expect_jsonb_to_have_shape": JsonbToHaveShape,
    "expect_newest_row_within": NewestRowWithin,
    "expect_row_count_to_be_at_least": RowCountToBeAtLeast,
    "expect_rows_to_be_unique": RowsToBeUnique,
    "expect_rows_to_have_parent": RowsToHaveParent,
    "expect_query_to_return_no_rows": QueryToReturnNoRows,
}
"""By their names in Great Expectations."""
