"""Links into Airflow's UI. The providers' own drop the path under which Airflow may be installed."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

PAGE = "/database_ops"
"""Where the page is mounted, below the path of Airflow's own UI."""


def base_url() -> str:
    """Where people find Airflow, without a slash at the end."""
    from dbops_airflow.airflow_versions import conf

    return str(conf.get("api", "base_url", fallback="http://localhost:8080/")).rstrip("/")


def base_path() -> str:
    """The path of Airflow's own UI, without a slash at the end."""
    return urlsplit(base_url()).path.rstrip("/")


def page_url(target: str | None = None, *below: str) -> str:
    """Where people find the page: of all databases, of one, or of what is below that, say ``checks`` and a run's id."""
    place = "".join(f"/{quote(part, safe='')}" for part in (("targets", target, *below) if target else ()))
    return f"{base_url()}{PAGE}{place or '/'}"
