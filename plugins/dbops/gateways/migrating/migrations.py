"""At which migrations a database is, against include/sql/<target>/migrations: what reports and a page say."""

from __future__ import annotations

from pathlib import Path

from dbops.domain.ledger.restored_migrations import restored_migrations
from dbops.domain.ledger.rules import judge_ledger
from dbops.domain.ledger.seen_migrations import SeenMigrations, seen_migrations
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DatabaseError, PreflightFailed
from dbops.gateways.files.migration_files import unproven_migrations
from dbops.gateways.files.target_files import include_folder
from dbops.gateways.migrating.ledger import read_ledger


def say_restored_migrations(address: DatabaseAddress, target: Target) -> str:
    """A sentence for the report, also where what is called the ledger is none; raises DatabaseError."""
    try:
        rows = read_ledger(address)
    except PreflightFailed as refused:
        return refused.what
    return restored_migrations(judge_ledger(unproven_migrations(include_folder(), target.name), rows))


def see_migrations(address: DatabaseAddress, target: Target, include: Path) -> SeenMigrations | None:
    """For the record of a run, which is no worse for a ledger that cannot be read: then it has the sentence why.

    None where the target has neither migrations nor a ledger.
    """
    try:
        rows = read_ledger(address)
    except (PreflightFailed, DatabaseError) as error:
        return SeenMigrations(unknown=error.what)
    return seen_migrations(unproven_migrations(include, target.name), rows)
