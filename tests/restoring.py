"""What tests of whole restores share: a live database with a backup of it, and every step of a restore."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg import sql

from dbops.domain.restores.plan import RestorePlan
from dbops.domain.restores.record import RestoreRecord
from dbops.domain.restores.report import RestoreReport
from dbops.domain.restores.request import RestoreRequest, read_restore_request
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DbopsError
from dbops.gateways.store.restores import read_restore
from dbops.jobs.approvals.require_approval import Consent
from dbops.jobs.restores.analyze_restore import analyze_restore
from dbops.jobs.restores.plan_restore import plan_restore
from dbops.jobs.restores.plan_swap import plan_swap
from dbops.jobs.restores.post_check import post_check
from dbops.jobs.restores.report_restore import report_restore
from dbops.jobs.restores.restore import restore
from dbops.jobs.restores.restore_place import RestorePlace
from dbops.jobs.restores.restore_run import RestoreRun
from dbops.jobs.restores.swap import swap
from dbops.jobs.restores.verify_restore import verify_restore
from tests.backups import counted_rows, execute
from tests.clock import now
from tests.loading import Loader

E = TypeVar("E", bound=DbopsError)


@dataclass
class Restoring:
    """Restores of one live database, by a target whose swap needs no approval unless a test asks for one.

    They work as the role of ``url``, unless a test sets ``by`` whom.
    """

    loader: Loader
    url: str
    approve: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    by: RestorePlace | None = None
    run: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")

    @property
    def target(self) -> Target:
        document = self.loader.target.model_dump(mode="json", exclude_unset=True)
        return Target.model_validate(
            {**document, "approvals": {"approve": self.approve}, "restore": {"jobs": 2, **self.options}}
        )

    @property
    def place(self) -> RestorePlace:
        address = DatabaseAddress.from_url(self.url)
        return self.by or RestorePlace(address, address, self.loader.identities)

    @property
    def record(self) -> RestoreRecord:
        """How far it is."""
        return read_restore(self.loader.bucket, self.target, self.run)

    @property
    def live(self) -> str:
        return self.place.live.database

    def asked(self, clock: Callable[[], datetime] = now) -> RestoreRun:
        return RestoreRun(
            self.target, self.place, self.loader.bucket, self.run, clock, self.loader.desk.programs.folder
        )

    def plan(self, **asked: Any) -> RestorePlan:
        return plan_restore(self.asked(), self.request(**asked), by="tester")

    def request(self, **asked: Any) -> RestoreRequest:
        return read_restore_request(zone=self.target.zone, **asked)

    def load(self, *, after_another_try: bool = False) -> RestoreRecord:
        return restore(self.asked(), after_another_try=after_another_try)

    def analyze(self) -> RestoreRecord:
        return analyze_restore(self.asked())

    def verify(self) -> RestoreRecord:
        return verify_restore(self.asked())

    def plan_swap(self) -> RestorePlan:
        return plan_swap(self.asked())

    def swap(
        self, clock: Callable[[], datetime] = now, consent: Consent | None = None, *, after_another_try: bool = False
    ) -> RestoreRecord:
        return swap(self.asked(clock), consent=consent, after_another_try=after_another_try)

    def post_check(self) -> RestoreRecord:
        return post_check(self.asked())

    def report(self) -> RestoreReport:
        return report_restore(self.asked())

    def restored(self, **asked: Any) -> RestoreRecord:
        """Everything up to the verification."""
        self.plan(**asked)
        return self.bring_back()

    def bring_back(self) -> RestoreRecord:
        """What follows the plan, up to the verification."""
        self.load()
        self.analyze()
        return self.verify()

    def url_of(self, database: str) -> str:
        return psycopg.conninfo.make_conninfo(self.url, dbname=database)

    def ask(self, query: str, database: str | None = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url_of(database or self.live)) as connection:
            return connection.execute(query.encode()).fetchall()

    def tell(self, *statements: str, database: str | None = None) -> None:
        execute(self.url_of(database or self.live), *statements)

    def databases(self) -> set[str]:
        """Those that belong to the live one: itself, and what restores have made of it."""
        found = self.ask("SELECT datname FROM pg_database", "postgres")
        return {name for (name,) in found if name == self.live or name.startswith(f"{self.live}__")}

    @property
    def quoted(self) -> str:
        """The live database's name in SQL."""
        return '"' + self.live.replace('"', '""') + '"'

    def others(self) -> set[str]:
        """All databases of the server but the live one."""
        return {name for (name,) in self.ask("SELECT datname FROM pg_database", "postgres")} - {self.live}

    @contextmanager
    def refusing(self, kind: type[E], words: str) -> Iterator[pytest.ExceptionInfo[E]]:
        """Something that is refused with both sentences, in them these words, and that changes nothing."""
        before = self.databases(), counted_rows(self.url)
        with pytest.raises(kind) as refused:
            yield refused
        assert words in str(refused.value), str(refused.value)
        assert refused.value.what, "it does not say what happened"
        assert refused.value.remedy, "it does not say what to do"
        assert (self.databases(), counted_rows(self.url)) == before

    def edit_manifest(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the manifest of the backup as it lies in the bucket."""
        key = f"{self.loader.open().folder}manifest.json"
        manifest = json.loads(self.loader.bucket.get(key))
        change(manifest)
        self.loader.bucket.put(key, json.dumps(manifest).encode())

    def clean_up(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            for name in self.databases() - {self.live}:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
