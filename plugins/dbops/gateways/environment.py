"""Connections without Airflow: what the environment variables of a shell say, in the form Airflow takes them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.servers.connection_string import read_url
from dbops.domain.target import Target
from dbops.errors import InvalidConnection

if TYPE_CHECKING:
    from dbops.gateways.age import Identities
    from dbops.gateways.s3 import S3Bucket

_FALLBACK = "DATABASE_URL"
_POSTGRES_TYPES = frozenset({"postgres", "postgresql"})
_S3_EXTRAS = frozenset(
    {"endpoint_url", "region_name", "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "service_config"}
)


def connection_variable(connection_id: str) -> str:
    """The environment variable that holds an Airflow connection."""
    return f"AIRFLOW_CONN_{connection_id.upper()}"


def address_of(connection_id: str, environ: Mapping[str, str] = os.environ) -> DatabaseAddress:
    """The database of an Airflow connection, from AIRFLOW_CONN_<ID> (URL or JSON); raises InvalidConnection."""
    variable = connection_variable(connection_id)
    text = environ.get(variable)
    if not text:
        raise InvalidConnection(
            f'Nothing defines where the connection "{connection_id}" leads: {variable} is not set.',
            f"Set it, as in: export {variable}='postgresql://user:password@host:5432/database'",
        )
    return _read(variable, text)


def database_address(target: Target, targets: int, environ: Mapping[str, str] = os.environ) -> DatabaseAddress:
    """The target's database, from AIRFLOW_CONN_<ID> (URL or JSON), else DATABASE_URL; raises InvalidConnection.

    The latter counts only for the one of one: ``targets`` is how many there are, 0 where nobody can know. It names no
    target, so that of several each would take the same database for its own.
    """
    own = connection_variable(target.connection)
    variable = own if environ.get(own) or targets != 1 else _FALLBACK
    text = environ.get(variable)
    if text:
        return _read(variable, text)
    unset = f"neither {own} nor {_FALLBACK} is set" if targets == 1 else f"{own} is not set"
    unused = ""
    if targets != 1 and environ.get(_FALLBACK):
        others = f"there are {targets} targets" if targets else "there may be other targets"
        unused = f" {_FALLBACK} is not used because {others}, and it does not say whose database it is."
    raise InvalidConnection(
        f'Nothing defines where the database of {target.name} is: its connection is "{target.connection}", and {unset}.'
        f"{unused}",
        f"Set it, as in: export {own}='postgresql://user:password@host:5432/database'",
    )


def identities(target: Target, environ: Mapping[str, str] = os.environ) -> Identities:
    """The keys of the target's encrypted backups, the passwords of AIRFLOW_CONN_<ID>.

    Raises InvalidConnection where none of them is there.
    """
    from dbops.gateways.age import Identities

    return Identities.look_up(target.encryption.identities, lambda connection_id: _password(connection_id, environ))


def _password(connection_id: str, environ: Mapping[str, str]) -> str:
    variable = connection_variable(connection_id)
    text = environ.get(variable)
    if not text:
        raise InvalidConnection(
            f'Nothing defines the key in the connection "{connection_id}" is: {variable} is not set.',
            f"Set it, as in: export {variable}='generic://:AGE-SECRET-KEY-1...@'",
        )
    try:
        fields = _json_object(text, "connection") if _is_json(text) else read_url(text.strip()) if "://" in text else {}
    except InvalidConnection as error:
        raise InvalidConnection(f"{variable}: {error.what}", error.remedy) from None
    return str(fields.get("password") or "")


def _read(variable: str, text: str) -> DatabaseAddress:
    try:
        return _address_of_json(text) if _is_json(text) else DatabaseAddress.from_url(text)
    except InvalidConnection as error:
        raise InvalidConnection(f"{variable}: {error.what}", error.remedy) from None


def open_bucket(target: Target, environ: Mapping[str, str] = os.environ) -> S3Bucket:
    """The target's bucket, from AIRFLOW_CONN_<ID> of its storage, else as boto3 finds it; raises InvalidConnection.

    boto3 finds AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_PROFILE, the role of the machine, and so on.
    """
    from dbops.gateways.s3 import S3Bucket, connect

    storage = target.storage
    variable = connection_variable(storage.connection)
    text = environ.get(variable)
    try:
        client = connect(options=storage.s3, **(_s3_keywords(text) if text else {}))
    except InvalidConnection as error:
        raise InvalidConnection(f"{variable}: {error.what}" if text else error.what, error.remedy) from None
    return S3Bucket(client, storage.bucket, storage.s3, connection_id=storage.connection)


def _is_json(text: str) -> bool:
    return text.lstrip().startswith("{")


def _address_of_json(text: str) -> DatabaseAddress:
    fields = _json_object(text, "connection")
    if fields.get("conn_type", "postgres") not in _POSTGRES_TYPES:
        raise InvalidConnection("The connection is not of type postgres.", 'Write "conn_type": "postgres".')
    return DatabaseAddress.from_fields(
        host=fields.get("host"),
        port=fields.get("port"),
        login=fields.get("login"),
        password=fields.get("password"),
        schema=fields.get("schema"),
        extra=_extra(fields.get("extra")),
    )


def _s3_keywords(text: str) -> dict[str, str | None]:
    if _is_json(text):
        fields = _json_object(text, "connection")
        login, password, extra = fields.get("login"), fields.get("password"), _extra(fields.get("extra"))
        kind = fields.get("conn_type", "aws")
    else:
        kind, colon, _ = text.strip().partition("://")
        parameters = read_url(text.strip()) if colon else {}
        login, password = parameters.pop("user", None), parameters.pop("password", None)
        extra = _extra(parameters.get("__extra__")) or {
            name: value for name, value in parameters.items() if name not in {"host", "port", "dbname"}
        }
    if kind != "aws":
        raise InvalidConnection(
            "The connection is not of type aws.",
            "Write it as aws://KEY:SECRET@/?endpoint_url=...&region_name=..., each value percent-encoded.",
        )
    for name in extra:
        if name not in _S3_EXTRAS:
            raise InvalidConnection(
                f'The connection has the extra "{name}", which only Airflow resolves.',
                "In a shell, unset this variable and let boto3 find the store: AWS_PROFILE, AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_CA_BUNDLE.",
            )
    services = extra.get("service_config")
    service = services.get("s3", {}) if isinstance(services, dict) else {}
    return {
        "endpoint_url": service.get("endpoint_url") or extra.get("endpoint_url"),
        "region": extra.get("region_name"),
        "access_key": login or extra.get("aws_access_key_id"),
        "secret_key": password or extra.get("aws_secret_access_key"),
        "session_token": extra.get("aws_session_token"),
    }


def _extra(given: object) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    return _json_object(given, "connection's extra") if isinstance(given, str) and given else {}


def _json_object(text: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):  # the latter where it is nested too deeply
        value = None
    if not isinstance(value, dict):
        raise InvalidConnection(f"The {what} is not a JSON object.", "Look at its braces, quotes and commas.")
    return value
