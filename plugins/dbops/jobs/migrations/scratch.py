"""Scratch: where migrations are tried before anybody is asked: empty databases that are like a target's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

from dbops.domain.archives.needs import ServerOffer, unmet_needs
from dbops.domain.schema.whole_schema import WholeSchema
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import quoted
from dbops.domain.target import Target
from dbops.errors import PreflightFailed
from dbops.gateways.processes.programs import Program, find_pg_dump, find_postgres
from dbops.gateways.schema.whole_schema import read_whole_schema
from dbops.gateways.scratch.scratch_database import ScratchDatabase
from dbops.gateways.scratch.throwaway_server import ThrowawayServer
from dbops.gateways.server.database import Database
from dbops.gateways.server.role_names import read_role_names

_Databases = Callable[[], AbstractContextManager[DatabaseAddress]]


@dataclass(frozen=True)
class Scratch:
    """``database()`` is a context manager of one more empty database, gone afterwards; ``live`` is the target's schema.

    ``pg_dump`` reads both. ``server_major`` is the target's. ``notes`` are what is not as at the target, in sentences.
    """

    live: WholeSchema
    database: _Databases
    pg_dump: Program
    server_major: int
    notes: tuple[str, ...] = ()

    def read(self, address: DatabaseAddress) -> WholeSchema:
        """What a scratch database has become."""
        return read_whole_schema(self.pg_dump, address)


@contextmanager
def scratch_for(
    target: Target,
    address: DatabaseAddress,
    *,
    clock: Callable[[], datetime],
    programs: Path | None = None,
    scratch: DatabaseAddress | None = None,
) -> Iterator[Scratch]:
    """On a throw-away server of this worker, or on the ``scratch`` server, which is drill.connection's.

    The target's database is only read. Raises PreflightFailed where that server is older than the target's, or lacks
    an extension or a collation that the target's database has; also ServerFailed, DatabaseError and RestoreFailed.
    """
    address.require_direct(target.migrating_connection)
    major = Database(address).facts().server_major
    if scratch is None:
        with _on_throwaway_server(target, address, major, programs) as place:
            yield place
    else:
        with _on_scratch_server(target, address, major, programs, server=scratch, clock=clock) as place:
            yield place


@contextmanager
def _on_throwaway_server(
    target: Target, address: DatabaseAddress, major: int, programs: Path | None
) -> Iterator[Scratch]:
    postgres = find_postgres(programs, major)
    pg_dump = find_pg_dump(programs, max(major, postgres.major))
    live = read_whole_schema(pg_dump, address)
    directory = Path(target.drill.directory) if target.drill.directory else None
    roles = read_role_names(address)
    with ThrowawayServer(postgres, directory, target.name) as server:
        offer = server.offer()
        _require_all(live, major, offer, "The throw-away server", "Set drill.connection to a server that can.")
        server.create_roles(f"CREATE ROLE {quoted(name)}" for name in roles)
        numbers = count(1)

        def create() -> tuple[str, str | None]:
            name = f"migrations_{next(numbers)}"
            return name, server.create_database(name, live.entries)

        first, odd = create()
        unused = [first]

        @contextmanager
        def database() -> Iterator[DatabaseAddress]:
            name = unused.pop() if unused else create()[0]  # all of them go with the server
            yield replace(server.address(name), search_schema=address.search_schema)

        yield Scratch(live, database, pg_dump, major, (*_newer(major, offer), *([odd] if odd else [])))


@contextmanager
def _on_scratch_server(
    target: Target,
    address: DatabaseAddress,
    major: int,
    programs: Path | None,
    *,
    server: DatabaseAddress,
    clock: Callable[[], datetime],
) -> Iterator[Scratch]:
    server.require_direct(str(target.drill.connection))
    offer = ScratchDatabase(server, target.name, clock()).offer()
    pg_dump = find_pg_dump(programs, max(major, offer.major))
    live = read_whole_schema(pg_dump, address)
    _require_all(live, major, offer, "The scratch server", "Let drill.connection name a server that can.")

    def create() -> ScratchDatabase:
        return ScratchDatabase(server, target.name, clock()).create(live.entries)

    with ExitStack() as unused:
        first = unused.enter_context(create())
        waiting = [first]

        @contextmanager
        def database() -> Iterator[DatabaseAddress]:
            with unused.pop_all() as mine:  # the first one, which else is dropped in the end
                made = waiting.pop() if waiting else mine.enter_context(create())
                yield replace(made.address, search_schema=address.search_schema)

        odd = first.note
        yield Scratch(live, database, pg_dump, major, (*_newer(major, offer), *([odd] if odd else [])))


def _require_all(live: WholeSchema, major: int, offer: ServerOffer, who: str, remedy: str) -> None:
    needs = unmet_needs(live.entries, major, offer, whose="the target's")
    if needs:
        raise PreflightFailed(f"{who} cannot hold a database like the target's: {'; '.join(needs)}.", remedy)


def _newer(major: int, offer: ServerOffer) -> tuple[str, ...]:
    if offer.major == major:
        return ()
    return (
        f"The migrations were tried on PostgreSQL {offer.major}, and the target's server is {major}: what the two "
        "versions write differently may look like drift.",
    )
