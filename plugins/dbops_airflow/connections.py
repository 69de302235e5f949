"""Connections: what Airflow knows by connection id, as addresses, buckets and mailboxes.

Called in a task, and by the page in threads of its own: looking one up may ask a database or a secrets backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import InvalidConnection
from dbops_airflow.iam import iam_address

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from dbops.gateways.age import Identities
    from dbops.gateways.alerting.mailbox import SmtpMailbox
    from dbops.gateways.s3 import S3Bucket
    from dbops.jobs.restores.restore_place import RestorePlace

MAIL_CONNECTION = "smtp_default"
_DEFAULT_S3_CONNECTION = "aws_default"
_DEFAULT_SENDER = "dbops@localhost"
_SMTP_PORTS = {"tls": 465, "starttls": 587, "none": 25}


def database_address(connection_id: str) -> DatabaseAddress:
    """The database behind an Airflow connection; raises InvalidConnection where there is none, or no PostgreSQL."""
    connection = _connection(connection_id)
    if connection.conn_type not in {"postgres", "postgresql"}:
        raise InvalidConnection(
            f'The Airflow connection "{connection_id}" is of type {connection.conn_type}, not postgres.',
            "Change its type, or name the right connection in the target's file.",
        )
    extra = connection.extra_dejson
    if _is_set(extra, "iam"):
        for signer in ("aws_conn_id", "azure_conn_id"):
            if extra.get(signer):
                _connection(extra[signer])  # the hook would go on without it, as the machine's own role
        return iam_address(connection_id, connection)
    return DatabaseAddress.from_fields(
        host=connection.host,
        port=connection.port,
        login=connection.login,
        password=connection.password,
        schema=connection.schema,
        extra=extra,
    )


def restore_place(target: Target) -> RestorePlace:
    """Where the target lives, and as whom databases are made and renamed there; raises InvalidConnection."""
    from dbops.jobs.restores.restore_place import RestorePlace

    live = database_address(target.connection)
    own = target.restore.connection
    return RestorePlace(live, database_address(own) if own else live, lambda: identities(target))


def identities(target: Target) -> Identities:
    """The keys of the target's encrypted backups: the passwords of encryption.identities.

    Raises InvalidConnection where none of them is there.
    """
    from dbops.gateways.age import Identities

    return Identities.look_up(target.encryption.identities, lambda each: _connection(each).password or "")


def scratch_address(target: Target) -> DatabaseAddress | None:
    """The server of drill.connection; None: a throw-away one of this worker. Raises InvalidConnection."""
    own = target.drill.connection
    return database_address(own) if own else None


def probing_address(target: Target) -> DatabaseAddress:
    """Where and as whom the target's probes are executed; raises InvalidConnection."""
    return database_address(target.probing_connection)


def open_bucket(target: Target) -> S3Bucket:
    """The target's bucket, through the Amazon provider: its roles, profiles, regions and endpoints all count."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    from dbops.gateways.s3 import S3Bucket, client_config

    storage = target.storage
    if storage.connection != _DEFAULT_S3_CONNECTION:
        # The hook goes on without a connection, as the machine's own role: meant for the default, a typo for any other.
        _connection(storage.connection)
    hook: Any = AwsBaseHook(aws_conn_id=storage.connection, client_type="s3", config=client_config(storage.s3))
    return S3Bucket(hook.get_conn(), storage.bucket, storage.s3, connection_id=storage.connection)


def mailbox() -> tuple[SmtpMailbox, str]:
    """The mail server of connection smtp_default, and the sender; its extras mean what Airflow's SMTP hook says."""
    from dbops.gateways.alerting.mailbox import Encryption, SmtpMailbox

    connection = _connection(MAIL_CONNECTION)
    extra = connection.extra_dejson
    encryption: Encryption = "tls"
    if _is_set(extra, "disable_ssl"):
        encryption = "none" if _is_set(extra, "disable_tls") else "starttls"
    if not connection.host:
        raise InvalidConnection(
            f'The Airflow connection "{MAIL_CONNECTION}" names no host.', "Name the mail server there."
        )
    server = SmtpMailbox(
        host=connection.host,
        port=connection.port or _SMTP_PORTS[encryption],
        encryption=encryption,
        verify=extra.get("ssl_context") != "none",
        login=connection.login or None,
        password=connection.password,
    )
    return server, extra.get("from_email") or _DEFAULT_SENDER


def _connection(connection_id: str) -> Connection:
    from airflow.sdk.bases.hook import BaseHook

    from dbops_airflow.airflow_versions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        raise InvalidConnection(
            f'The Airflow connection "{connection_id}" is not defined, or is a URL that cannot be read.',
            f"Define it under Admin, Connections, in your secrets backend, or as AIRFLOW_CONN_{connection_id.upper()}.",
        ) from None


def _is_set(extra: dict[str, Any], name: str) -> bool:
    """Extras out of a URL are texts: "false" means no."""
    return str(extra.get(name, False)).lower() in {"true", "1", "yes"}
