"""Draws the parameters of probes: rows of the database, the same every time while it does not change."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg2
from psycopg2 import extensions

from dbops.domain.probes import Draw, Drawn, Probe
from dbops.gateways.probing.session import JSON, Session
from dbops.gateways.server.refusals import is_cancelled, is_of_the_moment, said

KEPT = 300  # rows of a draw
_DECLARE = "DECLARE dbops_draw NO SCROLL CURSOR FOR "


class DrawRefused(Exception):
    """A draw gave no parameters; its text is a sentence without a row's value, ``error`` what the driver raised."""

    def __init__(self, kind: str, sentence: str, error: BaseException | None = None) -> None:
        super().__init__(f'the draw "{kind}" {sentence}')
        self.error = error

    @property
    def is_of_the_moment(self) -> bool:
        """Whether another time it may work; a draw that takes too long does so every time."""
        return self.error is not None and is_of_the_moment(self.error) and not is_cancelled(self.error)


class NothingDrawn(DrawRefused):
    """None of a probe's draws gives a row; ``kind`` is the last of them."""


class OutOfTime(DrawRefused):
    """There was no time left for a draw."""


@dataclass(frozen=True)
class Rows:
    """What a draw gives: the names of its parameters, and the sets of them, which may be none."""

    columns: tuple[str, ...]
    rows: tuple[Drawn, ...] = field(repr=False)


@dataclass(frozen=True)
class Draws:
    """The parameters of one probe: the kinds take turns, and each of them goes through its rows.

    ``first`` is of every kind the row that its query gave first: of the heavy users the heaviest. ``empty`` are kinds
    that gave no row, and take no turn.
    """

    kinds: tuple[tuple[Drawn, ...], ...] = field(default=((Drawn(),),), repr=False)
    first: tuple[Drawn, ...] = field(default=(Drawn(),), repr=False)
    empty: tuple[str, ...] = ()

    def __getitem__(self, number: int) -> Drawn:
        rows = self.kinds[number % len(self.kinds)]
        return rows[number // len(self.kinds) % len(rows)]


def draw(session: Session, probe: Probe, seed: int, *, seconds: float | None = None) -> Draws:
    """The parameters of a probe, in an order that the seed decides.

    Each draw may take ``seconds``, and never more than a statement may. Raises DrawRefused, which NothingDrawn and
    OutOfTime are, and DatabaseError.
    """
    if not probe.draws:
        return Draws()
    # Of each probe's own, so that measuring some of them again asks the same.
    order = Random(f"{seed} {probe.name}")  # noqa: S311 - to be repeated, not to be secret
    kinds, first, empty = [], [], []
    for one in probe.draws:
        rows = list(drawn_rows(session, one, seed, seconds=seconds).rows)
        if not rows:
            empty.append(one.kind)
            continue
        first.append(rows[0])
        order.shuffle(rows)
        kinds.append(tuple(rows))
    if not kinds:
        raise NothingDrawn(empty[-1], "gives no row")
    return Draws(tuple(kinds), tuple(first), tuple(empty))


def drawn_rows(session: Session, one: Draw, seed: int, *, seconds: float | None = None) -> Rows:
    """The first rows of a draw; raises DrawRefused, DatabaseError.

    A session executes a query only once, however many probes draw by it: it gives them all the same.
    """
    key = (one.query, seed)
    if key not in session.drawn:
        session.drawn[key] = _asked(session, one, seed, seconds)
    columns, rows = session.drawn[key]
    return Rows(tuple(columns), tuple(Drawn(one.kind, dict(zip(columns, row, strict=True))) for row in rows))


def _asked(session: Session, one: Draw, seed: int, seconds: float | None) -> tuple[list[str], list[tuple[Any, ...]]]:
    is_short = seconds is not None and seconds < session.statement_seconds
    if seconds is not None and seconds <= 0:
        raise OutOfTime(one.kind, "found no time left")
    try:
        with session.reading():
            if seconds is not None and is_short:
                session.ask(f"SET LOCAL statement_timeout = {max(1, round(seconds * 1000))}")
            return _fetched(session, one, seed)
    except psycopg2.Error as error:
        session.require(error)
        if is_short and is_cancelled(error):
            raise OutOfTime(one.kind, "took longer than the time that was left", error) from None
        raise DrawRefused(one.kind, f"was refused: {said(error)}", error) from None
    except (ValueError, OverflowError):  # a date beyond the year 9999
        raise DrawRefused(one.kind, "gives a value that Python cannot hold; cast it to text") from None


def _fetched(session: Session, one: Draw, seed: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    with session.connection.cursor() as cursor:
        # Values of their own types, as they go back into statements; only JSON stays a text.
        extensions.register_type(extensions.new_type(JSON, "JSON_AS_TEXT", extensions.UNICODE), cursor)
        cursor.execute("SELECT pg_catalog.setseed(%s)", (Random(seed).uniform(-1, 1),))  # noqa: S311
        cursor.execute(_DECLARE + one.query)  # which PostgreSQL refuses to whatever is no query
        cursor.execute(f"FETCH {KEPT} FROM dbops_draw")
        return [column.name for column in cursor.description], cursor.fetchall()
