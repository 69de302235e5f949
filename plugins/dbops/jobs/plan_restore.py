"""plan_restore: what a restore would do, found out read-only, and shown before anything is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from dbops.domain.catalog import Catalog, CatalogEntry
from dbops.domain.chosen_backup import choose_backup
from dbops.domain.database_definition import property_statements
from dbops.domain.database_locale import locale_of_archive
from dbops.domain.database_names import before_name, restored_name
from dbops.domain.database_settings import access_statements, quote_name
from dbops.domain.layout import Layout
from dbops.domain.live_facts import LiveDatabase, LiveTable, ServerFacts, TableName
from dbops.domain.recovery_time import expected_duration
from dbops.domain.restore_blockers import RestoreConditions, restore_blockers, restore_warnings, swap_without_owners
from dbops.domain.restore_extent import RestoreExtent, restore_extent
from dbops.domain.restore_plan import RestorePlan
from dbops.domain.restore_record import RestoreRecord, RestoreState
from dbops.domain.restore_request import RestoreRequest
from dbops.domain.restore_statements import make_statement, swap_statements
from dbops.domain.schema_comparison import fingerprint
from dbops.domain.target import Target
from dbops.errors import DatabaseError, ObjectMissing, PlanChanged, PreflightFailed, RestoreFailed
from dbops.gateways.archive import Archive, open_archive
from dbops.gateways.bucket import Bucket
from dbops.gateways.catalogs import read_catalog
from dbops.gateways.database_server import DatabaseServer
from dbops.gateways.live_tables import read_live_tables
from dbops.gateways.programs import find_pg_dump, find_pg_restore
from dbops.gateways.restores import find_restore, put_restore
from dbops.gateways.schema_dump import dump_schema
from dbops.jobs.restore_place import RestorePlace

# What keeps a live database from being read that is whole, and may pass or be put right: it is not swapped blindly.
_IS_NOT_BROKEN = re.compile(
    r"permission denied|row-level security|authentication failed|no password|pg_hba\.conf|\block|timeout|timed out"
    r"|Connection refused|too many|remaining connection slots|starting up|shutting down|server closed the connection"
)


def plan_restore(
    target: Target,
    place: RestorePlace,
    bucket: Bucket,
    request: RestoreRequest,
    *,
    run: str,
    by: str | None,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    keep: bool = True,
) -> RestorePlan:
    """Plan that run's restore, keep its record, and give the plan; what stands in the way is among its ``blockers``.

    ``by`` is who asked for it, None where nobody knows; without ``keep`` it is only looked at, and no record is kept.

    Raises a DbopsError where no plan can be made, and PlanChanged where the run has begun to restore already.
    """
    known = find_restore(bucket, target, run)
    if known is not None and known.state is not RestoreState.PLANNED:
        raise PlanChanged(f"The run {run} is restoring {known.backup_id} already.", "Start a new run for another plan.")
    catalog = read_catalog(bucket, target)
    chosen = choose_backup(catalog, request)
    now = clock()
    pinned = replace(request, backup_id=chosen.entry.backup_id, not_later_than=None)
    plan = _Planning(target, place, bucket, pinned, moment=now, programs=programs).plan(
        catalog, chosen.entry, chosen.warnings
    )
    record = RestoreRecord(
        target=target.name,
        run=run,
        request=pinned,
        backup_id=chosen.entry.backup_id,
        digest=plan.digest,
        planned=now,
        requested_by=by,
        live=plan.live_name,
        live_oid=plan.live.oid if plan.live else None,
        database=plan.database,
        before=plan.before,
        schema=plan.schema,
    )
    if keep:
        put_restore(bucket, target, record)
        _require_still_there(bucket, target, record)
    return plan


def _require_still_there(bucket: Bucket, target: Target, record: RestoreRecord) -> None:
    """Asked when it is on record: an expire that runs right now sees the record, or we see that it came too late."""
    try:
        bucket.get(Layout(target.root).manifest(record.backup_id))
    except ObjectMissing:
        raise PlanChanged(
            f"Backup {record.backup_id} has expired while its restore was planned.",
            "Nothing was made. Start a new run, and choose among those that are left.",
        ) from None


def require_unchanged_plan(
    target: Target,
    place: RestorePlace,
    bucket: Bucket,
    record: RestoreRecord,
    *,
    digest: str,
    programs: Path | None = None,
) -> RestorePlan:
    """The plan of that record as it would be made now, without what people are shown of live rows.

    Raises PlanChanged where it is not the one of that digest, PreflightFailed where something is in the way by now, and
    what kept the live schema from being read where it could be when the plan was made.
    """
    plan, unreadable = _plan_again(target, place, bucket, record, programs=programs, count_live=False)
    if plan.digest != digest:
        if unreadable is not None:  # of a schema that cannot be read nobody knows that it is another
            raise unreadable
        raise PlanChanged(
            f"What the restore of {target.name} would do now is not what its plan says: the live database, its schema "
            f"or its settings have changed since ({digest[:12]} was planned, now it is {plan.digest[:12]}).",
            "Nothing was changed. Start a new run, and look at its plan.",
        )
    require_no_blockers(plan)
    return plan


def plan_again(
    target: Target,
    place: RestorePlace,
    bucket: Bucket,
    record: RestoreRecord,
    *,
    programs: Path | None = None,
    count_live: bool = False,
) -> RestorePlan:
    """The plan of that record as it would be made now; with ``count_live`` also what people are shown of live rows.

    Raises a DbopsError where none can be made.
    """
    plan, _ = _plan_again(target, place, bucket, record, programs=programs, count_live=count_live)
    return plan


def _plan_again(
    target: Target,
    place: RestorePlace,
    bucket: Bucket,
    record: RestoreRecord,
    *,
    programs: Path | None,
    count_live: bool,
) -> tuple[RestorePlan, DatabaseError | RestoreFailed | None]:
    """The plan, and why the live schema is not in it where it could not be read."""
    catalog = read_catalog(bucket, target)
    entry = choose_backup(catalog, record.request).entry
    planning = _Planning(
        target,
        place,
        bucket,
        record.request,
        moment=record.planned,
        programs=programs,
        own=record,
        count_live=count_live,
    )
    return planning.plan(catalog, entry), planning.unreadable


def require_no_blockers(plan: RestorePlan) -> None:
    """Raise PreflightFailed with everything that stands in the way of the plan."""
    if plan.blockers:
        raise PreflightFailed(
            f"This restore of {plan.target} cannot be done: {' '.join(plan.blockers)}", "Nothing live was touched."
        )


class _Planning:
    def __init__(
        self,
        target: Target,
        place: RestorePlace,
        bucket: Bucket,
        request: RestoreRequest,
        *,
        moment: datetime,
        programs: Path | None,
        own: RestoreRecord | None = None,
        count_live: bool = True,
    ) -> None:
        self._target, self._place, self._bucket, self._request = target, place, bucket, request
        self._moment, self._programs, self._own, self._count_live = moment, programs, own, count_live
        self._server: DatabaseServer = place.server(target)
        self._live_name = place.live.database
        self.unreadable: DatabaseError | RestoreFailed | None = None

    def plan(self, catalog: Catalog, entry: CatalogEntry, warnings: tuple[str, ...] = ()) -> RestorePlan:
        archive = open_archive(self._bucket, self._target, entry.backup_id, self._place.identities)
        extent = restore_extent(archive.manifest, archive.entries, self._request)
        facts = self._server.facts()
        find_pg_restore(self._programs, archive.manifest.pg_dump_version)
        live = self._live(facts, entry)
        database, before, schema = self._names()
        is_ours = self._is_ours(database)
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
            made_on=archive.manifest.server_version,
            extensions=extent.extensions,
            entries=extent.entries(archive.entries),
            owners=self._target.restore.owners,
            in_the_way=self._in_the_way(facts, database),
            locale=self._server.locale_of(database) if self._request.mode == "into" else None,
            made_with=locale_of_archive(archive.entries),
            needed_bytes=extent.needed_bytes,
            free_bytes=free,
        )
        making, swapping = self._statements(archive, schema or database, before, live, facts.major)
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
            verified=entry.verification.finished if entry.verified and entry.verification else None,
            expected=expected_duration(catalog, archive.manifest),
            needed_bytes=extent.needed_bytes,
            free_bytes=free,
            planned=self._moment,
            blockers=restore_blockers(conditions),
            warnings=(
                *warnings,
                *self._warnings(facts, live, archive, extent),
                *restore_warnings(conditions),
                *_detached(extent.subscriptions(archive.entries)),
            ),
        )

    def _names(self) -> tuple[str, str | None, str | None]:
        if self._request.mode == "into":
            return self._request.into or "", None, None
        if self._request.mode == "schema":
            return self._live_name, None, restored_name(self._request.schemas[0], self._moment)
        before = before_name(self._live_name, self._moment) if self._request.mode == "swap" else None
        return restored_name(self._live_name, self._moment), before, None

    def _live(self, facts: ServerFacts, entry: CatalogEntry) -> LiveDatabase | None:
        known = self._server.find(self._live_name)
        if known is None:
            return None
        blockers = self._server.rename_blockers(self._live_name, known.oid)
        schema, tables = self._content(facts, entry)
        return LiveDatabase(
            oid=known.oid,
            bytes=known.bytes or 0,
            tablespace=known.tablespace,
            settings=known.settings,
            fingerprint=schema,
            tables=tables,
            sessions=self._server.sessions(known.oid) if self._request.mode == "swap" else (),
            slots=blockers["slot"],
            subscriptions=blockers["subscription"],
            prepared=blockers["prepared"],
            may_rename=known.may_rename and facts.may_create_databases,
        )

    def _content(self, facts: ServerFacts, entry: CatalogEntry) -> tuple[str, dict[TableName, LiveTable]]:
        """The live schema's fingerprint and its tables' rows, which are only asked for what is shown."""
        live, time_columns = self._place.live, self._target.restore.time_columns
        try:
            schema = fingerprint(dump_schema(find_pg_dump(self._programs, facts.major), live))
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
        if mode == "schema":
            return (f"CREATE SCHEMA {quote_name(name)}",), ()
        made = make_statement(name, archive.entries, live, owners=self._target.restore.owners, major=major)
        making = (made, *(access_statements(live.settings, name) if live else ()))
        return making, (swap_statements(self._live_name, name, before, live) if mode == "swap" else ())

    def _warnings(
        self, facts: ServerFacts, live: LiveDatabase | None, archive: Archive, extent: RestoreExtent
    ) -> tuple[str, ...]:
        left_out = tuple(f"Left out: {left}." for left in extent.left_out)
        if self.unreadable is not None:
            left_out = (f"What is live now is not shown, for it cannot be read: {self.unreadable.what}", *left_out)
        if self._request.mode != "swap":
            return left_out
        if not self._target.restore.owners:
            left_out = (swap_without_owners(facts.role), *left_out)
        if live is not None:
            return left_out
        of_the_name = property_statements(archive.entries)
        listed = f" When the backup was made, they were: {' '.join(of_the_name)}" if of_the_name else ""
        return (
            f"There is no database {self._live_name} whose owner, comment, settings and grants could be kept: the "
            f"restored one will belong to {facts.role}, with a new database's. Set what the application needs.{listed}",
            *left_out,
        )


def _detached(subscriptions: tuple[str, ...]) -> tuple[str, ...]:
    if not subscriptions:
        return ()
    return (
        f"The backup holds subscriptions: {', '.join(subscriptions)}. They come back disabled and without their slot, "
        "which belongs to the original. DROP SUBSCRIPTION before you drop the restored database; to use one, give it a "
        "slot of its own.",
    )
