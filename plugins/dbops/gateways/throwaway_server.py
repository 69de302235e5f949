"""ThrowawayServer: a PostgreSQL server that the worker starts for one drill, and that nothing is left of.

It listens on a unix socket in a private folder and on no port. It is as fast as a server may be whose data nobody will
miss: nothing is synced to the disk. The guardian ends it when the worker dies; its folder is removed by the next drill.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg2
from psycopg2 import sql

from dbops.domain.connection import DatabaseAddress
from dbops.domain.database_definition import creation_options
from dbops.domain.toc_entry import TocEntry
from dbops.errors import ServerFailed
from dbops.gateways.account import can_reach, server_account
from dbops.gateways.guard import inherited_environment
from dbops.gateways.guarded_process import GuardedProcess
from dbops.gateways.programs import Program
from dbops.gateways.spool import Spool

_SUPERUSER = "dbops_throwaway"  # no role of a backup has that name
_LONGEST_SOCKET_PATH = 107
_NAME_IN_SOCKET = 20
_START_TIMEOUT = 60.0
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "autovacuum": "off",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "256MB",
    "dynamic_shared_memory_type": "mmap",  # nothing in /dev/shm that a kill would leave
    "max_connections": "100",
    "logging_collector": "off",
    "log_destination": "stderr",
}


class ThrowawayServer:
    """Running while it is used as a context manager. ``postgres`` is its program; ``directory`` the disk it may take.

    Raises ServerFailed.
    """

    def __init__(self, postgres: Program, directory: Path | None, target: str) -> None:
        self._postgres, self._account = postgres, server_account()
        self._place = Spool(directory, f"{target}-drill")
        self._sockets = Spool(None, f"{target[:_NAME_IN_SOCKET]}-socket")  # apart: its path must be short
        self._process: GuardedProcess | None = None

    def __enter__(self) -> ThrowawayServer:
        try:
            self._start()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.signal(signal.SIGQUIT)  # at once: nobody wants a last checkpoint
            self._process.stop()
        self._sockets.__exit__(kind, error, trace)
        self._place.__exit__(kind, error, trace)

    @property
    def free_bytes(self) -> int:
        """What the disk below still takes."""
        return self._place.free_bytes()

    def address(self, database: str = "postgres") -> DatabaseAddress:
        """A database on it, as superuser."""
        return DatabaseAddress(database=database, host=str(self._socket_folder), port=5432, user=_SUPERUSER)

    def program(self, name: str) -> Path:
        """A program of the server's own installation, where this user may run it."""
        return self._bin / name

    def create_database(self, name: str, like: Sequence[TocEntry]) -> str | None:
        """Create a database like the one an archive describes; a sentence where the worker lacks its locale."""
        as_it_was, as_c_sorts = creation_options(like)
        create = sql.SQL("CREATE DATABASE {} ").format(sql.Identifier(name))
        try:
            self._run(create + sql.SQL(as_it_was))
        except psycopg2.Error as error:
            said = str(error).strip().splitlines()[0]
        else:
            return None
        try:
            self._run(create + sql.SQL(as_c_sorts))
        except psycopg2.Error as error:
            raise ServerFailed(
                f"The throw-away server cannot hold a database like the source: {str(error).strip().splitlines()[0]}.",
                "Set drill.connection to a scratch server that can.",
            ) from None
        return f"the database could not be created as it was ({said}): texts were sorted as C does"

    def run_script(self, script: bytes) -> None:
        """Run SQL as superuser, going on after errors: what of it was needed shows when the backup is loaded."""
        path = self._place.path / "globals.sql"
        path.write_bytes(script)
        command = [str(self._bin / "psql"), "-X", "-q", "-w", "-f", str(path)]
        environment = {**inherited_environment(), **self.address().libpq_environment()}
        subprocess.run(command, env=environment, capture_output=True, timeout=_START_TIMEOUT, check=False)
        path.unlink()

    def available_extensions(self) -> set[str]:
        """The extensions that can be created on it."""
        return {name for (name,) in self._run(sql.SQL("SELECT name FROM pg_available_extensions"))}

    def has_icu(self) -> bool:
        """Whether its programs were built with ICU; one of ICU's collations is in the catalog even where not."""
        ((count,),) = self._run(sql.SQL("SELECT count(*) FROM pg_collation WHERE collprovider = 'i'"))
        return bool(count > 1)

    def _start(self) -> None:
        if len(str(self._socket_folder / ".s.PGSQL.5432")) > _LONGEST_SOCKET_PATH:
            raise ServerFailed(
                f"The path {self._socket_folder} is too long for a unix socket.", "Set TMPDIR to a shorter one."
            )
        self._make_folders()
        self._bin = self._reachable_programs()
        data = self._data
        self._create(data)
        command = [str(self._bin / "postgres"), "-D", str(data), "-k", str(self._socket_folder)]
        for name, value in _SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        if self._account:
            identity = [f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}", "--clear-groups"]
            command = ["setpriv", *identity, "--", *command]
        self._process = GuardedProcess(command, {"LC_ALL": "C"})
        self._wait_until_ready(self._process)

    @property
    def _data(self) -> Path:
        return self._place.path / "data"

    @property
    def _socket_folder(self) -> Path:
        return self._sockets.path / "s"

    def _make_folders(self) -> None:
        """The server's own folders, inside ours: the next drill only removes what belongs to us."""
        for outer, own in ((self._place.path, self._data), (self._sockets.path, self._socket_folder)):
            own.mkdir(mode=0o700)
            if self._account:
                outer.chmod(0o711)
                os.chown(own, self._account.pw_uid, self._account.pw_gid)

    def _reachable_programs(self) -> Path:
        """The installation itself, or a copy of it where it lies below a folder that the account may not enter."""
        installed = self._postgres.path.resolve().parent
        if self._account is None or can_reach(installed):
            return installed
        copy = self._place.path / "programs"
        shutil.copytree(installed.parent, copy, symlinks=True)
        return copy / installed.name

    def _create(self, data: Path) -> None:
        account = self._account
        done = subprocess.run(
            [
                str(self._bin / "initdb"), f"--pgdata={data}", f"--username={_SUPERUSER}",
                "--auth=trust",  # the socket lies in a folder that only we may enter
                "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
            ],
            env={**inherited_environment(), "LC_ALL": "C"},
            cwd="/",
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )  # fmt: skip
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise ServerFailed(
                f"initdb could not create a throw-away server in {data}: {said[-1] if said else 'it said nothing'}.",
                "Set drill.directory to a folder on a local disk, or drill.connection to a scratch server.",
            )

    def _wait_until_ready(self, process: GuardedProcess) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                self._connect().close()
            except psycopg2.Error:
                if process.status() is not None or time.monotonic() > deadline:
                    raise ServerFailed(
                        f"The throw-away server did not start: {process.stderr() or 'it said nothing'}.",
                        "Set drill.connection to a scratch server where this worker cannot run one.",
                    ) from None
                time.sleep(0.05)
            else:
                return

    def _connect(self) -> Any:
        connection = psycopg2.connect(**self.address().libpq_parameters())
        connection.autocommit = True
        return connection

    def _run(self, statement: sql.Composable) -> list[tuple[Any, ...]]:
        with closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
