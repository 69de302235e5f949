"""Promise: a table is read by its own name and in its own columns, whatever its rows are to be loaded into."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.sql.object_names import in_sql
from dbops.errors import DumpFailed
from dbops.gateways.split_dump.split_table import SplitTable

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


def rows(schema: str, name: str, copy: str, file: str | None = "7.dat") -> TocEntry:
    return TocEntry(dump_id=7, kind="TABLE DATA", schema=schema, name=name, copy_statement=copy, file=file)


@given(schema=NAMES, name=NAMES, root_schema=NAMES, root=NAMES, column=NAMES)
def test_every_reader_locks_and_reads_the_table_and_not_the_one_that_its_rows_go_to(
    schema: str, name: str, root_schema: str, root: str, column: str
) -> None:
    copy = f"COPY {in_sql(root_schema, root)} ({in_sql(column)}) FROM stdin;\n"

    table = SplitTable.of(rows(schema, name, copy), pages=100, readers=2)

    assert table.name == (schema, name)
    own = in_sql(schema, name)
    for reader in (0, 1):
        script = table.copy_statements(reader, Path("/spool/7.dat.zst.0"))
        asked = script.replace(own, "<own>").replace(in_sql(column), "<column>").splitlines()
        assert asked[1] == "LOCK TABLE ONLY <own> IN ACCESS SHARE MODE NOWAIT;"
        assert asked[2:-1]
        assert all(line.startswith("COPY (SELECT <column> FROM ONLY <own> WHERE ctid >= '(") for line in asked[2:-1])


@pytest.mark.parametrize(
    "entry",
    [rows("public", "films", "COPY public.films  FROM stdin;\n"), rows("public", "films", "", None)],
    ids=["without columns", "without rows"],
)
def test_a_table_of_which_pg_dump_does_not_say_how_to_copy_it_is_refused_by_name(entry: TocEntry) -> None:
    with pytest.raises(DumpFailed, match=r"^Table public\.films cannot be read in parts\."):
        SplitTable.of(entry, pages=1, readers=2)
