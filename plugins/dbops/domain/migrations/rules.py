"""Migration rules: what the folder, the ledger, the scratch database and the linter have to say against a migration.

A blocker is what makes the plan's proof worthless or the outcome known to be bad; a warning is what a person may know
better than we do. Each rule says which it is, and why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dbops.domain.ledger.table import LedgerRow, LedgerState
from dbops.domain.migrations.plan import ChecklistItem
from dbops.domain.migrations.planned import PlannedMigration
from dbops.domain.schema.drift import errors_of
from dbops.domain.schema.object_differences import Difference, first_told
from dbops.domain.words.quantities import format_count, listed

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class OtherLedger:
    """The ledger of another environment: its ``rows``, None where it keeps none; ``unread`` is why it is not known."""

    name: str
    rows: Sequence[LedgerRow] | None = None
    unread: str = ""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found. ``baseline`` is the folder's first migration, None where it has none.

    ``proof`` and ``drift`` are as in the plan; ``refused`` says what the scratch database refused to run.
    """

    target: str
    ledger: LedgerState
    baseline: str | None
    proof: Sequence[Difference] | None = None
    drift: Sequence[Difference] | None = None
    refused: str = ""
    migrations: Sequence[PlannedMigration] = field(default_factory=tuple)
    other: OtherLedger | None = None


def judge_findings(found: Findings) -> tuple[ChecklistItem, ...]:
    """What is to be said, in the order in which people look at it."""
    return (
        *_ledger(found.ledger),
        *_baseline(found),
        *_drift(found),
        *_refused(found),
        *_linter(found.migrations),
        *_way_back(found.migrations),
        *_environment(found),
    )


def _ledger(ledger: LedgerState) -> Iterator[ChecklistItem]:
    """Failed and edited ones are blockers: what is in force is not known, or not what the folder says it is.

    Unknown ones are a warning, for their effect is not: where there is any, it is drift, which is judged by itself.
    Out of order is one too: Prisma applies them, as they come from branches merged late, and here they were tried in
    the very order in which they would run.
    """
    if ledger.failed:
        first = ledger.failed[0]
        yield _blocker(
            "failed migrations",
            f"Begun and never finished: {listed(ledger.failed)}. Nothing else can be applied, by Prisma neither "
            "(P3009), until somebody records what became of it.",
            "Find out in the database which parts of it are in force. If nothing: `npx prisma migrate resolve "
            f"--rolled-back {first}`; if all of it: `npx prisma migrate resolve --applied {first}`. Then plan again.",
        )
    if ledger.edited:
        yield _blocker(
            "edited migrations",
            f"Changed since they were applied: {listed(ledger.edited)}. The old text is in force.",
            "Restore the old text from the repository's history; write what should change as a new migration.",
        )
    if ledger.unknown:
        yield _warning(
            "unknown migrations",
            f"Applied, and not in the folder: {listed(ledger.unknown)}. The database is ahead of this repository.",
            "Deploy the release that has them, or restore them from its history.",
        )
    if ledger.out_of_order:
        yield _warning(
            "order",
            f"Older by name than what is applied already: {listed(ledger.out_of_order)}. A new database would get "
            "them in another order than this one.",
            "Rename those that were never applied anywhere, so that they come last.",
        )
    if not (ledger.failed or ledger.edited or ledger.unknown or ledger.out_of_order):
        told = f"{format_count(len(ledger.applied), 'migration')} applied, each as the folder has it."
        yield _ok("ledger", told if ledger.exists else "There is no ledger yet.")


def _baseline(found: Findings) -> Iterator[ChecklistItem]:
    """A baseline that is not equal is a blocker: once marked, nothing would ever make what it promises and lacks."""
    if not found.ledger.needs_baseline:
        return
    init = f"`python -m dbops migrate {found.target} --init`"
    if found.baseline is None:
        yield _blocker(
            "baseline",
            f"The folder include/sql/{found.target}/migrations has no migration to begin with.",
            f"{init} writes 0_init/migration.sql from the live schema: review it, commit it, and plan again.",
        )
    elif found.proof is not None:
        yield _comparison(
            "baseline",
            found.proof,
            equal=f"{found.baseline} makes exactly the live schema, and may be marked as applied.",
            different=f"{found.baseline} does not make the live schema",
            remedy=f"Correct {found.baseline}, or the database; where it was never applied anywhere, move its folder "
            f"away, and {init} writes one that is equal.",
        )


def _drift(found: Findings) -> Iterator[ChecklistItem]:
    """Drift is a blocker: after the migration the schema is compared again, and could not come out equal.

    A constraint that is only called otherwise, and whatever else changes no answer, is a warning.
    """
    if found.drift is not None:
        yield _comparison(
            "drift",
            found.drift,
            equal="The live schema is exactly what the applied migrations make.",
            different="The live schema is not what the applied migrations make",
            remedy="Undo what was changed by hand; or write it as a migration, and mark that with "
            "`npx prisma migrate resolve --applied`.",
        )


def _comparison(name: str, all_: Sequence[Difference], *, equal: str, different: str, remedy: str) -> ChecklistItem:
    if not all_:
        return _ok(name, equal)
    errors = errors_of(all_)
    told = first_told(errors or all_, _SHOWN)
    if errors:
        return _blocker(name, f"{different}: {told}.", remedy)
    return _warning(name, f"Equal, apart from what changes no result: {told}.", "Check whether that is intended.")


def _refused(found: Findings) -> Iterator[ChecklistItem]:
    """What does not even run where nothing depends on it is a blocker."""
    if found.refused:
        yield _blocker("scratch database", found.refused, "")


def _linter(migrations: Sequence[PlannedMigration]) -> Iterator[ChecklistItem]:
    """An error is a blocker, for it loses rows or stops the application; who accepts that says so in the file.

    There it is seen by whoever reviews the file, and by the next plan.
    """
    executed = [one for one in migrations if not one.marked]
    if not executed:
        return
    errors = [f"{one.name}, line {each.line}: {each.rule}" for one in executed for each in one.lint
              if each.severity == "error"]  # fmt: skip
    remarks = sum(len(one.lint) for one in executed)
    if errors:
        yield _blocker(
            "linter",
            f"squawk finds {format_count(len(errors), 'error')}: {listed(errors, named=_SHOWN)}.",
            "Write it another way, as described below; or accept it where reviewers see it, with a comment "
            "`-- squawk-ignore <rule>` above the statement.",
        )
    elif remarks:
        yield _warning("linter", f"squawk has {format_count(remarks, 'remark')}.", "Read them below.")
    else:
        yield _ok("linter", "squawk has nothing to say.")


def _way_back(migrations: Sequence[PlannedMigration]) -> Iterator[ChecklistItem]:
    """No way back is a warning: a dropped column has none, and there is a backup."""
    executed = [one for one in migrations if not one.marked]
    without = [f"{one.name} ({one.why_not})" for one in executed if not one.reversible]
    if without:
        yield _warning(
            "way back",
            f"Cannot be reverted by a down.sql: {listed(without, named=_SHOWN)}.",
            "After it, only the backup leads back, without what was written since.",
        )
    losing = [f"{one.name}, line {each.line}: {each.rule}" for one in executed for each in one.down_lint]
    if losing:
        yield _warning(
            "down.sql",
            f"Reverting it may lose rows, or stop the application: {listed(losing, named=_SHOWN)}.",
            "What is reverted after a failure is lost together with what the application has written there since. Is "
            "that intended?",
        )
    if executed and not without:
        yield _ok("way back", "Each down.sql was tried: it leads back to the schema before.")


def _environment(found: Findings) -> Iterator[ChecklistItem]:
    """Warnings, all of them: another environment is no proof, and may be behind for good reasons."""
    other = found.other
    if other is None:
        return
    if other.unread:
        yield _warning(
            "other environment",
            f"The ledger of {other.name} is not known: {other.unread}",
            "Correct that, or migrations.compare_with.",
        )
        return
    there = {row.name for row in other.rows or () if row.is_applied}
    parts = dict(_apart(found, there, [row.name for row in other.rows or () if row.is_failed]))
    if parts:
        told = "; ".join(f"{what}: {listed(names)}" for what, names in parts.items())
        yield _warning(
            "other environment", f"Compared with {other.name}, {told}.", "Bring them to the same, the other one first."
        )
    else:
        yield _ok("other environment", f"{other.name} has the same migrations, and those that are pending here.")


def _apart(found: Findings, there: Collection[str], failed: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    ledger = found.ledger
    groups: Mapping[str, Sequence[str]] = {
        "not tried there yet": [one.name for one in found.migrations if not one.marked and one.name not in there],
        "applied here and not there": [name for name in ledger.applied if name not in there],
        "applied there, and known neither to this database nor to the folder": sorted(
            set(there) - {*ledger.applied, *ledger.pending, *ledger.failed}
        ),
        "begun there and never finished": failed,
    }
    yield from ((what, names) for what, names in groups.items() if names)


def _ok(name: str, sentence: str) -> ChecklistItem:
    return ChecklistItem(name=name, status="ok", sentence=sentence)


def _warning(name: str, sentence: str, remedy: str) -> ChecklistItem:
    return ChecklistItem(name=name, status="warning", sentence=sentence, remedy=remedy)


def _blocker(name: str, sentence: str, remedy: str) -> ChecklistItem:
    return ChecklistItem(name=name, status="blocker", sentence=sentence, remedy=remedy)
