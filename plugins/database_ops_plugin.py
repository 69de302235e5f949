"""The only module below plugins/ that Airflow discovers and executes; .airflowignore keeps it off the rest."""

from __future__ import annotations

from dbops_airflow.plugin import DatabaseOpsPlugin

__all__ = ["DatabaseOpsPlugin"]
