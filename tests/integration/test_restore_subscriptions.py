"""Promise: the subscription of a restored copy never touches the slot that the live one reads."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.server.database_server import DatabaseServer
from demo.postgres import EmbeddedPostgres
from tests.backups import execute
from tests.drills import Ground
from tests.restoring import Restoring
from tests.servers import running_postgres


@pytest.fixture(scope="module")
def replicating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server on which databases are replicated logically."""
    with running_postgres(tmp_path_factory.mktemp("replicating"), wal_level="logical") as server:
        yield server


@pytest.fixture
def subscriber(ground: Ground, replicating: EmbeddedPostgres) -> Iterator[Restoring]:
    """A live database that is subscribed to another one of its server, and a superuser's backup of it."""
    publisher, name = f"publisher_{secrets.token_hex(4)}", f"subscriber_{secrets.token_hex(4)}"
    for each in (publisher, name):
        replicating.create_database(each)
        execute(replicating.url(each), "CREATE TABLE t (n int PRIMARY KEY)")
    execute(
        replicating.url(publisher),
        "CREATE PUBLICATION p FOR TABLE t",
        "SELECT pg_create_logical_replication_slot('live_slot', 'pgoutput')",
    )
    at = replicating.url(publisher).replace("'", "''")
    execute(
        replicating.url(name),
        f"""CREATE SUBSCRIPTION "Sub 100%" CONNECTION '{at}' PUBLICATION p
            WITH (create_slot = false, slot_name = 'live_slot')""",
    )
    restoring = Restoring(ground.loader, replicating.url(name))
    ground.loader.back_up(restoring.url)
    yield restoring
    execute(
        replicating.url(name),
        'ALTER SUBSCRIPTION "Sub 100%" DISABLE',
        'ALTER SUBSCRIPTION "Sub 100%" SET (slot_name = NONE)',
        'DROP SUBSCRIPTION "Sub 100%"',
    )
    execute(replicating.url(publisher), "SELECT pg_drop_replication_slot('live_slot')")
    restoring.clean_up()
    for each in (name, publisher):
        replicating.drop_database(each)


def slots(restoring: Restoring) -> list[tuple[str]]:
    return restoring.ask("SELECT slot_name FROM pg_replication_slots", "postgres")


def test_a_copy_is_dropped_as_its_plan_says_and_the_slot_of_the_live_one_stays(subscriber: Restoring) -> None:
    assert any("holds subscriptions: Sub 100%." in warning for warning in subscriber.plan().warnings)
    record = subscriber.bring_back()

    assert record.verification is not None
    assert record.verification.errors == ()
    subscriber.tell('DROP SUBSCRIPTION "Sub 100%"', database=record.database)
    subscriber.tell(f'DROP DATABASE "{record.database}"', database="postgres")
    assert slots(subscriber) == [("live_slot",)]


def test_a_scratch_database_goes_and_the_slot_of_the_live_one_stays(ground: Ground, subscriber: Restoring) -> None:
    report = ground.drill(scratch=DatabaseAddress.from_url(subscriber.url_of("postgres")))

    assert report.verification is not None
    assert report.verification.errors == ()
    assert subscriber.ask("SELECT datname FROM pg_database WHERE datname LIKE 'dbops_drill%'", "postgres") == []
    assert slots(subscriber) == [("live_slot",)]


def test_a_copy_that_is_not_whole_goes_and_the_slot_of_the_live_one_stays(subscriber: Restoring) -> None:
    loaded = f"{subscriber.live}__half"
    subscriber.tell(f'CREATE DATABASE "{loaded}"', database="postgres")
    subscriber.tell(
        """CREATE SUBSCRIPTION "Sub 100%" CONNECTION 'dbname=nowhere' PUBLICATION p
           WITH (connect = false, slot_name = 'live_slot')""",
        database=loaded,
    )
    server = DatabaseServer(DatabaseAddress.from_url(subscriber.url), subscriber.live)
    oid = server.oid_of(loaded)
    assert oid is not None

    server.drop(loaded, oid)

    assert server.oid_of(loaded) is None
    assert slots(subscriber) == [("live_slot",)]
