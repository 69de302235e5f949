"""A primary and its streaming replica, for tests of what differs there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from demo import ports
from demo.postgres import SUPERUSER, EmbeddedPostgres
from tests.backups import execute
from tests.servers import running_postgres

_PATIENCE = 60.0


class EmbeddedReplica(EmbeddedPostgres):
    """A server whose data are a copy of its primary's, which it follows."""

    def __init__(self, primary: EmbeddedPostgres, directory: Path, *, port: int, settings: dict[str, str]) -> None:
        super().__init__(directory, port=port, password=primary.password, settings=settings)
        self._primary = primary

    def _create_data(self, programs: Path) -> None:
        subprocess.run(
            [
                programs / "pg_basebackup",
                f"--pgdata={self.home / 'data'}",
                "--write-recovery-conf",
                "--checkpoint=fast",
                "--no-sync",
                "--host=127.0.0.1",
                f"--port={self._primary.port}",
                f"--username={SUPERUSER}",
            ],
            env={**self._environment(), "PGPASSWORD": self._primary.password},
            cwd="/",
            capture_output=True,
            check=True,
            **self._as_account(),
        )


@dataclass(frozen=True)
class Pair:
    """Both servers."""

    primary: EmbeddedPostgres
    replica: EmbeddedReplica

    def follow(self) -> None:
        """Wait until the replica shows all that the primary has done."""
        self._reach_by("pg_last_wal_replay_lsn()")

    def receive(self) -> None:
        """Wait until the replica has all that the primary has done, whether it shows it or not."""
        self._reach_by("pg_last_wal_receive_lsn()")

    def _reach_by(self, position: str) -> None:
        # Without a commit the primary would keep for seconds what it has not flushed yet.
        ((stands,),) = ask(self.primary.url(), "SELECT pg_logical_emit_message(true, 'follow', '')::text")
        query = f"SELECT {position} >= '{stands}'"
        wait_until(lambda: ask(self.replica.url(), query) == [(True,)])

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The replica receives, and replays nothing meanwhile."""
        execute(self.replica.url(), "SELECT pg_wal_replay_pause()")
        wait_until(lambda: ask(self.replica.url(), "SELECT pg_get_wal_replay_pause_state()") == [("paused",)])
        try:
            yield
        finally:
            execute(self.replica.url(), "SELECT pg_wal_replay_resume()")
            self.follow()

    @contextmanager
    def parted(self) -> Iterator[None]:
        """The replica receives nothing meanwhile, as if its primary could not be reached."""
        ((way,),) = ask(self.replica.url(), "SHOW primary_conninfo")
        self._reach("")
        wait_until(lambda: not ask(self.replica.url(), "SELECT FROM pg_stat_wal_receiver"))
        try:
            yield
        finally:
            self._reach(way)
            wait_until(lambda: bool(ask(self.replica.url(), "SELECT FROM pg_stat_wal_receiver")))
            self.follow()

    def _reach(self, way: str) -> None:
        quoted = way.replace("'", "''")
        execute(self.replica.url(), f"ALTER SYSTEM SET primary_conninfo = '{quoted}'", "SELECT pg_reload_conf()")


@contextmanager
def running_pair(directory: Path) -> Iterator[Pair]:
    """A primary with a replica that waits for no reader; both gone afterwards."""
    with running_postgres(directory / "primary", autovacuum="off") as primary:
        settings = {"fsync": "off", "max_connections": "200", "max_standby_streaming_delay": "0"}
        port = ports.choose_port(offsets=(0,))
        replica = EmbeddedReplica(primary, directory / "replica", port=port, settings=settings)
        try:
            replica.start()
            yield Pair(primary, replica)
        finally:
            replica.destroy()


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
