"""At which migrations a database is, against include/sql/<target>/migrations: what a restore's report says."""

from __future__ import annotations

from dbops.domain.connection import DatabaseAddress
from dbops.domain.ledger_rules import judge_ledger
from dbops.domain.restored_migrations import restored_migrations
from dbops.domain.target import Target
from dbops.errors import PreflightFailed
from dbops.gateways.ledger import read_ledger
from dbops.gateways.migration_files import unproven_migrations
from dbops.gateways.target_files import include_folder


def say_restored_migrations(address: DatabaseAddress, target: Target) -> str:
    """A sentence for the report, also where what is called the ledger is none; raises DatabaseError."""
    try:
        rows = read_ledger(address)
    except PreflightFailed as refused:
        return refused.what
    return restored_migrations(judge_ledger(unproven_migrations(include_folder(), target.name), rows))
