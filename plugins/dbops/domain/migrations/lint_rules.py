"""Lint rules: what the linter's remarks weigh, and what to do where it does not say so itself."""

from __future__ import annotations

from typing import Literal

# They ask for what our runner does for every statement, or fight how a failed migration is taken back.
LEFT_OUT = ("prefer-robust-stmts", "require-lock-timeout", "require-statement-timeout", "require-timeout-settings")

# What loses rows, what makes the application wait for as long as a table is read or written anew, and what the running
# application's own statements break on. The others are advice.
_ERRORS = frozenset({
    "syntax-error",
    # rows are lost
    "ban-drop-column", "ban-drop-database", "ban-drop-schema", "ban-drop-table", "ban-truncate-cascade",
    # the application waits
    "adding-field-with-default", "adding-foreign-key-constraint", "adding-not-nullable-field",
    "adding-serial-primary-key-field", "changing-column-type", "constraint-missing-not-valid",
    "disallowed-unique-constraint", "require-concurrent-index-creation", "require-concurrent-partition-detach",
    "require-concurrent-reindex",
    # the application breaks
    "adding-required-field", "renaming-column", "renaming-table",
    # it would not run as it is meant
    "ban-concurrent-index-creation-in-transaction", "ban-uncommitted-transaction", "transaction-nesting",
})  # fmt: skip

_DROPPED = "First make the application stop using it, then drop it in a later migration; a backup has its rows."
_RENAMED = "Add the new one, let the application write both and read the new one, and drop the old one later."
_REMEDIES = {
    "ban-drop-column": _DROPPED,
    "ban-drop-database": "Remove it; a migration changes one database.",
    "ban-drop-schema": _DROPPED,
    "ban-drop-table": _DROPPED,
    "changing-column-type": "Add a column of the new type, fill it in batches, and drop the old one later.",
    "renaming-column": _RENAMED,
    "renaming-table": _RENAMED,
    "syntax-error": "Correct it; if the server accepts it, the linter may be older than the server.",
}


def severity_of_rule(rule: str) -> Literal["error", "warning"]:
    """``error`` for what loses rows, or makes the application wait or fail; also for what cannot be read."""
    return "error" if rule in _ERRORS else "warning"


def is_drop(rule: str) -> bool:
    """Whether the linter has seen a DROP by which rows are lost."""
    return rule in _ERRORS and rule.startswith("ban-drop-")


def remedy_of_rule(rule: str, said: str | None) -> str:
    """What the linter said, else ours; empty where nobody knows one."""
    return said or _REMEDIES.get(rule, "")
