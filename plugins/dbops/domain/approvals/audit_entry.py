"""AuditEntry: one thing that was done, asked or allowed, in few words for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dbops.domain.approvals.approval import short_digest
from dbops.domain.words.quantities import format_bytes, format_count, listed

_LONGEST = 300  # characters, of what a person has written
_LARGEST = 2**63  # of what is counted
_WHO = ("answered_by", "requested_by")


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """``by`` is who did it, empty where nobody is named; ``facts`` are names and values of few words each."""

    when: datetime
    action: str
    by: str
    facts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, when: datetime, action: str, record: Mapping[str, Any]) -> Self:
        """Of the object's values. What no version of ours writes is not shown: nobody knows what it would tell."""
        who = next((name for name in _WHO if record.get(name)), "")
        return cls(when=when, action=action, by=_text(record.get(who)), facts=tuple(_facts(record, who)))


def _facts(record: Mapping[str, Any], who: str) -> Iterator[tuple[str, str]]:
    for name, (words, tell) in _SHOWN.items():
        if name != who and (told := tell(record.get(name))):
            yield words, told


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"


def _digest(value: Any) -> str:
    return short_digest(_text(value))


def _names(value: Any) -> str:
    """Those of a list, or of an object whose values are reasons."""
    return _text(listed([str(name) for name in value])) if isinstance(value, list | dict) else ""


def _number_of(thing: str) -> Callable[[Any], str]:
    return lambda value: format_count(len(value), thing) if isinstance(value, list) and value else ""


def _states(value: Any) -> str:
    return _text(listed([f"{name} {state}" for name, state in value.items()])) if isinstance(value, dict) else ""


def _bytes(value: Any) -> str:
    return format_bytes(value) if isinstance(value, int) and 0 < value < _LARGEST else ""


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and 0 < value < _LARGEST else ""


def _yes(value: Any) -> str:
    return "yes" if value is True else ""


_SHOWN: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "for": ("to", _text),
    "mode": ("mode", _text),
    "backup_id": ("backup", _text),
    "database": ("database", _text),
    "schema": ("schema", _text),
    "live": ("live", _text),
    "before": ("kept as", _text),
    "migrations": ("migrations", _states),
    "expired": ("expired", _names),
    "swept": ("swept", _names),
    "aborted_uploads": ("aborted", _number_of("upload")),
    "objects": ("objects deleted", _count),
    "freed_bytes": ("freed", _bytes),
    "not_deleted": ("could not delete", _number_of("object")),
    "reason": ("reason", _text),
    "break_glass": ("glass broken", _yes),
    "break_glass_reason": ("why", _text),
    "requested_by": ("asked by", _text),
    "approved_by": ("approved by", _text),
    "valid_until": ("valid until", _text),
    "digest": ("plan", _digest),
    "run": ("run", _text),
}
