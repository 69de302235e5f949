"""RestoreReport: what a restore came to, and what is left for people to do."""

from __future__ import annotations

from dataclasses import dataclass

from dbops.domain.backups.drill_report import verification_markdown
from dbops.domain.report import Report, Verdict
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.servers.database_settings import quote_name
from dbops.domain.words.markdown_text import code_block, plain_text


@dataclass(frozen=True, kw_only=True)
class RestoreReport(Report):
    """``url`` is where the restored rows are now, without a password; ``has_rules``: the target can be checked."""

    job: str = "restore"
    record: RestoreRecord
    url: str
    has_rules: bool = False

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
        return f"Backup {record.backup_id} of {record.target} {self._outcome()}."

    def _outcome(self) -> str:
        record = self.record
        if record.state is RestoreState.FAILED:
            return f"is in {record.schema or record.database}, and FAILED its verification there"
        if record.request.mode == "swap" and record.state is RestoreState.VERIFIED:
            return f"waits as {record.database} for its swap"
        if not self._is_complete:
            return f"is NOT restored: this run got as far as {record.state}"
        return {
            "beside": f"is restored beside the live database, as {record.database}",
            "swap": f"is live as {record.live}",
            "into": f"is restored into {record.database}",
            "schema": f"is restored into the schema {record.schema} of {record.database}",
        }[record.request.mode]

    def markdown(self) -> str:
        """What was done, the proof, and what is left to do."""
        record = self.record
        parts: list[str] = [plain_text(self.headline())]
        if record.verification:
            parts.append(verification_markdown(record.verification))
        if record.migrations:
            parts.append(plain_text(record.migrations))
        return "\n\n".join([*parts, *(self._what_follows() if self._is_complete else ())])

    def what_is_left(self) -> str:
        """What is left for people to do, in sentences; empty where the run is not over."""
        record = self.record
        if not self._is_complete:
            return ""
        if record.request.mode != "swap":
            what = f"schema {record.schema} of {self.url}" if record.schema else self.url
            return (
                f"Nothing points at it yet: point the application at it yourself. It is {what}. Drop it when you no "
                "longer need it."
            )
        checks = f" Run the checks (check__{record.target})." if self.has_rules else ""
        now = f"Back up now (backup__{record.target}): there is no backup yet of the database as it is now.{checks}"
        if record.before is None or record.live_oid is None:
            return (
                f"{now} There was no {record.live} to keep, or to copy settings and grants from: it has a new "
                "database's defaults. The plan lists what the backup knows about them, under What to know; run "
                "that, and check who can connect."
            )
        return (
            f"{now} The old database is kept as {record.before}: the report, in the log, ends with the two "
            "statements that bring it back. Drop it when nobody will want to go back."
        )

    def _what_follows(self) -> list[str]:
        record = self.record
        left: list[str] = [plain_text(self.what_is_left())]
        if record.request.mode != "swap" or record.before is None or record.live_oid is None:
            return left
        live, before, again = (quote_name(name) for name in (record.live, record.before, record.database))
        back = f"ALTER DATABASE {live} RENAME TO {again};\nALTER DATABASE {before} RENAME TO {live};"
        return [
            *left,
            "To drop it:",
            code_block(f"DROP DATABASE {before};", "sql"),
            "To go back to it instead, end the connections to both, and run in one transaction:",
            code_block(back, "sql"),
        ]
