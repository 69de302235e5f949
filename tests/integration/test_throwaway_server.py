"""Promise: a throw-away server runs for root and for ordinary users, reachable by nobody else, and nothing is left."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import ServerFailed
from dbops.gateways.processes.programs import Program, find_postgres
from dbops.gateways.scratch.throwaway_server import ThrowawayServer
from tests.backups import Programs
from tests.drills import public_folder
from tests.processes import processes_with


@pytest.fixture(autouse=True)
def _throwaway_servers_begin_as_copies() -> None:
    """None does: here initdb makes each."""


@pytest.fixture
def place() -> Iterator[Path]:
    with public_folder() as folder:
        yield folder


@pytest.fixture
def postgres(programs: Programs) -> Program:
    return find_postgres(programs.folder, 17)


@pytest.fixture
def server(postgres: Program, place: Path) -> Iterator[ThrowawayServer]:
    with ThrowawayServer(postgres, place, "vault") as running:
        yield running


def ask(address: DatabaseAddress, query: str) -> str:
    with psycopg.connect(**address.libpq_parameters()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_it_listens_on_no_port_and_in_a_folder_that_only_its_account_may_enter(server: ThrowawayServer) -> None:
    address = server.address()

    assert ask(address, "SHOW listen_addresses") == ""
    assert Path(str(address.host)).stat().st_mode & 0o077 == 0


def test_it_does_not_run_as_root(server: ThrowawayServer, place: Path) -> None:
    owners = set()
    for pid in processes_with(str(place), "bin/postgres"):
        with suppress(FileNotFoundError):  # a session that has ended since it was found
            owners.add(Path(f"/proc/{pid}").stat().st_uid)
    data = next(place.iterdir()) / "data"

    assert data.stat().st_uid != 0
    assert data.stat().st_uid in owners


def test_nothing_is_left_of_it(postgres: Program, place: Path) -> None:
    name = f"vault{secrets.token_hex(4)}"  # of its own: other tests' servers come and go meanwhile
    sockets = f"dbops-{name}-socket-*"

    with ThrowawayServer(postgres, place, name) as server:
        assert ask(server.address(), "SELECT 1") == "1"
        assert len(list(Path(tempfile.gettempdir()).glob(sockets))) == 1

    assert list(place.iterdir()) == []
    assert list(Path(tempfile.gettempdir()).glob(sockets)) == []
    assert processes_with(str(place)) == []


def test_nothing_is_left_of_one_that_could_not_start(place: Path, tmp_path: Path) -> None:
    broken = tmp_path / "installed" / "bin"
    broken.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (broken / name).write_text("#!/bin/sh\necho 'initdb: error: out of luck' >&2\nexit 1\n")
        (broken / name).chmod(0o755)

    with pytest.raises(ServerFailed, match=r"initdb could not create .*out of luck\. Set drill\.directory"):
        ThrowawayServer(Program(broken / "postgres", 17, "17.1"), place, "vault").__enter__()

    assert list(place.iterdir()) == []


def test_a_database_is_like_the_source(server: ThrowawayServer) -> None:
    definition = (
        "CREATE DATABASE x WITH TEMPLATE = template0 ENCODING = 'LATIN1' LOCALE_PROVIDER = libc LOCALE = 'C';\n"
    )

    assert server.create_database("drill", [toc_of_database(definition)]) is None
    assert ask(server.address("drill"), "SHOW server_encoding") == "LATIN1"


def test_a_locale_that_is_not_there_is_told_and_the_encoding_stays(server: ThrowawayServer) -> None:
    definition = (
        "CREATE DATABASE x WITH TEMPLATE = template0 ENCODING = 'EUC_JP' LOCALE_PROVIDER = libc LOCALE = 'ja';\n"
    )

    told = server.create_database("drill", [toc_of_database(definition)])

    assert told is not None
    assert "invalid LC_COLLATE locale name" in told
    assert "text was sorted as in locale C" in told
    assert ask(server.address("drill"), "SHOW server_encoding") == "EUC_JP"


def test_an_icu_database_is_sorted_as_c_does_where_there_is_no_icu(server: ThrowawayServer) -> None:
    definition = (
        "CREATE DATABASE x WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = icu ICU_LOCALE = 'de';\n"
    )
    assert not server.offer().has_icu

    assert "ICU is not supported" in str(server.create_database("drill", [toc_of_database(definition)]))


def test_roles_are_made_also_after_a_statement_that_fails(server: ThrowawayServer) -> None:
    statements = ["CREATE ROLE app", "CREATE ROLE app", "SET SESSION AUTHORIZATION app", "CREATE ROLE forbidden",
                  "RESET SESSION AUTHORIZATION", 'CREATE ROLE "größe; 50%"']  # fmt: skip

    made = server.create_roles(statements)

    assert {"app", "größe; 50%"} <= made
    assert "forbidden" not in made


def test_no_password_of_a_role_lies_in_a_file_that_others_may_read(server: ThrowawayServer, place: Path) -> None:
    open_: list[Path] = []

    def statements() -> Iterator[str]:
        yield "CREATE ROLE payroll PASSWORD 'md5a3556571e93b0d20722ba62be61e8c2d'"
        open_.extend(path for path in place.rglob("*") if "data" not in path.parts)  # which is its account's own

    assert "payroll" in server.create_roles(statements())
    assert [path for path in open_ if path.is_file() and path.stat().st_mode & 0o077] == []


def test_a_server_that_is_lost_meanwhile_is_told(server: ThrowawayServer) -> None:
    with pytest.raises(
        ServerFailed,
        match=r"was lost while roles were being created: .*\. If this worker cannot run one, set drill\.connection",
    ):
        server.create_roles(["ALTER ROLE dbops_throwaway NOLOGIN"])


def toc_of_database(definition: str) -> TocEntry:
    return TocEntry(dump_id=1, kind="DATABASE", schema="", name="x", definition=definition)


def test_a_folder_that_the_servers_account_may_not_enter_is_called_by_its_name(postgres: Program, place: Path) -> None:
    """An ordinary user's server runs as that user, who may enter."""
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    server = ThrowawayServer(postgres, closed, "vault")

    if os.geteuid() == 0:
        with pytest.raises(ServerFailed, match=rf"may not enter {closed}\. Set drill\.directory"):
            server.__enter__()
    else:
        with server:
            assert ask(server.address(), "SELECT 1") == "1"

    assert list(closed.iterdir()) == []


ORDINARY = """
import os, sys
from pathlib import Path
import psycopg2
from dbops.gateways.processes.programs import find_postgres
from dbops.gateways.scratch.throwaway_server import ThrowawayServer
postgres = find_postgres(Path(sys.argv[1]), 17)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    sys.executable = sys.argv[3]  # ours may lie where only root may look
with ThrowawayServer(postgres, Path(sys.argv[2]), "vault") as server:
    connection = psycopg2.connect(**server.address().libpq_parameters())
    print("up as root" if os.getuid() == 0 else "up", len(os.listdir(sys.argv[2])))
    connection.close()
print("gone", len(os.listdir(sys.argv[2])))
"""


def test_an_ordinary_user_runs_one_as_well(postgres: Program) -> None:
    """In a process that leaves root behind, where it is root, once all that it needs is imported."""
    with public_folder(0o777) as place:
        done = subprocess.run(
            [sys.executable, "-c", ORDINARY, str(postgres.path.parent), str(place), "/usr/bin/python3"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
        assert done.stdout == "up 1\ngone 0\n", done.stderr
