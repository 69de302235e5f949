"""The plan of a migration as one document for people: each of its sections, in the order in which they are read.

No row's values are in it: the texts of migrations are the repository's, everything else is names, numbers and ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dbops.domain.migrations.planned import LintFinding, PlannedMigration, TakenLock
from dbops.domain.schema.object_differences import Difference
from dbops.domain.sql.object_names import written
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import Markup, code_block, code_span, plain_text, prose
from dbops.domain.words.quantities import format_bytes, format_count, format_moment
from dbops.domain.words.stake import stake_markdown

if TYPE_CHECKING:  # a plan writes itself with these sections
    from dbops.domain.migrations.plan import MigrationPlan

_APPLIED_SHOWN = 20
_DIFFERENCES_SHOWN = 60
_WAITS = {
    "reads and writes": Markup("**reads and writes**"),
    "writes": Markup("**writes**"),
    "neither": Markup("no reads, no writes"),
}


def migration_markdown(plan: MigrationPlan) -> str:
    """The whole document; it begins with the verdict and ends with every statement."""
    parts = [
        f"## Migration of {plan.target}: {_verdict(plan)}",
        *_list("What stands in the way", plan.blockers, bold=True),
        *stake_markdown(plan.stake),
        *_list("What to know", plan.warnings),
        "### The database",
        markdown_table(("", ""), _facts(plan)),
        *_ledger(plan),
        *_comparison("Proof of the baseline", plan.proof),
        *_comparison("Drift", plan.drift),
        *(part for migration in plan.migrations for part in _migration(migration)),
        "### Checklist",
        markdown_table(("", "", "what was found", "what to do"), _checklist(plan)),
        "### What will run",
        _statements(plan),
    ]
    return "\n\n".join(parts)


def _verdict(plan: MigrationPlan) -> str:
    if plan.blockers:
        return f"it cannot be done, for {format_count(len(plan.blockers), 'reason')}"
    if not plan.is_needed:
        return "there is nothing to do"
    marked = [one.name for one in plan.migrations if one.marked]
    executed = len(plan.migrations) - len(marked)
    told = [f"mark {plain_text(name)} as applied" for name in marked]
    told += [f"apply {format_count(executed, 'migration')}"] if executed else []
    remarks = f", with {format_count(len(plan.warnings), 'warning')}" if plan.warnings else ""
    return f"{' and '.join(told)}{remarks}"


def _list(title: str, sentences: Sequence[str], *, bold: bool = False) -> list[str]:
    mark = "**" if bold else ""
    lines = "\n".join(f"- {mark}{prose(sentence)}{mark}" for sentence in sentences)
    return [f"### {title}", lines] if sentences else []


def _facts(plan: MigrationPlan) -> list[tuple[str, str]]:
    options = plan.options
    return [
        ("Database", Markup(f"{code_span(plan.database)}, PostgreSQL {plain_text(plan.server_version)}")),
        ("Ledger", Markup(f"{code_span(written(*plan.ledger_table))}, {_state(plan)}")),
        ("Planned", plain_text(f"{format_moment(plan.planned)} in {plan.run}")),
        ("Asked for by", plain_text(plan.requested_by or "nobody known")),
        *([("Compared with", options.compare_with)] if options.compare_with else []),
    ]


def _state(plan: MigrationPlan) -> str:
    ledger = plan.ledger
    if ledger.needs_baseline:
        return (
            "which has no migration yet: a baseline is needed" if ledger.exists else "not there: a baseline is needed"
        )
    if ledger.failed:
        return f"{format_count(len(ledger.failed), 'migration')} failed earlier"
    return f"{len(ledger.pending)} pending" if ledger.pending else "up to date"


def _ledger(plan: MigrationPlan) -> list[str]:
    """What is odd and what is pending whole, and of what is applied the newest."""
    ledger = plan.ledger
    marked = {one.name for one in plan.migrations if one.marked}
    rows: list[tuple[str, str]] = []
    for name in ledger.applied:
        words = ["applied"]
        words += ["**edited since**"] if name in ledger.edited else []
        words += ["**not in the folder**"] if name in ledger.unknown else []
        rows.append((name, Markup(", ".join(words))))
    plain = [row for row in rows if row[1] == "applied"]
    hidden = set(plain[:-_APPLIED_SHOWN])
    rows = [row for row in rows if row not in hidden]
    rows += [(name, Markup("**failed earlier**")) for name in ledger.failed]
    for name in ledger.pending:
        words = ["pending, will only be marked" if name in marked else "pending"]
        words += ["**older than what is applied**"] if name in ledger.out_of_order else []
        rows.append((name, Markup(", ".join(words))))
    if not rows:
        return []
    more = f"\n\n{format_count(len(hidden), 'older one')} applied." if hidden else ""
    table = markdown_table(("migration", "state"), ((code_span(name), state) for name, state in rows))
    return ["### Ledger", f"{table}{more}"]


def _comparison(title: str, differences: Sequence[Difference] | None) -> list[str]:
    if differences is None:
        return []
    if not differences:
        return [f"### {title}", "Equal: built from the migrations on an empty database, the schema is the live "
                "one, object by object."]  # fmt: skip
    shown = differences[:_DIFFERENCES_SHOWN]
    rows = [
        (
            Markup("warning" if one.severity == "warning" else "**differs**"),
            code_span(one.subject),
            plain_text(one.sentence),
        )
        for one in shown
    ]
    left = len(differences) - len(shown)
    more = f"\n\nAnd {format_count(left, 'more difference')}." if left else ""
    repairs = "\n".join(one.sql for one in shown if one.sql)
    sql = [f"What would change the live schema, for review:\n\n{code_block(repairs, 'sql')}"] if repairs else []
    return [f"### {title}", f"{markdown_table(('', 'object', 'live'), rows)}{more}", *sql]


def _migration(migration: PlannedMigration) -> Iterator[str]:
    how = "only marked as applied" if migration.marked else "executed"
    alone = ", by itself and without a transaction" if migration.concurrently else ""
    yield f"### {plain_text(migration.name)}: {how}{alone}"
    yield f"Checksum {code_span(migration.checksum)}."
    yield code_block(migration.sql.rstrip("\n"), "sql")
    if migration.marked:
        return
    yield _lint(migration.lint)
    yield _locks(migration.locks)
    yield (
        "It can be reverted: down.sql was tried on scratch, and led back to the previous schema."
        if migration.reversible
        else f"**It cannot be reverted**: {plain_text(migration.why_not)}."
    )
    if migration.down is not None:
        yield f"down.sql:\n\n{code_block(migration.down.rstrip(chr(10)), 'sql')}"
        if migration.down_lint:
            yield _lint(migration.down_lint)


def _lint(findings: Sequence[LintFinding]) -> str:
    if not findings:
        return "squawk has nothing to say."
    rows = [
        (
            str(one.line),
            Markup(f"{'**error**' if one.severity == 'error' else 'warning'} {code_span(one.rule)}"),
            prose(one.sentence),
            prose(one.remedy),
        )
        for one in findings
    ]
    return markdown_table(("line", "squawk", "what it says", "what to do"), rows)


def _locks(locks: Sequence[TakenLock]) -> str:
    if not locks:
        return "It locks no table that is there."
    rows = [
        (
            str(lock.line),
            code_span(lock.statement),
            code_span(lock.subject),
            f"{format_bytes(lock.bytes)}, about {format_count(lock.rows, 'row')}",
            Markup(f"{plain_text(lock.mode)}{', **writes it anew**' if lock.rewrites else ''}"),
            _WAITS[lock.blocks],
        )
        for lock in locks
    ]
    return markdown_table(("line", "statement", "locks", "size", "lock", "what waits for it"), rows)


def _checklist(plan: MigrationPlan) -> list[tuple[str, ...]]:
    marks = {"ok": Markup("ok"), "warning": Markup("**warning**"), "blocker": Markup("**BLOCKER**")}
    return [
        (marks[item.status], plain_text(item.name), prose(item.sentence), prose(item.remedy)) for item in plan.checklist
    ]


def _statements(plan: MigrationPlan) -> str:
    if not plan.statements:
        return "Nothing."
    return code_block("\n".join(plan.statements), "sql")
