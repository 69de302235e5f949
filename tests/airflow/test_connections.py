"""What stands in an Airflow connection is what the job gets: addresses, buckets and mail servers."""

from __future__ import annotations

import traceback
from typing import Any

import pyrage
import pytest

from dbops.domain.options.encryption import Encryption
from dbops.domain.target import Target
from dbops.errors import DbopsError, InvalidConnection
from tests.airflow.conftest import set_connection

pytestmark = pytest.mark.usefixtures("environment_secrets")

_SECRET = "s3cr3t p@ss/word"


def _target(connection: str = "store") -> Target:
    return Target.model_validate(
        {
            "name": "shop",
            "connection": "shop",
            "environment": "staging",
            "storage": {"bucket": "backups", "connection": connection, "s3": {"addressing_style": "path"}},
        }
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:s3cr3t%20p%40ss%2Fword@db.example.com:6000/shop?sslmode=require",
        "postgresql://u:s3cr3t%20p%40ss%2Fword@db.example.com:6000/shop?sslmode=require&connection_limit=5",
    ],
)
def test_a_database_given_as_a_url_is_reached_as_the_url_says(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    from dbops_airflow.connections import database_address

    monkeypatch.setenv("AIRFLOW_CONN_SHOP", url)
    address = database_address("shop")
    assert (address.host, address.port, address.user, address.database) == ("db.example.com", 6000, "u", "shop")
    assert address.password == _SECRET
    assert address.options["sslmode"] == "require"


def test_prismas_words_in_a_url_keep_their_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    from dbops_airflow.connections import database_address

    monkeypatch.setenv("AIRFLOW_CONN_SHOP", "postgres://u:p@db.example.com/shop?schema=app&pgbouncer=true")
    address = database_address("shop")
    assert (address.database, address.search_schema, address.pooled) == ("shop", "app", True)


def test_a_database_given_by_fields_and_extras_is_reached_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    from dbops_airflow.connections import database_address

    set_connection(
        monkeypatch,
        "shop",
        conn_type="postgres",
        host="/var/run/postgresql",
        login="u",
        password=_SECRET,
        schema="shop",
        extra={"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "cursor": "dictcursor"},
    )
    address = database_address("shop")
    assert (address.host, address.database, address.password) == ("/var/run/postgresql", "shop", _SECRET)
    assert dict(address.options) == {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem"}


def test_the_keys_of_encrypted_backups_are_the_passwords_of_the_named_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow.connections import identities

    old, new = (pyrage.x25519.Identity.generate() for _ in range(2))
    set_connection(monkeypatch, "old_key", conn_type="generic", password=str(old))
    set_connection(monkeypatch, "new_key", conn_type="generic", password=f"# a comment\n{new}\n")
    encryption = Encryption(recipients=(), identities=("old_key", "new_key"))
    target = _target().model_copy(update={"encryption": encryption})
    assert identities(target).public == (str(old.to_public()), str(new.to_public()))


def test_a_key_that_this_worker_does_not_have_does_not_keep_the_others_from_opening(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow.connections import identities

    key = pyrage.x25519.Identity.generate()
    set_connection(monkeypatch, "key_2026", conn_type="generic", password=str(key))
    encryption = Encryption(recipients=(), identities=("key_2025", "key_2026"))
    found = identities(_target().model_copy(update={"encryption": encryption}))
    assert found.public == (str(key.to_public()),)
    assert [sentence.split(",")[0] for sentence in found.missing] == [
        'The Airflow connection "key_2025" is not defined'
    ]


@pytest.mark.parametrize("password", [None, "", _SECRET])
def test_a_connection_without_a_key_is_named_and_its_password_is_not(
    monkeypatch: pytest.MonkeyPatch, password: str | None
) -> None:
    from dbops_airflow.connections import identities

    set_connection(monkeypatch, "backup_key", conn_type="generic", password=password)
    target = _target().model_copy(update={"encryption": Encryption(recipients=(), identities=("backup_key",))})
    with pytest.raises(InvalidConnection, match='"backup_key" is not an age identity') as failure:
        identities(target)
    assert _SECRET not in "".join(traceback.format_exception(failure.value))


@pytest.mark.parametrize(
    ("defined", "told"),
    [
        ({}, "not defined"),
        ({"conn_type": "mysql", "host": "db", "schema": "shop", "password": _SECRET}, "mysql"),
        ({"conn_type": "postgres", "host": "db", "password": _SECRET}, "names no database"),
        ({"conn_type": "postgres", "schema": "shop", "password": _SECRET, "extra": {"sslmodus": "x"}}, "sslmodus"),
    ],
)
def test_a_connection_that_cannot_be_used_says_why_without_its_password(
    monkeypatch: pytest.MonkeyPatch, defined: dict[str, Any], told: str
) -> None:
    from dbops_airflow.connections import database_address

    if defined:
        set_connection(monkeypatch, "shop", **defined)
    with pytest.raises(InvalidConnection, match=told) as failure:
        database_address("shop")
    assert failure.value.remedy
    assert _SECRET not in "".join(traceback.format_exception(failure.value))


def test_a_bucket_is_opened_with_the_connections_keys_endpoint_and_the_targets_options(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow.connections import open_bucket

    set_connection(
        monkeypatch,
        "store",
        conn_type="aws",
        login="AKIAEXAMPLE",
        password=_SECRET,
        extra={"endpoint_url": "https://s3.example.com:9000", "region_name": "eu-central-1"},
    )
    bucket: Any = open_bucket(_target())
    client = next(value for value in vars(bucket).values() if hasattr(value, "meta"))
    assert bucket.name == "backups"
    assert client.meta.endpoint_url == "https://s3.example.com:9000"
    assert client.meta.region_name == "eu-central-1"
    assert client.meta.config.s3["addressing_style"] == "path"
    assert client._request_signer._credentials.access_key == "AKIAEXAMPLE"
    client.close()


def test_a_mistyped_store_is_an_error_and_not_the_machines_own_role() -> None:
    from dbops_airflow.connections import open_bucket

    with pytest.raises(InvalidConnection, match='"stoer" is not defined'):
        open_bucket(_target("stoer"))


@pytest.mark.parametrize(
    ("extra", "encryption", "port"),
    [
        ({}, "tls", 465),
        ({"disable_ssl": True}, "starttls", 587),
        ({"disable_ssl": True, "disable_tls": True}, "none", 25),
        ({"disable_ssl": "true", "disable_tls": "false"}, "starttls", 587),
    ],
)
def test_the_mail_connections_switches_mean_what_they_mean_to_airflow(
    monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any], encryption: str, port: int
) -> None:
    from dbops_airflow.connections import mailbox

    set_connection(monkeypatch, "smtp_default", conn_type="smtp", host="mail", extra=extra)
    server, sender = mailbox()
    assert (server.encryption, server.port, server.verify, sender) == (encryption, port, True, "dbops@localhost")


def test_the_mail_connections_login_and_sender_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from dbops_airflow.connections import mailbox

    set_connection(
        monkeypatch,
        "smtp_default",
        conn_type="smtp",
        host="mail.example.com",
        port=2525,
        login="u",
        password=_SECRET,
        extra={"from_email": "backups@example.com", "ssl_context": "none"},
    )
    server, sender = mailbox()
    assert (server.host, server.port, server.login, server.password) == ("mail.example.com", 2525, "u", _SECRET)
    assert (sender, server.verify) == ("backups@example.com", False)


def test_without_a_mail_connection_the_error_says_which_one_to_define() -> None:
    from dbops_airflow.connections import mailbox

    with pytest.raises(DbopsError, match="AIRFLOW_CONN_SMTP_DEFAULT"):
        mailbox()
