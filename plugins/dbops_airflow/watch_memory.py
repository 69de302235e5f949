"""Watch memory: which problem was mailed when, which only a notifier took, and which targets there are, to the next.

Kept beside an asset, in Airflow's asset state store, which begins with Airflow 3.3; before, in Airflow Variables. An
XCom would not do: of all earlier runs Airflow finds those without a logical date first (started by hand), and would
remember them for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from airflow.sdk import Asset
from pydantic import JsonValue

if TYPE_CHECKING:
    from airflow.sdk import Context

    from dbops.domain.known_targets import KnownTargets

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
    from dbops.domain.problem_alerts import is_still_told

    return {key: moment for key, moment in _read(context, _TAKEN).items() if is_still_told(moment, now)}


def remember(context: Context, mailed: Mapping[str, datetime], taken: Mapping[str, datetime]) -> None:
    """Replace what ``recall`` and ``recall_taken`` will answer."""
    _write(context, _MAILED, mailed)
    _write(context, _TAKEN, taken)


def recall_known(context: Context) -> KnownTargets:
    """The targets that the last watch knew; at first none."""
    from dbops.domain.known_targets import KnownTargets

    stored = _store(context).get(_KNOWN)
    if not isinstance(stored, dict):
        return KnownTargets()
    strangers = stored.get(_STRANGERS)
    return KnownTargets(_moments(stored.get(_OURS)), None if strangers is None else _moments(strangers))


def remember_known(context: Context, known: KnownTargets) -> None:
    """Replace what ``recall_known`` will answer."""
    strangers = None if known.strangers is None else _texts(known.strangers)
    _store(context).set(_KNOWN, {_OURS: _texts(known.ours), _STRANGERS: strangers})


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
