"""What a yes to a migration does, in a few facts: see ``domain/words/stake.py``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from dbops.domain.migrations.lint_rules import is_drop
from dbops.domain.migrations.planned import PlannedMigration, TakenLock
from dbops.domain.sql.whole_statements import whole_statements
from dbops.domain.words.quantities import format_bytes, format_count, listed
from dbops.domain.words.stake import Stake, stake_of

if TYPE_CHECKING:  # a plan writes itself with these facts
    from dbops.domain.migrations.plan import MigrationPlan

_NAMED = 3
_LOSING = frozenset({"DELETE", "TRUNCATE"})
_WAIT = {"reads and writes": "reads and writes of {} wait", "writes": "writes to {} wait"}


def migration_stake(plan: MigrationPlan) -> Stake:
    """What is executed, which rows go, who waits meanwhile, what is written anew, the backup, and the way back.

    Empty where there is nothing to be done.
    """
    return stake_of(_facts(plan)) if plan.is_needed else ()


def _facts(plan: MigrationPlan) -> Iterator[tuple[str, str]]:
    executed = [one for one in plan.migrations if not one.marked]
    yield "Executed", _executed(executed)
    if marked := [one.name for one in plan.migrations if one.marked]:
        yield "Only marked", f"{listed(marked, named=_NAMED)}, as applied: nothing of it is executed"
    if not executed:
        return
    yield "Rows lost", _lost(executed)
    locks = [lock for one in executed for lock in one.locks]
    yield "Locks", _locks(locks)
    yield "Written anew", _rewritten(locks)
    for item in plan.checklist:
        if item.name == "backup":
            yield "Backup", f"{item.sentence} A fresh one is made first."
    yield "To go back", _back(executed)


def _executed(migrations: Sequence[PlannedMigration]) -> str:
    statements = sum(len(list(whole_statements(one.sql))) for one in migrations)
    if not migrations:
        return "nothing"
    names = listed([one.name for one in migrations], named=_NAMED)
    return f"{format_count(len(migrations), 'migration')} with {format_count(statements, 'statement')}: {names}"


def _lost(migrations: Sequence[PlannedMigration]) -> str:
    found = [f"{one.name}, line {line} ({what})" for one in migrations for line, what in sorted(_losing(one))]
    told = f"by {listed(found, named=_NAMED)}" if found else "by no DROP, TRUNCATE or DELETE"
    return f"{told}, as far as the statements tell"


def _losing(migration: PlannedMigration) -> Iterator[tuple[int, str]]:
    for finding in migration.lint:
        if is_drop(finding.rule):
            yield finding.line, finding.rule.removeprefix("ban-").replace("-", " ")
    for statement in whole_statements(migration.sql):
        if statement.keyword(0) in _LOSING:
            yield statement.line, statement.keyword(0)


def _locks(locks: Sequence[TakenLock]) -> str:
    told = []
    for blocks, words in _WAIT.items():
        waiting = {lock.table: lock for lock in locks if lock.blocks == blocks}
        if blocks == "writes":
            waiting = {table: lock for table, lock in waiting.items() if not _stops_all(table, locks)}
        if waiting:
            told.append(words.format(_tables(waiting.values())))
    return "; ".join(told) or "no table's reads or writes wait"


def _stops_all(table: tuple[str, str], locks: Sequence[TakenLock]) -> bool:
    return any(lock.table == table and lock.blocks == "reads and writes" for lock in locks)


def _rewritten(locks: Sequence[TakenLock]) -> str:
    rewritten = {lock.table: lock for lock in locks if lock.rewrites}
    return _tables(rewritten.values()) if rewritten else "no table"


def _tables(locks: Collection[TakenLock]) -> str:
    largest = sorted(locks, key=lambda lock: (-lock.bytes, lock.table))
    return listed([f"{lock.subject} ({format_bytes(lock.bytes)})" for lock in largest], named=_NAMED)


def _back(migrations: Sequence[PlannedMigration]) -> str:
    fixed = [f"{one.name} ({one.why_not})" for one in migrations if not one.reversible]
    if not fixed:
        return "what fails is taken back, as tried; later only by hand (down.sql), or by a restore of the fresh backup"
    return f"only by a restore of the fresh backup, of {listed(fixed, named=_NAMED)}"
