"""Without Airflow, a connection is an environment variable in the form Airflow takes it."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest

from dbops.domain.options.encryption import Encryption
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import InvalidConnection
from dbops.gateways.environment import database_address, identities, open_bucket

TARGET = Target.model_validate(
    {
        "name": "shop",
        "connection": "shop_db",
        "storage": {"bucket": "backups", "connection": "store"},
        "alerts": {"recipients": ["dba@shop.internal"]},
    }
)
ENCRYPTED = TARGET.model_copy(update={"encryption": Encryption(recipients=(), identities=("backup_key",))})
URL = "postgresql://dba:p%40ss@db:5433/shop?sslmode=require"
ADDRESS = DatabaseAddress("shop", "db", 5433, "dba", "p@ss", {"sslmode": "require"})


FIELDS = {"host": "db", "port": 5433, "login": "dba", "password": "p@ss", "schema": "shop"}


@pytest.mark.parametrize(
    "value",
    [
        URL,
        URL.replace("postgresql:", "postgres:"),
        f"postgres://dba:p%40ss@db:5433/shop?{urlencode({'__extra__': json.dumps({'sslmode': 'require'})})}",
        f" {json.dumps({'conn_type': 'postgres', **FIELDS, 'extra': {'sslmode': 'require'}})}",
        json.dumps({**FIELDS, "port": "5433", "extra": '{"sslmode": "require"}'}),
    ],
)
def test_a_database_is_found_in_every_form_airflow_takes(value: str) -> None:
    assert database_address(TARGET, 2, {"AIRFLOW_CONN_SHOP_DB": value}) == ADDRESS


IDENTITY = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33"
PUBLIC = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"


@pytest.mark.parametrize(
    "value",
    [
        f"generic://:{IDENTITY}@",
        f"generic://backup:{IDENTITY}@anywhere/",
        json.dumps({"password": IDENTITY}),
        json.dumps({"conn_type": "generic", "password": f"# created: today\n# public key: {PUBLIC}\n{IDENTITY}\n"}),
    ],
)
def test_the_key_of_encrypted_backups_is_a_connections_password(value: str) -> None:
    assert identities(ENCRYPTED, {"AIRFLOW_CONN_BACKUP_KEY": value}).public == (PUBLIC,)


def test_a_target_without_identities_looks_for_none() -> None:
    assert identities(TARGET, {}).keys == ()


@pytest.mark.parametrize(
    "value", [None, "", IDENTITY, f"generic://{IDENTITY}@", "{", "{}", json.dumps({"password": "hunter2"})]
)
def test_a_key_that_is_not_there_or_is_none_is_named_by_its_connection_and_never_repeated(value: str | None) -> None:
    with pytest.raises(InvalidConnection) as refused:
        identities(ENCRYPTED, {} if value is None else {"AIRFLOW_CONN_BACKUP_KEY": value})
    assert "backup_key" in str(refused.value).lower()
    assert "GQ9778VQ" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


TWO = TARGET.model_copy(update={"encryption": Encryption(recipients=(), identities=("key_2025", "key_2026"))})


@pytest.mark.parametrize("other", [None, "", "generic://:hunter2@"])
def test_a_key_that_is_not_at_hand_does_not_keep_the_others_from_opening(other: str | None) -> None:
    environ = {"AIRFLOW_CONN_KEY_2026": f"generic://:{IDENTITY}@"}
    found = identities(TWO, environ if other is None else environ | {"AIRFLOW_CONN_KEY_2025": other})
    assert found.public == (PUBLIC,)
    (sentence,) = found.missing
    assert '"key_2025"' in sentence
    assert "hunter2" not in sentence


def test_only_where_no_key_is_at_hand_is_that_an_error_and_it_names_all_of_them() -> None:
    with pytest.raises(InvalidConnection) as refused:
        identities(TWO, {})
    assert '"key_2025"' in refused.value.what
    assert '"key_2026"' in refused.value.what
    assert "export AIRFLOW_CONN_KEY_2025=" in refused.value.remedy
    assert "export AIRFLOW_CONN_KEY_2026=" in refused.value.remedy


OTHER = "postgres://other/other"


def test_database_url_counts_where_the_only_target_has_no_variable_of_its_own() -> None:
    assert database_address(TARGET, 1, {"DATABASE_URL": URL}) == ADDRESS
    assert database_address(TARGET, 1, {"DATABASE_URL": OTHER, "AIRFLOW_CONN_SHOP_DB": URL}) == ADDRESS


@pytest.mark.parametrize("targets", [0, 2, 40])  # none: nobody could count them
def test_database_url_is_no_targets_database_where_there_may_be_others(targets: int) -> None:
    with pytest.raises(InvalidConnection) as caught:
        database_address(TARGET, targets, {"DATABASE_URL": OTHER, "AIRFLOW_CONN_SHOP_DB": ""})
    assert 'its connection is "shop_db", and AIRFLOW_CONN_SHOP_DB is not set' in caught.value.what
    assert "DATABASE_URL is not used" in caught.value.what
    assert "export AIRFLOW_CONN_SHOP_DB='postgresql://user:password@host:5432/database'" in caught.value.remedy


def test_that_database_url_is_not_used_is_said_with_how_many_targets_there_are() -> None:
    with pytest.raises(InvalidConnection, match=r"DATABASE_URL is not used because there are 40 targets"):
        database_address(TARGET, 40, {"DATABASE_URL": OTHER})


@pytest.mark.parametrize("targets", [1, 40])
def test_a_missing_connection_names_the_variable_to_set_with_an_example(targets: int) -> None:
    with pytest.raises(InvalidConnection) as caught:
        database_address(TARGET, targets, {"AIRFLOW_CONN_SHOP_DB": "", "AIRFLOW_CONN_OTHER": URL})
    assert 'its connection is "shop_db"' in caught.value.what
    assert ("DATABASE_URL" in caught.value.what) == (targets == 1)
    assert "export AIRFLOW_CONN_SHOP_DB='postgresql://user:password@host:5432/database'" in caught.value.remedy


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("hunter2", "neither a PostgreSQL URL"),
        ('{"password": "hunter2"', "not a JSON object"),
        ('{"conn_type": "mysql", "password": "hunter2"}', "not of type postgres"),
        ('{"host": "db", "schema": "shop", "password": "hunter2", "extra": "hunter2"}', "extra is not a JSON object"),
        ('{"host": "db", "password": "hunter2"}', "names no database"),
        ("postgres://dba:hunter2@db/shop?sslmod=x", 'Did you mean "sslmode"'),
    ],
)
def test_a_connection_that_cannot_be_used_names_its_variable_and_not_the_password(value: str, sentence: str) -> None:
    with pytest.raises(InvalidConnection) as caught:
        database_address(TARGET, 2, {"AIRFLOW_CONN_SHOP_DB": value})
    assert caught.value.what.startswith("AIRFLOW_CONN_SHOP_DB: ")
    assert sentence in str(caught.value)
    assert "hunter2" not in str(caught.value)


SECRET = "abc/def+ghi="
EXTRA = {"endpoint_url": "http://127.0.0.1:8333", "region_name": "eu-central-1"}


KEYS = {"aws_access_key_id": "AKIA", "aws_secret_access_key": SECRET}
SERVICE = {"region_name": "eu-central-1", "service_config": {"s3": {"endpoint_url": EXTRA["endpoint_url"]}}}


@pytest.mark.parametrize(
    "value",
    [
        f"aws://AKIA:{quote(SECRET, safe='')}@/?{urlencode(EXTRA)}",
        f"aws://AKIA:{quote(SECRET, safe='')}@/?{urlencode({'__extra__': json.dumps(EXTRA)})}",
        json.dumps({"conn_type": "aws", "login": "AKIA", "password": SECRET, "extra": EXTRA}),
        json.dumps({"conn_type": "aws", "extra": json.dumps({**KEYS, **EXTRA})}),
        json.dumps({"login": "AKIA", "password": SECRET, "extra": SERVICE}),
    ],
)
def test_a_bucket_is_found_in_every_form_airflow_takes(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connected = {}

    def connect(**keywords: object) -> None:
        connected.update(keywords)

    monkeypatch.setattr("dbops.gateways.s3.connect", connect)
    monkeypatch.setattr(
        "dbops.gateways.s3.S3Bucket", lambda _client, name, _options, connection_id: (name, connection_id)
    )
    assert open_bucket(TARGET, {"AIRFLOW_CONN_STORE": value}) == ("backups", "store")  # type: ignore[comparison-overlap]
    assert connected == {
        "options": TARGET.storage.s3,
        "endpoint_url": "http://127.0.0.1:8333",
        "region": "eu-central-1",
        "access_key": "AKIA",
        "secret_key": SECRET,
        "session_token": None,
    }


def test_without_a_variable_boto3_looks_for_the_store_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:8444")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    bucket = open_bucket(TARGET, {})
    assert bucket.name == "backups"
    assert bucket._client.meta.endpoint_url == "http://127.0.0.1:8444"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("hunter2", "not of type aws"),
        ("postgres://AKIA:hunter2@/", "not of type aws"),
        ("aws://AKIA:hunter2/hunter2@/", "an @ after the host"),
        ("aws://AKIA:hunter2@/?role_arn=arn", 'the extra "role_arn", which only Airflow resolves'),
        ('{"conn_type": "aws", "login": "AKIA", "password": "hunter2"', "not a JSON object"),
        ('{"password": "hunter2", "extra": ' + "[" * 100_000, "not a JSON object"),
        ("aws://AKIA:hunter2@/?endpoint_url=nowhere", "not a URL"),
        ("aws://:hunter2@/", "a secret key and no access key"),
        ("aws://AKIA@/", "an access key and no secret key"),
    ],
)
def test_a_storage_connection_that_cannot_be_used_names_its_variable_and_not_the_secret(
    value: str, sentence: str
) -> None:
    with pytest.raises(InvalidConnection) as caught:
        open_bucket(TARGET, {"AIRFLOW_CONN_STORE": value})
    assert caught.value.what.startswith("AIRFLOW_CONN_STORE: ")
    assert sentence in str(caught.value)
    assert "hunter2" not in str(caught.value)
