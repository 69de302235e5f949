"""A connection with ``iam`` is opened with tokens that the providers' own hooks sign, and none is used for long."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError, InvalidConnection
from tests.airflow.conftest import set_connection

pytestmark = pytest.mark.usefixtures("environment_secrets")

HOST = "shop.abc.eu-central-1.rds.amazonaws.com"


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No role, profile or region of the machine that runs the tests."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")


def define(
    monkeypatch: pytest.MonkeyPatch, *, region: str | None = "eu-central-1", port: int | None = None, **extra: Any
) -> None:
    """The database shop, and the keys that sign for it."""
    extra = {"iam": True, "aws_conn_id": "signer", **extra}
    database = {"host": HOST, "port": port, "login": "dbops", "schema": "shop"}
    set_connection(monkeypatch, "shop", conn_type="postgres", extra=extra, **database)
    signer = {"region_name": region} if region else {}
    set_connection(monkeypatch, "signer", conn_type="aws", login="AKIAEXAMPLE", password="a/secret+key", extra=signer)


def address_of(connection_id: str) -> DatabaseAddress:
    from dbops_airflow.connections import database_address

    return database_address(connection_id)


@pytest.mark.parametrize("port", [None, 6432])
def test_each_session_gets_a_token_signed_for_this_host_port_user_and_region(
    monkeypatch: pytest.MonkeyPatch, port: int | None
) -> None:
    define(monkeypatch, port=port)
    parameters = address_of("shop").libpq_parameters()
    token = urlsplit(f"https://{parameters['password']}")
    query = parse_qs(token.query)
    assert (token.hostname, token.port) == (HOST, port or 5432)
    assert (query["Action"], query["DBUser"]) == (["connect"], ["dbops"])
    assert query["X-Amz-Credential"][0].startswith("AKIAEXAMPLE/")
    assert query["X-Amz-Credential"][0].endswith("/eu-central-1/rds-db/aws4_request")
    assert (parameters["user"], parameters["port"], parameters["dbname"]) == ("dbops", str(port or 5432), "shop")


def test_a_token_is_nowhere_in_an_address_and_never_among_the_variables_of_a_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    define(monkeypatch)
    address = address_of("shop")
    assert address.password is None
    assert "X-Amz" not in repr(address) + str(address) + repr(address.libpq_environment())


@pytest.mark.parametrize(("extra", "mode"), [({}, "require"), ({"sslmode": "verify-full"}, "verify-full")])
def test_a_token_is_not_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any], mode: str) -> None:
    define(monkeypatch, **extra)
    assert address_of("shop").libpq_parameters()["sslmode"] == mode


def test_iam_that_is_false_in_a_url_asks_for_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", "postgres://u:word@db.example.com/shop?iam=false")
    assert address_of("shop").libpq_parameters()["password"] == "word"


def test_a_token_is_asked_for_anew_when_it_is_a_minute_old_and_not_before() -> None:
    from dbops_airflow.iam import FRESH, Token

    given, now = iter(["second", "third"]), [1000.0]
    token = Token(lambda: next(given), first="first", clock=lambda: now[0])
    seen = []
    for passed in (0.0, FRESH - 1, 1.0, FRESH - 1, 1.0):
        now[0] += passed
        seen.append(token())
    assert seen == ["first", "first", "second", "second", "third"]


def test_a_token_that_could_not_be_had_is_asked_for_again_by_the_next_session() -> None:
    from dbops_airflow.iam import FRESH, Token

    now, refusals = [0.0], [DatabaseError("No token.", "Wait.")]

    def ask() -> str:
        if refusals:
            raise refusals.pop()
        return "second"

    token = Token(ask, first="first", clock=lambda: now[0])
    now[0] += FRESH
    with pytest.raises(DatabaseError):
        token()
    assert token() == "second"


def test_without_the_amazon_provider_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    define(monkeypatch)
    monkeypatch.setitem(sys.modules, "airflow.providers.amazon.aws.hooks.base_aws", None)
    with pytest.raises(InvalidConnection, match=r'"shop" asks for IAM .* not installed') as failure:
        address_of("shop")
    assert "apache-airflow-providers-amazon" in failure.value.remedy


def test_without_a_region_the_error_says_where_to_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    define(monkeypatch, region=None)
    with pytest.raises(InvalidConnection, match="no region is given") as failure:
        address_of("shop")
    assert '"signer"' in failure.value.remedy


def test_without_a_role_or_keys_the_error_names_the_connection_that_should_have_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    define(monkeypatch)
    set_connection(monkeypatch, "signer", conn_type="aws", extra={"region_name": "eu-central-1"})
    with pytest.raises(DatabaseError, match="no credentials") as failure:
        address_of("shop")
    assert '"signer"' in failure.value.remedy


def test_a_signer_that_is_not_defined_is_an_error_and_not_the_machines_own_role(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    define(monkeypatch, aws_conn_id="singer")
    with pytest.raises(InvalidConnection, match='"singer" is not defined'):
        address_of("shop")
