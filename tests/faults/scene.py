"""Scene: a database worth a backup, a store, and a backup job in a process of its own, for whatever befalls it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from dbops.domain.backups.layout import Layout
from dbops.domain.backups.report import BackupReport
from dbops.domain.options.encryption import Encryption
from dbops.domain.target import Target
from dbops.gateways.store.catalogs import read_catalog
from dbops.jobs.backups.expire import expire
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import NAME, Programs, backed_up, folder_of, keys, opened, target, unfinished_uploads
from tests.faults.dying import Nursery
from tests.faults.hostile_s3 import HostileS3, Mischief
from tests.faults.job import REPOSITORY, Job, Outcome, wait_until, working_in
from tests.faults.nursery import Task

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

YESTERDAY = timedelta(days=1)


@dataclass(frozen=True)
class Premiere:
    """A backup that was made yesterday of what every scene's database is a copy of, in a bucket of its own."""

    client: S3Client
    bucket: str
    report: BackupReport

    def copy_into(self, bucket: str) -> BackupReport:
        """The same backup in another bucket, as if it had been made there."""
        for key in keys(self.client, self.bucket):
            self.client.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": self.bucket, "Key": key})
        folder = folder_of(self.report, self.bucket)
        return replace(self.report, location=f"s3://{bucket}/{folder}")

    @classmethod
    def made(cls, client: S3Client, bucket: str, store: SeaweedS3, url: str, programs: Path) -> Premiere:
        """Of the database at that URL."""
        return cls(client, bucket, backed_up(target(bucket, jobs=2), url, store, programs, ago=YESTERDAY))


@dataclass
class Scene:
    """One database, its bucket behind a proxy that may misbehave, and a folder for everything else.

    What is backed up is encrypted once a test has named ``recipients``.
    """

    server: EmbeddedPostgres
    database: str
    store: SeaweedS3
    proxy: HostileS3
    client: S3Client
    bucket: str
    place: Path
    programs: Programs
    public: Path
    premiere: Premiere
    jobs: list[Job] = field(default_factory=list)
    recipients: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The database, directly."""
        return self.server.url(self.database)

    @property
    def spool(self) -> Path:
        """Where the spools are made."""
        return self.place / "spool"

    @property
    def layout(self) -> Layout:
        """Where the target's things lie in the bucket."""
        return Layout(self.target().root)

    def target(self, *, s3: dict[str, Any] | None = None, **backup: Any) -> Target:
        """The target: a small spool, two workers, a store that is asked three times."""
        storage = {"part_size": "5MiB", "s3": {"attempts": 3, "read_timeout": "20s", **(s3 or {})}}
        wanted = target(
            self.bucket, storage=storage, **{"jobs": 2, "spool": str(self.spool), "spool_cap": "16MiB", **backup}
        )
        return wanted.model_copy(update={"encryption": Encryption(recipients=self.recipients)})

    def start(
        self,
        *,
        port: int | None = None,
        wrapper: list[str] | None = None,
        s3: dict[str, Any] | None = None,
        **backup: Any,
    ) -> Job:
        """Start a backup against the proxy, and against the relay at ``port`` where there is one."""
        return self._start("backup", self.target(s3=s3, **backup), port=port, wrapper=wrapper)

    def run(self, births: Nursery) -> Outcome:
        """Make a backup against the proxy, to its end: one that nobody has to meet on its way."""
        output = self.place / f"run-{secrets.token_hex(4)}"
        command = ["backup", NAME, "--json"]
        outcome = births.run(Task("dbops", command, self.environment(self.target()), None, str(output)))
        wait_until(lambda: not working_in(self.spool), "every process of the job has ended", 15)
        return outcome

    def start_drill(self, *, wrapper: list[str] | None = None) -> Job:
        """Start a drill against the proxy; its server's data lie in the public folder."""
        wanted = self.target()
        options = wanted.drill.model_copy(update={"directory": str(self.public)})
        return self._start("drill", wanted.model_copy(update={"drill": options}), wrapper=wrapper)

    def _start(self, verb: str, wanted: Target, *, port: int | None = None, wrapper: list[str] | None) -> Job:
        command = [*(wrapper or []), sys.executable, "-m", "dbops", verb, NAME, "--json"]
        job = Job(command, self.environment(wanted, port=port), self.spool, self.place / f"job-{len(self.jobs)}")
        self.jobs.append(job)
        return job

    def environment(self, wanted: Target, *, port: int | None = None) -> dict[str, str]:
        """That of a job for this target, whose file is written; against the proxy, and the relay at ``port``."""
        include = self.place / "include"
        (include / "targets").mkdir(parents=True, exist_ok=True)
        (include / "defaults.yaml").write_text("{}\n")
        with contextlib.suppress(FileExistsError):
            (include / "sql").symlink_to(REPOSITORY / "include/sql")
        document = wanted.model_dump(mode="json", exclude={"name"}, exclude_unset=True)
        (include / f"targets/{NAME}.yaml").write_text(json.dumps(document))
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY / "plugins"),
            "DBOPS_INCLUDE": str(include),
            "DBOPS_PG_BIN": str(self.programs.folder),
            f"AIRFLOW_CONN_{NAME.upper()}": self.url.replace(f":{self.server.port}/", f":{port or self.server.port}/"),
            "AWS_ENDPOINT_URL": self.proxy.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.store.secret_key,
            "AWS_DEFAULT_REGION": self.store.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def hold_parts(self) -> None:
        """From now on the store takes no part of an upload, until ``proxy.release()``."""
        self.proxy.misbehave(Mischief.HOLD, when=lambda request: request.is_part)

    def good_backup(self) -> BackupReport:
        """Let there be a backup of yesterday, when the database was new."""
        return self.premiere.copy_into(self.bucket)

    def back_up(self, *, ago: timedelta = timedelta()) -> BackupReport:
        """Make a backup past every mischief."""
        return backed_up(self.target(spool_cap="64MiB"), self.url, self.store, self.programs.folder, ago=ago)

    def verdicts(self) -> list[str]:
        """The keys of every verification."""
        return [key for key in self.objects() if "/verifications/" in key]

    def sessions(self) -> list[tuple[Any, ...]]:
        """Who is connected to the database."""
        with psycopg.connect(self.server.url()) as connection:
            return connection.execute(
                """SELECT application_name, state, wait_event, left(query, 60) FROM pg_stat_activity
                   WHERE datname = %s AND backend_type <> 'autovacuum worker'""",
                [self.database],
            ).fetchall()

    def objects(self, report: BackupReport | None = None) -> list[str]:
        """Every key in the bucket but that of the index, a cache; or those of one backup."""
        found = keys(self.client, self.bucket, folder_of(report, self.bucket) if report else "")
        return [key for key in found if key != self.layout.index]

    def manifests(self) -> list[str]:
        """The keys of every manifest."""
        return [key for key in self.objects() if key.endswith("manifest.json")]

    def uploads(self) -> list[str]:
        """Uploads that were begun and neither completed nor aborted."""
        return unfinished_uploads(self.client, self.bucket)

    def expect_no_process_and_no_session(self) -> None:
        """Within seconds nothing of any job runs here, and nothing of it is connected to the database."""
        for job in self.jobs:
            assert job.process.poll() is not None
            wait_until(lambda job=job: not job.offspring(), "every process of the job has ended", 15)  # type: ignore[misc]
        wait_until(lambda: self.sessions() == [], "every session of the job has ended", 15)

    def expect_only(self, good: BackupReport, good_keys: list[str]) -> None:
        """Nothing is left of a job that failed and could clean up."""
        self.expect_no_process_and_no_session()
        assert self.objects() == good_keys == self.objects(good)
        assert self.uploads() == []
        assert list(self.spool.iterdir()) == []

    def expect_recovery(self, good: BackupReport, good_keys: list[str]) -> None:
        """What was good is untouched, retention deletes nothing of it, and the next run succeeds and tidies up."""
        assert self.objects(good) == good_keys
        next_one = self.back_up()
        assert next_one.rows == good.rows
        assert self.uploads() == []
        assert list(self.spool.iterdir()) == []
        later = datetime.now(UTC) + 2 * YESTERDAY
        wanted = self.target()
        with opened(wanted, self.store) as bucket:
            expire(wanted, bucket, clock=lambda: datetime.now(UTC))
            assert self.objects(good) == good_keys
            expire(wanted, bucket, clock=lambda: later)
            catalog = read_catalog(bucket, wanted)
        assert [entry.backup_id for entry in catalog.entries] == [good.backup_id, next_one.backup_id]
        assert catalog.leftovers == ()
        assert self.objects(good) == good_keys


def address_of(server: EmbeddedPostgres) -> tuple[str, int]:
    """Host and port of the server."""
    address = conninfo_to_dict(server.url())
    return str(address["host"]), int(str(address["port"]))
