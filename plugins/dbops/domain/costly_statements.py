"""The statements that cost a server most, by pg_stat_statements, written so that no value of a row is in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dbops.domain.health import HealthItem
from dbops.domain.health_concern import Concern, HealthServer
from dbops.domain.quantities import format_count

_SHOWN, _LONGEST = 5, 160
_QUOTE = "'"
COSTLY = Concern("costliest statements", "for you to judge: where the server's time goes")
_ROWS = re.compile(r"(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH)\b", re.IGNORECASE)
# The extension writes $1 for each constant, but not where it had no room to remember the statement's parse. Comments
# may hold what a tracing library puts there.
_TOKEN = re.compile(
    r"""(?P<comment>--[^\r\n]*|/\*.*?(?:\*/|\Z))
      | (?P<name>"(?:[^"]|"")*")
      | (?P<text>(?:\b[eEnNbBxX]|\b[uU]&)?'(?:[^'\\]|''|\\.)*(?:'|\Z))
      | (?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
      | (?P<parameter>\$\d+)
      | (?P<number>(?<![\w.])(?:0[xX][\da-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+))""",
    re.DOTALL | re.VERBOSE,
)


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
    line = _masked(query)
    if "*/" in line:  # comments in comments: what stands there may be anything
        line = f"{_masked(query.partition('/*')[0])} …"
    if "\\" in query and "'" in query:  # whether it escapes a quote is a setting: nobody knows where a text ends
        line = f"{_masked(query.partition(_QUOTE)[0])} …"
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _masked(query: str) -> str:
    return " ".join(_TOKEN.sub(_plain, query).split())


def _plain(match: re.Match[str]) -> str:
    if match["comment"]:
        return " "
    return match.group() if match["name"] or match["parameter"] else "?"


def costliest(costs: Sequence[StatementCost], server: HealthServer) -> HealthItem:
    """The first five of those that read or change rows; others may hold passwords, and are left out."""
    shown = [(one, outline(one.query)) for one in costs if not one.hidden]
    told = [f"{one}: {text}" for one, text in shown if _ROWS.match(text)][:_SHOWN]
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
