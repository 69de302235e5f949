"""Promise: a password that is good for minutes, as a cloud's token is, breaks no job that takes longer than that."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from dbops.domain.report import Verdict
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.processes import token_file
from dbops.gateways.s3 import S3Bucket
from dbops.jobs.backups.back_up import back_up
from dbops.jobs.restores.restore_place import RestorePlace
from demo.postgres import EmbeddedPostgres
from tests.backups import Desk, execute, target
from tests.clock import now
from tests.drills import DisturbedBucket, Ground, public_folder
from tests.loading import SHOP
from tests.restoring import Restoring
from tests.sql_roles import READ, WRITE, ManagedShop, Work


class ExpiringToken:
    """What logs a role in: only the newest that was made does."""

    def __init__(self, server: EmbeddedPostgres, role: str) -> None:
        self._server, self._role = server, role
        self.asked = 0
        self.expire()

    def expire(self) -> None:
        """Make what was given so far worthless."""
        self._word = rf"{secrets.token_hex(8)}:5432/?Action=connect\&{secrets.token_hex(700)}"
        with psycopg.connect(self._server.url(), autocommit=True) as superuser:
            role, word = sql.Identifier(self._role), sql.Literal(self._word)
            superuser.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, word))

    def expire_while_a_program_runs(self) -> None:
        """The same, and wait until whoever renews the program's token has the new one."""
        self.expire()
        before = self.asked
        wait_until(lambda: self.asked >= before + 2)  # the first answer has been written down by then

    def __call__(self) -> str:
        self.asked += 1
        return self._word

    def address(self, database: str) -> DatabaseAddress:
        address = DatabaseAddress.from_url(self._server.url(database, user=self._role, password=""))
        return replace(address, password=None, token=self)


class OncePerSession(ExpiringToken):
    """One that serves only whoever asked last."""

    def __call__(self) -> str:
        self.expire()
        return super().__call__()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def database_of(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])


@pytest.fixture
def token(postgres_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExpiringToken]:
    """That of a superuser; programs' are renewed all the time."""
    monkeypatch.setattr(token_file, "RENEWED_EVERY", 0.01)
    role = f"cloud_{secrets.token_hex(4)}"
    execute(postgres_server.url(), f"CREATE ROLE {role} LOGIN SUPERUSER")
    yield ExpiringToken(postgres_server, role)
    execute(postgres_server.url(), f"DROP ROLE {role}")


@pytest.mark.parametrize("split_above", [None, 1], ids=["pg_dump alone", "several connections a table"])
def test_a_backup_whose_token_ends_before_its_workers_have_connected_goes_on(
    token: ExpiringToken, desk: Desk, bucket: S3Bucket, empty_database: str, split_above: int | None
) -> None:
    execute(
        empty_database,
        "CREATE TABLE big AS SELECT n, repeat('x', 500) AS text FROM generate_series(1, 2000) n",
        "CREATE TABLE small AS SELECT n FROM generate_series(1, 10) n",
        "VACUUM ANALYZE",
    )
    wanted = target(desk.bucket, jobs=3, split_above=split_above)
    programs = 1 if split_above is None else 2
    with psycopg.connect(empty_database) as migration, ThreadPoolExecutor(1) as beside:
        migration.execute("LOCK TABLE small IN ACCESS EXCLUSIVE MODE")
        backing = beside.submit(
            back_up, wanted, token.address(database_of(empty_database)), bucket,
            run="test", clock=now, programs=desk.programs.folder,
        )  # fmt: skip

        def is_held_up() -> bool:
            if backing.done():
                backing.result()
            query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'small'::regclass"
            return migration.execute(query).fetchone() == (programs,)

        wait_until(is_held_up)
        token.expire_while_a_program_runs()
        migration.rollback()
        report = backing.result()
    assert report.rows == 2010


def test_a_restore_whose_token_ends_while_rows_come_in_and_after_each_step_is_proven_and_swapped(
    token: ExpiringToken, restoring: Restoring
) -> None:
    restoring.by = RestorePlace(token.address(restoring.live), token.address(restoring.live))
    largest = max(restoring.loader.open().data_files, key=lambda file: file.bytes)
    restoring.loader.bucket = DisturbedBucket(restoring.loader.bucket, largest.name, token.expire_while_a_program_runs)
    restoring.plan(mode="swap")
    for step in (restoring.load, restoring.analyze, restoring.verify, restoring.swap, restoring.post_check):
        token.expire()
        step()
    assert restoring.report().verdict is Verdict.OK


def test_a_drill_on_a_scratch_server_whose_token_ends_while_rows_come_in_gives_its_verdict(
    token: ExpiringToken, ground: Ground, empty_database: str
) -> None:
    execute(empty_database, *SHOP)
    ground.loader.back_up(empty_database)
    ground.disturb(token.expire_while_a_program_runs)

    report = ground.drill(scratch=token.address("postgres"))

    assert report.verification is not None
    assert report.verification.errors == ()
    assert report.verification.ok


class CloudShop(ManagedShop):
    """The managed shop, whose roles log in with a token that serves one session."""

    def address_of(self, role: str) -> DatabaseAddress:
        return OncePerSession(self.server, role).address("shop")


def test_checks_and_probes_ask_for_a_token_each_time_they_connect(
    managed: ManagedShop, desk: Desk, bucket: S3Bucket, tmp_path: Path
) -> None:
    with public_folder() as place:
        work = Work(CloudShop(managed.server), desk, bucket, tmp_path / "include", place)
        work.write_rules()
        assert work.check().verdict is Verdict.OK
        assert work.probe("shop_prober", read=READ, write=WRITE).verdict is Verdict.OK
