"""Shop: a database, its bucket, and ``python -m dbops`` in this process, for stories of what went wrong elsewhere."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.cli.main import main
from dbops.cli.surroundings import Surroundings
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.gateways.s3 import S3Bucket
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import execute
from tests.faults.hostile_s3 import HostileS3, hostile_s3
from tests.unit.samples import target

REPOSITORY = Path(__file__).parents[2]
SHOP = (
    "CREATE TABLE customers AS SELECT n AS id, 'customer ' || n AS name FROM generate_series(1, 3000) n",
    # 7 MB that do not compress: more than one part of an upload
    """CREATE TABLE photos AS SELECT n AS id, (SELECT string_agg(md5(n || ' ' || i), '') FROM generate_series(1, 60) i)
       AS pixels FROM generate_series(1, 7000) n""",
    "ANALYZE",
)
ROWS = 10_000


@dataclass
class Shop:
    """What a shell knows of the target ``shop``. Its store is asked once, and may misbehave."""

    server: EmbeddedPostgres
    database: str
    bucket: S3Bucket
    proxy: HostileS3
    place: Path
    capture: pytest.CaptureFixture[str]
    environment: pytest.MonkeyPatch
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __post_init__(self) -> None:
        self.include = self.place / "include"
        (self.include / "targets").mkdir(parents=True)
        (self.include / "sql").mkdir()
        (self.include / "sql/catalog").symlink_to(REPOSITORY / "include/sql/catalog")
        (self.include / "defaults.yaml").write_text("{}\n")
        self.configure()

    def configure(self, **sections: Any) -> None:
        """Write the target's file anew."""
        storage = {
            "bucket": self.bucket.name,
            "prefix": "team",
            "part_size": "5MiB",
            "s3": {"attempts": 1, "addressing_style": "path"},
        }
        given = {"storage": storage, "backup": {"spool": str(self.place)}, **sections}
        self.target: Target = target(**given)
        document = self.target.model_dump(mode="json", exclude={"name"}, exclude_unset=True)
        (self.include / "targets/shop.yaml").write_text(json.dumps(document))

    @property
    def layout(self) -> Layout:
        """Where its objects lie."""
        return Layout(self.target.root)

    @property
    def url(self) -> str:
        """The database, as its owner."""
        return self.server.url(self.database)

    def tell(self, *statements: str) -> None:
        """Execute them in the database."""
        execute(self.url, *statements)

    def write_rules(self, *conditions: str) -> None:
        """Let each customer have to satisfy them."""
        rules = [{"type": "expect_rows_to_satisfy", "kwargs": {"condition": condition}} for condition in conditions]
        folder = self.include / "expectations/shop"
        folder.mkdir(parents=True)
        (folder / "customers.yaml").write_text(json.dumps({"table": "public.customers", "expectations": rules}))

    def connect_as(self, url: str) -> None:
        """Use that URL from now on."""
        self.environment.setenv("AIRFLOW_CONN_SHOP", url)

    def ask(self, *words: str, later: timedelta = timedelta()) -> tuple[int, dict[str, Any]]:
        """Exit status and JSON document of ``python -m dbops``, by a clock that is that much later."""
        self.capture.readouterr()
        around = Surroundings(self.include, clock=lambda: self.now + later, who="tester")
        status = main([*words, "--json"], around)
        out, err = self.capture.readouterr()
        assert "Traceback" not in err
        document: dict[str, Any] = json.loads(out)
        return status, document

    def back_up(self, *, later: timedelta = timedelta()) -> str:
        """Back it up well; gives the id."""
        status, report = self.ask("backup", "shop", later=later)
        assert (status, report.get("rows")) == (0, ROWS), report
        return str(report["backup_id"])

    def backups(self) -> dict[str, Any]:
        """What is listed, by id."""
        return {backup["backup_id"]: backup for backup in self.ask("backups", "shop")[1]["backups"]}

    def keys(self, prefix: str = "") -> list[str]:
        """Every key below the prefix, but for that of the index, a cache."""
        found = (stored.key for stored in self.bucket.list(prefix))
        return [key for key in found if "_indexes/" not in key]

    def restored(self) -> list[str]:
        """The databases that restores have made of it."""
        with psycopg.connect(self.server.url()) as connection:
            found = connection.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{self.database}__"]
            )
            return [str(row[0]) for row in found.fetchall()]

    def replace_program(self, name: str, script: str) -> None:
        """Let PostgreSQL's program of that name be a shell script, in which $REAL is the program itself."""
        programs = self.place / "programs"
        programs.mkdir(exist_ok=True)
        for real in self.server.bin_dir.iterdir():
            if real.name != name and not (programs / real.name).exists():
                (programs / real.name).symlink_to(real)
        stand_in = programs / name
        stand_in.unlink(missing_ok=True)
        stand_in.write_text(
            f'#!/bin/sh\nREAL="{self.server.bin_dir / name}"\n[ "$1" = --version ] && exec "$REAL" "$@"\n{script}\n'
        )
        stand_in.chmod(0o755)
        self.environment.setenv("DBOPS_PG_BIN", str(programs))


@contextmanager
def opened_shop(
    server: EmbeddedPostgres,
    template: str,
    store: SeaweedS3,
    bucket: S3Bucket,
    *,
    place: Path,
    capture: pytest.CaptureFixture[str],
) -> Iterator[Shop]:
    """A shop with a copy of the template; it is gone afterwards with all that restores have made of it."""
    database = f"shop_{secrets.token_hex(4)}"
    execute(server.url(), f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY file_copy")
    with pytest.MonkeyPatch.context() as patch, hostile_s3(store.endpoint_url) as proxy:
        for name, value in {
            "AIRFLOW_CONN_SHOP": server.url(database),
            "AWS_ENDPOINT_URL": proxy.endpoint_url,
            "AWS_ACCESS_KEY_ID": store.access_key,
            "AWS_SECRET_ACCESS_KEY": store.secret_key,
            "AWS_DEFAULT_REGION": store.region,
            "DBOPS_PG_BIN": str(server.bin_dir),
        }.items():
            patch.setenv(name, value)
        patch.delenv("DATABASE_URL", raising=False)
        shop = Shop(server, database, bucket, proxy, place, capture, patch)
        yield shop
    for made in (*shop.restored(), database):
        server.drop_database(made)
