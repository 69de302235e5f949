"""Promise: a run of the probes names what has become slow and why, keeps what it measured, and leaves no trace."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbops.domain.connection import DatabaseAddress
from dbops.domain.probe_report import ProbeReport
from dbops.domain.target import Target
from dbops.gateways.s3_bucket import S3Bucket
from dbops.jobs.probe import probe
from demo.postgres import EmbeddedPostgres
from demo.summary_app.generate import create, generate
from tests.backups import target
from tests.validating import cloned

INCLUDE = Path(__file__).parents[2] / "include"
_LIST = "summary_list_newest"


@dataclass
class Probing:
    """A database with the reference application's probes, and a clock that a test moves."""

    url: str
    bucket: S3Bucket
    include: Path
    options: dict[str, Any] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def target(self) -> Target:
        document = target(self.bucket.name).model_dump(mode="json", exclude_unset=True)
        return Target.model_validate({**document, "name": "summary_app", "probes": self.options})

    @property
    def folder(self) -> Path:
        return self.include / "sql/summary_app/probes"

    def only(self, *names: str) -> None:
        for file in self.folder.glob("*.sql"):
            if file.stem not in names:
                file.unlink()

    def probe(self, weeks: int = 1) -> ProbeReport:
        self.now += timedelta(weeks=weeks)
        address = DatabaseAddress.from_url(self.url)
        return probe(self.target, address, self.bucket, include=self.include, run="test", clock=lambda: self.now)

    def tell(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def checksums(self) -> dict[str, str]:
        query = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} AS t"
        with psycopg.connect(self.url) as connection:
            tables = connection.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            return {
                table: connection.execute(query.format(table).encode()).fetchone()[0]  # type: ignore[index]
                for (table,) in tables
            }


@pytest.fixture(scope="module")
def sample(postgres_server: EmbeddedPostgres) -> Iterator[str]:
    """The URL of a sample database, to be copied."""
    name = "probed_sample"
    postgres_server.create_database(name)
    create(postgres_server.url(name))
    generate(postgres_server.url(name), 0.3)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def probing(postgres_server: EmbeddedPostgres, sample: str, bucket: S3Bucket, tmp_path: Path) -> Iterator[Probing]:
    include = tmp_path / "include"
    for part in ("sql", "expectations", "report"):
        shutil.copytree(INCLUDE / part, include / part)
    with cloned(postgres_server, sample) as url:
        yield Probing(url, bucket, include)
