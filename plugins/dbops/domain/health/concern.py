"""Concern: one thing that the health panel judges, its threshold in words, and what can come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dbops.domain.health.item import HealthItem
from dbops.domain.sql.object_names import quoted
from dbops.domain.words.quantities import NAMED, format_duration


@dataclass(frozen=True)
class Concern:
    """``threshold`` says what is well, for people."""

    name: str
    threshold: str

    def ok(self, value: str) -> HealthItem:
        """Nothing to worry about."""
        return HealthItem(name=self.name, value=value, threshold=self.threshold, status="ok")

    def warning(self, value: str, remedy: str, sql: str = "") -> HealthItem:
        """Beyond the threshold: what to do, and the statement that does it or shows more."""
        return HealthItem(
            name=self.name, value=value, threshold=self.threshold, status="warning", remedy=remedy, sql=sql
        )

    def unknown(self, value: str, remedy: str, sql: str = "") -> HealthItem:
        """It could not be read: how that is put right."""
        return HealthItem(
            name=self.name, value=value, threshold=self.threshold, status="unknown", remedy=remedy, sql=sql
        )

    def hidden(self, value: str, grant: Grant) -> HealthItem:
        """Our role may not see enough of it."""
        return self.unknown(value, grant.remedy, grant.sql)


@dataclass(frozen=True)
class Grant:
    """What our ``role`` lacks: membership of a predefined role of PostgreSQL's."""

    membership: str
    role: str

    @property
    def sql(self) -> str:
        """The statement that a superuser runs."""
        return f"GRANT {self.membership} TO {quoted(self.role)};"

    @property
    def remedy(self) -> str:
        """The sentence that names it."""
        return f"GRANT {self.membership} to our role {self.role}, which may not see it."


@dataclass(frozen=True, kw_only=True)
class HealthServer:
    """Who asks, whether ``autovacuum`` is on, and since when this server counts.

    ``counted_seconds`` is None where it counts since the database was created. ``statements_view`` is where
    pg_stat_statements is, as SQL writes it, None where this database does not have it.
    """

    role: str
    autovacuum: bool
    counted_seconds: float | None
    statements_view: str | None

    @property
    def monitoring(self) -> Grant:
        """What shows our role the sessions, replicas and statements of others."""
        return Grant("pg_monitor", self.role)

    @property
    def reading(self) -> Grant:
        """What shows our role the statistics of tables, and sequences."""
        return Grant("pg_read_all_data", self.role)

    @property
    def counted(self) -> str:
        """Since when, in words."""
        if self.counted_seconds is None:
            return "since the database was created"
        return f"for {lasting(self.counted_seconds)}"


def statements(sqls: Sequence[str]) -> str:
    """The first few statements, a line each: as many as things are named."""
    return "\n".join([sql for sql in sqls if sql][:NAMED])


def lasting(seconds: float) -> str:
    """Seconds as people write them; clocks may differ by a little, and nothing lasts less than nothing."""
    return format_duration(timedelta(seconds=max(seconds, 0.0)))
