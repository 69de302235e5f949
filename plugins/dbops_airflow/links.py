"""Links into Airflow's UI. The providers' own drop the path under which Airflow may be installed."""

from __future__ import annotations

from urllib.parse import urlsplit


def base_url() -> str:
    """Where people find Airflow, without a slash at the end."""
    from dbops_airflow.moved import conf

    return str(conf.get("api", "base_url", fallback="http://localhost:8080/")).rstrip("/")


def base_path() -> str:
    """The path of Airflow's own UI, without a slash at the end."""
    return urlsplit(base_url()).path.rstrip("/")
