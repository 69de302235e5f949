"""Promise: a schema is chosen with what makes it whole, and whatever does not come along is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import TableEntry
from dbops.domain.restores.schema_selection import select_schema
from dbops.errors import PreflightFailed
from tests.unit.samples import manifest


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
    assert with_all.tables == with_all.selection.tables == {("crm", "orders")}
    assert with_all.warnings == ()


def test_what_belongs_to_the_database_is_left_out_with_its_comment_and_named() -> None:
    publication = entry(7, "PUBLICATION", "", "news")
    member = entry(8, "PUBLICATION TABLE", "crm", "news orders", 5, 7)
    label = entry(11, "SECURITY LABEL", "", "PUBLICATION news", 7)
    comment = entry(9, "COMMENT", "", "PUBLICATION news", 7)
    of_table = entry(12, "COMMENT", "crm", "TABLE orders", 5)
    whole = entry(13, "PUBLICATION TABLES IN SCHEMA", "", "news crm", 1, 7)
    other = entry(14, "PUBLICATION TABLES IN SCHEMA", "", "news ext", 2, 7)
    cast = entry(10, "CAST", "", "CAST (integer AS crm.orders)", 5)

    entries = (*BASE, publication, member, comment, cast, label, of_table, whole, other)
    chosen = select_schema(entries, "crm", creatable=set())

    assert chosen.selection.dump_ids == {1, 2, 3, 5, 6, 12}
    assert chosen.warnings == (
        "Left out: publication table news orders, which belongs to the database and not to the schema.",
        "Left out: CAST (integer AS crm.orders), which belongs to the database and not to the schema.",
        "Left out: publication tables in schema news crm, which belongs to the database and not to the schema.",
    )


def test_what_it_uses_of_other_schemas_is_named_and_what_it_is_parted_from_is_not() -> None:
    users = entry(7, "TABLE", "auth", "users")
    view = entry(8, "VIEW", "crm", "buyers", 5, 7)
    parent = entry(9, "TABLE", "auth", "parents")
    child = entry(10, "TABLE", "crm", "children", 1, 9)
    attach = entry(11, "TABLE ATTACH", "crm", "children", 9, 10)
    other_key = entry(12, "FK CONSTRAINT", "crm", "orders children_fkey", 5, 9)

    entries = (*BASE, users, view, parent, child, attach, other_key)
    chosen = select_schema(entries, "crm", creatable=set())

    assert chosen.warnings == (
        "Left out: foreign key orders children_fkey, whose other table is not restored.",
        "Some of it uses auth.users: those of the live database, as they are there now.",
    )


def test_a_partition_in_another_schema_is_refused_for_its_rows_would_stay_behind() -> None:
    partition = entry(7, "TABLE", "parts", "january")
    attach = entry(8, "TABLE ATTACH", "parts", "january", 5, 7)

    with pytest.raises(
        PreflightFailed, match=r"crm\.orders has a partition in another schema, parts\.january"
    ) as caught:
        select_schema((*BASE, partition, attach), "crm", creatable=set())
    assert caught.value.remedy


def test_partitions_of_other_schemas_tables_are_no_matter() -> None:
    parent, partition = entry(7, "TABLE", "auth", "years"), entry(8, "TABLE", "parts", "january")
    attach = entry(9, "TABLE ATTACH", "parts", "january", 7, 8)

    assert select_schema((*BASE, parent, partition, attach), "crm", creatable=set()).selection.dump_ids == {
        1,
        2,
        3,
        5,
        6,
    }


def test_an_extension_brings_the_schema_along_that_it_lies_in() -> None:
    gis = entry(7, "SCHEMA", "", "gis")
    postgis = entry(8, "EXTENSION", "", "postgis", 7, 99, definition="CREATE EXTENSION postgis WITH SCHEMA gis;")

    assert select_schema((*BASE, gis, postgis), "crm", creatable={"postgis"}).selection.dump_ids >= {7, 8}


def test_an_extension_that_says_no_schema_has_none() -> None:
    odd, user = entry(7, "EXTENSION", "", "odd"), entry(8, "TABLE", "crm", "more", 1, 7)

    assert select_schema((*BASE, odd, user), "crm", creatable=set()).extensions == {"citext": 'ex"t', "odd": ""}


def test_what_a_schema_takes_on_disk_is_its_share_of_the_rows_bytes() -> None:
    chosen = select_schema(BASE, "crm", creatable=set())
    tables = (TableEntry("crm", "orders", 1, 300), TableEntry("public", "orders", 1, 100))
    backup = replace(manifest("20261122T020000Z", stored=100), tables=tables)

    assert chosen.bytes_of(backup) == 750
    assert chosen.bytes_of(replace(backup, tables=())) == 1000
    assert chosen.bytes_of(replace(backup, database_bytes=1, tables=tables)) == 0


def test_a_partition_that_another_schema_s_table_loads_is_refused_for_its_rows_may_go_elsewhere() -> None:
    rows = replace(ROWS, copy_statement="COPY parents.orders (id) FROM stdin;\n")
    within = replace(ROWS, copy_statement="COPY crm.all_orders (id) FROM stdin;\n")

    with pytest.raises(PreflightFailed, match=r"rows of crm\.orders can only be loaded by .* schema, parents\.orders,"):
        select_schema((*BASE[:-1], rows), "crm", creatable=set())
    assert select_schema((*BASE[:-1], within), "crm", creatable=set()).tables == {("crm", "orders")}


def test_an_unknown_schema_is_named() -> None:
    with pytest.raises(ValueError, match="no schema crn"):
        select_schema(BASE, "crn", creatable=set())
