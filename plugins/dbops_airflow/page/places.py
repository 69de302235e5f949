"""Places: where whoever asks finds the page and Airflow around it, under whatever name and path he has reached them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dbops_airflow.links import base_url
from dbops_airflow.page.rendering import Rendering

if TYPE_CHECKING:
    from fastapi import Request


def rendering(request: Request, now: datetime) -> Rendering:
    """What draws the answer to a request."""
    return Rendering(base=request.scope["root_path"], airflow=airflow_path(), now=now)


def airflow_path() -> str:
    """The path of Airflow's own UI, without a slash at the end."""
    return urlsplit(base_url()).path.rstrip("/")


def utc_now() -> datetime:
    """The moment at which an answer is drawn."""
    return datetime.now(UTC)
