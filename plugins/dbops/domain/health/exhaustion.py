"""What runs out, in the health panel: the numbers of sequences and keys, and transaction ids. Rules: exhaustion.py."""

from __future__ import annotations

from collections.abc import Sequence

from dbops.domain.health.concern import Concern, HealthServer, statements
from dbops.domain.health.item import HealthItem
from dbops.domain.schema.exhaustion import (
    NEAR,
    SequenceUse,
    TransactionIds,
    old_from,
    old_ids,
    sequences_near_end,
)
from dbops.domain.sql.object_names import written
from dbops.domain.words.quantities import format_count, listed

_MILLION = 1_000_000
SEQUENCES = Concern("sequences and integer keys", f"below {NEAR:.0%} of their numbers".replace("%", " %"))
IDS = Concern(
    "transaction ids", "younger than 500 million, or a quarter beyond where the server is told to freeze them"
)


def sequences(uses: Sequence[SequenceUse], server: HealthServer) -> HealthItem:
    """Sequences, and the columns they fill, that are near their end."""
    near = sequences_near_end(uses)
    unread = len({(one.schema, one.name) for one in uses if not one.readable})
    more = f"; {format_count(unread, 'sequence')} not seen" if unread else ""
    if near:
        told = listed([one.sentence.partition(";")[0] for one in near], named=3)
        remedy = "Inserts fail at the end: plan the way to bigint now."
        return SEQUENCES.warning(told + more, remedy)
    fullest = max((one for one in uses if one.readable), key=lambda one: one.used, default=None)
    value = "none" if fullest is None else f"fullest: {written(fullest.schema, fullest.name)} ({fullest.used:.0%})"
    value = value.replace("%", " %") + more
    return SEQUENCES.hidden(value, server.reading) if unread else SEQUENCES.ok(value)


def ages(ids: TransactionIds) -> HealthItem:
    """How old the oldest transaction id and multixact id are."""
    value = f"oldest {_age(ids.age)}, of multixacts {_age(ids.multixact_age)}"
    old = list(old_ids(ids))
    if old:
        return IDS.warning(value, "; ".join(one.sentence for one in old) + ".", statements([one.sql for one in old]))
    limit, of_multixacts = (_age(old_from(freeze_at)) for freeze_at in (ids.freeze_at, ids.multixact_freeze_at))
    more = "" if limit == of_multixacts else f", multixacts from {of_multixacts} on"
    return IDS.ok(f"{value}; old from {limit} on{more}")


def _age(ids: float) -> str:
    """``48,213``, ``12.3 million``, ``500 million``."""
    if ids < _MILLION:
        return f"{ids:,.0f}"
    return f"{ids / _MILLION:,.1f}".removesuffix(".0") + " million"
