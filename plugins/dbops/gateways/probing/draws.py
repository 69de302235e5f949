"""Draws the parameters of probes: rows of the database, the same every time while it does not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psycopg2
from psycopg2 import extensions

from dbops.domain.probes import Draw, Drawn, Probe
from dbops.gateways.probing.session import JSON, Session
from dbops.gateways.refusals import is_cancelled, is_of_the_moment, said

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


@dataclass(frozen=True)
class Draws:
    """The parameters of one probe: the kinds take turns, and each of them goes through its rows.

    ``first`` is of every kind the row that its query gave first: of the heavy users the heaviest.
    """

    kinds: tuple[tuple[Drawn, ...], ...] = field(default=((Drawn(),),), repr=False)
    first: tuple[Drawn, ...] = field(default=(Drawn(),), repr=False)

    def __getitem__(self, number: int) -> Drawn:
        rows = self.kinds[number % len(self.kinds)]
        return rows[number // len(self.kinds) % len(rows)]


def draw(session: Session, probe: Probe, seed: int) -> Draws:
    """The parameters of a probe, in an order that the seed decides; raises DrawRefused, DatabaseError."""
    if not probe.draws:
        return Draws()
    # Of each probe's own, so that measuring some of them again asks the same.
    order = Random(f"{seed} {probe.name}")  # noqa: S311 - to be repeated, not to be secret
    kinds, first = [], []
    for one in probe.draws:
        rows = drawn_rows(session, one, seed)
        first.append(rows[0])
        order.shuffle(rows)
        kinds.append(tuple(rows))
    return Draws(tuple(kinds), tuple(first))


def drawn_rows(session: Session, one: Draw, seed: int) -> list[Drawn]:
    """The first rows of a draw; raises DrawRefused, DatabaseError."""
    try:
        with session.reading():
            columns, rows = _fetched(session, one, seed)
    except psycopg2.Error as error:
        session.require(error)
        raise DrawRefused(one.kind, f"was refused: {said(error)}", error) from None
    except (ValueError, OverflowError):  # a date beyond the year 9999
        raise DrawRefused(one.kind, "gives a value that Python cannot hold; cast it to text") from None
    if not rows:
        raise DrawRefused(one.kind, "gives no row")
    return [Drawn(one.kind, dict(zip(columns, row, strict=True))) for row in rows]


def _fetched(session: Session, one: Draw, seed: int) -> tuple[list[str], Sequence[tuple[Any, ...]]]:
    with session.connection.cursor() as cursor:
        # Values of their own types, as they go back into statements; only JSON stays a text.
        extensions.register_type(extensions.new_type(JSON, "JSON_AS_TEXT", extensions.UNICODE), cursor)
        cursor.execute("SELECT pg_catalog.setseed(%s)", (Random(seed).uniform(-1, 1),))  # noqa: S311
        cursor.execute(_DECLARE + one.query)  # which PostgreSQL refuses to whatever is no query
        cursor.execute(f"FETCH {KEPT} FROM dbops_draw")
        return [column.name for column in cursor.description], cursor.fetchall()
