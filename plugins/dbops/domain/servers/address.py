"""DatabaseAddress: how to reach a PostgreSQL database, in whatever form people wrote it (docs/connections.md)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dbops.domain.servers.connection_parameters import KEEPALIVES, VARIABLES, understand
from dbops.domain.servers.connection_string import read_connection_string
from dbops.errors import InvalidConnection

_DEFAULTS = {
    "application_name": "dbops",
    "connect_timeout": "10",
    # A peer that is gone without a word is noticed within two minutes; the kernel's own answer is two hours.
    "keepalives_idle": "60",
    "keepalives_interval": "15",
    "keepalives_count": "4",
    "tcp_user_timeout": "120000",
}
_HIGHEST_PORT = 65535
_LONGEST_PORT = 5


@dataclass(frozen=True)
class DatabaseAddress:
    """Where a database is and who we are there. Its ``str()`` and ``repr()`` never show the password.

    ``host`` may be a socket directory, or several hosts with commas between. ``options`` are further libpq keywords
    (sslmode, sslrootcert, ..., and ``port`` where several hosts have different ones). ``pooled`` means: through a
    transaction pooler. ``search_schema`` is Prisma's ``?schema=``. ``token`` gives a password that is good for minutes:
    it is asked anew for each connection, for a server looks at it only then. ``session_options`` are what else each
    session begins with, as libpq's ``options`` has it; a value in it may be a secret.
    """

    database: str
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    search_schema: str | None = None
    pooled: bool = False
    token: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    session_options: str = field(default="", repr=False)

    @classmethod
    def from_url(cls, url: str) -> DatabaseAddress:
        """Read a connection URL in every form people have; raises InvalidConnection without repeating the password."""
        parameters = read_connection_string(url)
        extra = parameters.pop("__extra__", None)
        return cls._from_parameters(parameters | (_read_extra(extra) if extra else {}))

    @classmethod
    def from_fields(
        cls,
        *,
        host: str | None = None,
        port: int | str | None = None,
        login: str | None = None,
        password: str | None = None,
        schema: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> DatabaseAddress:
        """Read an Airflow connection, whose ``schema`` is the database; ``extra`` wins, as in Airflow's own hook.

        Raises InvalidConnection, also on an extra that nobody knows.
        """
        fields = {"host": host, "port": port, "user": login, "password": password, "dbname": schema}
        return cls._from_parameters(_as_text(fields) | _as_text(extra or {}))

    @classmethod
    def _from_parameters(cls, parameters: Mapping[str, str]) -> DatabaseAddress:
        meaning = understand(parameters)
        options = dict(meaning.libpq)
        database, host = options.pop("dbname", None), options.pop("host", None)
        user, password = options.pop("user", None), options.pop("password", None)
        if database is None:
            raise InvalidConnection(
                "The connection names no database.",
                "Write it at the end of the URL, after the host and a slash; in an Airflow connection it is the field "
                "Schema.",
            )
        ports = _read_ports(options.pop("port", ""))
        if len(set(ports)) > 1:
            options["port"] = ",".join(map(str, ports))
        port = ports[0] if len(set(ports)) == 1 else None
        return cls(database, host, port, user, password, options, meaning.search_schema, meaning.pooled)

    def __str__(self) -> str:
        who = "" if self.user is None else f"{self.user}@"
        host = self.host or "local socket"
        where = f"[{host}]" if ":" in host else host
        return f"{who}{where}{'' if self.port is None else f':{self.port}'}/{self.database}"

    def libpq_parameters(self) -> dict[str, Any]:
        """All of it as libpq keywords for one ``psycopg2.connect``; each value is a text.

        Raises the DbopsError of a token that cannot be had.
        """
        return self._parameters(self.password if self.token is None else self.token())

    def _parameters(self, password: str | None) -> dict[str, Any]:
        own = {"dbname": self.database, "host": self.host, "user": self.user, "password": password}
        port = None if self.port is None else str(self.port)
        given = {name: value for name, value in {**own, "port": port}.items() if value is not None}
        found = {**_DEFAULTS, **given, **self.options}
        if self.session_options:  # the last one that is said counts
            found["options"] = " ".join(filter(None, [found.get("options"), self.session_options]))
        return found

    def libpq_environment(self) -> dict[str, str]:
        """The PG* variables for PostgreSQL's own programs, PGPASSWORD too: credentials never go into arguments.

        Not what a ``token`` gives: a program that runs for hours connects again later, and then asks for a new one, see
        gateways/processes/token_file.py.
        """
        parameters = self._parameters(self.password if self.token is None else None)
        # The server is only asked where somebody has written it: not every server takes such a question.
        settings = [f"-c {setting}={parameters[name]}" for name, setting in KEEPALIVES.items() if name in self.options]
        if settings:
            parameters["options"] = " ".join([*filter(None, [parameters.get("options")]), *settings])
        return {VARIABLES[name]: value for name, value in parameters.items() if name in VARIABLES}

    def program_database(self) -> str:
        """What PostgreSQL's own programs take for ``--dbname``: the database, and what no variable can tell them.

        As a connection string, for a bare name that looks like one would be taken for one. It holds no credential.
        Where there is a ``token``, it says that the password is empty: pg_dump and pg_restore hand the one they began
        with to each later connection, and this one wins, for libpq looks the password up wherever it is empty.
        """
        parameters = self._parameters("" if self.token else None)
        told = {name: parameters[name] for name in ("dbname", *KEEPALIVES, "password") if name in parameters}
        return " ".join(f"{name}='{_escaped(value)}'" for name, value in told.items())

    def with_token_of_now(self) -> DatabaseAddress:
        """The same with what the ``token`` gives now, for connections that begin at once and are timed."""
        return self if self.token is None else replace(self, password=self.token(), token=None)

    def require_direct(
        self, connection_id: str, why: str = "a dump needs a session of its own from its first statement to its last"
    ) -> None:
        """Raise InvalidConnection where the address leads through a transaction pooler; ``why`` that cannot be."""
        if self.pooled:
            raise InvalidConnection(
                f'The connection "{connection_id}" goes through a transaction pooler (pgbouncer=true); {why}.',
                f'Give "{connection_id}" the direct URL of the database: the one Prisma calls DIRECT_URL, '
                "without pgbouncer=true, mostly at port 5432 instead of 6432 or 6543.",
            )

    @property
    def pooler_hint(self) -> str | None:
        """A sentence where host or port look like a provider's transaction pooler; a hint, for there is no proof."""
        host = self.host or ""
        if host.endswith(".pooler.supabase.com") and self.port == 6543:  # noqa: PLR2004 - theirs
            return "Port 6543 of this host is Supabase's transaction pooler; its port 5432 is a session of your own."
        if "-pooler." in host and host.endswith(".neon.tech"):
            return "This host is Neon's pooler; the direct host has the same name without -pooler."
        if self.port == 6432:  # noqa: PLR2004 - theirs
            return "Port 6432 is PgBouncer's; PostgreSQL itself mostly listens on 5432."
        return None


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _read_ports(text: str) -> list[int]:
    ports = [part.strip() or "5432" for part in text.split(",")] if text else []
    if not all(_is_port(port) for port in ports):
        raise InvalidConnection(
            "The connection's port is not a number from 1 to 65535.",
            "Where the user or the password contains one of : / ? # @ %, percent-encode it: @ is %40, / is %2F.",
        )
    return [int(port) for port in ports]


def _is_port(text: str) -> bool:
    # Of thousands of digits int() makes no number.
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_PORT and 0 < int(text) <= _HIGHEST_PORT


def _read_extra(text: str) -> dict[str, str]:
    try:
        extra = json.loads(text)
    except (ValueError, RecursionError):  # the latter where it is nested too deeply
        extra = None
    if not isinstance(extra, dict):
        raise InvalidConnection("The connection's extra is not a JSON object.", 'Write it as {"sslmode": "require"}.')
    return _as_text(extra)


def _as_text(fields: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(value) for name, value in fields.items() if value is not None and not isinstance(value, (dict, list))
    }
