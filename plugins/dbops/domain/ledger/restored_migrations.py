"""At which migrations a restored state is, against those in the repository's folder: a sentence for the report."""

from __future__ import annotations

from dbops.domain.ledger.table import LedgerState


def restored_migrations(state: LedgerState) -> str:
    """For the report; empty where there is neither a ledger nor a migration, for then nobody migrates this database."""
    if not state.exists:
        if not state.pending:
            return ""
        folder = ", ".join(state.pending)
        return f"The restored state has no ledger of migrations (_prisma_migrations); the repository has {folder}."
    parts = [f"its newest migration is {state.applied[-1]}" if state.applied else "no migration was applied to it"]
    findings = {
        "not applied to it, though in the repository": state.pending,
        "applied to it, and not in the repository": state.unknown,
        "changed in the repository since": state.edited,
        "begun and never finished": state.failed,
    }
    parts += [f"{what}: {', '.join(names)}" for what, names in findings.items() if names]
    if len(parts) == 1:
        parts.append("the repository's folder has the same")
    return f"Migrations of the restored state: {'; '.join(parts)}."
