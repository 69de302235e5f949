"""Promise: a backup or a server with which something is wrong is refused in two sentences, and nothing is changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.restores.record import RestoreState
from dbops.errors import (
    BackupUnusable,
    DatabaseError,
    DbopsError,
    InvalidConnection,
    InvalidRequest,
    ObjectMissing,
    PreflightFailed,
    RestoreFailed,
)
from dbops.gateways.server.database_server import DatabaseServer
from dbops.jobs.restores.restore_place import RestorePlace
from demo.postgres import EmbeddedPostgres
from tests.backups import execute
from tests.restoring import Restoring

UNKNOWN = "20200101T000000Z"


def key_of(restoring: Restoring, name: str) -> str:
    return f"{restoring.loader.open().folder}{name}"


def largest(restoring: Restoring) -> str:
    return max(restoring.loader.open().data_files, key=lambda file: file.bytes).name


def test_an_unknown_backup(restoring: Restoring) -> None:
    with restoring.refusing(BackupUnusable, f"Backup {UNKNOWN} of vault does not exist"):
        restoring.plan(backup=UNKNOWN)


def test_an_unfinished_backup(restoring: Restoring) -> None:
    restoring.loader.bucket.delete(key_of(restoring, "manifest.json"))

    with restoring.refusing(BackupUnusable, "never finished, or is still running"):
        restoring.plan(backup=restoring.loader.backup_id)
    with restoring.refusing(BackupUnusable, "has no good backup"):
        restoring.plan()


def test_a_backup_that_was_deleted_after_the_plan(restoring: Restoring) -> None:
    restoring.plan()
    for stored in list(restoring.loader.bucket.list(restoring.loader.open().folder)):
        restoring.loader.bucket.delete(stored.key)

    with restoring.refusing(BackupUnusable, "does not exist"):
        restoring.load()


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_a_flipped_bit_in_a_data_file(restoring: Restoring, mode: str) -> None:
    restoring.plan(mode=mode)
    name = largest(restoring)
    restoring.loader.damage(name)

    with restoring.refusing(DbopsError, name):
        restoring.load()
    with restoring.refusing(RestoreFailed, "no longer exists"):
        restoring.analyze() if restoring.record.state is RestoreState.LOADED else restoring.verify()


def test_a_flipped_bit_in_the_table_of_contents(restoring: Restoring) -> None:
    restoring.plan()
    restoring.loader.damage("toc.dat")

    with restoring.refusing(BackupUnusable, "toc.dat is damaged"):
        restoring.load()
    with restoring.refusing(BackupUnusable, "toc.dat is damaged"):
        Restoring(restoring.loader, restoring.url).plan()


def damaged(body: bytes) -> bytes:
    return body.replace(b'"target"', b'"tarfet"')


@pytest.mark.parametrize(
    "change",
    [damaged, lambda body: body.replace(b'"format": 1', b'"format": 3'), lambda body: body[:-40]],
    ids=["a flipped bit", "an unknown version", "cut off"],
)
def test_a_manifest_that_cannot_be_read(restoring: Restoring, change: Callable[[bytes], bytes]) -> None:
    restoring.plan()
    key = key_of(restoring, "manifest.json")
    body = restoring.loader.bucket.get(key)
    assert change(body) != body
    restoring.loader.bucket.put(key, change(body))

    with restoring.refusing(BackupUnusable, "cannot be read"):
        restoring.load()
    with restoring.refusing(BackupUnusable, "cannot be read"):
        restoring.plan(backup=restoring.loader.backup_id)


def test_a_sum_in_the_manifest_that_is_not_the_files(restoring: Restoring) -> None:
    name = largest(restoring)

    def flip(manifest: dict[str, Any]) -> None:
        entry = next(file for file in manifest["files"] if file["name"] == name)
        entry["sha256"] = ("0" if entry["sha256"][0] != "0" else "1") + entry["sha256"][1:]

    restoring.edit_manifest(flip)
    restoring.plan()

    with restoring.refusing(BackupUnusable, f"{name} is damaged"):
        restoring.load()


def test_a_missing_file(restoring: Restoring) -> None:
    name = largest(restoring)
    restoring.loader.bucket.delete(key_of(restoring, name))

    with restoring.refusing(BackupUnusable, f"{name} is missing"):
        restoring.plan()


def test_chosen_names_that_the_backup_does_not_hold(restoring: Restoring) -> None:
    with restoring.refusing(InvalidRequest, 'no table crm.order. Did you mean "crm.orders"?'):
        restoring.plan(tables=["crm.order"])
    with restoring.refusing(InvalidRequest, 'no schema cmr. Did you mean "crm"?'):
        restoring.plan(schemas=["cmr"])


def test_a_failed_verification_is_the_end(restoring: Restoring) -> None:
    def claim_more_rows(manifest: dict[str, Any]) -> None:
        next(table for table in manifest["tables"] if table["name"] == "orders")["rows"] = 101

    restoring.edit_manifest(claim_more_rows)
    restoring.plan(mode="swap")
    restored = restoring.load().database
    restoring.analyze()

    for _ in range(2):
        with restoring.refusing(RestoreFailed, "Table crm.orders has 100 rows; the backup has 101."):
            restoring.verify()
    with restoring.refusing(RestoreFailed, "has not passed verification"):
        restoring.swap()
    with restoring.refusing(RestoreFailed, "is not the database that this run has restored"):
        restoring.post_check()
    assert restored in restoring.databases()
    assert "FAILED its verification" in restoring.report().headline()
    # Somebody may have written into the restored database: only a drill condemns a backup.
    with pytest.raises(ObjectMissing):
        restoring.loader.bucket.get(Layout(restoring.target.root).verification(restoring.loader.backup_id))
    assert Restoring(restoring.loader, restoring.url).plan().blockers == ()


def test_a_server_older_than_the_backup(restoring: Restoring) -> None:
    restoring.edit_manifest(lambda manifest: manifest.update(server_version="99.1"))

    assert "older than the 99.1 that the backup was made on" in restoring.plan().blockers[0]
    with restoring.refusing(PreflightFailed, "older than the 99.1"):
        restoring.load()


def test_a_swap_of_a_database_that_the_backup_is_not_of(restoring: Restoring) -> None:
    restoring.edit_manifest(lambda manifest: manifest.update(database="shop"))

    said = f"The backup is of the database shop, and the target's connection leads to {restoring.live}"
    (blocker,) = restoring.plan(mode="swap").blockers
    assert blocker.startswith(f"{said}, which a swap would replace")
    with restoring.refusing(PreflightFailed, "restore beside, and rename by hand"):
        restoring.load()

    beside = Restoring(restoring.loader, restoring.url)
    plan = beside.plan(mode="beside")
    assert (plan.blockers, any(warning.startswith(said) for warning in plan.warnings)) == ((), True)


def test_programs_older_than_the_backup(restoring: Restoring) -> None:
    restoring.edit_manifest(lambda manifest: manifest.update(pg_dump_version="99.1"))

    with restoring.refusing(PreflightFailed, "the backup was made by pg_dump 99.1"):
        restoring.plan()


def test_a_missing_extension(restoring: Restoring, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = DatabaseServer.facts
    monkeypatch.setattr(DatabaseServer, "facts", lambda self: replace(facts(self), extensions=frozenset({"plpgsql"})))

    assert "lacks extensions that the backup needs: pgcrypto" in restoring.plan().blockers[0]
    with restoring.refusing(PreflightFailed, "pgcrypto"):
        restoring.load()
    assert Restoring(restoring.loader, restoring.url).plan(tables=["public.events_1"]).blockers == ()


def test_not_enough_disk(restoring: Restoring) -> None:
    restoring.options = {"disk_size": "1MB"}

    assert "has about 0 B of its restore.disk_size free" in restoring.plan(mode="swap").blockers[0]
    with restoring.refusing(PreflightFailed, "restore.disk_size"):
        restoring.load()


def test_a_pooled_connection(restoring: Restoring) -> None:
    pooled = replace(restoring.place.live, pooled=True)
    direct = restoring.place.live

    for place in (RestorePlace(pooled, direct), RestorePlace(direct, pooled)):
        restoring.by = place
        with restoring.refusing(InvalidConnection, "transaction pooler"):
            restoring.plan()


def test_a_server_that_cannot_be_reached(restoring: Restoring) -> None:
    restoring.by = RestorePlace(*(replace(restoring.place.live, port=1),) * 2)

    with restoring.refusing(DatabaseError, "Start the server"):
        restoring.plan()


@pytest.fixture
def plain_role(postgres_server: EmbeddedPostgres) -> Any:
    """A role that may log in and nothing else."""
    name = f"plain {secrets.token_hex(3)}"
    postgres_server.create_role(name, "word")
    yield name
    execute(postgres_server.url(), f'REASSIGN OWNED BY "{name}" TO postgres', f'DROP ROLE "{name}"')


def as_role(restoring: Restoring, name: str) -> RestorePlace:
    return RestorePlace(restoring.place.live, replace(restoring.place.live, user=name, password="word"))


def test_a_role_without_createdb(restoring: Restoring, plain_role: str) -> None:
    restoring.by = as_role(restoring, plain_role)

    assert f"The role {plain_role} may not create databases" in " ".join(restoring.plan().blockers)
    with restoring.refusing(PreflightFailed, "CREATEDB"):
        restoring.load()


def test_a_role_that_does_not_own_the_live_database(restoring: Restoring, plain_role: str) -> None:
    restoring.tell(f'ALTER ROLE "{plain_role}" CREATEDB')
    restoring.by = as_role(restoring, plain_role)

    assert f"may not rename {restoring.live}: it must be a member of its owner postgres" in " ".join(
        restoring.plan(mode="swap").blockers
    )
    with restoring.refusing(PreflightFailed, "may not rename"):
        restoring.load()


def test_what_the_role_may_not_give_to_another_database_is_found_before_loading(
    restoring: Restoring, plain_role: str
) -> None:
    restoring.tell(
        f'ALTER ROLE "{plain_role}" CREATEDB',
        f'ALTER DATABASE "{restoring.live}" OWNER TO "{plain_role}"',
        f"ALTER ROLE postgres IN DATABASE \"{restoring.live}\" SET work_mem = '9MB'",
    )
    restoring.by, restoring.options = as_role(restoring, plain_role), {"owners": False}

    assert restoring.plan(mode="swap").blockers == ()
    with restoring.refusing(PreflightFailed, "cannot be applied to the restored database"):
        restoring.load()
