"""Connection parameters: what libpq, Prisma, node-postgres, SQLAlchemy and Airflow call them, in libpq's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dbops.domain.words.suggestion import closest
from dbops.errors import InvalidConnection

# libpq's keywords and the variable by which each reaches PostgreSQL's own programs.
VARIABLES: Mapping[str, str] = {
    "application_name": "PGAPPNAME",
    "channel_binding": "PGCHANNELBINDING",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "dbname": "PGDATABASE",
    "gssdelegation": "PGGSSDELEGATION",
    "gssencmode": "PGGSSENCMODE",
    "gsslib": "PGGSSLIB",
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "krbsrvname": "PGKRBSRVNAME",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "password": "PGPASSWORD",
    "port": "PGPORT",
    "require_auth": "PGREQUIREAUTH",
    "requirepeer": "PGREQUIREPEER",
    "service": "PGSERVICE",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "sslcert": "PGSSLCERT",
    "sslcertmode": "PGSSLCERTMODE",
    "sslcompression": "PGSSLCOMPRESSION",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslkey": "PGSSLKEY",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslsni": "PGSSLSNI",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "user": "PGUSER",
}

# These have no variable, and no program but by its connection string. The server can be asked for the same.
KEEPALIVES: Mapping[str, str] = {
    "keepalives_idle": "tcp_keepalives_idle",
    "keepalives_interval": "tcp_keepalives_interval",
    "keepalives_count": "tcp_keepalives_count",
    "tcp_user_timeout": "tcp_user_timeout",
}

_DROPPED = frozenset(
    {
        # Prisma's pool and its prepared statements.
        *("connection_limit", "pool_timeout", "socket_timeout", "statement_cache_size", "max_connection_lifetime"),
        *("max_idle_connection_lifetime", "single_use_connections"),
        # Switches of node-postgres, of Supabase's integration, and of asyncpg under SQLAlchemy.
        *("uselibpqcompat", "supa", "prepared_statement_cache_size"),
        # Airflow's hook: its cursors, and how it gets a token, which the adapter has done before it comes here.
        *("cursor", "sqlalchemy_scheme", "sqlalchemy_query", "aws_conn_id", "azure_conn_id", "redshift"),
        *("redshift-serverless", "cluster-identifier", "workgroup-name"),
        # libpq's, and wrong here: an archive keeps its database's own encoding; pg_dump's workers must all meet the
        # server that holds the snapshot; the rest is a default anyway.
        *("client_encoding", "load_balance_hosts", "fallback_application_name", "keepalives"),
    }
)
_MEANT = frozenset({"schema", "pgbouncer", "sslaccept", "sslidentity", "sslpassword", "ssl", "iam", "__extra__"})
KNOWN = frozenset({*VARIABLES, *KEEPALIVES, *_DROPPED, *_MEANT})
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_YES = frozenset({"true", "1", "yes", "on"})
_NO = frozenset({"false", "0", "no", "off", ""})


@dataclass(frozen=True)
class Meaning:
    """What parameters mean: ``libpq`` are keywords that libpq takes; the rest is ours to heed."""

    libpq: dict[str, str] = field(repr=False)
    search_schema: str | None
    pooled: bool


def understand(parameters: Mapping[str, str]) -> Meaning:
    """Translate, or knowingly drop, every parameter; raises InvalidConnection on one that nobody knows.

    ``sslcert`` beside ``sslkey`` or ``sslrootcert`` is a client's certificate (libpq); alone the server's CA (Prisma).
    """
    for name in parameters:
        if name not in KNOWN:
            raise _unknown(name, with_password="password" in parameters)
    parameters = {name: value for name, value in parameters.items() if value}
    if "sslidentity" in parameters:
        raise InvalidConnection(
            "The connection has sslidentity, a PKCS#12 file, which PostgreSQL's programs cannot read.",
            "Turn it into two PEM files with openssl pkcs12, and name them with sslcert and sslkey.",
        )
    if "sslpassword" in parameters:
        raise InvalidConnection(
            "The connection has sslpassword, which cannot be handed to PostgreSQL's programs out of sight.",
            "Store the client's key unencrypted, readable by the worker's user only, and leave sslpassword out.",
        )
    if _flag(parameters, "iam") and "password" not in parameters:
        raise InvalidConnection(
            "The connection asks for IAM authentication, which only Airflow can resolve.",
            "Run the job in Airflow, or give the connection a password.",
        )
    libpq = {name: value for name, value in parameters.items() if name in VARIABLES or name in KEEPALIVES}
    if _names_a_ca(parameters):
        del libpq["sslcert"]
    return Meaning(libpq | _encryption(parameters), parameters.get("schema"), _flag(parameters, "pgbouncer"))


def _names_a_ca(parameters: Mapping[str, str]) -> bool:
    return "sslcert" in parameters and not {"sslkey", "sslrootcert"} & parameters.keys()


def _encryption(parameters: Mapping[str, str]) -> dict[str, str]:
    mode, accept = parameters.get("sslmode"), parameters.get("sslaccept")
    if mode is None and "ssl" in parameters:
        given = parameters["ssl"].lower()
        mode = "require" if given in _YES else "disable" if given in _NO else given
    if mode == "no-verify":  # node-postgres
        mode = "require"
    if mode is not None and mode not in _SSL_MODES:
        near = closest(mode, _SSL_MODES)
        raise InvalidConnection(
            "The connection's sslmode is none that PostgreSQL knows.",
            (f'Did you mean "{near}"? ' if near else "") + f"It is one of {', '.join(_SSL_MODES)}.",
        )
    if accept not in {None, "strict", "accept_invalid_certs"}:
        raise InvalidConnection(
            "The connection's sslaccept is none that Prisma knows.", "It is strict or accept_invalid_certs."
        )
    ca = parameters["sslcert"] if _names_a_ca(parameters) else parameters.get("sslrootcert")
    if accept == "strict" and mode != "disable":
        mode, ca = "verify-full", ca or "system"
    elif accept == "accept_invalid_certs" and _names_a_ca(parameters):
        ca = None
    return {name: value for name, value in (("sslmode", mode), ("sslrootcert", ca)) if value is not None}


def _flag(parameters: Mapping[str, str], name: str) -> bool:
    value = parameters.get(name, "").lower()
    if value not in _YES | _NO:
        raise InvalidConnection(
            f"The connection's {name} is neither true nor false.", f"Write {name}=true or leave it out."
        )
    return value in _YES


def _unknown(name: str, *, with_password: bool) -> InvalidConnection:
    near = closest(name, KNOWN - _DROPPED - {"__extra__"})
    # A name that resembles nothing may be the tail of a password that was not encoded or quoted.
    shown = f' "{name}"' if near or not with_password else ""
    return InvalidConnection(
        f"The connection has a parameter{shown} that PostgreSQL does not know.",
        f'Did you mean "{near}"?' if near else "Remove it, or check that the password is encoded or quoted.",
    )
