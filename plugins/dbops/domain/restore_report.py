"""RestoreReport: what a restore came to, and what is left for people to do."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.database_settings import quote_name
from dbops.domain.drill_report import verification_markdown
from dbops.domain.report import Report, Verdict
from dbops.domain.restore_record import RestoreRecord, RestoreState


@dataclass(frozen=True, kw_only=True)
class RestoreReport(Report):
    """``url`` is where the restored rows are now, without a password."""

    job: str = "restore"
    record: RestoreRecord
    url: str

    @property
    def verdict(self) -> Verdict:
        """FAILED unless it was verified, and where a swap was asked for, swapped."""
        proof = self.record.verification
        if proof is None or not proof.ok or not self._is_complete:
            return Verdict.FAILED
        return Verdict.WARNING if proof.warnings else Verdict.OK

    @property
    def _is_complete(self) -> bool:
        wanted = RestoreState.SWAPPED if self.record.request.mode == "swap" else RestoreState.VERIFIED
        return self.record.state is wanted

    def headline(self) -> str:
        """One sentence."""
        record = self.record
        where = {
            "beside": f"is restored beside the live database, as {record.database}",
            "swap": f"is live as {record.live}" if record.swapped else f"waits as {record.database} for its swap",
            "into": f"is restored into {record.database}",
            "schema": f"is restored into the schema {record.schema} of {record.database}",
        }
        return f"Backup {record.backup_id} of {record.target} {where[record.request.mode]}."

    def markdown(self) -> str:
        """What was done, the proof, and what is left to do."""
        record = self.record
        parts = [self.headline()]
        if record.verification:
            parts.append(verification_markdown(record.verification))
        if record.migrations:
            parts.append(record.migrations)
        return "\n\n".join([*parts, *filter(None, [self.what_is_left()]), *self._statements()])

    def what_is_left(self) -> str:
        """What is left for people to do, in a sentence; empty where the run is not over."""
        record = self.record
        if record.swapped and record.before and record.live_oid is not None:
            return f"The old database is kept as {record.before}: drop it when nobody will want to go back to it."
        if record.request.mode == "swap":
            return ""
        what = f"schema {record.schema} of {self.url}" if record.schema else self.url
        return f"Nothing points at it yet: you repoint. It is {what}. Drop it when it has served."

    def _statements(self) -> list[str]:
        record = self.record
        if not (record.swapped and record.before and record.live_oid is not None):
            return []
        live, before, again = (quote_name(name) for name in (record.live, record.before, record.database))
        return [
            f"To drop it:\n\n```sql\nDROP DATABASE {before};\n```",
            "To go back to it instead, end the connections to both, and run in one transaction:",
            f"```sql\nALTER DATABASE {live} RENAME TO {again};\nALTER DATABASE {before} RENAME TO {live};\n```",
        ]
