"""RestorePlan: what a restore would do, shown before anything is done. Its digest is what a human approves.

The digest covers what decides: the backup, where it goes, the live database itself with its schema, the statements.
Rows, sessions and disk change by the minute: they are shown, and what would make the work impossible is asked again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from dbops.domain.backups.backup import BackupId, BackupManifest
from dbops.domain.restores.live_facts import LiveDatabase, LiveTable
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.restores.restore_stake import restore_stake
from dbops.domain.words.markdown_table import markdown_table
from dbops.domain.words.markdown_text import Markup, code_block, code_span, plain_text
from dbops.domain.words.quantities import format_bytes, format_count, format_duration, format_moment
from dbops.domain.words.stake import Stake, stake_markdown

_TABLES_SHOWN = 60
_WHERE = {
    "beside": "a new database beside the live one; the application is not affected",
    "swap": "a new database, which then takes the live one's place; the live one is kept under another name",
    "into": "an empty database that was created for it; the application is not affected",
    "schema": "a new schema of the live database; no table that is there is touched",
}
_TAKEN_OVER = "which is there, and then takes the live one's place; the live one is kept under another name"


@dataclass(frozen=True, kw_only=True)
class RestorePlan:
    """``database`` is what is loaded, ``before`` what the live one will be called after a swap.

    ``tables`` are the chosen ones, by name; ``statements`` all that will run beside pg_restore's own: first the
    ``making`` ones, which make the database and say who may connect, then those of the swap, in one transaction.
    ``cluster`` is the system identifier of the server, None where it is not known. ``planned`` is when it was planned
    first, ``looked`` when it was last. ``verified`` is when the backup passed, ``proven`` when what was loaded did.
    ``role`` is whom the restore works as, and ``likely_blockers`` are those of the ``warnings`` that are best put
    right beforehand.
    """

    target: str
    live_name: str
    request: RestoreRequest
    manifest: BackupManifest
    database: str
    before: str | None
    schema: str | None
    tables: frozenset[tuple[str, str]]
    live: LiveDatabase | None
    statements: tuple[str, ...]
    verified: datetime | None
    expected: timedelta | None
    needed_bytes: int
    free_bytes: int | None
    planned: datetime
    looked: datetime
    proven: datetime | None = None
    making: int = 1
    cluster: str | None = None
    blockers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    likely_blockers: tuple[str, ...] = ()
    role: str | None = None

    @property
    def digest(self) -> str:
        """A sha256 over what decides."""
        decides = {
            "target": self.target,
            "backup": self.manifest.backup_id,
            "mode": self.request.mode,
            "schemas": self.request.schemas,
            "tables": self.request.tables,
            "database": self.database,
            "before": self.before,
            "schema": self.schema,
            "live": [self.live_name, self.live.oid if self.live else None],
            "live_schema": self.live.fingerprint if self.live else None,
            "statements": self.statements,
            **({"loaded": [taken.run, taken.oid]} if (taken := self.request.takes_over) else {}),
        }
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    @property
    def stake(self) -> Stake:
        """What a yes does, in a few facts."""
        return restore_stake(self)

    def markdown(self) -> str:
        """The plan for people: what comes back, what would be lost, what stands in the way, every statement."""
        parts = [
            f"## Restore of {self.target}: {self.request.mode}",
            *self._nothing_is_loaded(),
            *self._list("What stands in the way", self.blockers, bold=True),
            *stake_markdown(self.stake),
            *self._list("What to know", self.warnings),
            "### The restore",
            markdown_table(("", ""), self._facts()),
            f"### What the backup holds, and what is live in {code_span(self.live_name)}",
            self._comparison(),
            *self._sessions(),
            "### What will run",
            self._statements(),
        ]
        return "\n\n".join(parts)

    def _nothing_is_loaded(self) -> list[str]:
        taken = self.request.takes_over
        if taken is None:
            return []
        handed_on = "" if taken.run == taken.loaded_by else f" and the run {code_span(taken.run)} has taken over,"
        return [
            f"**Nothing is loaded.** The database {code_span(self.database)} (oid {taken.oid}), which the run "
            f"{code_span(taken.loaded_by)} of {format_moment(taken.planned)} has loaded from backup "
            f"{self.manifest.backup_id},{handed_on} and whose verification passed at {taken.verified:%Y-%m-%d %H:%M} "
            "UTC, is verified again and swapped in."
        ]

    def _list(self, title: str, sentences: tuple[str, ...], *, bold: bool = False) -> list[str]:
        mark = "**" if bold else ""
        lines = "\n".join(f"- {mark}{plain_text(sentence)}{mark}" for sentence in sentences)
        return [f"### {title}", lines] if sentences else []

    def _facts(self) -> list[tuple[str, str]]:
        manifest = self.manifest
        held = (
            f"{format_count(len(manifest.tables), 'table')}, {format_count(manifest.rows, 'row')}; "
            f"{format_bytes(manifest.stored_bytes)} of a database of {format_bytes(manifest.database_bytes)}"
        )
        free = format_bytes(self.free_bytes) if self.free_bytes is not None else "not known: see restore.disk_size"
        return [
            ("The backup holds", held),
            *self._origin(),
            ("Chosen", self._chosen()),
            (
                "Is in" if self.request.takes_over else "Goes into",
                Markup(f"{code_span(self.schema or self.database)}, {self._where()}"),
            ),
            ("Disk", f"{self._needed()} needed on the server; free: {free}"),
            ("Expected to take", format_duration(self.expected) if self.expected else "not known: no drill yet"),
        ]

    def _origin(self) -> list[tuple[str, str]]:
        """Where the backup comes from, if that is known to be another cluster."""
        theirs, ours = self.manifest.system_identifier, self.cluster
        if theirs is None or ours is None or theirs == ours:
            return []
        said = (
            f"**another cluster**: its system identifier is {code_span(theirs)}, and that of this server "
            f"{code_span(ours)}. This is expected after moving to a new server or `pg_upgrade`; otherwise find out "
            "where the connection leads"
        )
        return [("Made on", Markup(said))]

    def _where(self) -> str:
        return _TAKEN_OVER if self.request.takes_over else _WHERE[self.request.mode]

    def _needed(self) -> str:
        return "nothing more" if self.request.takes_over else f"about {format_bytes(self.needed_bytes)}"

    def _script(self) -> list[str]:
        """In order; the renames and what follows them are one transaction."""
        create = self.statements[: self.making]
        swap = self.statements[len(create) :]
        return [
            *(f"{statement};" for statement in create),
            "-- verification" if self.request.takes_over else _work(self.manifest.backup_id),
            *(["BEGIN;", *(f"{statement};" for statement in swap), "COMMIT;"] if swap else ()),
        ]

    def _chosen(self) -> str:
        if self.request.is_whole:
            return "the whole database"
        schemas = (f"schema {name}" for name in self.request.schemas)
        return plain_text(", ".join([*schemas, *(f"table {name}" for name in self.request.tables)]))

    def _comparison(self) -> str:
        backup = {(table.schema, table.name): table.rows for table in self.manifest.tables}
        live = self.live.tables if self.live else {}
        names = sorted(backup.keys() | live.keys()) if self.request.is_whole else sorted(self.tables)
        if not names:
            return "No table."
        shown = sorted(names, key=lambda name: -_weight(backup.get(name), live.get(name)))[:_TABLES_SHOWN]
        times = any(live[name].newest or live[name].since is not None for name in shown if name in live)
        columns = ("table", "rows in the backup", "rows live now")
        head = (*columns, *(("newest live row", "newer than the backup") * times), "what differs")
        rows = [_row(name, backup.get(name), name in backup, live.get(name), times=times) for name in sorted(shown)]
        left = len(names) - len(shown)
        more = f"\n\n{format_count(left, 'smaller table')} not shown." if left else ""
        absent = "" if self.live else "There is no live database of that name.\n\n"
        return f"{absent}{markdown_table(head, rows)}{more}"

    def _statements(self) -> str:
        return code_block("\n".join(self._script()), "sql")

    def _sessions(self) -> list[str]:
        if self.request.mode != "swap" or self.live is None:
            return []
        if not self.live.sessions:
            return ["### Connections that the swap will end", "None at this moment."]
        rows = [
            (
                plain_text(group.role),
                plain_text(group.application or "-"),
                str(group.count),
                Markup("yes" if group.may_end else "**no**"),
            )
            for group in self.live.sessions
        ]
        table = markdown_table(("role", "application", "connections", "may be ended by us"), rows)
        return ["### Connections that the swap will end", table]


def _work(backup_id: BackupId) -> str:
    return f"-- pg_restore of {backup_id}, ANALYZE, verification"


def _weight(rows: int | None, live: LiveTable | None) -> int:
    return max(rows or 0, live.rows if live else 0)


def _row(
    name: tuple[str, str], rows: int | None, in_backup: bool, live: LiveTable | None, *, times: bool
) -> tuple[str, ...]:
    held = "-" if not in_backup else "(no rows of its own)" if rows is None else f"{rows:,}"
    now = "-" if live is None else f"{'' if live.exact else 'about '}{live.rows:,}"
    shown, differs = plain_text(".".join(name)), _difference(rows, in_backup, live)
    if not times:
        return shown, held, now, differs
    newest = live.newest if live and live.newest else "-"
    since = f"{live.since:,}" if live and live.since is not None else "-"
    return shown, held, now, newest, since, differs


def _difference(rows: int | None, in_backup: bool, live: LiveTable | None) -> Markup:
    """What catches the eye of somebody who is tired; empty where both sides have as many."""
    if not in_backup:
        return Markup("**not in the backup**")
    if live is None:
        return Markup("**not live**")
    if rows is None or rows == live.rows:
        return Markup("")
    about = "" if live.exact else "about "
    return Markup(f"**{about}{abs(rows - live.rows):,} {'fewer' if live.rows < rows else 'more'} live**")
