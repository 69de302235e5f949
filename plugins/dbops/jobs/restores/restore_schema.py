"""restore_schema: one schema of a backup, under a new name, into the live database: all of it or nothing.

pg_restore cannot rename: so the schema is loaded into a throw-away server, renamed there, and copied from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dbops.domain.archives.load_settings import left_out_sentence
from dbops.domain.archives.schema_comparison import differences
from dbops.domain.backups.verification import Verification
from dbops.domain.restores.schema_selection import SchemaSelection, select_schema
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.progress import LoadProgress
from dbops.domain.words.quantities import format_bytes
from dbops.errors import InvalidRequest, PreflightFailed, RestoreFailed, ServerFailed
from dbops.gateways.archive import Archive, Loaded, as_the_source, load_archive, read_globals
from dbops.gateways.processes.analyze import analyze
from dbops.gateways.processes.programs import SchemaPrograms, find_schema_programs
from dbops.gateways.schema.schema_copy import copy_schema
from dbops.gateways.schema.schema_dump import dump_schema
from dbops.gateways.schema.schema_rename import creatable_extensions, rename_schema
from dbops.gateways.scratch.throwaway_server import ThrowawayServer
from dbops.gateways.server.database import Database, SchemaFacts
from dbops.gateways.store.bucket import Bucket
from dbops.jobs.backups.verify import Renamed, Restored, verify

_DATABASE = "dbops_schema"
_ROOM = 1.3  # as for a drill: the write-ahead log needs room as well
_AN_EMPTY_SERVER = 100 * 1024**2
_LONGEST_NAME = 63
_BESIDE = "Restore the schema beside the live database, or into an empty one, and copy from there."


@dataclass(frozen=True)
class RestoredSchema:
    """What a restore of a schema came to. ``warnings`` name what stayed behind, and what is not as it was.

    ``loaded`` counts the seconds from the first byte to the commit. Where the ``verification`` has errors, the schema
    is in the live database all the same; dropping it is for people.
    """

    loaded: Loaded
    verification: Verification
    warnings: tuple[str, ...]


def restore_schema(
    target: Target,
    address: DatabaseAddress,
    bucket: Bucket,
    archive: Archive,
    *,
    schema: str,
    new_name: str,
    run: str,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    owners: bool = True,
    on_progress: Callable[[LoadProgress], None] = lambda _: None,
) -> RestoredSchema:
    """Bring ``schema`` back as ``new_name`` in the live database at ``address``, which has none of that name yet.

    Without ``owners``, all of it belongs to the role that restores. The worker needs about the schema's size of disk,
    below drill.directory. Raises InvalidRequest, PreflightFailed, BackupUnusable, DatabaseError, BucketError and
    RestoreFailed: the live database is then what it was, unless it is the verification that could not be made.
    """
    started, facts = clock(), Database(address).schema_facts()
    _require_live(facts, address, new_name, archive.manifest.server_major)
    found = find_schema_programs(
        programs, archive.manifest.pg_dump_version, archive.manifest.server_major, live_major=facts.server_major
    )
    restoring = _Restoring(target, address, facts, bucket, archive, schema, new_name, found, on_progress)
    try:
        return restoring.restore(owners=owners, run=run, started=started, clock=clock)
    except ServerFailed as error:
        raise PreflightFailed(error.what, _BESIDE) from None


def _require_live(facts: SchemaFacts, address: DatabaseAddress, name: str, source: int) -> None:
    """Raise where the live database cannot take the schema."""
    if not name or len(name.encode()) > _LONGEST_NAME or name.startswith("pg_") or name == "public":
        raise InvalidRequest(
            f'"{name}" cannot be the name of a restored schema.',
            f"Choose one of at most {_LONGEST_NAME} bytes that is not public and does not begin with pg_.",
        )
    live = address.database
    if name in facts.schemas:
        raise PreflightFailed(
            f"There is a schema {name} in {live} already, and dbops never overwrites anything.",
            "Start a new run, which uses another name; drop what an earlier attempt has left.",
        )
    if facts.server_major < source:
        raise PreflightFailed(
            f"The live server is PostgreSQL {facts.server_major}, older than the backup's {source}.",
            f"Restore onto a server that is at least PostgreSQL {source}.",
        )
    if facts.is_replica:
        raise PreflightFailed(
            f"The server of {live} is a replica, which accepts no writes.", "Name the primary server."
        )
    if not facts.may_create:
        raise PreflightFailed(
            f"The role {address.user} may not create a schema in {live}.",
            f"Grant it: GRANT CREATE ON DATABASE ... TO {address.user}, or connect as the database's owner.",
        )


@dataclass(frozen=True)
class _Restoring:
    target: Target
    address: DatabaseAddress
    facts: SchemaFacts
    bucket: Bucket
    archive: Archive
    schema: str
    new_name: str
    programs: SchemaPrograms
    on_progress: Callable[[LoadProgress], None]

    @property
    def directory(self) -> Path | None:
        return Path(self.target.drill.directory) if self.target.drill.directory else None

    def restore(self, *, owners: bool, run: str, started: datetime, clock: Callable[[], datetime]) -> RestoredSchema:
        """Throw-away server, rename, copy, ANALYZE, verify."""
        began = time.monotonic()
        roles = read_globals(self.bucket, self.archive) if owners else None
        warnings = ["The backup has no roles: owners and grants were left out."] if owners and roles is None else []
        owners = roles is not None
        with ThrowawayServer(self.programs.postgres, self.directory, self.target.name) as server:
            chosen = self._choose(server)
            self._require_room(chosen, server.free_bytes)
            self._require_extensions(chosen)
            if roles is not None:
                server.create_roles(roles)
            odd = server.create_database(_DATABASE, self.archive.entries)
            source = as_the_source(server.address(_DATABASE), self.archive.entries)
            # Values are written by one and read by the other: money by another locale would be another sum.
            into = as_the_source(self.address, self.archive.entries).without(source.left_out)
            scratch = source.without(into.left_out).address
            loaded = self._load(chosen, scratch, owners=owners)
            warnings += [*chosen.warnings, *self._compare(chosen, scratch, owners=owners)]
            warnings += rename_schema(scratch, self.schema, self.new_name)
            self._copy(chosen, scratch, into.address, owners=owners)
            described = dump_schema(self.programs.pg_dump, scratch, self.new_name)
        warnings += [f"In between: {odd}"] if odd else []
        warnings += [left_out_sentence(into.left_out)] if into.left_out else []
        restored = Restored(
            archive=self.archive,
            address=into.address,
            loaded=Loaded(loaded.downloaded, time.monotonic() - began, loaded.complaints),
            analyze_seconds=analyze(self.programs.vacuumdb, into.address, self.target.restore.jobs, self.new_name),
            started=started,
            selection=chosen.selection,
            owners=owners,
            renamed=Renamed(self.schema, self.new_name, described, self.programs.postgres.version),
        )
        proof = verify(
            restored, self.programs.pg_dump, kind="restore", run=run, jobs=self.target.restore.jobs, clock=clock
        )
        return RestoredSchema(restored.loaded, proof, tuple(warnings))

    def _choose(self, server: ThrowawayServer) -> SchemaSelection:
        entries = self.archive.entries
        extensions = [entry.name for entry in entries if entry.kind == "EXTENSION"]
        creatable = creatable_extensions(server.address(), extensions)
        try:
            chosen = select_schema(entries, self.schema, creatable=creatable)
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        lacking = sorted(chosen.needed_extensions(entries) - creatable)
        if lacking:
            raise PreflightFailed(
                f"The schema needs extensions that the worker's PostgreSQL programs lack: {', '.join(lacking)}.",
                _BESIDE,
            )
        return chosen

    def _require_room(self, chosen: SchemaSelection, free_bytes: int) -> None:
        needed = int(chosen.bytes_of(self.archive.manifest) * _ROOM) + _AN_EMPTY_SERVER
        if free_bytes < needed:
            raise PreflightFailed(
                f"The schema needs about {format_bytes(needed)} of the worker's disk, which has "
                f"{format_bytes(free_bytes)} free.",
                f"Set drill.directory to a larger disk. {_BESIDE}",
            )

    def _require_extensions(self, chosen: SchemaSelection) -> None:
        for name, schema in chosen.extensions.items():
            found = self.facts.extensions.get(name)
            if found != schema:
                has = f"has it in schema {found}" if found else "lacks"
                raise PreflightFailed(
                    f"The schema needs extension {name} in schema {schema}, which the live database {has}.",
                    f"Install it there, with CREATE or ALTER EXTENSION, or restore elsewhere. {_BESIDE}",
                )

    def _load(self, chosen: SchemaSelection, scratch: DatabaseAddress, *, owners: bool) -> Loaded:
        try:
            return load_archive(
                self.bucket,
                self.archive,
                self.programs.pg_restore,
                scratch,
                jobs=self.target.restore.jobs,
                parallelism=self.target.storage.parallelism,
                selection=chosen.selection,
                clean_owners=not owners,
                directory=self.directory,
                on_progress=self.on_progress,
            )
        except RestoreFailed as error:
            raise RestoreFailed(
                f"The schema cannot be restored on its own on a throw-away server: {error.what}", _BESIDE
            ) from None

    def _compare(self, chosen: SchemaSelection, scratch: DatabaseAddress, *, owners: bool) -> list[str]:
        """What the throw-away server describes otherwise than the backup: warnings where it is another version's."""
        wanted = [entry for entry in self.archive.entries if entry.dump_id in chosen.selection.dump_ids]
        found = dump_schema(self.programs.pg_dump, scratch)
        unlike = differences(wanted, found, owners=owners, only_expected=True)
        source = self.archive.manifest.server_major
        if unlike and source == self.programs.postgres.major:
            raise RestoreFailed(f"On the throw-away server {'; '.join(unlike)}.", _BESIDE)
        return [
            f"PostgreSQL {self.programs.postgres.major} writes it otherwise than {source}: {each}." for each in unlike
        ]

    def _copy(self, chosen: SchemaSelection, scratch: DatabaseAddress, live: DatabaseAddress, *, owners: bool) -> None:
        began, tables = time.monotonic(), self.archive.manifest.tables
        total = sum(table.bytes for table in tables if (table.schema, table.name) in chosen.tables)

        def tell(passed: int) -> None:
            elapsed = timedelta(seconds=time.monotonic() - began)
            self.on_progress(LoadProgress(0, 1, min(passed, total), total, elapsed))

        copy_schema(
            self.programs.pg_dump,
            self.programs.psql,
            scratch,
            live,
            self.new_name,
            live_major=self.facts.server_major,
            owners=owners,
            target=self.target.name,
            directory=self.directory,
            on_bytes=tell,
        )
