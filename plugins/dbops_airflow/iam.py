"""IAM: logging into a database with a token of the cloud's, got by the hooks of Airflow's providers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dbops.domain.servers.address import DatabaseAddress
from dbops.errors import DatabaseError, InvalidConnection

if TYPE_CHECKING:
    from airflow.sdk import Connection

FRESH = 60.0  # seconds; AWS gives a token fifteen minutes
_ENCRYPTED = {"sslmode": "require"}


def iam_address(connection_id: str, connection: Connection) -> DatabaseAddress:
    """The database of a connection with ``iam``, each session of which begins with a token not older than a minute.

    The token travels as it is, so TLS is asked for unless the connection names an ``sslmode``. Raises a DbopsError.
    """
    extra = {name: value for name, value in connection.extra_dejson.items() if name != "iam"}
    login, token, port = _ask(connection_id, connection)
    address = DatabaseAddress.from_fields(
        host=connection.host, port=port, login=login, schema=connection.schema, extra=extra
    )
    return replace(
        address,
        password=None,
        options={**_ENCRYPTED, **address.options},
        token=Token(lambda: _ask(connection_id, connection)[1], first=token),
    )


class Token:
    """A token, asked for anew by whoever wants it when it is a minute old; ``first`` is one that was just given.

    Not for every connection: a check of ten thousand tables opens as many, and asking may take a tenth of a second.
    """

    def __init__(self, ask: Callable[[], str], *, first: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._token, self._given = first, clock()
        self._asking = threading.Lock()

    def __call__(self) -> str:
        """The token; raises a DbopsError where there is none to be had."""
        with self._asking:
            if self._clock() - self._given >= FRESH:
                self._token, self._given = self._ask(), self._clock()
            return self._token


def _ask(connection_id: str, connection: Connection) -> tuple[str, str, int]:
    """Login, token and port, by the Postgres provider's own hook, which asks Amazon's or Azure's."""
    from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    from airflow.sdk.log import mask_secret
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

    who = f'The Airflow connection "{connection_id}" asks for IAM authentication, and'
    by = connection.extra_dejson.get("aws_conn_id", "aws_default")
    try:
        login, token, port = PostgresHook(postgres_conn_id=connection_id).get_iam_token(connection)
    except (AirflowOptionalProviderFeatureException, ImportError):
        raise InvalidConnection(
            f"{who} the provider that gets a token is not installed.",
            "Install apache-airflow-providers-amazon, or with azure_conn_id apache-airflow-providers-microsoft-azure, "
            "on every worker.",
        ) from None
    except NoRegionError:
        raise InvalidConnection(
            f"{who} no region is given.", f'Set region_name in the extra of the connection "{by}".'
        ) from None
    except NoCredentialsError:  # also where the machine's own service did not answer in time
        raise DatabaseError(
            f"{who} there are no credentials for signing a token.",
            f'Give the worker a role, or the connection "{by}" keys.',
        ) from None
    except (BotoCoreError, ClientError) as error:
        raise DatabaseError(
            f"{who} no token was issued: {_code(error)}.",
            f'Check the role or the keys of the connection "{by}", and at the network to AWS.',
        ) from None
    mask_secret(token)
    return login, token, port


def _code(error: Exception) -> str:
    """What AWS calls it; its own words may repeat what was sent."""
    response = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code") or type(error).__name__)
