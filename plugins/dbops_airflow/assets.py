"""Assets: what one DAG makes and another waits for."""

from __future__ import annotations

from airflow.sdk import Asset

from dbops.domain.target import Target


def backup_asset(target: Target) -> Asset:
    """A new backup of that target; emitted by its backup DAG, never by a backup from a shell.

    Its scheme begins with ``x-``: for any other, Airflow asks every installed provider what it knows of that scheme,
    which imports them all, boto3 too, at each parse.
    """
    return Asset(name=f"backup of {target.name}", uri=f"x-dbops://{target.name}/backup", group="dbops")
