"""Reads a whole schema: the catalog's signatures, and pg_dump's description of everything. Read-only."""

from __future__ import annotations

from dbops.domain.schema.whole_schema import WholeSchema
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.processes.programs import Program
from dbops.gateways.schema.schema_dump import dump_schema
from dbops.gateways.schema.schema_reader import read_schema


def read_whole_schema(pg_dump: Program, address: DatabaseAddress) -> WholeSchema:
    """Both opinions on one database; raises DatabaseError, and RestoreFailed with pg_dump's words."""
    return WholeSchema(read_schema(address), tuple(dump_schema(pg_dump, address)))
