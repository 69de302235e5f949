"""Watch memory: which problem was mailed when, from one watch to the next.

Kept beside an asset, in Airflow's asset state store. An XCom would not do: of all earlier runs Airflow finds those
without a logical date first (started by hand), and would remember them for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from airflow.sdk import Asset
from pydantic import JsonValue

if TYPE_CHECKING:
    from airflow.sdk import Context

WATCH_MEMORY = Asset("dbops_watch_memory")
_MAILED = "mailed"


def recall(context: Context) -> dict[str, datetime]:
    """Problem keys and when each was last mailed; the task needs WATCH_MEMORY among its inlets."""
    stored = context["asset_state_store"][WATCH_MEMORY].get(_MAILED)
    if not isinstance(stored, dict):
        return {}
    return {key: datetime.fromisoformat(str(moment)) for key, moment in stored.items()}


def remember(context: Context, mailed: Mapping[str, datetime]) -> None:
    """Replace what ``recall`` will answer."""
    stored: dict[str, JsonValue] = {key: moment.isoformat() for key, moment in mailed.items()}
    context["asset_state_store"][WATCH_MEMORY].set(_MAILED, stored)
