"""Restored rows: whether the tables of a restored database have the rows that the backup has of them.

Where pg_dump has the rows of partitions loaded by the partitioned table, it is left to the server which partition each
of them goes to: what must agree there is their number in all partitions together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dbops.domain.archives.copy_statement import read_copy_statement
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.backups.backup import TableEntry
from dbops.domain.sql.object_names import TableName


def loaded_by_others(entries: Iterable[TocEntry]) -> dict[TableName, TableName]:
    """The tables whose rows pg_restore brings into another one, each with that one."""
    found = {}
    for entry in entries:
        copy = read_copy_statement(entry.copy_statement) if entry.kind == "TABLE DATA" else None
        if copy is not None and (copy.schema, copy.table) != (entry.schema, entry.name):
            found[entry.schema, entry.name] = (copy.schema, copy.table)
    return found


def differing_rows(
    expected: Iterable[TableEntry],
    counts: Mapping[TableName, int],
    *,
    loaded_by: Mapping[TableName, TableName],
    partitions: Mapping[TableName, TableName],
) -> Iterator[str]:
    """A sentence on each table that is missing or has another number of rows than ``expected``.

    ``counts`` are the restored tables' own rows, ``partitions`` the restored partitions, each with the topmost table
    that it is one of, and ``loaded_by`` those that were loaded by another table.
    """
    wanted = dict.fromkeys(loaded_by.values(), 0)
    for table in expected:
        own = (table.schema, table.name)
        if table.rows is None:
            continue  # partitioned, or its rows were left out of the backup
        root = loaded_by.get(own, partitions.get(own))
        if root in wanted:
            wanted[root] += table.rows
        if own not in counts:
            yield f"Table {table.schema}.{table.name} is missing; the backup has it with {table.rows} rows."
        elif own not in loaded_by and counts[own] != table.rows:
            yield f"Table {table.schema}.{table.name} has {counts[own]} rows; the backup has {table.rows}."
    for root, rows in sorted(wanted.items()):
        found = sum(counts[own] for own, its_root in partitions.items() if its_root == root and own in counts)
        if found != rows:
            yield (f"The partitions of table {root[0]}.{root[1]} have {found} rows together; the backup has {rows}.")
