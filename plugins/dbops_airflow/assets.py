"""Assets: what one DAG makes and another waits for."""

from __future__ import annotations

from airflow.sdk import Asset

from dbops.domain.target import Target


def backup_asset(target: Target) -> Asset:
    """A new backup of that target; emitted by its backup DAG, never by a backup from a shell."""
    return Asset(name=f"backup of {target.name}", uri=f"dbops://{target.name}/backup", group="dbops")


def checked_asset(target: Target) -> Asset:
    """That target's schema and data, found to be whole; emitted by checks that have ended green."""
    return Asset(name=f"checked {target.name}", uri=f"dbops://{target.name}/checked", group="dbops")
