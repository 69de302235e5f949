"""What a run's migration came to when it failed: what was taken back, what stays, and where the backup is."""

from __future__ import annotations

from dbops.domain.migrations.record import MigrationRecord, StepState


def outcome(record: MigrationRecord, failure: str, proof: str, restore_form: str, *, is_equal: bool) -> tuple[str, str]:
    """What happened and the remedy. ``proof`` says whether the schema is what it was, as ``is_equal`` does.

    ``restore_form`` is a link. Only what was compared and is equal needs no backup.
    """
    failed, reverted = record.names(StepState.FAILED), record.names(StepState.REVERTED)
    stays = [step for step in record.steps if step.state in {StepState.APPLIED, StepState.REVERTING}]
    words = [f"The migration of {record.target} failed. {failure}"]
    if reverted:
        words.append(f"Taken back: {', '.join(reversed(reverted))}.")
    kept = [step for step in stays if not step.marked]
    if kept:
        told = "; ".join(f"{step.name} ({step.said or 'what came after it could not be taken back'})" for step in kept)
        words.append(f"NOT taken back, and in force: {told}.")
    if any(step.marked for step in stays):
        words.append("The baseline stays marked: it was proven, and nothing was executed for it.")
    words.append(proof)
    remedies = []
    if failed:
        remedies.append(
            f"By the ledger {', '.join(failed)} has failed, and nothing is applied until that is resolved: correct it, "
            f"run `prisma migrate resolve --rolled-back {failed[-1]}`, and start a new run."
        )
    if record.backup_id and (kept or not is_equal):
        where = f" The form to restore it, filled in: {restore_form}" if restore_form else ""
        remedies.append(f"The backup {record.backup_id} was made right before.{where}")
    elif record.backup_id:
        remedies.append(f"The backup {record.backup_id} was made right before, and is not needed.")
    return " ".join(filter(None, words)), " ".join(remedies)
