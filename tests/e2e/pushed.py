"""The database whose schema was pushed, and never migrated: the sample's, owned by a role that is no superuser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from demo.summary_app.generate import create as push
from demo.summary_app.generate import generate

if TYPE_CHECKING:
    from demo.stack import Stack

NAME = "pushed"
"""The target, its database, and the role as which the application and dbops connect."""

PASSWORD = "swordfish-pushed-swordfish"
"""Of that role."""

_SCALE = 0.05


def connections(demo: Stack) -> dict[str, str]:
    """What Airflow is told of it."""
    return {f"AIRFLOW_CONN_{NAME.upper()}": _url(demo)}


def create(demo: Stack) -> None:
    """Make it, and fill it."""
    demo.postgres.create_role(NAME, PASSWORD)
    demo.postgres.create_database(NAME, owner=NAME)
    push(_url(demo))
    generate(_url(demo), _SCALE)


def link_sql(include: Path, checkout: Path) -> None:
    """Give it the migrations and the probes of the reference application."""
    (include / "sql" / NAME).symlink_to(checkout / "include/sql/summary_app")


def _url(demo: Stack) -> str:
    return demo.postgres.url(NAME, user=NAME, password=PASSWORD)
