"""Schema differences: where a live schema is not its baseline, in sentences, each object named once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.options.checks import CheckOptions
from dbops.domain.options.schema_kinds import severity_of
from dbops.domain.schema.baseline import (
    OBJECT_KINDS,
    ObjectKind,
    SchemaBaseline,
    Signature,
    parent_of,
    signatures,
    without,
)
from dbops.domain.schema.object_differences import Changed, Difference, told, under_another_name
from dbops.domain.schema.recommended_indexes import RecommendedIndex, nameless
from dbops.domain.sql.object_names import TableName
from dbops.domain.sql.relation_pattern import RelationPattern

_Texts = Mapping[ObjectKind, Collection[str]]


def schema_differences(baseline: SchemaBaseline, live: SchemaBaseline, options: CheckOptions) -> list[CheckResult]:
    """A failed result for each difference that the target does not ignore."""
    wanted, found = signatures(baseline), signatures(live)
    return differences_of(
        {kind: wanted[kind] - found[kind] for kind in OBJECT_KINDS},
        {kind: found[kind] - wanted[kind] for kind in OBJECT_KINDS},
        baseline,
        options,
    )


def every_difference(baseline: SchemaBaseline, live: SchemaBaseline) -> list[Difference]:
    """All there are, whatever a target ignores: no table may be absent, and no index is missed by recommendation."""
    wanted, found = signatures(baseline), signatures(live)
    comparison = _Comparison(
        {kind: wanted[kind] - found[kind] for kind in OBJECT_KINDS},
        {kind: found[kind] - wanted[kind] for kind in OBJECT_KINDS},
        baseline,
        recommends=False,
    )
    return list(comparison.differences())


def differences_of(
    missing: _Texts, unexpected: _Texts, baseline: SchemaBaseline, options: CheckOptions
) -> list[CheckResult]:
    """The same from the signatures, by kind of object, that only the baseline has and that only the database has.

    Nothing is said of a kind that is in neither, as where it could not be read.
    """
    gone = {kind: frozenset(missing.get(kind, ())) for kind in OBJECT_KINDS}
    absent = [
        signature.of_table
        for signature in (Signature.of("table", text) for text in gone["table"])
        if is_optional(signature.of_table, baseline, options)
    ]
    known, wanted = signatures(baseline), signatures(without(baseline, absent))
    comparison = _Comparison(
        {kind: gone[kind] & wanted[kind] for kind in OBJECT_KINDS},
        {kind: frozenset(unexpected.get(kind, ())) - known[kind] for kind in OBJECT_KINDS},
        without(baseline, absent),
        recommends="index" in unexpected,
    )
    return results_of(comparison.differences(), options)


def is_optional(table: TableName, baseline: SchemaBaseline, options: CheckOptions) -> bool:
    """Whether the target or its schema.yaml says that this table may be absent."""
    patterns = (RelationPattern.of_table(text) for text in (*options.optional, *baseline.optional))
    return any(pattern.matches(*table) for pattern in patterns)


def results_of(differences: Iterable[Difference], options: CheckOptions) -> list[CheckResult]:
    """What people are told of, errors first."""
    results = []
    for one in differences:
        severity = severity_of(one.kind, options.severity, one.severity)
        if severity is not None:
            results.append(
                CheckResult(
                    rule_id=f"{one.kind}:{one.subject}",
                    group="schema",
                    subject=one.subject,
                    outcome=Outcome.FAILED,
                    severity=severity,
                    sentence=one.sentence,
                    sql=one.sql,
                    how="catalog",
                )
            )
    return sorted(results, key=lambda result: result.severity)


_Key = tuple[ObjectKind, str, str, str]


class _Comparison:
    """What is ``gone`` and what is ``new``, by key; an object under both keys has changed."""

    def __init__(self, missing: _Texts, unexpected: _Texts, baseline: SchemaBaseline, *, recommends: bool) -> None:
        self._gone = _by_key(missing)
        self._new = _by_key(unexpected)
        self._baseline = baseline
        self._lost_tables = self._only_in(self._gone, self._new)
        self._new_tables = self._only_in(self._new, self._gone)
        self._lost_keys = Counter(
            parent
            for one in self._gone.values()
            if (parent := _parent(one)) is not None and one.of_table not in self._lost_tables
        )
        self._recommended = [
            index
            for index in (RecommendedIndex.of(*item) for item in baseline.recommended_indexes.items())
            if recommends and not index.is_of(self._lost_tables)
        ]

    @staticmethod
    def _only_in(here: Mapping[_Key, Signature], there: Mapping[_Key, Signature]) -> frozenset[TableName]:
        return frozenset(one.of_table for key, one in here.items() if one.kind == "table" and key not in there)

    def differences(self) -> Iterator[Difference]:
        renamed = dict(self._renamed())
        came_back = set(renamed.values())
        for key in sorted({*self._gone, *self._new} - came_back):
            wanted, found = self._gone.get(key), self._new.get(renamed.get(key, key))
            one = wanted or found
            if one is None or self._goes_with_its_table(one):
                continue
            if key in renamed and wanted and found:
                yield under_another_name(wanted, found)
            else:
                yield from told(self._changed(one, wanted, found))
        yield from self._not_built()

    def _goes_with_its_table(self, one: Signature) -> bool:
        """A table that is missing or extra is told of once; foreign keys to a missing one go with it too."""
        if one.kind in {"table", "enum"}:
            return False
        if one.of_table in self._lost_tables or one.of_table in self._new_tables:
            return True
        return one.key not in self._new and _parent(one) in self._lost_tables

    def _renamed(self) -> Iterator[tuple[_Key, _Key]]:
        """The keys of constraints and indexes that are gone, each with the equal one of its table that is new."""
        candidates: dict[tuple[str, str, str, str], list[_Key]] = {}
        for key in sorted(self._new.keys() - self._gone.keys()):
            if key[0] in {"constraint", "index"}:
                candidates.setdefault(_likeness(self._new[key]), []).append(key)
        for key in sorted(self._gone.keys() - self._new.keys()):
            if key[0] in {"constraint", "index"} and (equal := candidates.get(_likeness(self._gone[key]))):
                yield key, equal.pop(0)

    def _changed(self, one: Signature, wanted: Signature | None, found: Signature | None) -> Changed:
        table = self._baseline.tables.get(one.of_table)
        return Changed(
            wanted,
            found,
            partitioned=table is not None and table.definition.startswith("partitioned"),
            recommended=any(index.is_made_by(one) for index in self._recommended),
            lost_keys=self._lost_keys[one.of_table],
        )

    def _not_built(self) -> Iterator[Difference]:
        """The recommended indexes that are neither there nor missed already."""
        present = [one for one in self._new.values() if one.kind == "index"]
        for index in self._recommended:
            if not any(index.is_made_by(one) for one in present) and not index.is_known_to(self._baseline):
                sentence = f"the index {index.name}, which schema.yaml recommends, is not there"
                yield Difference("recommended_index", index.subject, sentence, f"{index.statement.rstrip('; ')};")


def _by_key(texts: _Texts) -> dict[_Key, Signature]:
    found = (Signature.of(kind, text) for kind in OBJECT_KINDS for text in texts[kind])
    return {one.key: one for one in found}


def _likeness(one: Signature) -> tuple[str, str, str, str]:
    definition = nameless(str(one.definition), one.name) if one.kind == "index" else str(one.definition)
    return one.kind, one.schema, one.table, definition


def _parent(one: Signature) -> TableName | None:
    return parent_of(str(one.definition)) if one.kind == "constraint" else None
