"""Places: where whoever asks finds the page and Airflow around it, under whatever name and path he has reached them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbops_airflow.links import base_path
from dbops_airflow.page.rendering import Rendering

if TYPE_CHECKING:
    from datetime import datetime

    from fastapi import Request


def rendering(request: Request, now: datetime) -> Rendering:
    """What draws the answer to a request."""
    return Rendering(base=request.scope["root_path"], airflow=base_path(), now=now)
