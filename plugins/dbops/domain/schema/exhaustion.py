"""Exhaustion: numbers that run out - those of sequences and of the columns they fill, and transaction ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dbops.domain.checks.suite import CheckResult
from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.differences import results_of
from dbops.domain.schema.object_differences import Difference
from dbops.domain.sql.object_names import written
from dbops.domain.words.severity import Severity

NEAR, _VERY_NEAR = 0.75, 0.9
_OLD, _VERY_OLD = 500_000_000, 1_000_000_000
# A server may be told to freeze later than usual; then only what is clearly beyond that is old.
_BEYOND, _FAR_BEYOND = 1.25, 1.5
_HIGHEST = {"int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1}
_TYPES = {"int2": "smallint", "int4": "integer", "int8": "bigint"}


@dataclass(frozen=True, kw_only=True)
class SequenceUse:
    """A sequence and one column that it fills, if any; ``last_value`` is None where unused, or not ``readable``."""

    schema: str
    name: str
    increment: int
    lowest: int
    highest: int
    last_value: int | None
    readable: bool = True
    table_schema: str | None = None
    table_name: str | None = None
    column_name: str | None = None
    column_type: str | None = None

    @property
    def used(self) -> float:
        """How much of what the sequence and the column can hold is behind us, 0 to 1."""
        if self.last_value is None:
            return 0.0
        highest, lowest = self.highest, self.lowest
        if self.column_type is not None:
            highest, lowest = min(highest, self._limit), max(lowest, -self._limit - 1)
        # Nobody counts from the most negative number on: what counts is the way from where it usually starts.
        if self.increment > 0:
            start = max(lowest, 0)
            return (self.last_value - start) / max(highest - start, 1)
        start = min(highest, 0)
        return (start - self.last_value) / max(start - lowest, 1)

    @property
    def _limit(self) -> int:
        return _HIGHEST[self.column_type or "int8"]

    def what_ends(self) -> str:
        """The sequence, or the column where that ends first."""
        sequence = f"the sequence {written(self.schema, self.name)}"
        if not (self.table_schema and self.table_name and self.column_name and self.column_type):
            return sequence
        column = written(self.table_schema, self.table_name, self.column_name)
        ends_first = self._limit < self.highest if self.increment > 0 else -self._limit - 1 > self.lowest
        if ends_first:
            return f"the {_TYPES[self.column_type]} column {column}, which {sequence} fills,"
        return f"{sequence}, which fills {column},"


@dataclass(frozen=True, kw_only=True)
class TransactionIds:
    """Ages in transactions; the names of tables are quoted for SQL."""

    database: str
    age: int
    multixact_age: int
    freeze_at: int
    multixact_freeze_at: int
    oldest_table: str | None = None
    oldest_multixact_table: str | None = None


def exhaustion(sequences: Iterable[SequenceUse], ids: TransactionIds, options: CheckOptions) -> list[CheckResult]:
    """A failed result for each sequence that is near its end, and one where transaction ids are old."""
    return results_of([*sequences_near_end(sequences), *old_ids(ids)], options)


def sequences_near_end(sequences: Iterable[SequenceUse]) -> list[Difference]:
    """Each sequence that is near its end, told of once, by name."""
    nearest: dict[tuple[str, str], SequenceUse] = {}
    for sequence in sequences:
        key = sequence.schema, sequence.name
        if key not in nearest or sequence.used > nearest[key].used:
            nearest[key] = sequence
    return [
        _near_end(sequence)
        for _, sequence in sorted(nearest.items(), key=lambda item: item[0])
        if sequence.used >= NEAR
    ]


def _near_end(sequence: SequenceUse) -> Difference:
    severity: Severity = "error" if sequence.used >= _VERY_NEAR else "warning"
    sentence = (
        f"{sequence.what_ends()} has used {int(sequence.used * 100)} % of its numbers; "
        "inserts fail at the end: plan the way to bigint now"
    )
    return Difference("sequence_near_end", written(sequence.schema, sequence.name), sentence, severity=severity)


def old_ids(ids: TransactionIds) -> Iterator[Difference]:
    """What is old of transaction ids and of multixact ids."""
    kinds = (
        ("transaction id", ids.age, ids.freeze_at, ids.oldest_table),
        ("multixact id", ids.multixact_age, ids.multixact_freeze_at, ids.oldest_multixact_table),
    )
    for what, age, freeze_at, table in kinds:
        if age < old_from(freeze_at):
            continue
        severity: Severity = "error" if age >= max(_VERY_OLD, _FAR_BEYOND * freeze_at) else "warning"
        sentence = (
            f"the oldest {what} of {ids.database} is {age / 1e6:,.0f} million old, and at 2,100 million the server "
            "stops writing: end transactions, replication slots and prepared transactions that stay open, then vacuum"
        )
        sql = f"VACUUM (FREEZE, VERBOSE) {table};" if table else ""
        yield Difference("transaction_id_age", f"{ids.database} ({what})", sentence, sql, severity)


def old_from(freeze_at: int) -> float:
    """The age from which on ids are old, where vacuum freezes them at that age by itself."""
    return max(_OLD, _BEYOND * freeze_at)
