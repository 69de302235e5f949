"""ThrowawayServer: a PostgreSQL server that the worker starts for a drill, or to try migrations; nothing is left of it.

It listens on a unix socket in a private folder and on no port. It is as fast as a server may be whose data nobody will
miss: nothing is synced to the disk. The guardian ends it when the worker dies; its folder is removed by the next one.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg2

from dbops.domain.archives.needs import ServerOffer
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DumpFailed, ServerFailed
from dbops.gateways.dump.spool import Spool
from dbops.gateways.processes.account import can_reach, closed_folder, server_account
from dbops.gateways.processes.guarded_process import GuardedProcess
from dbops.gateways.processes.programs import Program
from dbops.gateways.server.connecting import connect
from dbops.gateways.server.database_creation import create_like
from dbops.gateways.server.server_offer import read_offer

_SUPERUSER = "dbops_throwaway"  # no role of a backup has that name
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107
_NAME_IN_SOCKET = 20
_START_TIMEOUT = 60.0
_ELSEWHERE = "If this worker cannot run one, set drill.connection to a scratch server."
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
    "max_locks_per_transaction": "512",  # one transaction of pg_dump locks every table
    "client_connection_check_interval": "1s",  # a long statement ends with the pg_restore that was killed
    "logging_collector": "off",
    "log_destination": "stderr",
}


class ThrowawayServer:
    """Running while it is used as a context manager. ``postgres`` is its program; ``directory`` the disk it may take.

    Raises ServerFailed, and SpoolError where the disk cannot be used.
    """

    def __init__(self, postgres: Program, directory: Path | None, target: str) -> None:
        self._postgres, self._directory, self._target = postgres, directory, target
        self._account = server_account()
        self._stack = ExitStack()

    def __enter__(self) -> ThrowawayServer:
        with ExitStack() as stack:
            self._place = stack.enter_context(Spool(self._directory, f"{self._target}-drill", "drill.directory"))
            # Apart, because a socket's path must be short.
            self._sockets = stack.enter_context(Spool(None, f"{self._target[:_NAME_IN_SOCKET]}-socket", "TMPDIR"))
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def free_bytes(self) -> int:
        """What the disk below still takes."""
        return self._place.free_bytes()

    def address(self, database: str = "postgres") -> DatabaseAddress:
        """A database on it, as superuser."""
        return DatabaseAddress(database=database, host=str(self._socket_folder), port=5432, user=_SUPERUSER)

    def create_database(self, name: str, like: Sequence[TocEntry]) -> str | None:
        """Create a database like the one an archive describes; a sentence where the worker lacks its locale."""
        try:
            with closing(self._connect()) as connection:
                return create_like(connection, name, like)
        except psycopg2.Error as error:
            raise ServerFailed(
                f"The throw-away server cannot hold a database like the source: {str(error).strip().splitlines()[0]}.",
                "Set drill.connection to a scratch server that can.",
            ) from None

    def create_roles(self, statements: Iterable[str]) -> frozenset[str]:
        """Execute those of a backup's globals, going on after errors, and return the roles that there are then.

        By the driver: psql would obey what a script says to it, as the worker, and the script would lie on the disk.
        """
        try:
            with closing(self._connect()) as connection, connection.cursor() as cursor:
                connection.set_client_encoding("UTF8")
                for statement in statements:
                    with suppress(psycopg2.Error):
                        cursor.execute(statement)
            with closing(self._connect()) as connection, connection.cursor() as cursor:  # that one may be another's now
                cursor.execute("SELECT rolname FROM pg_catalog.pg_roles")
                return frozenset(name for (name,) in cursor.fetchall())
        except psycopg2.Error as error:
            said = _last_line(str(error))
            raise ServerFailed(
                f"The throw-away server was lost while roles were being created: {said}.", _ELSEWHERE
            ) from None

    def offer(self) -> ServerOffer:
        """What it has for a database that is restored into it."""
        with closing(self._connect()) as connection:
            return read_offer(connection)

    def _start(self, stack: ExitStack) -> None:
        if len(os.fsencode(self._socket_folder / _SOCKET)) > _LONGEST_SOCKET_PATH:
            raise ServerFailed(
                f"The path {self._socket_folder} is too long for a unix socket.", "Set TMPDIR to a shorter one."
            )
        self._make_folders()
        self._bin = self._reachable_programs()
        self._create()
        command = [str(self._bin / "postgres"), "-D", str(self._data), "-k", str(self._socket_folder)]
        for name, value in _SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        process = stack.enter_context(self._process([*self._as_account(), *command], {"LC_ALL": "C"}))
        stack.callback(process.signal, signal.SIGQUIT)  # at once: nobody wants a last checkpoint
        self._wait_until_ready(process)

    @property
    def _data(self) -> Path:
        return self._place.path / "data"

    @property
    def _socket_folder(self) -> Path:
        return self._sockets.path / "s"

    def _make_folders(self) -> None:
        """The server's own folders, inside ours: the next server of ours only removes what belongs to us."""
        for outer, own in ((self._place.path, self._data), (self._sockets.path, self._socket_folder)):
            own.mkdir(mode=0o700)
            if self._account is None:
                continue
            outer.chmod(0o711)
            os.chown(own, self._account.pw_uid, self._account.pw_gid)
            if (closed := closed_folder(outer, self._account)) is not None:
                raise ServerFailed(
                    f"The server runs as {self._account.pw_name}, because PostgreSQL refuses to run as root, and that "
                    f"account may not enter {closed}.",
                    "Set drill.directory and TMPDIR to folders below which it may, or run the worker as another user.",
                )

    def _reachable_programs(self) -> Path:
        """The installation itself, or a copy of it where it lies below a folder that the account may not enter."""
        installed = self._postgres.path.resolve().parent
        if self._account is None or can_reach(installed, self._account):
            return installed
        copy = self._place.path / "programs"
        shutil.copytree(installed.parent, copy, symlinks=True)
        return copy / installed.name

    def _create(self) -> None:
        status, said = self._run(
            *self._as_account(),
            self._bin / "initdb",
            f"--pgdata={self._data}",
            f"--username={_SUPERUSER}",
            "--auth=trust",  # the socket lies in a folder that only we may enter
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
            env={"LC_ALL": "C"},
        )
        if status:
            raise ServerFailed(
                f"initdb could not create a throw-away server in {self._data}: {_last_line(said)}.",
                f"Set drill.directory to a folder on a local disk. {_ELSEWHERE}",
            )

    def _as_account(self) -> list[str]:
        if self._account is None:
            return []
        return ["setpriv", f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}", "--clear-groups", "--"]

    def _run(self, *command: str | Path, env: Mapping[str, str]) -> tuple[int, str]:
        with self._process([str(word) for word in command], env) as process:
            return process.wait(), process.stderr()

    def _process(self, command: list[str], env: Mapping[str, str]) -> GuardedProcess:
        try:
            return GuardedProcess(command, env, cwd=self._place.path)  # the account may not enter ours
        except DumpFailed as error:
            raise ServerFailed(error.what, _ELSEWHERE) from None

    def _wait_until_ready(self, process: GuardedProcess) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                self._connect().close()
            except psycopg2.Error:
                if process.status() is not None or time.monotonic() > deadline:
                    said = _last_line(process.stderr())
                    raise ServerFailed(f"The throw-away server did not start: {said}.", _ELSEWHERE) from None
                time.sleep(0.05)
            else:
                return

    def _connect(self) -> Any:
        return connect(self.address(), autocommit=True)


def _last_line(said: str) -> str:
    """What a program said last of what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line or "FATAL:" in line]
    return (errors or lines or ["it said nothing"])[-1].rstrip(".")
