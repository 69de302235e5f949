"""Promise: what would refuse a restore is known before anybody needs one, and asking changes nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from benchmarks.relay import Relay
from dbops.domain.backups.backup import BackupManifest
from dbops.domain.backups.layout import Layout
from dbops.domain.restores.rehearsal import Rehearsal
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.watch.restore_refused import refused_restores
from dbops.errors import DatabaseError, InvalidConnection
from dbops.gateways.store.rehearsals import read_rehearsal
from dbops.gateways.store.restores import all_restores
from dbops.gateways.store.target_indexes import read_index
from dbops.jobs.restores.rehearse_due import rehearse_due
from dbops.jobs.restores.rehearse_restore import rehearse_restore
from dbops.jobs.restores.restore_place import RestorePlace
from demo.seaweed import SeaweedS3
from tests.backups import counted_rows, execute
from tests.clock import now
from tests.faults.job import wait_until
from tests.restoring import Restoring
from tests.shell import REPOSITORY, Shell
from tests.sql_roles import DATABASE, OWNER, PASSWORD, ManagedShop, sql_statements
from tests.unit.samples import target

CREATEDB = (
    'The role {0} may not create databases: ALTER ROLE "{0}" CREATEDB, name another under restore.connection, or '
    "restore into an empty database, or into a schema."
)
MEMBER = (
    "The role {0} is not a member of roles that own what the backup holds: shop_owner. GRANT them to it, or set "
    "restore.owners: false, which makes {0} the owner of everything."
)
RENAME = (
    "The role {0} may not rename shop: it must be a member of its owner shop_owner, with CREATEDB; name such a role "
    "under restore.connection."
)
GRANTS = [text for text in sql_statements("access.md") if "dbops_restore" in text]


def rehearsed(restoring: Restoring, open_place: Callable[[], RestorePlace] | None = None) -> Rehearsal:
    """Rehearse it, see that nothing but the record is there afterwards, and give what it came to."""
    bucket, target = restoring.loader.bucket, restoring.target
    before = restoring.databases(), counted_rows(restoring.url), {stored.key for stored in bucket.list("")}
    found = rehearse_restore(
        target, bucket, open_place or (lambda: restoring.place), clock=now,
        programs=restoring.loader.desk.programs.folder,
    )  # fmt: skip
    assert found is not None
    assert (restoring.databases(), counted_rows(restoring.url)) == before[:2]
    made = {stored.key for stored in bucket.list("")} - before[2]
    assert {key.rpartition("/")[2] for key in made} <= {"rehearsal.json", f"{target.name}.json"}
    assert list(all_restores(bucket, target)) == []
    assert read_rehearsal(bucket, target) == found
    index = read_index(bucket, target)
    assert index is not None
    assert index.rehearsal == found
    assert bool(refused_restores(target, index)) == bool(found.refusals)
    return found


def as_role(managed: ManagedShop, role: str) -> RestorePlace:
    return RestorePlace(managed.address_of("dbops"), managed.address_of(role))


@contextmanager
def connected(managed: ManagedShop, role: str) -> Iterator[None]:
    """The application, which a swap would have to disconnect."""
    with psycopg.connect(managed.url_of(role)):
        yield


def test_the_documented_role_that_restores_is_ready(managed_restoring: Restoring, managed: ManagedShop) -> None:
    with connected(managed, "shop_prober"):
        found = rehearsed(managed_restoring)

    assert (found.refusals, found.unknown, found.is_ready) == ((), "", True)
    assert (found.role, found.backup_id) == ("dbops_restore", managed_restoring.loader.backup_id)


def test_the_documented_role_that_reads_is_told_all_that_it_lacks(
    managed_restoring: Restoring, managed: ManagedShop
) -> None:
    managed_restoring.by = as_role(managed, "dbops")
    with connected(managed, "shop_prober"):
        found = rehearsed(managed_restoring)

    assert found.role == "dbops"
    assert found.refusals == (
        MEMBER.format("dbops"),
        CREATEDB.format("dbops"),
        RENAME.format("dbops"),
        "The role dbops may not end the connections of shop_prober, which a swap has to do: GRANT pg_signal_backend TO "
        '"dbops".',
    )


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (next(text for text in GRANTS if text.endswith("CREATEDB")), "may not create databases"),
        (f"GRANT {OWNER} TO dbops_restore", "is not a member of roles that own what the backup holds: shop_owner"),
        ("GRANT pg_signal_backend TO dbops_restore", "may not end the connections of shop_prober"),
    ],
)
def test_each_statement_of_the_page_is_missed_by_name_and_once_it_was_given_all_is_ready(
    managed_restoring: Restoring, managed: ManagedShop, statement: str, sentence: str
) -> None:
    with connected(managed, "shop_prober"):
        with managed.lacking(statement):
            assert sentence in " ".join(rehearsed(managed_restoring).refusals)
        assert rehearsed(managed_restoring).is_ready


def test_every_statement_of_the_page_for_the_role_that_restores_is_tried_here() -> None:
    assert len(GRANTS) == 3


def test_a_connection_that_is_not_there_and_a_word_that_is_wrong_are_told_apart_from_a_refusal_of_the_server(
    managed_restoring: Restoring, managed: ManagedShop
) -> None:
    def missing() -> RestorePlace:
        raise InvalidConnection('The Airflow connection "shop_restore" is not defined.', "Define it.")

    assert rehearsed(managed_restoring, missing).refusals == (
        'The Airflow connection "shop_restore" is not defined. Define it.',
    )
    admin = replace(managed.address_of("dbops_restore"), port=1)
    found = rehearsed(managed_restoring, lambda: RestorePlace(managed.address_of("dbops"), admin))
    assert found.refusals == ()
    assert "Connection refused" in found.unknown
    assert PASSWORD not in found.unknown


def test_a_superuser_is_ready_and_a_subscription_is_for_the_day_of_a_swap(restoring: Restoring) -> None:
    restoring.tell("CREATE SUBSCRIPTION far CONNECTION 'dbname=far' PUBLICATION p WITH (connect = false)")
    try:
        assert rehearsed(restoring).is_ready
        assert "subscriptions" in " ".join(restoring.plan(mode="swap").blockers)
    finally:
        restoring.tell("ALTER SUBSCRIPTION far SET (slot_name = NONE)", "DROP SUBSCRIPTION far")


def test_a_rehearsal_waits_for_no_lock_that_somebody_holds_on_a_table(restoring: Restoring) -> None:
    with psycopg.connect(restoring.url) as holder:
        holder.execute("LOCK TABLE crm.orders IN ACCESS EXCLUSIVE MODE")
        found = rehearse_restore(
            restoring.target, restoring.loader.bucket, lambda: restoring.place, clock=now,
            programs=restoring.loader.desk.programs.folder,
        )  # fmt: skip
    assert found is not None
    assert found.is_ready


def test_an_extension_that_only_a_superuser_may_create_is_named(
    managed_restoring: Restoring, managed: ManagedShop
) -> None:
    with psycopg.connect(managed.url, autocommit=True) as superuser:
        available = superuser.execute(
            "SELECT name FROM pg_available_extension_versions WHERE superuser AND NOT trusted ORDER BY name = 'dblink'"
        ).fetchall()
        assert available, "this server has none that could be tried"
        (name,) = available[-1]
        superuser.execute(f'CREATE EXTENSION "{name}"'.encode())
        try:
            managed_restoring.loader.back_up(managed.url)
            found = rehearsed(managed_restoring)
            (planned,) = [said for said in managed_restoring.plan().warnings if "only a superuser" in said]
        finally:
            superuser.execute(f'DROP EXTENSION "{name}"'.encode())
    assert found.refusals == (planned,)
    assert f"dbops_restore is not one: {name}." in planned


def test_a_tablespace_in_which_the_role_may_make_nothing_is_named(
    managed_restoring: Restoring, managed: ManagedShop, tablespace: str
) -> None:
    managed_restoring.tell(f"ALTER DATABASE {DATABASE} SET TABLESPACE {tablespace}", database="postgres")
    try:
        (said,) = rehearsed(managed_restoring).refusals
        assert f'GRANT CREATE ON TABLESPACE "{tablespace}" TO "dbops_restore".' in said
        execute(managed.server.url(), f"GRANT CREATE ON TABLESPACE {tablespace} TO dbops_restore")
        assert rehearsed(managed_restoring).is_ready
    finally:
        managed_restoring.tell(f"ALTER DATABASE {DATABASE} SET TABLESPACE pg_default", database="postgres")


def test_from_a_shell_it_is_asked_at_once_and_kept(
    managed_restoring: Restoring, managed: ManagedShop, tmp_path: Path, s3_server: SeaweedS3
) -> None:
    include = tmp_path / "include"
    include.mkdir()
    (include / "sql").symlink_to(REPOSITORY / "include/sql")
    managed_restoring.options = {"connection": "shop_restore"}
    shell = Shell(
        "rehearse", managed_restoring.target, url=managed.url_of("dbops"), include=include,
        programs=managed_restoring.loader.desk.programs.folder, s3_server=s3_server,
    )  # fmt: skip
    shell.set(AIRFLOW_CONN_SHOP_RESTORE=managed.url_of("dbops_migrate"))
    status, document = shell.document()
    found = read_rehearsal(managed_restoring.loader.bucket, managed_restoring.target)
    assert found is not None
    assert (status, document["role"], tuple(document["refusals"])) == (1, OWNER, found.refusals)
    assert "may not create databases" in " ".join(found.refusals)
    shell.set(AIRFLOW_CONN_SHOP_RESTORE=managed.url_of("dbops_restore"))
    status, out, _ = shell.run()
    assert status == 0
    assert f"ready, planned {found.planned:%Y-%m-%d}" in out


@pytest.fixture
def tablespace(managed: ManagedShop) -> Iterator[str]:
    """One beside the default one, in the server's own folder."""
    name = "rehearsed_space"
    with psycopg.connect(managed.server.url(), autocommit=True) as superuser:
        superuser.execute("SET allow_in_place_tablespaces = on")
        superuser.execute(f"CREATE TABLESPACE {name} LOCATION ''".encode())
        yield name
        superuser.execute(f"DROP TABLESPACE {name}".encode())


def test_a_host_that_never_answers_is_waited_for_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as dead:
        address = DatabaseAddress("shop", "127.0.0.1", dead.getsockname()[1], options={"connect_timeout": "2"})
        with pytest.raises(DatabaseError, match="timeout expired"):
            RestorePlace(address, address).server(target())
        dead.setblocking(False)
        dead.accept()[0].close()
        with pytest.raises(BlockingIOError):
            dead.accept()


def test_a_server_that_is_stuck_for_good_keeps_no_other_from_being_asked(
    restoring: Restoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBOPS_PG_BIN", str(restoring.loader.desk.programs.folder))
    bucket, shop, live = restoring.loader.bucket, restoring.target, restoring.place.live
    stuck = shop.model_copy(update={"name": "stuck"})
    copy_backup(restoring, stuck)
    others_are_done = threading.Event()

    def clock() -> datetime:
        return now() + (timedelta(hours=1) if others_are_done.is_set() else timedelta(0))

    def wait_for_others() -> None:
        wait_until(lambda: read_rehearsal(bucket, shop) is not None and len(at_work()) == 1, "the others")
        others_are_done.set()

    assert live.host is not None
    assert live.port is not None
    with Relay(live.host, live.port) as relay:
        relay.swallows = True
        silent = replace(live, port=relay.port, options={**live.options, "connect_timeout": "0"})  # it waits for ever
        places = {shop.name: restoring.place, stuck.name: RestorePlace(silent, silent)}
        threading.Thread(target=wait_for_others, daemon=True).start()
        ready, left = rehearse_due(
            [stuck, shop], lambda _: bucket, lambda target: places[target.name], clock=clock,
            within=timedelta(hours=2), patience=timedelta(hours=1),
        )  # fmt: skip
        assert ready.startswith(f"{shop.name}: A restore of {shop.name}: ready")
        assert "has not answered within 1h" in left
        found = read_rehearsal(bucket, stuck)
        assert found is not None
        assert found.unknown
    for thread in at_work():
        thread.join()


def at_work() -> list[threading.Thread]:
    """Whoever asks a server at this moment."""
    return [thread for thread in threading.enumerate() if thread.name == "one-a-server"]


def copy_backup(restoring: Restoring, to: Target) -> None:
    """Let that target have the backup, too."""
    bucket, backup_id = restoring.loader.bucket, restoring.loader.backup_id
    source, own = (Layout(target.root) for target in (restoring.target, to))
    manifest = BackupManifest.from_json(bucket.get(source.manifest(backup_id)))
    for file in manifest.files:
        bucket.put(own.folder(backup_id) + file.name, bucket.get(source.folder(backup_id) + file.name))
    bucket.put(own.manifest(backup_id), replace(manifest, target=to.name).to_json())
