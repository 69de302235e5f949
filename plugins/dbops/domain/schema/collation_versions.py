"""Collation versions: whether the operating system still sorts text as it did when the indexes were built.

A newer C library or ICU may sort otherwise. Then an index on text is in an order that searches do not expect: rows are
not found, and a unique index lets the same value in twice, with no error anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.options.checks import CheckOptions
from dbops.domain.options.schema_kinds import severity_of
from dbops.domain.schema.differences import results_of
from dbops.domain.schema.object_differences import Difference
from dbops.domain.schema.repairs import index_rebuilt
from dbops.domain.sql.object_names import in_sql, quoted, written
from dbops.domain.words.quantities import listed

KIND = "collation_version"
_ONE_BY_ONE = 50


@dataclass(frozen=True, kw_only=True)
class OldCollation:
    """What was made for the ``recorded`` version of a locale, where the operating system has the ``actual`` one.

    ``collation`` is its schema and name, None for what the ``database`` itself sorts by. ``indexes`` depend on it, each
    with its schema, table and name.
    """

    database: str
    collation: tuple[str, str] | None
    recorded: str
    actual: str
    indexes: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        return f"collation {written(*self.collation)}" if self.collation else f"database {self.database}"

    @property
    def _refreshed(self) -> str:
        if self.collation:
            return f"ALTER COLLATION {in_sql(*self.collation)} REFRESH VERSION;"
        return f"ALTER DATABASE {quoted(self.database)} REFRESH COLLATION VERSION;"

    @property
    def sentence(self) -> str:
        """What is wrong, what depends on it, and what to do."""
        said = (
            f"the {self} sorts by version {self.recorded} of its locale, and the operating system has {self.actual} now"
        )
        if not self.indexes:
            return f"{said}; no index depends on it: {self._refreshed.removesuffix(';')}"
        names = listed([written(*index) for index in self.indexes])
        depend = "1 index depends" if len(self.indexes) == 1 else f"{len(self.indexes):,} indexes depend"
        return (
            f"{said}; {depend} on it and may be corrupt without an error: {names}. Rebuild with REINDEX, and only then "
            f"{self._refreshed.removesuffix(';')}"
        )

    @property
    def sql(self) -> str:
        """What puts it right: each index, or the whole database where they are many, and then the version."""
        if len(self.indexes) > _ONE_BY_ONE:
            return f"REINDEX DATABASE CONCURRENTLY {quoted(self.database)};\n{self._refreshed}"
        return "\n".join([*(index_rebuilt(schema, name) for schema, _, name in self.indexes), self._refreshed])


def old_collations(found: Iterable[OldCollation], options: CheckOptions) -> list[CheckResult]:
    """A failed result for the database, and one for each collation, that sorts otherwise than it did."""
    return results_of([Difference(KIND, str(one), one.sentence, one.sql) for one in found], options)


def unknown_collations(why: str, options: CheckOptions) -> list[CheckResult]:
    """What is told where the server does not say: that nobody knows."""
    severity = severity_of(KIND, options.severity)
    if severity is None:
        return []
    return [
        CheckResult(
            rule_id=KIND,
            group="schema",
            subject="collation versions",
            outcome=Outcome.NOT_EVALUATED,
            severity=severity,
            sentence=why,
            how="catalog",
        )
    ]
