"""Promise: a schema is chosen with what makes it whole, and whatever does not come along is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.schema_selection import select_schema
from dbops.domain.toc_entry import TocEntry
from dbops.errors import PreflightFailed


def entry(dump_id: int, kind: str, schema: str, name: str, *depends_on: int, definition: str = "") -> TocEntry:
    return TocEntry(dump_id=dump_id, kind=kind, schema=schema, name=name, depends_on=depends_on, definition=definition)


SCHEMA = entry(1, "SCHEMA", "", "crm")
OTHER = entry(2, "SCHEMA", "", 'ex"t')
CITEXT = entry(3, "EXTENSION", "", "citext", 2, definition='CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA "ex""t";')
UNACCENT = entry(
    4, "EXTENSION", "", "unaccent", definition="CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;"
)
ORDERS = entry(5, "TABLE", "crm", "orders", 1, 3)
ROWS = entry(6, "TABLE DATA", "crm", "orders", 5)
BASE = (SCHEMA, OTHER, CITEXT, UNACCENT, ORDERS, ROWS)


def test_extensions_that_only_bodies_of_functions_may_use_come_along_where_they_can_be_made() -> None:
    with_all = select_schema(BASE, "crm", creatable={"citext", "unaccent"})
    without = select_schema(BASE, "crm", creatable=set())

    assert with_all.selection.dump_ids == {1, 2, 3, 4, 5, 6}
    assert without.selection.dump_ids == {1, 2, 3, 5, 6}
    assert with_all.extensions == without.extensions == {"citext": 'ex"t'}
    assert without.needed_extensions(BASE) == {"citext"}
    assert with_all.tables == {("crm", "orders")}
    assert with_all.warnings == ()


def test_what_belongs_to_the_database_is_left_out_with_its_comment_and_named() -> None:
    publication = entry(7, "PUBLICATION", "", "news")
    member = entry(8, "PUBLICATION TABLE", "crm", "news orders", 5, 7)
    comment = entry(9, "COMMENT", "", "PUBLICATION news", 7)
    cast = entry(10, "CAST", "", "CAST (integer AS crm.orders)", 5)

    chosen = select_schema((*BASE, publication, member, comment, cast), "crm", creatable=set())

    assert chosen.selection.dump_ids == {1, 2, 3, 5, 6}
    assert chosen.warnings == (
        "Left out: publication table news orders, which belongs to the database and not to the schema.",
        "Left out: CAST (integer AS crm.orders), which belongs to the database and not to the schema.",
    )


def test_what_it_uses_of_other_schemas_is_named_and_what_it_is_parted_from_is_not() -> None:
    users = entry(7, "TABLE", "auth", "users")
    view = entry(8, "VIEW", "crm", "buyers", 5, 7)
    parent = entry(9, "TABLE", "auth", "parents")
    child = entry(10, "TABLE", "crm", "children", 1, 9)

    chosen = select_schema((*BASE, users, view, parent, child), "crm", creatable=set())

    assert chosen.warnings == ("Some of it uses auth.users: the live database's own, as they are there now.",)


def test_a_partition_in_another_schema_is_refused_for_its_rows_would_stay_behind() -> None:
    partition = entry(7, "TABLE", "parts", "january")
    attach = entry(8, "TABLE ATTACH", "parts", "january", 5, 7)

    with pytest.raises(PreflightFailed, match=r"crm\.orders has a partition in another schema, parts\.january"):
        select_schema((*BASE, partition, attach), "crm", creatable=set())


def test_a_partition_that_another_schema_s_table_loads_is_refused_for_its_rows_may_go_elsewhere() -> None:
    rows = replace(ROWS, copy_statement="COPY parents.orders (id) FROM stdin;\n")
    within = replace(ROWS, copy_statement="COPY crm.all_orders (id) FROM stdin;\n")

    with pytest.raises(PreflightFailed, match=r"rows of crm\.orders can only be loaded by .* schema, parents\.orders,"):
        select_schema((*BASE[:-1], rows), "crm", creatable=set())
    assert select_schema((*BASE[:-1], within), "crm", creatable=set()).tables == {("crm", "orders")}


def test_an_unknown_schema_is_named() -> None:
    with pytest.raises(ValueError, match="no schema crn"):
        select_schema(BASE, "crn", creatable=set())
