"""Migrating: one run's migration while it is carried out: under the lock, each step noted before it is done."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from dbops.domain.ledger.logs import failure_logs
from dbops.domain.ledger.migration import Migration
from dbops.domain.ledger.table import LedgerRow
from dbops.domain.migrations.progress import MigrationProgress
from dbops.domain.migrations.record import MigrationRecord, MigrationState, MigrationStep, StepState
from dbops.domain.migrations.sql import runs_alone
from dbops.domain.schema.whole_schema import WholeSchema
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DbopsError, MigrationFailed
from dbops.gateways.migrating.ledger import LedgerSession
from dbops.gateways.migrating.ledger_mark import rolled_back, stepped
from dbops.gateways.migrating.runner import Listener, MigrationRunner
from dbops.gateways.processes.programs import find_pg_dump
from dbops.gateways.schema.whole_schema import read_whole_schema
from dbops.gateways.server.database import Database
from dbops.gateways.server.grants import Grants
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.migration_records import put_migration

_CANCELLED = "57014"
_STOPPED = "canceling statement due to user request"


@dataclass
class Migrating:
    """``ledger`` holds Prisma's lock. ``migrations`` are the folder's, by name; ``record`` is as the bucket has it.

    ``restore_form`` is a link for whoever needs the backup. ``before`` and ``grants`` are the schema and its grants
    before anything was done, None where another attempt has begun.
    """

    target: Target
    address: DatabaseAddress
    bucket: Bucket
    ledger: LedgerSession
    migrations: Mapping[str, Migration]
    clock: Callable[[], datetime]
    on_progress: Listener
    record: MigrationRecord
    programs: Path | None = None
    restore_form: str = ""
    before: WholeSchema | None = None
    grants: Grants | None = None

    def __post_init__(self) -> None:
        self.runner = MigrationRunner(self.address, self.target.migrations, self.on_progress)

    def schema(self) -> WholeSchema:
        """The whole schema as it is now; raises DatabaseError, RestoreFailed, and PreflightFailed without a pg_dump."""
        pg_dump = find_pg_dump(self.programs, Database(self.address).facts().server_major)
        return read_whole_schema(pg_dump, self.address)

    def save(self, record: MigrationRecord) -> MigrationRecord:
        """Keep how far it is; raises BucketError."""
        self.record = put_migration(self.bucket, self.target, record)
        return self.record

    def step(self, step: MigrationStep, state: StepState, **changed: object) -> MigrationStep:
        """Keep what has become of one step."""
        known = next(one for one in self.record.steps if one.name == step.name)
        new = replace(known, state=state, **changed)  # type: ignore[arg-type]  # replace() checks the names itself
        self.save(self.record.with_step(new))
        return new

    def row_of(self, step: MigrationStep) -> LedgerRow | None:
        """Its row of the ledger; None where there is none."""
        return next((row for row in self.ledger.rows() or () if row.row_id == step.row_id), None)

    def apply(self, step: MigrationStep) -> None:
        """Mark a baseline, or execute a migration and say so in the ledger.

        Raises MigrationFailed where it failed, and the ledger says so then. Whatever else ends this is an interruption,
        which the next attempt sees.
        """
        migration = self.migrations[step.name]
        self._say(step, "is marked as applied" if step.marked else "begins")
        row_id = None if step.marked else str(uuid.uuid4())
        step = self.step(step, StepState.APPLYING, began=self.clock(), ended=None, row_id=row_id)
        if row_id is None:
            row_id = self.ledger.mark_applied(migration, self.clock())
        else:
            self.ledger.begin(migration, self.clock(), row_id)
            self._execute(step, migration, row_id)
            self.ledger.finish(row_id, self.clock())
        self.step(step, StepState.APPLIED, row_id=row_id, ended=self.clock())

    def _execute(self, step: MigrationStep, migration: Migration, row_id: str) -> None:
        try:
            if migration.concurrently:
                self.runner.run_alone(migration.name, migration.sql)
                self.ledger.step(row_id)
            else:
                self.runner.run(migration.name, migration.sql, stepped(self.address, row_id))
        except MigrationFailed as error:
            self.ledger.fail(row_id, failure_logs(migration.name, error.code, error.said))
            self.step(step, StepState.FAILED, ended=self.clock(), said=error.what)
            raise
        except DbopsError:
            raise
        except BaseException as signal:
            self._note_interruption(step, row_id, signal)
            raise

    def _note_interruption(self, step: MigrationStep, row_id: str, signal: BaseException) -> None:
        """Whoever was stopped says so as far as that is possible; the next attempt finds out all the same."""
        with suppress(DbopsError):
            row = self.row_of(step)
            if row is not None and not row.steps:
                self.ledger.fail(row_id, failure_logs(step.name, _CANCELLED, _STOPPED))
            self.save(replace(self.record, interrupted=f"{step.name} was stopped: {signal or type(signal).__name__}"))

    def take_back(self, step: MigrationStep) -> None:
        """Execute its down.sql, and say so in the ledger; does nothing where that has happened.

        Raises MigrationFailed where the server refuses; then it stays in force.
        """
        down = self.migrations[step.name].down or ""
        row_id = step.row_id or ""
        again = step.state is StepState.REVERTING
        row = self.row_of(step)
        if row is None:
            raise MigrationFailed(
                f"The ledger's row of {step.name} is gone, so it was not reverted.",
                "Look at the schema and the ledger by hand.",
                said="not begun, because its row in the ledger is gone",
            )
        if row.rolled_back is None:
            self._say(step, "is taken back")
            step = self.step(step, StepState.REVERTING)
            if not runs_alone(down):
                self.runner.run(step.name, down, rolled_back(self.address, row_id, self.clock()))
            else:
                if not (again and self.runner.has_happened(step.name, down)):
                    self.runner.run_alone(step.name, down)
                self.ledger.roll_back(row_id, self.clock())
        self.step(step, StepState.REVERTED, ended=self.clock(), said="")

    def close(self, state: MigrationState, **changed: object) -> MigrationRecord:
        """Keep how it ended."""
        return self.save(self.record.at(state, finished=self.clock(), interrupted="", **changed))

    def _say(self, step: MigrationStep, what: str) -> None:
        names = [one.name for one in self.record.steps]
        doing = f"{what} ({names.index(step.name) + 1} of {len(names)})"
        self.on_progress(MigrationProgress(name=step.name, doing=doing, elapsed=timedelta()))
