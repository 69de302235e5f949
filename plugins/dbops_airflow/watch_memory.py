"""Watch memory: which problem was mailed when, which only a notifier took, and which targets there are, to the next.

Kept beside an asset, in Airflow's asset state store, which begins with Airflow 3.3; before, in Airflow Variables. An
XCom would not do: of all earlier runs Airflow finds those without a logical date first (started by hand), and would
remember them for ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from airflow.sdk import Asset
from pydantic import JsonValue

if TYPE_CHECKING:
    from airflow.sdk import Context
    from sqlalchemy.orm import Session

    from dbops.domain.watch.known_targets import KnownTargets

WATCH_MEMORY = Asset("dbops_watch_memory")
_MAILED = "mailed"
_TAKEN = "taken"
_KNOWN = "known"
_OURS, _STRANGERS = "ours", "strangers"


def recall(context: Context) -> dict[str, datetime]:
    """Problem keys and when each was last mailed; the task needs WATCH_MEMORY among its inlets."""
    return _read(context, _MAILED)


def recall_taken(context: Context, now: datetime) -> dict[str, datetime]:
    """Problem keys that await their mail only, and when a notifier took each, less than a day ago."""
    from dbops.domain.watch.problem_alerts import is_still_told

    return {key: moment for key, moment in _read(context, _TAKEN).items() if is_still_told(moment, now)}


def remember(context: Context, mailed: Mapping[str, datetime], taken: Mapping[str, datetime]) -> None:
    """Replace what ``recall`` and ``recall_taken`` will answer."""
    _write(context, _MAILED, mailed)
    _write(context, _TAKEN, taken)


def recall_known(context: Context) -> KnownTargets:
    """The targets that the last watch knew; at first none."""
    return _known(_store(context).get(_KNOWN))


def known_in_database() -> KnownTargets:
    """What ``recall_known`` would answer, for a process without a task that may ask Airflow's own database.

    None where the workers keep what tasks remember in a place of their own: ``[workers] state_store_backend``.
    """
    from airflow.utils.session import create_session

    with create_session(scoped=False) as session:
        text = _asset_state(session) if _has_asset_states() else _variable_of(session)
    return _known(json.loads(text) if text else None)


def remember_known(context: Context, known: KnownTargets) -> None:
    """Replace what ``recall_known`` will answer."""
    strangers = None if known.strangers is None else _texts(known.strangers)
    _store(context).set(_KNOWN, {_OURS: _texts(known.ours), _STRANGERS: strangers})


def _known(stored: Any) -> KnownTargets:
    from dbops.domain.watch.known_targets import KnownTargets

    if not isinstance(stored, dict):
        return KnownTargets()
    strangers = stored.get(_STRANGERS)
    return KnownTargets(_moments(stored.get(_OURS)), None if strangers is None else _moments(strangers))


def _has_asset_states() -> bool:
    return find_spec("airflow.models.asset_state_store") is not None


def _asset_state(session: Session) -> str | None:
    """As the API that tasks ask finds it: of the asset that is in use."""
    from airflow.models.asset import AssetModel
    from airflow.state import AssetScope, get_state_backend
    from sqlalchemy import select

    name = AssetModel.name == WATCH_MEMORY.name
    asset_id = session.scalar(select(AssetModel.id).where(name, AssetModel.active.has()))
    if asset_id is None:
        return None
    return get_state_backend().get(AssetScope(asset_id=asset_id), _KNOWN, session=session)


def _variable_of(session: Session) -> str | None:
    """Not by ``Variable.get``, which would ask a secrets backend first, and may wait for it."""
    from airflow.models.variable import Variable
    from sqlalchemy import select

    found = session.scalar(select(Variable).where(Variable.key == _variable(_KNOWN)))
    return None if found is None else found.get_val()


class _Store(Protocol):
    def get(self, key: str) -> Any: ...
    def set(self, key: str, value: JsonValue) -> None: ...


class _Variables:
    """A task's ways to Airflow's Variables, with the store's methods."""

    def get(self, key: str) -> Any:
        from airflow.sdk import Variable

        return Variable.get(_variable(key), default=None, deserialize_json=True)

    def set(self, key: str, value: JsonValue) -> None:
        from airflow.sdk import Variable

        Variable.set(_variable(key), value, description="dbops: what the watch remembers", serialize_json=True)


def _variable(key: str) -> str:
    return f"{WATCH_MEMORY.name}__{key}"


def _store(context: Context) -> _Store:
    return context["asset_state_store"][WATCH_MEMORY] if "asset_state_store" in context else _Variables()


def _read(context: Context, name: str) -> dict[str, datetime]:
    return _moments(_store(context).get(name))


def _write(context: Context, name: str, moments: Mapping[str, datetime]) -> None:
    _store(context).set(name, _texts(moments))


def _moments(stored: Any) -> dict[str, datetime]:
    if not isinstance(stored, dict):
        return {}
    return {key: datetime.fromisoformat(str(moment)) for key, moment in stored.items()}


def _texts(moments: Mapping[str, datetime]) -> dict[str, JsonValue]:
    return {key: moment.isoformat() for key, moment in moments.items()}
