"""settle_migration: find out what an interrupted run has left, before anything is done again.

A migration in a transaction tells by its row of the ledger, which is changed in the same transaction. One that is
CONCURRENTLY tells by the catalog: it is what the migrations make on scratch, with it or without it, or nobody knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbops.domain.ledger.migration import Migration, in_order
from dbops.domain.migrations.record import MigrationStep, StepState
from dbops.domain.schema.drift import errors_of
from dbops.domain.schema.object_differences import Difference, first_told
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import PlanChanged
from dbops.gateways.server.database import Database
from dbops.jobs.migrations.migrating import Migrating
from dbops.jobs.migrations.replay import find_drift
from dbops.jobs.migrations.scratch import Scratch, scratch_for

_SHOWN = 5
_HAVE_A_ROW = {StepState.APPLIED, StepState.REVERTING, StepState.REVERTED}


def settle_migration(work: Migrating, scratch: DatabaseAddress | None) -> None:
    """Say of the step that was being applied whether it is in force, in the ledger and in the record.

    ``scratch`` is as of ``scratch_for``. Raises PlanChanged where that cannot be told, or where the live schema is not
    what the migrations in force make; then nothing was changed.
    """
    require_same(work)
    work.runner.wait_for_earlier()
    open_ = next((step for step in work.record.steps if step.state is StepState.APPLYING), None)
    if open_ is not None and _is_begun(work, open_) and work.migrations[open_.name].concurrently:
        work.runner.settle_alone(open_.name, work.migrations[open_.name].sql)
    with scratch_for(work.target, work.address, clock=work.clock, programs=work.programs, scratch=scratch) as place:
        is_applied = _is_applied(work, place, open_)
    if open_ is not None:
        _write_down(work, open_, is_applied=is_applied)


def require_same(work: Migrating) -> None:
    """Raise PlanChanged where an interrupted run finds another database, other files, or rows of its own gone."""
    record = work.record
    if Database(work.address).oid() != record.oid:
        raise PlanChanged(
            f"The connection {work.target.migrating_connection} does not lead to the database that this run migrates.",
            "Nothing was changed. Point it there, or start a new run.",
        )
    changed = [
        step.name
        for step in record.steps
        if step.name not in work.migrations or _checksums(work.migrations[step.name]) != _checksums(step)
    ]
    if changed:
        raise PlanChanged(
            f"This run was interrupted, and {', '.join(changed)} was changed or removed since it was approved.",
            "Nothing was changed. Restore what was approved and start this step again, or look at the ledger, resolve "
            "what has failed there, and start a new run.",
        )
    rows = {row.row_id for row in work.ledger.rows() or ()}
    # Of a step that was only being applied there may be none yet.
    gone = [step.name for step in record.steps if step.state in _HAVE_A_ROW and step.row_id not in rows]
    if gone:
        raise PlanChanged(
            f"This run was interrupted, and the ledger's row of {', '.join(gone)} has disappeared since: it can no "
            "longer be determined whether it is in force.",
            "Nothing was changed now. Look at the schema by hand, record what is in force with `prisma migrate resolve "
            "--applied`, and start a new run.",
        )


def _checksums(one: Migration | MigrationStep) -> tuple[str, str | None]:
    return one.checksum, one.down_checksum


def _is_begun(work: Migrating, step: MigrationStep) -> bool:
    row = work.row_of(step)
    return row is not None and row.is_failed


def _is_applied(work: Migrating, place: Scratch, step: MigrationStep | None) -> bool:
    """Whether the step is in force, after the live schema was compared; raises PlanChanged as ``settle_migration``."""
    told = _told_by_ledger(work, step)
    if told is not None:
        differences = _differences(work, place, plus=step if told else None)
        if differences:
            raise _refusal(work, differences)
        return told
    without, with_it = _differences(work, place), _differences(work, place, plus=step)
    if bool(without) == bool(with_it):
        raise _refusal(work, without, step)
    return not with_it


def _told_by_ledger(work: Migrating, step: MigrationStep | None) -> bool | None:
    """Whether the step is in force; None where only the catalog can tell. Where there is no step, none is."""
    if step is None:
        return False
    if step.name in _in_force(work):
        return True
    row = work.row_of(step)
    if row is None or not row.is_failed:
        return False
    return None if work.migrations[step.name].concurrently else row.steps > 0


def _in_force(work: Migrating) -> set[str]:
    """By the ledger, and the baseline, whether it is marked yet or not."""
    marked = {step.name for step in work.record.steps if step.marked}
    return {row.name for row in work.ledger.rows() or () if row.is_applied} | marked


def _differences(work: Migrating, place: Scratch, plus: MigrationStep | None = None) -> tuple[Difference, ...]:
    names = _in_force(work) | ({plus.name} if plus else set())
    migrations: Sequence[Migration] = [
        work.migrations[name] for name in sorted(names & work.migrations.keys(), key=in_order)
    ]
    return errors_of(find_drift(place, migrations))


def _write_down(work: Migrating, step: MigrationStep, *, is_applied: bool) -> None:
    row, now = work.row_of(step), work.clock()
    if row is not None and row.is_failed:
        if not is_applied:
            work.ledger.roll_back(row.row_id, now)  # the server has: it is as if it had never been begun
        else:
            if not row.steps:
                work.ledger.step(row.row_id)
            work.ledger.finish(row.row_id, now)
    if step.marked and not any(one.name == step.name and one.is_applied for one in work.ledger.rows() or ()):
        is_applied = False
    if is_applied:
        work.step(step, StepState.APPLIED, ended=now)
    else:
        work.step(step, StepState.PENDING, row_id=None, began=None)


def _refusal(work: Migrating, differences: Sequence[Difference], step: MigrationStep | None = None) -> PlanChanged:
    told = first_told(differences, _SHOWN)
    which = f"It cannot be determined whether {step.name} took effect. " if step else ""
    why = f": {told}" if told else ", with it or without it alike"
    return PlanChanged(
        f"This run was interrupted, and does not continue. {which}The live schema of {work.target.name} is not what "
        f"its migrations make{why}.",
        "Nothing was changed now. Compare by hand, record the outcome with `prisma migrate resolve --applied` or "
        "`--rolled-back`, and start a new run.",
    )
