"""Assets: what one DAG makes and another waits for."""

from __future__ import annotations

from airflow.sdk import Asset

from dbops.domain.target import Target


def backup_asset(target: Target) -> Asset:
    """A new backup of that target; emitted by its backup DAG, never by a backup from a shell."""
    return _asset("backup of", target, "backup")


def checked_asset(target: Target) -> Asset:
    """That target's schema and data, found to be whole; emitted by checks that have ended green."""
    return _asset("checked", target, "checked")


def _asset(words: str, target: Target, path: str) -> Asset:
    # Its scheme begins with "x-": for any other, Airflow asks every installed provider what it knows of that scheme,
    # which imports them all, boto3 too, at each parse.
    return Asset(name=f"{words} {target.name}", uri=f"x-dbops://{target.name}/{path}", group="dbops")
