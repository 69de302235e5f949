"""Connection strings as people write them: a URL, or libpq's ``keyword=value`` pairs.

No error in here repeats any part of the text: whatever was not understood may be a piece of a password.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from dbops.errors import InvalidConnection

_URL = re.compile(r"^(?:postgres|postgresql)(?:\+[A-Za-z0-9_]+)?://", re.IGNORECASE)
_PRISMA_PROXY = re.compile(r"^prisma(?:\+postgres(?:ql)?)?://", re.IGNORECASE)
_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PAIR = re.compile(r"\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.)*)(?=\s|$))", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

_ENCODE = (
    "Percent-encode what is special in a user or password: @ as %40, : as %3A, / as %2F, ? as %3F, # as %23, % as %25."
)


def read_connection_string(text: str) -> dict[str, str]:
    """Read a URL or a DSN into parameters, with libpq's names for ``host port user password dbname``.

    Everything else keeps the name and value it was written with. White space and quotes around the whole are ignored.
    Raises InvalidConnection.
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    if "\0" in text:
        raise InvalidConnection("The connection string contains a NUL character.", "Remove it.")
    if _URL.match(text):
        return read_url(text)
    if _PRISMA_PROXY.match(text):
        raise InvalidConnection(
            "The connection string is a prisma:// URL, which leads to Prisma's own proxy and not to a database.",
            "Use the database's direct URL, which begins with postgresql:// (Prisma's DIRECT_URL).",
        )
    if _PAIR.match(text):
        return _read_dsn(text)
    raise InvalidConnection(
        "The connection string is neither a PostgreSQL URL nor a row of keyword=value pairs."
        if text
        else "The connection string is empty.",
        "Write it as postgresql://user:password@host:5432/database?sslmode=require.",
    )


def read_url(url: str) -> dict[str, str]:
    """The parts of any URL with a host, as ``user password host port dbname`` and its query; those it lacks are absent.

    In the query, + is a space, as Prisma, SQLAlchemy and Airflow write it. Raises InvalidConnection.
    """
    rest = url.split("://", 1)[1]
    authority = re.split(r"[/?]", rest)[0]
    path, _, query = rest[len(authority) :].partition("?")
    if "@" in path or "@" in query:
        # Almost always a password with a / or ? in it; reading on would take its pieces for names, and print them.
        raise InvalidConnection("The connection URL has an @ after the host.", _ENCODE)
    user_and_password, _, hosts = authority.rpartition("@")
    user, _, password = user_and_password.partition(":")
    parameters = {
        "user": _decode(user, "user"),
        "password": _decode(password, "password"),
        "dbname": _decode(path[1:], "database"),
        **_read_hosts(hosts),
    }
    parameters = {name: value for name, value in parameters.items() if value}
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise InvalidConnection(
                "The connection URL has a parameter without a value.", "Write ?name=value&name=value."
            )
        parameters[_decode(name, "parameters")] = _decode(value.replace("+", " "), "parameters")
    return parameters


def _read_hosts(text: str) -> dict[str, str]:
    """``host:port``, ``[::1]:port``, or several with commas between, as libpq takes them."""
    hosts, ports = [], []
    for item in text.split(","):
        if item.startswith("["):
            host, bracket, port = item[1:].partition("]")
            if not bracket or (port and not port.startswith(":")):
                raise InvalidConnection(
                    "The connection URL has an IPv6 address without its closing bracket.", "Write [2001:db8::1]:5432."
                )
            port = port[1:]
        else:
            host, _, port = item.partition(":")
            if ":" in port:
                raise InvalidConnection(
                    "The connection URL has more than one : in its host.",
                    f"Put an IPv6 address in brackets, as in [2001:db8::1]:5432. {_ENCODE}",
                )
        hosts.append(_decode(host, "host"))
        ports.append(port)
    return {"host": ",".join(hosts), "port": ",".join(ports) if any(ports) else ""}


def _decode(text: str, part: str) -> str:
    if _BROKEN_PERCENT.search(text):
        raise InvalidConnection(f"The {part} in the connection URL has a % that begins no percent-encoding.", _ENCODE)
    try:
        decoded = unquote_to_bytes(text).decode("utf-8")
    except UnicodeError:  # or the environment held bytes that are not UTF-8
        raise InvalidConnection(
            f"The {part} in the connection URL is not UTF-8 after percent-decoding.", "Encode it as UTF-8."
        ) from None
    if "\0" in decoded:
        raise InvalidConnection(f"The {part} in the connection URL contains %00.", "Remove it.")
    return decoded


def _read_dsn(text: str) -> dict[str, str]:
    parameters, position = {}, 0
    while text[position:].strip():
        pair = _PAIR.match(text, position)
        if pair is None:
            raise InvalidConnection(
                "The connection string is not a row of keyword=value pairs.",
                "Put a value with spaces in single quotes, and write \\' and \\\\ for a quote and a backslash in it.",
            )
        name, quoted, plain = pair.groups()
        parameters[name] = _ESCAPED.sub(r"\1", plain if quoted is None else quoted)
        position = pair.end()
    return parameters
