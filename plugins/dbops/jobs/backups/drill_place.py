"""DrillPlace: an empty database in which a backup is restored for the proof, and which is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dbops.domain.archives.load_settings import left_out_sentence
from dbops.domain.archives.needs import ServerOffer, unmet_needs
from dbops.domain.archives.roles import roles_of
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.words.quantities import format_bytes
from dbops.errors import PreflightFailed
from dbops.gateways.archive import Archive, as_the_source
from dbops.gateways.processes.programs import find_postgres
from dbops.gateways.scratch.scratch_database import ScratchDatabase
from dbops.gateways.scratch.throwaway_server import ThrowawayServer

_ROOM = 1.3  # a restored database is seldom larger than the source; its write-ahead log needs room as well


@dataclass(frozen=True)
class DrillPlace:
    """``owners`` is whether the backup's roles are there, ``notes`` what is not as at the source, in sentences.

    ``is_unlike``: the source's locale or settings are missing, so that what a constraint allows there it may refuse
    here.
    """

    address: DatabaseAddress
    owners: bool
    notes: tuple[str, ...] = ()
    is_unlike: bool = False


@contextmanager
def throwaway_place(
    target: Target, archive: Archive, roles: tuple[str, ...] | None, programs: Path | None
) -> Iterator[DrillPlace]:
    """On a server that the worker starts for it; ``roles`` are its globals' statements. Raises a DbopsError."""
    postgres = find_postgres(programs, archive.manifest.server_major)
    directory = Path(target.drill.directory) if target.drill.directory else None
    with ThrowawayServer(postgres, directory, target.name) as server:
        _require_room(archive.manifest.database_bytes, server.free_bytes)
        _require_all(archive, server.offer(), "The throw-away server", "Set drill.connection to a server that can.")
        missing = roles_of(archive.entries) - server.create_roles(roles) if roles is not None else frozenset()
        notes = []
        if missing:
            notes.append(
                f"The backup's globals.sql does not create the roles {', '.join(sorted(missing))}: "
                "the drill left owners and grants out."
            )
        odd = server.create_database("drill", archive.entries)
        unlike, address = _as_the_source(server.address("drill"), archive, odd)
        yield DrillPlace(
            address, owners=roles is not None and not missing, notes=(*notes, *unlike), is_unlike=bool(unlike)
        )


@contextmanager
def scratch_place(target: Target, archive: Archive, scratch: DatabaseAddress, now: datetime) -> Iterator[DrillPlace]:
    """In a new database of the scratch server, without owners and grants: the roles are not there."""
    scratch.require_direct(str(target.drill.connection))
    database = ScratchDatabase(scratch, target.name, now)
    _require_all(archive, database.offer(), "The scratch server", "Let drill.connection name a server that can.")
    with database.create(archive.entries):
        unlike, address = _as_the_source(database.address, archive, database.note)
        yield DrillPlace(address, owners=False, notes=unlike, is_unlike=bool(unlike))


def _as_the_source(
    address: DatabaseAddress, archive: Archive, odd: str | None
) -> tuple[tuple[str, ...], DatabaseAddress]:
    """What is not as in the source though it is made like it, beside ``odd``, and how to connect to it."""
    source = as_the_source(address, archive.entries)
    left_out = [left_out_sentence(source.left_out)] if source.left_out else []
    return (*([odd] if odd else []), *left_out), source.address


def _require_all(archive: Archive, offer: ServerOffer, who: str, remedy: str) -> None:
    needs = unmet_needs(archive.entries, archive.manifest.server_major, offer)
    if needs:
        raise PreflightFailed(f"{who} cannot hold backup {archive.manifest.backup_id}: {'; '.join(needs)}.", remedy)


def _require_room(database_bytes: int, free_bytes: int) -> None:
    needed = int(database_bytes * _ROOM)
    if free_bytes < needed:
        raise PreflightFailed(
            f"A drill needs about {format_bytes(needed)} of disk, and the worker has {format_bytes(free_bytes)} free.",
            "Set drill.directory to a larger disk, or drill.connection to a scratch server.",
        )
