"""What tests of a migration's plan share: a pushed database, a folder of migrations of its own, and a bucket."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from dbops.domain.backups.layout import Layout
from dbops.domain.ledger.migration import Migration
from dbops.domain.migrations.plan import ChecklistItem, MigrationPlan
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.files.migration_files import migrations_folder, read_migrations
from dbops.gateways.migrating.ledger import LedgerSession
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.migrations.plan_migration import plan_migration
from demo.postgres import EmbeddedPostgres
from tests.backups import NAME, target
from tests.clock import now
from tests.migrating_scratch import tell, write_migration
from tests.unit.samples import manifest, store_backup, verification
from tests.validating import cloned

REFERENCE = Path(__file__).parents[1] / "include/sql/summary_app/migrations"


@dataclass
class Planning:
    """Plans of one database, whose migrations are those of the reference application unless a test changes them.

    ``user`` is whom we connect as, where it is not who is in ``url``; ``options`` are sections of the target's file.
    """

    url: str
    include: Path
    place: Path
    programs: Path
    bucket: Bucket
    options: dict[str, Any] = field(default_factory=dict)
    user: str | None = None
    others: Callable[[str], DatabaseAddress] | None = None

    def __post_init__(self) -> None:
        shutil.copytree(REFERENCE, self.folder)

    @property
    def folder(self) -> Path:
        return migrations_folder(self.include, NAME)

    @property
    def migrations(self) -> tuple[Migration, ...]:
        return read_migrations(self.include, NAME)

    @property
    def target(self) -> Target:
        document = target(self.bucket.name).model_dump(mode="json", exclude_unset=True)
        drill = {"directory": str(self.place)}
        return Target.model_validate({**document, "drill": drill, "restore": {"disk_size": "1TiB"}, **self.options})

    @property
    def address(self) -> DatabaseAddress:
        address = DatabaseAddress.from_url(self.url)
        return address if self.user is None else replace(address, user=self.user, password="x")

    def plan(self, **asked: Any) -> MigrationPlan:
        return plan_migration(
            self.target,
            self.address,
            self.bucket,
            include=self.include,
            run="test",
            by="tester",
            clock=now,
            programs=self.programs,
            address_of_target=self.others,
            **asked,
        )

    def write(self, name: str, sql: str, down: str | None = None) -> None:
        """One more migration, or another text of one."""
        write_migration(self.folder, name, sql, down)

    def tell(self, *scripts: str) -> None:
        tell(self.url, *scripts)

    def apply_all(self) -> None:
        """What apply_migration does, by hand: the first is marked, the others are executed."""
        first, *others = self.migrations
        with LedgerSession(DatabaseAddress.from_url(self.url)) as ledger:
            ledger.create()
            ledger.mark_applied(first, now())
            for migration in others:
                row = ledger.begin(migration, now())
                self.tell(migration.sql)
                ledger.step(row)
                ledger.finish(row, now())

    def keep_backup(self, age: timedelta = timedelta(hours=1)) -> None:
        """A good backup of that age, restored for the proof since."""
        backup, layout = manifest(now() - age, of=NAME), Layout(self.target.root)
        store_backup(self.bucket, layout, backup)
        proof = verification(backup.backup_id, of=NAME)
        self.bucket.put(layout.verification(backup.backup_id), proof.to_json())


@contextmanager
def pushed(server: EmbeddedPostgres, template: str) -> Iterator[str]:
    """The URL of a database of the reference application that has rows and no ledger."""
    with cloned(server.url(), template, f"planned_{secrets.token_hex(4)}") as url:
        yield url


def by_name(plan: MigrationPlan) -> dict[str, ChecklistItem]:
    return {item.name: item for item in plan.checklist}


def names(plan: MigrationPlan, status: str) -> set[str]:
    """The items of that status."""
    return {item.name for item in plan.checklist if item.status == status}
