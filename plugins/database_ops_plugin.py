"""The only module below plugins/ that Airflow discovers and executes; .airflowignore keeps it off the rest."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from dbops_airflow import pools


class DatabaseOpsPlugin(AirflowPlugin):
    """Makes dbops show among Airflow's plugins; its page comes with a later issue."""

    name = "database_ops"
    listeners = [pools]  # noqa: RUF012 - Airflow's own way
