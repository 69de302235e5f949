"""What a migration's plan asks the live database, in one query. Read-only: no table of the application is locked."""

from __future__ import annotations

from sqlalchemy import text

from dbops.domain.migrations.facts import ForeignTable, MigrationFacts
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.files.sql_files import catalog_sql
from dbops.gateways.migrating.ledger_table import ledger_place
from dbops.gateways.server.sessions import reading

_TIMEOUT_MS = 60_000


def read_migration_facts(address: DatabaseAddress) -> MigrationFacts:
    """What is there and what our role may, with the ledger that is there or will be; raises DatabaseError."""
    with reading(address, timeout_ms=_TIMEOUT_MS) as session:
        schema, table = ledger_place(address)
        places = {"ledger_schema": schema, "ledger_table": table}
        row = dict(session.execute(text(catalog_sql("migration_facts")), places).mappings().one())
    foreign = {
        (schema, name): ForeignTable(owner, may_refer) for schema, name, owner, may_refer in row["foreign_tables"]
    }
    del row["foreign_tables"]
    return MigrationFacts(**{**row, "may_create": frozenset(row["may_create"])}, foreign=foreign)
