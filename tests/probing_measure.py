"""What tests of measuring share: probes made by hand, a database of a test's own, and what came of measuring it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from dbops.domain.options.probes import ProbeOptions
from dbops.domain.probes import Draw, Probe, Statement
from dbops.domain.probes.measurement import Escape, Measurement
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.probing import measure, read_escapes, require_runnable
from tests.backups import execute
from tests.faults.job import wait_until

_PARAMETER = re.compile(r"%\((\w+)\)s")


def probe(name: str, *statements: str, draw: dict[str, str] | None = None, **more: Any) -> Probe:
    """A probe as its file would have it; each statement begins in the line after the one before has ended."""
    line, made = 4, []
    for sql in statements:
        made.append(Statement(sql, tuple(dict.fromkeys(_PARAMETER.findall(sql))), line))
        line += sql.count("\n") + 1
    return Probe(
        **{
            "name": name,
            "title": name,
            "model": "Summary",
            "budget_ms": 100.0,
            "statements": tuple(made),
            "samples": 5,
            "draws": tuple(Draw(kind, query) for kind, query in (draw or {}).items()),
            "source": f"sql/shop/probes/{name}.sql",
            **more,
        }
    )


def options(**settings: Any) -> ProbeOptions:
    """As a target's YAML would say it."""
    return ProbeOptions.model_validate(settings)


@dataclass
class Probing:
    """One database, and a way to talk to it beside what is measured."""

    url: str

    @property
    def address(self) -> DatabaseAddress:
        return DatabaseAddress.from_url(self.url)

    def tell(self, *statements: str) -> None:
        execute(self.url, *statements)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def measure(
        self,
        *probes: Probe,
        seconds: float | None = None,
        pause: Callable[[float], None] = time.sleep,
        **settings: Any,
    ) -> Measurement:
        return measure(self.address, probes, options(**settings), seconds=seconds, pause=pause)

    def require_runnable(self, *probes: Probe, **settings: Any) -> Mapping[str, str]:
        return require_runnable(self.address, probes, options(**settings))

    def escapes(self, *probes: Probe) -> tuple[Escape, ...]:
        return read_escapes(self.address, probes, options())

    def checksums(self) -> dict[str, str]:
        """Every table's contents, hashed."""
        tables = self.ask(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        found = {}
        for (table,) in tables:
            query = f"SELECT md5(coalesce(string_agg(t::text, '\n' ORDER BY t::text), '')) FROM {table} t"  # noqa: S608
            ((found[table],),) = self.ask(query)
        return found

    def sessions(self) -> int:
        """How many of ours there are in this database."""
        ((count,),) = self.ask(
            "SELECT count(*)::int FROM pg_stat_activity "
            "WHERE application_name = 'dbops probe' AND datname = current_database()"
        )
        return int(count)

    def wait_until_closed(self) -> None:
        """Until the server has noticed that ours are; fails the test where some stay open."""
        wait_until(lambda: not self.sessions(), "every session of ours is closed", 30)
