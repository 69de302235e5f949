"""Every form in which people write down where a database is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import InvalidConnection

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)


def options(url: str) -> dict[str, str]:
    return dict(DatabaseAddress.from_url(url).options)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "postgresql+psycopg", "POSTGRES"])
def test_every_scheme_of_a_postgresql_url_is_read(scheme: str) -> None:
    assert DatabaseAddress.from_url(f"{scheme}://dba:secret@db.example.com:5433/app") == DatabaseAddress(
        "app", "db.example.com", 5433, "dba", "secret"
    )


@given(user=TEXT, password=TEXT, database=TEXT)
@example(user="a@b", password="p:/?#[]@!$&'()*+,;= %", database="weird/name ü")
def test_any_user_password_and_database_come_back_from_a_percent_encoded_url(
    user: str, password: str, database: str
) -> None:
    quoted = [quote(text, safe="") for text in (user, password, database)]
    address = DatabaseAddress.from_url("postgresql://{}:{}@localhost/{}".format(*quoted))
    assert (address.user, address.password, address.database) == (user, password, database)


@given(user=TEXT, password=TEXT, database=TEXT)
def test_any_user_password_and_database_come_back_from_a_dsn(user: str, password: str, database: str) -> None:
    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    address = DatabaseAddress.from_url(
        f"host=localhost user={quoted(user)} password = {quoted(password)} dbname={quoted(database)}"
    )
    assert (address.user, address.password, address.database) == (user, password, database)


@given(
    # Z and Ж stand for every letter: no sentence of ours has them. The rest is what takes a string apart.
    password=st.text("ZЖ1:/?#[]@!$&'\"%+,;= \\", min_size=1, max_size=20),
    rest=st.sampled_from(["", "?schema=shop", "/more", "?sslmode=none", "@", "&"]),
)
@example(password="Z?Z=1", rest="")
@example(password="12/Z?sslmode=Z", rest="")
@example(password="Z@Z?Z=Z", rest="")
@example(password="1?schema=Z&Z", rest="")
@example(password="&Z=1", rest="")
def test_an_error_never_repeats_a_piece_of_the_password(password: str, rest: str) -> None:
    for text in (
        f"postgres://dba:{password}@db.example.com:5432/app{rest}",
        f"postgres://dba:{password}@/app{rest}",
        f"postgres://db.example.com/app?password={password}&x={rest}",
        f"host=db.example.com password={password} {rest} dbname=app",
        f"host=db.example.com password='{password}' {rest}",
        f"postgres:/dba:{password}@db.example.com",
    ):
        try:
            told = str(DatabaseAddress.from_url(text))
        except InvalidConnection as error:
            told = f"{error} {error.__cause__ or ''}"
        assert not {"Z", "Ж"} & set(told), (text, told)


@pytest.mark.parametrize(
    ("raw", "password"),
    [("p@ss:word", "p@ss:word"), ("with#hash", "with#hash"), ("plus+plus", "plus+plus"), ("", None)],
)
def test_a_password_pasted_without_encoding_is_read_where_it_is_unambiguous(raw: str, password: str | None) -> None:
    assert (DatabaseAddress.from_url(f"postgres://dba:{raw}@localhost/app").password or None) == password


@pytest.mark.parametrize("raw", ["a/b", "a?b", "12/b", "a?b=c", "50%", "%zz"])
def test_a_password_that_must_be_encoded_is_refused_with_the_table_of_encodings(raw: str) -> None:
    with pytest.raises(InvalidConnection) as caught:
        DatabaseAddress.from_url(f"postgres://dba:{raw}@localhost/app")
    assert "%40" in caught.value.remedy


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("postgres://%zz:x@localhost/app", "user"),
        ("postgres://dba:%zz@localhost/app", "password"),
        ("postgres://localhost%zz/app", "host"),
        ("postgres://localhost/%zz", "database"),
        ("postgres://localhost/app?%zz=1", "parameters"),
        ("postgres://localhost/app?options=%zz", "parameters"),
    ],
)
def test_what_is_not_encoded_is_said_to_be_where_it_is(url: str, part: str) -> None:
    with pytest.raises(InvalidConnection, match=f"^The {part} in the connection URL has a % that"):
        DatabaseAddress.from_url(url)


def test_white_space_and_quotes_around_a_url_are_ignored() -> None:
    assert DatabaseAddress.from_url(' "postgres://localhost/app"\n') == DatabaseAddress("app", "localhost")


def test_prismas_parameters_are_translated_or_dropped() -> None:
    address = DatabaseAddress.from_url(
        "postgresql://dba:secret@localhost:5432/app?schema=shop&connection_limit=5&pool_timeout=2&socket_timeout=3"
        "&statement_cache_size=0&max_connection_lifetime=1&max_idle_connection_lifetime=0&single_use_connections=true"
        "&pgbouncer=false&connect_timeout=7&sslmode=require"
    )
    assert address == DatabaseAddress(
        "app", "localhost", 5432, "dba", "secret", {"connect_timeout": "7", "sslmode": "require"}, "shop"
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sslaccept=strict", {"sslmode": "verify-full", "sslrootcert": "system"}),
        ("sslaccept=strict&sslmode=disable", {"sslmode": "disable"}),
        ("sslaccept=strict&sslcert=/ca.pem", {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}),
        ("sslaccept=strict&sslrootcert=/ca.pem", {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}),
        ("sslmode=require&sslcert=/ca.pem", {"sslmode": "require", "sslrootcert": "/ca.pem"}),
        ("sslmode=require&sslcert=/ca.pem&sslaccept=accept_invalid_certs", {"sslmode": "require"}),
        ("sslcert=/c.pem&sslkey=/k.pem", {"sslcert": "/c.pem", "sslkey": "/k.pem"}),
        ("sslcert=/c.pem&sslrootcert=/ca.pem", {"sslcert": "/c.pem", "sslrootcert": "/ca.pem"}),
        ("ssl=true", {"sslmode": "require"}),
        ("ssl=false", {"sslmode": "disable"}),
        ("ssl=verify-full", {"sslmode": "verify-full"}),
        ("sslmode=no-verify", {"sslmode": "require"}),
        ("sslmode=&sslrootcert=", {}),
    ],
)
def test_encryption_asked_for_in_any_dialect_means_the_same_to_libpq(query: str, expected: dict[str, str]) -> None:
    assert options(f"postgres://localhost/app?{query}") == expected


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgresql://localhost/app?host=/var/run/postgresql", "/var/run/postgresql"),
        ("postgresql:///app?host=%2Fvar%2Frun", "/var/run"),
        ("postgresql://%2Fvar%2Frun/app", "/var/run"),
        ("postgresql://dba@%2Fvar%2Frun/app", "/var/run"),
        ("postgresql:///app", None),
        ("postgresql://dba@/app", None),
        ("postgresql://[2001:db8::1]/app", "2001:db8::1"),
        ("postgresql://one,two/app", "one,two"),
        ("postgresql://one:5432,two:5432/app?target_session_attrs=primary", "one,two"),
        ("host=/run/postgresql dbname=app", "/run/postgresql"),
    ],
)
def test_hosts_may_be_socket_directories_ipv6_addresses_or_several(url: str, host: str | None) -> None:
    assert DatabaseAddress.from_url(url).host == host


def test_several_hosts_may_have_a_port_each() -> None:
    parameters = DatabaseAddress.from_url("postgresql://one:1,[::2]:2,three/app").libpq_parameters()
    assert (parameters["host"], parameters["port"]) == ("one,::2,three", "1,2,5432")
    assert options("postgresql://one:1,two:2/app") == {"port": "1,2"}


@pytest.mark.parametrize("port", [1, 65535])
def test_a_port_is_any_that_there_is(port: int) -> None:
    assert DatabaseAddress.from_url(f"postgres://localhost:{port}/app").port == port


def test_what_nobody_has_written_is_left_to_libpq() -> None:
    given = DatabaseAddress.from_url("postgres:///app").libpq_parameters()
    assert not {"host", "port", "user", "password"} & given.keys()


def test_a_parameter_may_hold_a_url() -> None:
    assert options("postgres://localhost/app?application_name=web://x") == {"application_name": "web://x"}


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "is empty"),
        ('""', "is empty"),
        ('"', "neither a PostgreSQL URL"),
        ("summary_app", "neither a PostgreSQL URL"),
        ("mysql://localhost/app", "neither a PostgreSQL URL"),
        ("prisma://accelerate.example.com/?api_key=x", "Prisma's own proxy"),
        ("prisma+postgres://localhost:51213/?api_key=x", "Prisma's own proxy"),
        ("postgres://localhost", "names no database"),
        ("postgres://localhost:port/app", "port is not a number"),
        ("postgres://localhost:65536/app", "port is not a number"),
        ("postgres://localhost:0/app", "port is not a number"),
        ("postgres://2001:db8::1/app", "more than one :"),
        ("postgres://[2001:db8::1/app", "closing bracket"),
        ("postgres://[2001:db8::1]5432/app", "closing bracket"),
        ("postgres://[2001:db8::1]:5]/app", "port is not a number"),
        ("postgres://localhost/app?sslmode", "without a value"),
        ("postgres://localhost/app?sslmod=require", 'Did you mean "sslmode"'),
        ("postgres://localhost/app?connection_limits=1", "does not know"),
        ("postgres://localhost/app?sslmode=verify_full", 'Did you mean "verify-full"'),
        ("postgres://localhost/app?sslaccept=maybe", "strict or accept_invalid_certs"),
        ("postgres://localhost/app?pgbouncer=maybe", "neither true nor false"),
        ("postgres://localhost/app?sslidentity=/x.p12", "openssl pkcs12"),
        ("postgres://localhost/app?sslpassword=x", "leave sslpassword out"),
        ("postgres://localhost/%ff", "not UTF-8"),
        ("postgres://localhost/\udcff", "not UTF-8"),
        ("postgres://localhost/a%00b", "%00"),
        ("postgres://localhost/a\0b", "NUL"),
        ("postgres://localhost/app?__extra__=%5B", "not a JSON object"),
        ("host=localhost dbname='app", "keyword=value"),
        ("host=localhost dbnam=app", 'Did you mean "dbname"'),
    ],
)
def test_what_cannot_be_understood_is_refused_in_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(InvalidConnection) as caught:
        DatabaseAddress.from_url(url)
    assert sentence in str(caught.value)
    assert caught.value.remedy


def test_an_airflow_connection_is_read_from_its_fields() -> None:
    extra = {
        "sslmode": "verify-full",
        "keepalives_idle": 60,
        "cursor": "dictcursor",
        "sqlalchemy_query": {"x": 1},
        "pgbouncer": True,
        "schema": "shop",
        "iam": False,
    }
    address = DatabaseAddress.from_fields(
        host="db", port=5433, login="dba", password="p@ss/word", schema="app", extra=extra
    )
    assert address == DatabaseAddress(
        "app", "db", 5433, "dba", "p@ss/word", {"sslmode": "verify-full", "keepalives_idle": "60"}, "shop", pooled=True
    )


def test_an_airflow_uri_carries_its_extras_in_a_parameter() -> None:
    query = urlencode({"__extra__": '{"sslmode": "require", "keepalives_idle": 30}'})
    assert options(f"postgres://localhost/app?{query}") == {"sslmode": "require", "keepalives_idle": "30"}


def test_spaces_in_a_query_may_be_written_as_plus_as_airflow_and_prisma_do() -> None:
    query = urlencode({"options": "-c search_path=a+b"})
    assert "+" in query
    assert options(f"postgres://localhost/app?{query}") == {"options": "-c search_path=a+b"}


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [({"sslmod": "require"}, 'Did you mean "sslmode"'), ({"iam": True}, "only Airflow can resolve")],
)
def test_an_airflow_extra_that_cannot_be_used_is_refused(extra: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidConnection, match=sentence) as caught:
        DatabaseAddress.from_fields(host="db", schema="app", extra=extra)
    assert caught.value.remedy


def test_who_asks_for_iam_and_gives_a_password_has_one() -> None:
    address = DatabaseAddress.from_fields(host="db", schema="app", password="secret", extra={"iam": True})
    assert (address.password, address.options) == ("secret", {})


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sslmod=1", ' "sslmod" that'),
        ("password=x&sslmod=1", ' "sslmod" that'),
        ("zebra=1", ' "zebra" that'),
        ("password=x&zebra=1", " that"),  # it may be a piece of the password
    ],
)
def test_a_parameter_that_nobody_knows_is_named_where_it_cannot_be_a_piece_of_the_password(
    query: str, told: str
) -> None:
    with pytest.raises(InvalidConnection, match=f"^The connection has a parameter{told} PostgreSQL does not know."):
        DatabaseAddress.from_url(f"postgres://localhost/app?{query}")


@pytest.mark.parametrize("query", ["zebra=1", "sslmode=zebra", "__extra=1"])
def test_nothing_is_suggested_that_nobody_would_write(query: str) -> None:
    with pytest.raises(InvalidConnection) as caught:
        DatabaseAddress.from_url(f"postgres://localhost/app?{query}")
    assert "Did you mean" not in caught.value.remedy


def test_who_writes_an_sslmode_that_there_is_not_hears_which_there_are() -> None:
    with pytest.raises(InvalidConnection) as caught:
        DatabaseAddress.from_url("postgres://localhost/app?sslmode=zebra")
    assert caught.value.remedy == "It is one of disable, allow, prefer, require, verify-ca, verify-full."


def test_the_password_is_never_shown() -> None:
    address = DatabaseAddress.from_url("postgres://dba:hunter2secret@db:5432/app?sslmode=require")
    assert "hunter2secret" not in f"{address} {address!r}"
    assert str(address) == "dba@db:5432/app"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://[::1]:5432/app", "[::1]:5432/app"),
        ("postgres:///app", "local socket/app"),
        ("postgres://one,two/app", "one,two/app"),
    ],
)
def test_an_address_can_be_shown(url: str, shown: str) -> None:
    assert str(DatabaseAddress.from_url(url)) == shown


def test_programs_get_everything_by_environment() -> None:
    url = (
        "postgresql://dba:secret@db:5433/app?sslmode=verify-ca&sslrootcert=/ca.pem&target_session_attrs=primary"
        "&options=-c%20search_path%3Dx&keepalives_idle=60&tcp_user_timeout=9000"
    )
    assert DatabaseAddress.from_url(url).libpq_environment() == {
        "PGHOST": "db",
        "PGPORT": "5433",
        "PGUSER": "dba",
        "PGPASSWORD": "secret",
        "PGDATABASE": "app",
        "PGSSLMODE": "verify-ca",
        "PGSSLROOTCERT": "/ca.pem",
        "PGTARGETSESSIONATTRS": "primary",
        "PGOPTIONS": "-c search_path=x -c tcp_keepalives_idle=60 -c tcp_user_timeout=9000",
        "PGAPPNAME": "dbops",
        "PGCONNECT_TIMEOUT": "10",
    }


def test_a_token_is_asked_for_by_each_session_and_never_by_a_program_or_by_who_looks() -> None:
    asked = iter(range(10))
    plain = DatabaseAddress.from_url("postgresql://dba:stale@db/app")
    address = replace(plain, token=lambda: f"token {next(asked)}")
    assert [address.libpq_parameters()["password"] for _ in range(2)] == ["token 0", "token 1"]
    assert "PGPASSWORD" not in address.libpq_environment()
    assert "token" not in str(address) + repr(address) + address.program_database()
    assert address == plain
    assert next(asked) == 2


def test_who_begins_many_sessions_at_once_asks_for_one_token() -> None:
    asked = iter(range(10))
    address = replace(DatabaseAddress.from_url("postgresql://dba@db/app"), token=lambda: f"token {next(asked)}")
    now = address.with_token_of_now()
    assert {now.libpq_parameters()["password"] for _ in range(5)} == {"token 0"}
    plain = DatabaseAddress.from_url("postgresql://dba:secret@db/app")
    assert plain.with_token_of_now() is plain


def test_programs_hear_by_their_connection_string_what_no_variable_tells_and_nothing_that_is_secret() -> None:
    told = DatabaseAddress.from_url("postgresql://dba:secret@db:5433/it's?keepalives_idle=9").program_database()
    assert told == (
        "dbname='it\\'s' keepalives_idle='9' keepalives_interval='15' keepalives_count='4' tcp_user_timeout='120000'"
    )


@pytest.mark.parametrize(
    ("database", "written"),
    [("app", "dbname='app'"), (r"it's a \ one", r"dbname='it\'s a \\ one'"), ("a=b", "dbname='a=b'")],
)
def test_a_programs_database_is_a_name_whatever_it_looks_like_and_a_token_is_looked_up_each_time(
    database: str, written: str
) -> None:
    address = DatabaseAddress(database)
    assert address.program_database().startswith(f"{written} keepalives_idle=")
    assert "password" not in address.program_database()
    assert replace(address, token=lambda: "word").program_database().endswith(" password=''")


def test_a_server_is_not_asked_for_keepalives_that_nobody_has_written() -> None:
    assert "PGOPTIONS" not in DatabaseAddress.from_url("postgresql://dba@db/app").libpq_environment()


def test_what_would_break_a_dump_is_left_out_knowingly() -> None:
    assert options("postgres://one,two/app?client_encoding=latin1&load_balance_hosts=random") == {}


def test_a_transaction_pooler_is_refused_and_the_direct_url_named() -> None:
    address = DatabaseAddress.from_url("postgres://dba:secret@db:6432/app?pgbouncer=true")
    with pytest.raises(InvalidConnection, match=r"(?s)summary_app.*transaction pooler.*direct URL"):
        address.require_direct("summary_app")


def test_who_is_refused_hears_a_reason_of_its_own_work_and_not_of_a_dump() -> None:
    address = DatabaseAddress.from_url("postgres://dba:secret@db:6432/app?pgbouncer=true")
    with pytest.raises(InvalidConnection) as caught:
        address.require_direct("summary_app", "probes need their own session")
    assert caught.value.what.endswith("transaction pooler (pgbouncer=true); probes need their own session.")


def test_a_direct_address_is_let_through() -> None:
    DatabaseAddress.from_url("postgres://dba:secret@db/app?pgbouncer=false").require_direct("summary_app")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("postgres://aws-0-eu.pooler.supabase.com:6543/postgres", "Supabase"),
        ("postgres://ep-x-1-pooler.eu-central-1.aws.neon.tech/app", "Neon"),
        ("postgres://db:6432/app", "PgBouncer"),
    ],
)
def test_what_looks_like_a_pooler_is_hinted_at_and_not_refused(url: str, word: str) -> None:
    address = DatabaseAddress.from_url(url)
    address.require_direct("summary_app")
    assert word in (address.pooler_hint or "")


@pytest.mark.parametrize(
    "url",
    [
        *("postgres://aws-0-eu.pooler.supabase.com:5432/postgres", "postgres://db/app"),
        *("postgres://ep-x-1.eu-central-1.aws.neon.tech/app", "postgres://my-pooler.example.com/app"),
    ],
)
def test_a_session_of_ones_own_is_not_hinted_at(url: str) -> None:
    assert DatabaseAddress.from_url(url).pooler_hint is None


def test_what_is_nested_too_deeply_or_has_too_many_digits_is_refused_as_anything_else() -> None:
    with pytest.raises(InvalidConnection, match="not a JSON object"):
        DatabaseAddress.from_url(f"postgres://db/app?__extra__={'[' * 100_000}")
    with pytest.raises(InvalidConnection, match="not a number from 1 to 65535"):
        DatabaseAddress.from_fields(host="db", schema="app", port="1" * 5000)


def test_what_each_session_begins_with_follows_what_the_connection_says_and_is_never_shown() -> None:
    address = DatabaseAddress("shop", options={"options": "-c a.b=1"}, session_options="-c app.key=secret")

    assert address.libpq_parameters()["options"] == "-c a.b=1 -c app.key=secret"
    assert address.libpq_environment()["PGOPTIONS"] == "-c a.b=1 -c app.key=secret"
    assert DatabaseAddress("shop", session_options="-c a.b=1").libpq_parameters()["options"] == "-c a.b=1"
    assert "secret" not in f"{address!r} {address} {address.program_database()}"
