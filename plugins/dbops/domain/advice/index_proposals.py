"""Which indexes the plans of probes ask for, each with the statement that makes it. None is proven: nobody tried it.

What the schema's baseline demands comes first, then what it recommends, and only then an index of our own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dbops.domain.advice.foreign_key_needs import read_foreign_key_needs
from dbops.domain.advice.index_key import IndexKey, index_keys
from dbops.domain.advice.index_needs import IndexNeed, read_needs
from dbops.domain.advice.index_suitability import instead, suited
from dbops.domain.query_plan import Plan
from dbops.domain.query_plan.advice import IndexProposal, Origin
from dbops.domain.query_plan.conditions import KeyColumn
from dbops.domain.schema.baseline import SchemaBaseline, Table
from dbops.domain.schema.recommended_indexes import RecommendedIndex
from dbops.domain.servers.table_statistics import TableStatistics
from dbops.domain.sql.object_names import TableName, in_sql, quoted, written

_LONGEST_NAME = 63  # bytes, PostgreSQL's own limit


def propose(
    plans: Mapping[str, Iterable[Plan]],
    *,
    live: SchemaBaseline,
    baseline: SchemaBaseline | None = None,
    recommended: Sequence[RecommendedIndex] = (),
    statistics: Mapping[TableName, TableStatistics] | None = None,
) -> tuple[IndexProposal, ...]:
    """What to create, by the plans of each probe, that ``live``, as ``read_schema`` has it, does not have yet.

    Probes that ask for the same index, or for the beginning of one, share a proposal. ``statistics`` say how large a
    table is whose plan was not executed.
    """
    there = {name: list(index_keys(name, table)) for name, table in live.tables.items()}
    wished = [
        key
        for one in recommended
        if (key := IndexKey.of(one.name, one.table, one.statement)) and not _is_made(key, there.get(key.table, []))
    ]
    desk = _Desk(live.tables, there, _missing(there, baseline), wished, statistics or {})
    for probe, its in plans.items():
        for plan in its:
            for need in _needs(plan, live.tables, statistics or {}):
                desk.take(probe, need)
    return desk.proposals()


def unsuited(
    plans: Iterable[Plan], *, live: SchemaBaseline, statistics: Mapping[TableName, TableStatistics] | None = None
) -> tuple[str, ...]:
    """For what the plans of a probe would need, and an ordinary index is not good for: what might help instead."""
    known = statistics or {}
    said: dict[str, None] = {}
    for need in (need for plan in plans for need in _needs(plan, live.tables, known) if need.is_heavy):
        table = live.tables[need.table]
        rest = suited(need, table, known.get(need.table))
        if rest is None or any(key.is_valid and serves(key, rest) for key in index_keys(need.table, table)):
            sentence = instead(need, table, known.get(need.table))
            if sentence:
                said[f"{need.why} {sentence}"] = None
    return tuple(said)


def _needs(
    plan: Plan, tables: Mapping[TableName, Table], statistics: Mapping[TableName, TableStatistics]
) -> Iterator[IndexNeed]:
    yield from read_needs(plan, tables, statistics)
    yield from read_foreign_key_needs(plan, tables, statistics)


def serves(index: IndexKey, need: IndexNeed) -> bool:
    """Whether an index gives just the rows that are needed, in their order: the beginning of it, or a single row."""
    names = [None if column is None else column.name for column in index.columns]
    if index.is_partial or index.method not in ({"btree"} if need.then else {"btree", "hash"}):
        return False
    if index.is_unique and None not in names and set(names) <= set(need.equal):
        return True
    length = len(need.equal)
    if set(names[:length]) != set(need.equal):
        return False
    return _follows(index.columns[length:], need)


def covers(index: IndexKey, need: IndexNeed) -> bool:
    """Whether it serves, or leaves only some of the columns to a filter: what a person has chosen is enough."""
    if serves(index, need):
        return True
    if index.is_partial or index.method != "btree":
        return False
    leading = 0
    while leading < len(index.columns) and _name(index.columns[leading]) in need.equal:
        leading += 1
    rest = index.columns[leading:]
    if need.equal and not leading:
        return False
    if need.is_sorted:
        return _follows(rest, need)
    return not rest or (bool(need.then) and _follows(rest, need))


def _follows(columns: Sequence[KeyColumn | None], need: IndexNeed) -> bool:
    """Whether these columns give the order or the range; that of a range may have any direction."""
    first = tuple(columns[: len(need.then)])
    if need.is_sorted:
        return first in (need.then, tuple(key.flipped for key in need.then))
    return [_name(column) for column in first] == [key.name for key in need.then]


def _name(column: KeyColumn | None) -> str | None:
    return None if column is None else column.name


def _missing(there: Mapping[TableName, Sequence[IndexKey]], baseline: SchemaBaseline | None) -> list[IndexKey]:
    """What the baseline demands and the live database lacks, or has a failed build of."""
    return [
        key
        for name, table in (baseline.tables if baseline else {}).items()
        if name in there
        for key in index_keys(name, table)
        if not any(one.is_valid and key.equals(one) for one in there[name])
    ]


def _is_made(key: IndexKey, there: Iterable[IndexKey]) -> bool:
    """Whether a recommended index is among these, under its name or as what it is."""
    return any(one.is_valid and (one.name == key.name or one.equals(key)) for one in there)


@dataclass
class _Wish:
    """An index to be made, and what asks for it: probes in their order, and why, by the most rows."""

    key: IndexKey
    origin: Origin
    probes: dict[str, None] = field(default_factory=dict)
    rows: float = -1
    why: str = ""

    def add(self, probe: str, need: IndexNeed) -> None:
        self.probes[probe] = None
        if need.rows > self.rows:
            self.rows, self.why = need.rows, need.why


@dataclass
class _Desk:
    """What is known of all tables: the indexes that are ``there``, those ``missing`` and those ``wished`` for."""

    tables: Mapping[TableName, Table]
    there: Mapping[TableName, Sequence[IndexKey]]
    missing: Sequence[IndexKey]
    wished: Sequence[IndexKey]
    statistics: Mapping[TableName, TableStatistics]
    wishes: dict[tuple[TableName, str], _Wish] = field(default_factory=dict)
    own: list[tuple[str, IndexNeed]] = field(default_factory=list)

    def take(self, probe: str, need: IndexNeed) -> None:
        there = self.there[need.table]
        if any(key.is_valid and serves(key, need) for key in there):
            return
        best = _best(self.missing, need)
        origin: Origin = "baseline"
        if best is None and need.is_heavy:
            best, origin = _best(self.wished, need), "recommended"
        if best is not None:
            self.wishes.setdefault((best.table, best.name), _Wish(best, origin)).add(probe, need)
        elif need.is_heavy:
            own = suited(need, self.tables[need.table], self.statistics.get(need.table))
            if own is not None and not any(key.is_valid and serves(key, own) for key in there):
                self.own.append((probe, own))

    def proposals(self) -> tuple[IndexProposal, ...]:
        shared = Counter((need.table, column) for _, need in self.own for column in need.equal)
        for probe, need in sorted(self.own, key=lambda one: -len(one[1].columns)):
            wish = next(
                (one for one in self.wishes.values() if one.key.table == need.table and serves(one.key, need)), None
            )
            if wish is None:
                # What several ask for stands first, so that one index serves them all.
                equal = sorted(need.equal, key=lambda column: -shared[need.table, column])
                key = self._made([*map(KeyColumn, equal), *need.then], need.table)
                wish = self.wishes.setdefault((key.table, key.name), _Wish(key, "plan"))
            wish.add(probe, need)
        return tuple(self._proposal(wish) for wish in self.wishes.values())

    def _made(self, columns: list[KeyColumn], table: TableName) -> IndexKey:
        keys = tuple(columns)
        name = self._free_name(table, [column.name for column in columns])
        listed = ", ".join(quoted(key.name) + str(key).removeprefix(key.name) for key in keys)
        statement = f"CREATE INDEX CONCURRENTLY {quoted(name)} ON {in_sql(*table)} ({listed})"
        return IndexKey(name, table, keys, statement)

    def _free_name(self, table: TableName, columns: list[str]) -> str:
        """As Prisma names it; numbered where another index of the schema has that name."""
        schema = [name for name in self.tables if name[0] == table[0]]
        taken = {key.name for name in schema for key in self.there[name] if key.is_valid}
        taken |= {name for _, name in schema} | {wish.key.name for wish in self.wishes.values()}
        stem = "_".join([table[1], *columns])
        endings = ["_idx", *(f"_idx{number}" for number in range(2, len(taken) + 3))]
        return next(name for ending in endings if (name := _cut(stem, ending)) not in taken)

    def _proposal(self, wish: _Wish) -> IndexProposal:
        key = wish.key
        why = [wish.why]
        if wish.origin == "baseline":
            why.append("The schema's baseline demands this index.")
        if key.constraint:
            why.append(
                f"Afterwards: ALTER TABLE {in_sql(*key.table)} ADD CONSTRAINT {quoted(key.name)} {key.constraint} "
                f"USING INDEX {quoted(key.name)}."
            )
        why += [
            f"The index {broken.name} is INVALID, its build has failed. First: "
            f"DROP INDEX CONCURRENTLY {in_sql(key.table[0], broken.name)}."
            for broken in self.there[key.table]
            if not broken.is_valid and (broken.name == key.name or broken.columns[: len(key.columns)] == key.columns)
        ]
        return IndexProposal(
            name=key.name,
            table=written(*key.table),
            statement=key.statement,
            revert=f"DROP INDEX CONCURRENTLY IF EXISTS {in_sql(key.table[0], key.name)}",
            probes=tuple(wish.probes),
            why=" ".join(why),
            origin=wish.origin,
        )


def _best(keys: Iterable[IndexKey], need: IndexNeed) -> IndexKey | None:
    """The one of the table's that leaves least to a filter."""
    fitting = [key for key in keys if key.table == need.table and covers(key, need)]
    return max(fitting, key=lambda key: (serves(key, need), len(key.columns)), default=None)


def _cut(stem: str, ending: str) -> str:
    room = _LONGEST_NAME - len(ending)
    return stem.encode()[:room].decode(errors="ignore") + ending
