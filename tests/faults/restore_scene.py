"""RestoreScene: a live database, a backup of what it once was, and the steps of a restore in processes of their own."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from dbops.domain.backups.backup import BackupId, BackupManifest
from dbops.domain.backups.layout import Layout
from dbops.domain.backups.storage import S3Options
from dbops.domain.restores.record import RestoreRecord, RestoreState
from dbops.gateways.s3 import S3Bucket
from dbops.gateways.store.restores import read_restore
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.approving import approve
from tests.backups import Desk, Programs, execute, target
from tests.faults.hostile_s3 import HostileS3, Mischief, SeenRequest, hostile_s3
from tests.faults.job import REPOSITORY, Job, end, wait_until
from tests.faults.restore_steps import StepsRequest
from tests.loading import Loader
from tests.restoring import Restoring

FILMS, VISITORS = 2000, 3000  # as in conftest.py
LIVE_VISITORS = VISITORS + 1


@dataclass
class RestoreScene:
    """``live`` has one visitor more than its backup; ``bystander`` only looks like something that a restore has left.

    Everything is done as an ordinary role, the owner of both. What goes on in this process meets no mischief.
    """

    server: EmbeddedPostgres
    restoring: Restoring
    proxy: HostileS3
    place: Path
    bystander: str
    jobs: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.live = self.restoring.live
        self.live_oid, self.bystander_oid = (self.databases()[name] for name in (self.live, self.bystander))

    @property
    def spool(self) -> Path:
        """Where the table of contents and the pipes are, while it is loaded."""
        return self.place / "spool"

    def start(self, *steps: str, restoring: Restoring | None = None, port: int | None = None) -> Job:
        """Start steps of a restore against the proxy, and against the relay at ``port`` where there is one."""
        written = self.asked(*steps, restoring=restoring, port=port)
        command = [sys.executable, "-m", "tests.faults.restore_steps", str(written)]
        job = Job(command, self.environment, self.spool, written.with_suffix(""))
        self.jobs.append(job)
        return job

    def asked(self, *steps: str, restoring: Restoring | None = None, port: int | None = None) -> Path:
        """The file that asks for these steps."""
        asked = restoring or self.restoring
        store = asked.loader.desk.store
        document = asked.target.model_dump(mode="json", exclude_unset=True)
        document["storage"]["s3"] = {"attempts": 3, "read_timeout": "20s"}
        request = StepsRequest(
            target=document,
            url=asked.url.replace(f":{self.server.port}/", f":{port or self.server.port}/"),
            run=asked.run,
            steps=list(steps),
            endpoint_url=self.proxy.endpoint_url,
            region=store.region,
            access_key=store.access_key,
            secret_key=store.secret_key,
            programs=str(asked.loader.desk.programs.folder),
        )
        self.spool.mkdir(exist_ok=True)
        written = self.place / f"job-{len(self.jobs)}.json"
        written.write_text(json.dumps(asdict(request)))
        return written

    @property
    def environment(self) -> dict[str, str]:
        """That of the steps."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{REPOSITORY / 'plugins'}:{REPOSITORY}",
            "TMPDIR": str(self.spool),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def another_run(self, **options: Any) -> Restoring:
        """Another restore of the same live database, begun in another second: names are by the second."""
        begun = datetime.now(UTC)
        wait_until(lambda: f"{datetime.now(UTC):%S}" != f"{begun:%S}", "the next second")
        ours = self.restoring
        return Restoring(ours.loader, ours.url, ours.approve, {**ours.options, **options})

    def record(self) -> RestoreRecord:
        """How far the restore is, as the bucket has it."""
        return read_restore(self.restoring.loader.bucket, self.restoring.target, self.restoring.run)

    def audit(self, action: str) -> list[dict[str, Any]]:
        """The entries of that action of this run, the oldest first: all scenes share a bucket."""
        bucket, folder = self.restoring.loader.bucket, Layout(self.restoring.target.root).audit_trail
        keys = sorted(stored.key for stored in bucket.list(folder) if stored.key.endswith(f"Z-{action}.json"))
        entries = [json.loads(bucket.get(key)) for key in keys]
        return [entry for entry in entries if entry["run"] == self.restoring.run]

    def approve(self, action: str, digest: str) -> None:
        """Somebody's yes to the plan of that digest."""
        asked = self.restoring
        approve(asked.loader.bucket, asked.target, run=asked.run, action=action, digest=digest)

    def file_of(self, table: str) -> str:
        """The name of a table's data file in the archive."""
        entries = self.restoring.loader.open().entries
        (entry,) = (entry for entry in entries if (entry.kind, entry.name) == ("TABLE DATA", table))
        return f"{entry.file}.zst"

    def reads(self, table: str) -> Callable[[SeenRequest], bool]:
        """Whether a request fetches rows of that table."""
        end = f"/{self.file_of(table)}"
        return lambda request: request.method == "GET" and request.path.partition("?")[0].endswith(end)

    def hold_rows_of(self, table: str) -> None:
        """From now on the store keeps that table's rows to itself, until ``proxy.release()``."""
        self.proxy.misbehave(Mischief.HOLD, when=self.reads(table))

    def swallow_record(self, number: int) -> None:
        """The store never gets the next restore's record but ``number - 1``, and never answers to it."""
        seen: list[SeenRequest] = []

        def is_it(request: SeenRequest) -> bool:
            if request.method == "PUT" and "/restores/" in request.path:
                seen.append(request)
                return len(seen) >= number
            return False

        self.proxy.misbehave(Mischief.SWALLOW, when=is_it)

    def wait_until_held(self, job: Job) -> None:
        """Wait until the store holds something back from the job."""
        job.wait_until(self.proxy.holding.is_set, "the store holds something back")

    def wait_until_half_loaded(self, job: Job) -> str:
        """Wait until one table is loaded and another held back; gives the name of the database."""
        self.wait_until_held(job)
        name = self.record().database
        job.wait_until(lambda: self.has_rows(name, "films", FILMS), "films are loaded")
        return name

    def has_rows(self, database: str, table: str, rows: int) -> bool:
        """Whether that table is there, with so many rows."""
        with self.administrator(database) as session:
            there = session.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
            if there != (True,):
                return False
            count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            return session.execute(count).fetchone() == (rows,)

    @contextmanager
    def administrator(
        self, database: str = "postgres", *, autocommit: bool = True
    ) -> Iterator[psycopg.Connection[Any]]:
        """A session of a superuser."""
        with psycopg.connect(self.server.url(database), autocommit=autocommit) as session:
            yield session

    def databases(self) -> dict[str, int]:
        """The oids of the live database and of all that are called after it."""
        live = self.restoring.live
        with self.administrator() as session:
            rows = session.execute("SELECT datname, oid::bigint FROM pg_database").fetchall()
        return {name: oid for name, oid in rows if name == live or name.startswith(f"{live}__")}

    def sessions(self) -> list[tuple[Any, ...]]:
        """Every session of ours on the server, whatever the database."""
        with self.administrator() as session:
            return session.execute(
                """SELECT pid, datname, application_name, wait_event_type, wait_event, left(query, 90)
                   FROM pg_stat_activity WHERE usename = %s AND application_name NOT LIKE 'app%%'""",
                [conninfo_to_dict(self.restoring.url)["user"]],
            ).fetchall()

    def wait_until_session(self, job: Job, beginning: str, wait_event: str) -> int:
        """Wait until a session of the job waits so in a statement that begins so; gives its pid."""

        def found() -> list[int]:
            return [pid for pid, _, _, _, event, query in self.sessions()
                    if query.startswith(beginning) and event == wait_event]  # fmt: skip

        return job.wait_until(found, f"{beginning} waits for {wait_event}")[0]

    def last_asked(self, beginning: str) -> bool:
        """Whether a session of ours has just asked something that begins so."""
        return any(query.startswith(beginning) for *_, query in self.sessions())

    def expect_quiet(self) -> None:
        """Within seconds nothing of any job runs here, nor on the server."""
        for job in self.jobs:
            assert job.process.poll() is not None
            wait_until(lambda job=job: not job.offspring(), "every process of the job has ended", 15)  # type: ignore[misc]
        wait_until(lambda: self.sessions() == [], "every session of the job has ended", 15)

    def expect_live_untouched(self) -> None:
        """The live database is itself, with its rows, and so is the bystander."""
        found = self.databases()
        assert found[self.live] == self.live_oid
        assert found[self.bystander] == self.bystander_oid
        assert self.visitors() == LIVE_VISITORS

    def expect_nothing_new(self) -> None:
        """No job has left a process, a session or a database."""
        self.expect_quiet()
        self.expect_live_untouched()
        assert self.databases().keys() == {self.live, self.bystander}

    def expect_swapped(self, record: RestoreRecord) -> None:
        """Every name is what the swap makes it, and the rows behind it."""
        assert record.state is RestoreState.SWAPPED
        assert record.before is not None
        assert self.databases() == {
            self.live: record.oid,
            record.before: self.live_oid,
            self.bystander: self.bystander_oid,
        }
        assert self.visitors() == VISITORS
        assert self.visitors(record.before) == LIVE_VISITORS

    def visitors(self, database: str | None = None) -> int:
        """How many visitors there are in the live database, or in another."""
        ((count,),) = self.restoring.ask("SELECT count(*) FROM visitors", database)
        return int(count)


@dataclass(frozen=True)
class Kiosk:
    """A backup of a small database that belongs to an ordinary role, in a bucket of its own."""

    owner: str
    password: str
    bucket: str
    backup_id: BackupId


def let_the_backup_be_of(database: str, loader: Loader) -> None:
    """The backup that all scenes share is of that one's database from now on: for another one no swap is planned."""
    key = Layout(target(loader.bucket.name).root).manifest(loader.backup_id)
    manifest = BackupManifest.from_json(loader.bucket.get(key))
    loader.bucket.put(key, replace(manifest, database=database).to_json())


@contextmanager
def restore_stage(
    server: EmbeddedPostgres,
    store: SeaweedS3,
    kiosk: Kiosk,
    place: Path,
    *,
    create: str = "TEMPLATE kiosk",
    fill: str = "SELECT",
) -> Iterator[RestoreScene]:
    """A live database on that server, made by ``CREATE DATABASE`` with these options; none of it outlives the block."""
    live = f"live_{secrets.token_hex(4)}"
    bystander = f"{live}__restore_20260101_000000"
    url = server.url(live, user=kiosk.owner, password=kiosk.password)
    as_owner = server.url(user=kiosk.owner, password=kiosk.password)
    execute(as_owner, f"CREATE DATABASE {live} {create}", f"CREATE DATABASE {bystander}")
    execute(url, fill, "INSERT INTO visitors VALUES (0, 'came after the backup')")
    client = store.client()
    options = S3Options(addressing_style="path")
    loader = Loader(Desk(Programs(server), store, client, kiosk.bucket, place), S3Bucket(client, kiosk.bucket, options))
    loader.backup_id = kiosk.backup_id
    with hostile_s3(store.endpoint_url) as proxy:
        scene = RestoreScene(server, Restoring(loader, url), proxy, place, bystander)
        try:
            yield scene
        finally:
            proxy.go_away()
            end(scene.jobs)
            client.close()
            if server.is_running():
                for name in scene.databases():
                    server.drop_database(name)
