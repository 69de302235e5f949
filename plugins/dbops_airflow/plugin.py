"""The plugin: found by entry point in the wheel, by ``database_ops_plugin.py`` in a checkout."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from dbops_airflow import pools
from dbops_airflow.links import PAGE, base_path
from dbops_airflow.page.on_first_request import AsgiApp, OnFirstRequest

_PATH = f"{base_path()}{PAGE}"


def _page() -> AsgiApp:
    from dbops_airflow.page.app import make_app
    from dbops_airflow.page.buckets import load_client
    from dbops_airflow.page.set_aside import set_aside_what_is_loaded

    load_client()
    app = make_app()
    set_aside_what_is_loaded()
    return app


class DatabaseOpsPlugin(AirflowPlugin):
    """Mounts the page of dbops, and shows it in Airflow's navigation."""

    name = "database_ops"
    fastapi_apps = [  # noqa: RUF012 - Airflow declares it so
        {"app": OnFirstRequest(_page), "url_prefix": PAGE, "name": "Database Ops"},
    ]
    external_views = [  # noqa: RUF012
        {
            "name": "Database Ops",
            "href": f"{_PATH}/",
            "destination": "nav",
            "url_route": "database_ops",
            "nav_top_level": True,
            "icon": f"{_PATH}/static/icon.svg",
            "icon_dark_mode": f"{_PATH}/static/icon_dark.svg",
        }
    ]
    listeners = [pools]  # noqa: RUF012
