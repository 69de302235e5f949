"""The statements that cost a server most, by pg_stat_statements, written so that no value of a row is in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from dbops.domain.health.concern import Concern, HealthServer
from dbops.domain.health.item import HealthItem
from dbops.domain.sql.masked import tokens
from dbops.domain.words.quantities import format_count

_SHOWN, _LONGEST = 5, 160
COSTLY = Concern("costliest statements", "for you to judge: where the server's time goes")
_ROWS = re.compile(r"(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class StatementCost:
    """What one statement has cost: ``share`` of the time of all, 0 to 1. The ``query`` of others may be ``hidden``."""

    calls: int
    total_ms: float
    share: float | None
    query: str
    hidden: bool

    def __str__(self) -> str:
        mean = self.total_ms / max(self.calls, 1)
        return f"{(self.share or 0) * 100:.0f} %, {format_count(self.calls, 'call')} of {mean:,.2f} ms"


def outline(query: str) -> str:
    """A statement in one line, without comments, every constant a question mark, and cut."""
    before, quote, _ = query.partition("'")
    # Whether a backslash escapes a quote is a setting: nobody knows where a text ends.
    line = f"{_masked(before)} …" if quote and "\\" in query else _masked(query)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _masked(query: str) -> str:
    """The extension writes $1 for each constant, but not where it had no room to remember the statement's parse.

    Comments may hold what a tracing library puts there.
    """
    return " ".join("".join(_plain(kind, text) for kind, text in tokens(query)).split())


def _plain(kind: str, text: str) -> str:
    if kind == "comment" or text.startswith("/*"):
        return " "
    return "?" if kind in {"text", "number", "unclosed"} else text


def costliest(costs: Sequence[StatementCost], server: HealthServer) -> HealthItem:
    """The first five of those that read or change rows; others may hold passwords, and are left out."""
    outlined = ((one, outline(one.query)) for one in costs if not one.hidden)  # lazily: five are enough
    told = list(islice((f"{one}: {text}" for one, text in outlined if _ROWS.match(text)), _SHOWN))
    value = "; ".join(told) or "none yet"
    if any(one.hidden for one in costs):
        return COSTLY.hidden(value if told else "statements of other roles not seen", server.monitoring)
    return COSTLY.ok(value)


def not_installed() -> HealthItem:
    """What is said where the extension is not in this database."""
    return COSTLY.ok(
        "not installed: with pg_stat_statements in shared_preload_libraries (a restart) and, in this database, "
        "CREATE EXTENSION pg_stat_statements, they are shown here"
    )
