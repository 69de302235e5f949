"""RestorePlanning: what a restore is planned from: the backup, the server, and the live database as it is now."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from dbops.domain.archives.database_locale import locale_of_archive
from dbops.domain.archives.reach import reaches_outside
from dbops.domain.archives.schema_comparison import fingerprint
from dbops.domain.backups.catalog import Catalog, CatalogEntry
from dbops.domain.backups.recovery_time import expected_duration
from dbops.domain.restores.blockers import RestoreConditions, restore_blockers
from dbops.domain.restores.extent import restore_extent
from dbops.domain.restores.likely_blockers import likely_blockers
from dbops.domain.restores.live_facts import LiveDatabase, LiveTable, ServerFacts, TableName
from dbops.domain.restores.names import restore_names
from dbops.domain.restores.plan import RestorePlan
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.domain.restores.request import RestoreRequest
from dbops.domain.restores.statements import make_statement, swap_statements
from dbops.domain.restores.warnings import restore_warnings
from dbops.domain.servers.database_settings import access_statements, quote_name
from dbops.errors import DatabaseError, RestoreFailed
from dbops.gateways.archive import Archive
from dbops.gateways.processes.programs import find_pg_dump, find_pg_restore
from dbops.gateways.schema.schema_dump import dump_schema
from dbops.gateways.server.database_server import KnownDatabase
from dbops.gateways.server.live_tables import read_live_tables
from dbops.jobs.restores.restore_run import RestoreRun

Unreadable = DatabaseError | RestoreFailed
"""Why the live schema is not in a plan."""

# What keeps a live database from being read that is whole, and may pass or be put right: it is not swapped blindly.
_IS_NOT_BROKEN = re.compile(
    r"permission denied|row-level security|authentication failed|no password|pg_hba\.conf|\block|timeout|timed out"
    r"|Connection refused|too many|remaining connection slots|starting up|shutting down|server closed the connection"
)


class RestorePlanning:
    """Plans that run's restore by its request, and changes nothing; ``moment`` is when it was planned first.

    ``own`` is its record, where it is planned again: what the run has made itself is in nobody's way. The rows of live
    tables are read only with ``count_live``. As a ``rehearsal`` it does not look into the live database at all, nor
    for what has to be gone only when a swap is at hand: slots, subscriptions and prepared transactions.
    """

    def __init__(
        self,
        run: RestoreRun,
        request: RestoreRequest,
        *,
        moment: datetime,
        own: RestoreRecord | None = None,
        count_live: bool = True,
        rehearsal: bool = False,
    ) -> None:
        self._run, self._request, self._rehearsal = run, request, rehearsal
        self._moment, self._own, self._count_live = moment, own, count_live
        self._target, self._live_name = run.target, run.place.live.database
        self._server = run.server()
        self.unreadable: Unreadable | None = None

    def plan(self, catalog: Catalog, entry: CatalogEntry, warnings: tuple[str, ...] = ()) -> RestorePlan:
        """The plan to restore that backup, with those ``warnings`` first; raises a DbopsError where none can be made.

        Where the live schema could not be read, and need not be, ``unreadable`` says afterwards why not.
        """
        archive = self._run.archive(entry.backup_id)
        extent = restore_extent(archive.manifest, archive.entries, self._request)
        facts = self._server.facts()
        find_pg_restore(self._run.programs, archive.manifest.pg_dump_version)
        live = self._live(facts, entry)
        names = restore_names(self._request, self._live_name, self._moment)
        database, before, schema = names.database, names.before, names.schema
        loaded = self._taken_over(database)
        is_ours = loaded is not None or self._is_ours(database)
        needed = 0 if loaded else extent.needed_bytes
        disk = self._target.restore.disk_size
        # What this run has loaded already is not needed a second time.
        taken = self._server.bytes_of_all(without=database if is_ours else None) if disk is not None else 0
        free = max(0, disk - taken) if disk is not None else None
        conditions = RestoreConditions(
            request=self._request,
            server=facts,
            live_name=self._live_name,
            live=live,
            database=database,
            before=before,
            is_ours=is_ours,
            made_of=archive.manifest.database,
            made_on=archive.manifest.server_version,
            extensions=extent.extensions,
            entries=() if loaded else extent.entries(archive.entries),
            owners=self._target.restore.owners,
            in_the_way=self._in_the_way(facts, database),
            locale=self._server.locale_of(database) if self._request.mode == "into" else None,
            made_with=locale_of_archive(archive.entries),
            needed_bytes=needed,
            free_bytes=free,
            reach=reaches_outside(archive.entries),
            foreign_owner=loaded.settings.owner if loaded and not loaded.may_rename else None,
        )
        unreadable = self.unreadable.what if self.unreadable else None
        making, swapping = self._statements(archive, schema or database, before, live, facts.major)
        likely = likely_blockers(conditions)
        return RestorePlan(
            target=self._target.name,
            live_name=self._live_name,
            request=self._request,
            manifest=archive.manifest,
            database=database,
            before=before,
            schema=schema,
            tables=extent.tables,
            live=live,
            statements=(*making, *swapping),
            making=len(making),
            cluster=self._server.system_identifier(),
            verified=entry.verification.finished if entry.verified and entry.verification else None,
            expected=self._expected(catalog, archive),
            needed_bytes=needed,
            free_bytes=free,
            planned=self._moment,
            looked=self._run.clock(),
            blockers=restore_blockers(conditions),
            warnings=(*warnings, *likely, *restore_warnings(conditions, extent, archive.entries, unreadable)),
            likely_blockers=likely,
            role=facts.role,
        )

    def _live(self, facts: ServerFacts, entry: CatalogEntry) -> LiveDatabase | None:
        known = self._server.find(self._live_name)
        if known is None:
            return None
        schema, tables = ("", {}) if self._rehearsal else self._content(facts, entry)
        blockers = {} if self._rehearsal else self._server.rename_blockers(self._live_name, known.oid)
        return LiveDatabase(
            oid=known.oid,
            bytes=known.bytes or 0,
            tablespace=known.tablespace,
            settings=known.settings,
            fingerprint=schema,
            tables=tables,
            sessions=self._server.sessions(known.oid) if self._request.mode == "swap" else (),
            slots=blockers.get("slot", ()),
            subscriptions=blockers.get("subscription", ()),
            prepared=blockers.get("prepared", ()),
            may_rename=known.may_rename and facts.may_create_databases,
            counted=self._count_live and not self._rehearsal and self.unreadable is None,
            may_lie_beside=known.may_lie_beside,
        )

    def _content(self, facts: ServerFacts, entry: CatalogEntry) -> tuple[str, dict[TableName, LiveTable]]:
        """The live schema's fingerprint and its tables' rows, which are only asked for what is shown."""
        live, time_columns = self._run.place.live, self._target.restore.time_columns
        try:
            schema = fingerprint(dump_schema(find_pg_dump(self._run.programs, facts.major), live))
            if not self._count_live:
                return schema, {}
            return schema, read_live_tables(live, time_columns, entry.backup_id.time)
        except (DatabaseError, RestoreFailed) as error:
            if self._request.mode == "schema" or (self._request.mode == "swap" and _IS_NOT_BROKEN.search(error.what)):
                raise
            self.unreadable = error  # beside a broken database, and in its place, another can be put all the same
            return "", {}

    def _in_the_way(self, facts: ServerFacts, database: str) -> tuple[str, ...] | None:
        if self._request.mode != "into" or database not in facts.databases or self._is_ours(database):
            return ()
        try:
            return tuple(self._server.in_the_way(database))
        except DatabaseError:
            return None

    def _taken_over(self, database: str) -> KnownDatabase | None:
        """What an earlier run has loaded, and is to be swapped in; None where this one loads."""
        wanted = self._request.takes_over
        if wanted is None:
            return None
        found = self._server.find(database)
        if found is None or found.oid != wanted.oid:
            raise RestoreFailed(
                f"The database {database}, which was to be taken over from the run {wanted.run}, does not exist, or "
                "is no longer the same one.",
                "Nothing live was touched. Start a new run that loads: one without loaded.",
            )
        return found

    def _expected(self, catalog: Catalog, archive: Archive) -> timedelta | None:
        taken = self._request.takes_over
        return timedelta(seconds=taken.verify_seconds) if taken else expected_duration(catalog, archive.manifest)

    def _is_ours(self, database: str) -> bool:
        """Whether this run has made or filled it."""
        own = self._own
        if own is None or own.state is RestoreState.PLANNED or own.database != database:
            return False
        return own.oid is None or own.oid == self._server.oid_of(database)

    def _statements(
        self, archive: Archive, name: str, before: str | None, live: LiveDatabase | None, major: int
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What makes the place to load into, and what swaps it in."""
        mode = self._request.mode
        if mode == "into":
            return (), ()
        if self._request.takes_over is not None:
            return (), swap_statements(self._live_name, name, before, live)
        if mode == "schema":
            return (f"CREATE SCHEMA {quote_name(name)}",), ()
        made = make_statement(name, archive.entries, live, owners=self._target.restore.owners, major=major)
        making = (made, *(access_statements(live.settings, name) if live else ()))
        return making, (swap_statements(self._live_name, name, before, live) if mode == "swap" else ())
