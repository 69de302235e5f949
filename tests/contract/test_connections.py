"""What DatabaseAddress says, a real server understands: through the driver and through PostgreSQL's own programs."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import threading
from collections.abc import Iterator
from urllib.parse import quote

import psycopg2
import pytest
from psycopg2 import sql

from dbops.domain.servers.address import DatabaseAddress
from demo.postgres import EmbeddedPostgres

QUESTION = "SELECT current_database() || '|' || current_user || '|' || current_setting('application_name')"


def by_driver(address: DatabaseAddress, question: str = QUESTION) -> str:
    connection = psycopg2.connect(**address.libpq_parameters())
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            (answer,) = cursor.fetchone() or ("",)
            return str(answer)
    finally:
        connection.close()


def by_program(server: EmbeddedPostgres, address: DatabaseAddress, question: str = QUESTION, *more: str) -> str:
    done = subprocess.run(
        [
            str(server.bin_dir / "psql"),
            "--no-psqlrc",
            "--no-password",
            "--no-align",
            "--tuples-only",
            "-c",
            question,
            *more,
        ],
        env={"PATH": os.environ["PATH"], **address.libpq_environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip("\n")


def answers(server: EmbeddedPostgres, url: str, question: str = QUESTION) -> str:
    """The answer of the database at ``url``, which both ways must agree on."""
    address = DatabaseAddress.from_url(url)
    driver, program = by_driver(address, question), by_program(server, address, question)
    assert driver == program
    return driver


@pytest.fixture
def odd_role(postgres_server: EmbeddedPostgres, empty_database: str) -> Iterator[tuple[str, str, str]]:
    """A role, its password and its database, each with every character that means something to somebody."""
    specials = "p@ss :/?#[]!$&'()*+,;=%\\\"<>^`{|}~ü€-" + secrets.token_hex(4)
    role, database = f"rôle {specials}"[:40], f"dåta {specials}"[:40]
    connection = psycopg2.connect(empty_database)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            role_name, database_name = sql.Identifier(role), sql.Identifier(database)
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role_name, sql.Literal(specials)))
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database_name, role_name))
            yield role, specials, database
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database_name))
            cursor.execute(sql.SQL("DROP ROLE {}").format(role_name))
    finally:
        connection.close()


def test_a_url_leads_to_its_database(postgres_server: EmbeddedPostgres, empty_database: str) -> None:
    database = empty_database.rsplit("/", 1)[1]
    assert answers(postgres_server, empty_database) == f"{database}|postgres|dbops"


def test_a_url_copied_from_a_prisma_application_leads_to_its_database(
    postgres_server: EmbeddedPostgres, empty_database: str
) -> None:
    database = empty_database.rsplit("/", 1)[1]
    prisma = (
        f"{empty_database}?schema=public&connection_limit=5&pool_timeout=2&socket_timeout=3&statement_cache_size=0"
        "&pgbouncer=false&connect_timeout=7&sslmode=prefer&sslaccept=accept_invalid_certs&single_use_connections=true"
    )
    assert answers(postgres_server, prisma) == f"{database}|postgres|dbops"


def test_every_special_character_in_user_password_and_database_reaches_the_server(
    postgres_server: EmbeddedPostgres, odd_role: tuple[str, str, str]
) -> None:
    role, password, database = odd_role
    quoted = [quote(text, safe="") for text in odd_role]
    url = "postgresql://{}:{}@127.0.0.1:{port}/{}".format(*quoted, port=postgres_server.port)
    assert answers(postgres_server, url) == f"{database}|{role}|dbops"
    fields = DatabaseAddress.from_fields(
        host="127.0.0.1", port=postgres_server.port, login=role, password=password, schema=database
    )
    assert fields == DatabaseAddress.from_url(url)


@pytest.mark.parametrize(
    "form", ["postgresql://{who}@{dir}:{port}/{db}", "postgresql://{who}@localhost:{port}/{db}?host={dir}"]
)
def test_a_socket_directory_leads_to_the_server(
    postgres_server: EmbeddedPostgres, empty_database: str, form: str
) -> None:
    who, database = empty_database.split("://")[1].split("@", maxsplit=1)[0], empty_database.rsplit("/", 1)[1]
    directory = quote(str(postgres_server.socket_directory), safe="")
    url = form.format(who=who, dir=directory, port=postgres_server.port, db=database)
    assert answers(postgres_server, url, "SELECT coalesce(inet_server_addr()::text, 'local')") == "local"


def test_a_dsn_leads_to_its_database(postgres_server: EmbeddedPostgres, empty_database: str) -> None:
    address = DatabaseAddress.from_url(empty_database)
    dsn = f"host=127.0.0.1 port={address.port} dbname={address.database} user=postgres password='{address.password}'"
    assert answers(postgres_server, dsn) == f"{address.database}|postgres|dbops"


def test_the_first_of_several_hosts_that_answers_is_taken(
    postgres_server: EmbeddedPostgres, empty_database: str
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        deaf = unused.getsockname()[1]
        url = empty_database.replace("@127.0.0.1:", f"@127.0.0.1:{deaf},127.0.0.1:")
        answer = answers(postgres_server, f"{url}?target_session_attrs=read-write", "SELECT inet_server_port()")
    assert answer == str(postgres_server.port)


@pytest.fixture
def ipv6_port(postgres_server: EmbeddedPostgres) -> Iterator[int]:
    """A port of ::1 behind which the server answers."""
    listener = socket.create_server(("::1", 0), family=socket.AF_INET6)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            sink.close()

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", postgres_server.port))
            ends = [threading.Thread(target=pump, args=pair) for pair in ((client, server), (server, client))]
            for end in ends:
                end.start()
            for end in ends:
                end.join()
            client.close()
            server.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_an_ipv6_address_leads_to_the_server(
    postgres_server: EmbeddedPostgres, empty_database: str, ipv6_port: int
) -> None:
    database = empty_database.rsplit("/", 1)[1]
    url = empty_database.replace(f"@127.0.0.1:{postgres_server.port}", f"@[::1]:{ipv6_port}")
    assert answers(postgres_server, url) == f"{database}|postgres|dbops"


def test_settings_and_keepalives_reach_the_session(postgres_server: EmbeddedPostgres, empty_database: str) -> None:
    address = DatabaseAddress.from_url(
        f"{empty_database}?options=-c%20work_mem%3D7MB&keepalives_idle=61&keepalives_count=5&application_name=nightly"
    )
    assert by_driver(address, "SHOW work_mem") == by_program(postgres_server, address, "SHOW work_mem") == "7MB"
    assert by_program(postgres_server, address, "SHOW tcp_keepalives_idle") == "61"
    assert by_program(postgres_server, address, "SHOW tcp_keepalives_count") == "5"
    assert by_program(postgres_server, address, "SHOW application_name") == "nightly"


def test_encryption_that_is_asked_for_is_never_given_up_quietly(
    postgres_server: EmbeddedPostgres, empty_database: str
) -> None:
    for query in ("sslmode=require", "ssl=true", "sslaccept=strict"):
        address = DatabaseAddress.from_url(f"{empty_database}?{query}")
        with pytest.raises(psycopg2.OperationalError, match="server does not support SSL"):
            by_driver(address)
        with pytest.raises(AssertionError, match="server does not support SSL"):
            by_program(postgres_server, address)


def test_a_server_that_is_gone_without_a_word_is_noticed_by_the_driver(empty_database: str) -> None:
    connection = psycopg2.connect(**DatabaseAddress.from_url(empty_database).libpq_parameters())
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as end:
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
            assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert [end.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [60, 15, 4, 120_000]
    finally:
        connection.close()


def test_a_server_that_is_gone_without_a_word_is_noticed_by_programs(
    postgres_server: EmbeddedPostgres, empty_database: str
) -> None:
    address = DatabaseAddress.from_url(empty_database)
    told = by_program(
        postgres_server,
        address,
        "SELECT inet_client_port()",
        "-d",
        address.program_database(),
        "-c",
        r"\! cat /proc/net/tcp",
    )
    port, _, *connections = told.splitlines()
    # Of both ends: another one that is over may have had the same port here.
    ours, theirs = f":{int(port):04X}", f":{address.port:04X}"
    seen = [line.split() for line in connections]
    (timer,) = {each[5] for each in seen if each[1].endswith(ours) and each[2].endswith(theirs)}
    kind, _, ticks = timer.partition(":")
    assert kind == "02"  # the kernel will ask whether the other end is still there
    assert int(ticks, 16) <= 60 * os.sysconf("SC_CLK_TCK")
