"""Stage: the servers and sample databases that benchmarks run on. Databases are made once and kept in a folder."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from dbops.domain.backups.storage import S3Options
from dbops.gateways.s3 import S3Bucket, connect
from demo import ports
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from demo.summary_app import generate
from tests.servers import empty_and_delete

REPOSITORY = Path(__file__).parents[1]
STATE = Path(os.environ.get("DBOPS_BENCH_STATE") or Path(__file__).parent / ".state")
_SETTINGS = {
    "fsync": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "max_locks_per_transaction": "256",  # a dump locks every table: with the default of 64, 10,000 tables are too many
}


class Stage:
    """A running PostgreSQL server and a running S3 server, both on this machine."""

    def __init__(self, server: EmbeddedPostgres, store: SeaweedS3) -> None:
        self.server, self.store = server, store

    def sample(self, scale: float) -> str:
        """The name of the sample database of that scale, made where it is missing; says so, as it takes minutes."""
        name = f"sample_{scale:g}".replace(".", "_")
        if self._is_whole(name):
            return name
        print(
            f"Making the sample database of scale {scale:g}; it is kept in {STATE} for the next time", file=sys.stderr
        )
        self.server.drop_database(name)
        self.server.create_database(name)
        generate.create(self.server.url(name))
        generate.generate(self.server.url(name), scale)
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(f"COMMENT ON DATABASE {name} IS 'whole'; CHECKPOINT".encode())
        return name

    def _is_whole(self, name: str) -> bool:
        with psycopg.connect(self.server.url()) as connection:
            row = connection.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
            ).fetchone()
        return row is not None and row[0] == "whole"

    def size(self, name: str) -> int:
        """Bytes of a database on the server's disk."""
        with psycopg.connect(self.server.url()) as connection:
            row = connection.execute("SELECT pg_database_size(%s)", [name]).fetchone()
        return int(row[0]) if row else 0

    def settle(self) -> None:
        """Write to the disk what earlier runs have left to be written."""
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")

    @contextmanager
    def bucket(self) -> Iterator[str]:
        """A fresh bucket, which has taken a first object already; deleted afterwards with its disk space."""
        name = f"bench-{secrets.token_hex(4)}"
        self.store.create_bucket(name)
        yield name
        client = self.store.client()
        empty_and_delete(client, name)
        client.close()

    @contextmanager
    def opened(self, bucket: str) -> Iterator[S3Bucket]:
        """One of its buckets as dbops opens it."""
        client = connect(
            options=S3Options(),
            endpoint_url=self.store.endpoint_url,
            region=self.store.region,
            access_key=self.store.access_key,
            secret_key=self.store.secret_key,
        )
        yield S3Bucket(client, bucket, S3Options())
        client.close()

    def stored(self, bucket: str) -> int:
        """Bytes of all objects in a bucket."""
        client = self.store.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        total = sum(entry["Size"] for page in pages for entry in page.get("Contents", []))
        client.close()
        return total

    @property
    def spool(self) -> Path:
        """Where the backups of ``target`` spool."""
        return STATE / "include/spool"

    def environment(self, database: str, port: int | None = None) -> dict[str, str]:
        """What pg_dump, aws and dbops find the two servers by; ``port`` is a relay's."""
        scripts = Path(sys.executable).parent
        return {
            "PATH": f"{self.server.bin_dir}:{scripts}:{os.environ['PATH']}",
            "HOME": str(STATE),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port or self.server.port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.server.password,
            "PGDATABASE": database,
            "DATABASE_URL": self.server.url(database).replace(f":{self.server.port}/", f":{port or self.server.port}/"),
            "AWS_ENDPOINT_URL": self.store.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.store.access_key,
            "AWS_SECRET_ACCESS_KEY": self.store.secret_key,
            "AWS_DEFAULT_REGION": self.store.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": str(REPOSITORY / "plugins"),
        }

    def target(self, bucket: str, recipients: Sequence[str] = (), **backup: object) -> Path:
        """An include folder with one target, ``bench``, encrypted for the ``recipients``."""
        include = STATE / "include"
        (include / "targets").mkdir(parents=True, exist_ok=True)
        self.spool.mkdir(exist_ok=True)
        (include / "sql").unlink(missing_ok=True)  # the state may have been moved here from another clone
        (include / "sql").symlink_to(REPOSITORY / "include/sql")
        (include / "defaults.yaml").write_text("{}\n")
        target = {
            "connection": "bench",
            "environment": "development",
            "storage": {"bucket": bucket},
            "backup": {"spool": str(self.spool), **backup},
            "encryption": {"recipients": list(recipients)},
        }
        (include / "targets/bench.yaml").write_text(json.dumps(target))  # JSON is YAML
        return include


@contextmanager
def stage() -> Iterator[Stage]:
    """Start both servers; stop them afterwards. The databases stay, the objects do not."""
    STATE.mkdir(exist_ok=True)
    server = EmbeddedPostgres(
        STATE / "postgres", port=ports.choose_port(offsets=(0,)), password=_password(), settings=_SETTINGS
    )
    store = SeaweedS3(STATE / "s3", volume_size_mb=1024)
    store.destroy()  # what a run that was killed has left
    try:
        server.start()
        store.start()
        yield Stage(server, store)
    finally:
        store.destroy()
        server.stop()


def remove_state() -> None:
    """Delete the sample databases and everything else that is kept."""
    EmbeddedPostgres(STATE / "postgres", port=0).destroy()
    subprocess.run(["rm", "-rf", str(STATE)], check=True)


def _password() -> str:
    file = STATE / "password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(18))
    return file.read_text()
