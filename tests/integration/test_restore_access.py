"""Promise: into a restored database come only those whom the live one lets in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from tests.restoring import Restoring
from tests.sql_roles import PASSWORD, ManagedShop

WORD = "word"


@pytest.fixture
def stranger(managed: ManagedShop) -> Iterator[str]:
    """A role of the server that has nothing to do with the database."""
    name = f"stranger_{secrets.token_hex(4)}"
    with psycopg.connect(managed.url, autocommit=True) as superuser:
        superuser.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{WORD}'".encode())
        yield name
        superuser.execute(f"DROP ROLE {name}".encode())


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_whom_the_live_database_does_not_let_in_the_restored_one_does_not_either(
    managed_restoring: Restoring, managed: ManagedShop, stranger: str, mode: str
) -> None:
    plan = managed_restoring.plan(mode=mode)
    record = managed_restoring.bring_back()

    for database in (managed_restoring.live, record.database):
        url = managed.server.url(database, user=stranger, password=WORD)
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url)
        with psycopg.connect(managed.server.url(database, user="dbops", password=PASSWORD)) as reader:
            assert reader.execute("SELECT count(*) FROM orders").fetchone() == (200,)
    assert f'REVOKE ALL ON DATABASE "{record.database}" FROM PUBLIC;\n' in plan.markdown()
    assert f'GRANT CONNECT ON DATABASE "{record.database}" TO "dbops";\n' in plan.markdown()


def test_a_live_database_that_lets_everybody_in_gives_nothing_to_be_said(restoring: Restoring) -> None:
    plan = restoring.plan()

    assert plan.making == len(plan.statements) == 1
