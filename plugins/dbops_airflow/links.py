"""Links into Airflow's UI. The providers' own drop the path under which Airflow may be installed."""

from __future__ import annotations


def base_url() -> str:
    """Where people find Airflow, without a slash at the end."""
    from dbops_airflow.moved import conf

    return str(conf.get("api", "base_url", fallback="http://localhost:8080/")).rstrip("/")
