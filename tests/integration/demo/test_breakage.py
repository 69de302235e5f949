"""What `make demo-break` breaks is noticed by real checks and drills, and what their mails say mends it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from dbops.domain.backups.drill_report import DrillReport
from dbops.domain.checks.report import CheckReport
from dbops.domain.checks.suite import CheckResult
from dbops.domain.report import Verdict
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.s3 import S3Bucket
from dbops.jobs.backups.back_up import back_up
from dbops.jobs.backups.drill import drill
from dbops.jobs.checks.check import check
from demo.breakage import Breakage, DamagedBackup, DroppedIndex, Orphans
from demo.postgres import EmbeddedPostgres
from demo.records import Records
from tests.clock import now
from tests.drills import public_folder
from tests.validating import cloned

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

INCLUDE = Path(__file__).parents[3] / "include"
NAME = "summary_app"


@dataclass
class Scene:
    """A sample database of a test's own, its bucket, and the jobs that look at both."""

    url: str
    bucket: S3Bucket
    records: Records
    target: Target
    programs: Path

    def back_up(self) -> None:
        back_up(self.target, self._address, self.bucket, run="backup", clock=now, programs=self.programs)

    def check(self) -> CheckReport:
        return check(self.target, self._address, self.bucket, include=INCLUDE, run="check", clock=now, full=False)

    def drill(self) -> DrillReport:
        return drill(self.target, self.bucket, run="drill", clock=now, programs=self.programs, force=True)

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @property
    def _address(self) -> DatabaseAddress:
        return DatabaseAddress.from_url(self.url)


@pytest.fixture
def scene(
    postgres_server: EmbeddedPostgres, sample_template: str, store_client: S3Client, bucket: S3Bucket
) -> Iterator[Scene]:
    with (
        cloned(postgres_server.url(), sample_template, f"broken_{secrets.token_hex(4)}") as url,
        public_folder() as place,
    ):
        target = Target.model_validate(
            {
                "name": NAME,
                "connection": NAME,
                "environment": "development",
                "storage": {"bucket": bucket.name, "prefix": "team"},
                "drill": {"directory": str(place)},
            }
        )
        records = Records(store_client, bucket=bucket.name, folder=f"team/{NAME}")
        yield Scene(url, bucket, records, target, postgres_server.bin_dir)


def on_schema(report: CheckReport) -> list[CheckResult]:
    """The errors of the schema, in the mail's order."""
    return [result for result in report.bad if result.group == "schema" and result.severity == "error"]


def test_a_fresh_sample_is_not_broken(scene: Scene) -> None:
    breakages = (
        Orphans(scene.url, scene.records),
        DroppedIndex(scene.url, scene.records),
        DamagedBackup(scene.records),
    )

    assert [breakage.is_there() for breakage in breakages] == [False] * 3
    assert [breakage.finding() for breakage in breakages] == [None] * 3


def test_a_key_that_was_never_validated_or_lies_on_another_table_is_none_and_is_mended(scene: Scene) -> None:
    orphans = Orphans(scene.url, scene.records)
    orphans.make()
    scene.execute(  # what a mend leaves whose second step failed, and a table of somebody else's
        'ALTER TABLE "ShareLink" ADD CONSTRAINT "ShareLink_summaryId_fkey" FOREIGN KEY ("summaryId") '
        'REFERENCES "Summary"(id) ON UPDATE CASCADE ON DELETE CASCADE NOT VALID',
        'CREATE TABLE other ("summaryId" text, CONSTRAINT "ShareLink_summaryId_fkey" '
        'FOREIGN KEY ("summaryId") REFERENCES "Summary"(id))',
    )

    assert orphans.is_there()
    orphans.mend()
    assert not orphans.is_there()
    orphans.make()
    assert orphans.is_there()


def test_the_checks_find_orphans_and_a_dropped_index_and_have_the_statements_that_mend_them(scene: Scene) -> None:
    orphans, index = Orphans(scene.url, scene.records), DroppedIndex(scene.url, scene.records)

    assert "3 links lead nowhere" in orphans.make()
    index.make()
    report = scene.check()

    assert orphans.is_there()
    assert index.is_there()
    assert report.verdict is Verdict.FAILED
    assert orphans.finding() == "public.ShareLink: a link leads to a summary: 3 rows break it"
    assert "Summary_videoId_idx is missing" in str(index.finding())

    scene.execute('DELETE FROM "ShareLink" WHERE "summaryId" NOT IN (SELECT id FROM "Summary")')
    for result in on_schema(report):
        scene.execute(*result.sql.split(";\n"))
    assert not orphans.is_there()
    assert not index.is_there()


@pytest.mark.parametrize("kind", [Orphans, DroppedIndex])
def test_what_was_broken_in_the_database_is_mended_and_can_be_broken_again(
    scene: Scene, kind: type[Orphans | DroppedIndex]
) -> None:
    breakage: Breakage = kind(scene.url, scene.records)
    breakage.make()

    breakage.mend()

    assert not breakage.is_there()
    assert on_schema(scene.check()) == []
    assert breakage.finding() is None
    breakage.make()
    assert breakage.is_there()


def test_an_index_whose_build_was_interrupted_is_still_broken_and_mended(scene: Scene) -> None:
    index = DroppedIndex(scene.url, scene.records)
    scene.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\"Summary_videoId_idx\"'::regclass")
    assert index.is_there()

    index.mend()

    assert not index.is_there()


def test_a_drill_finds_the_corrupted_backup_and_the_next_backup_takes_its_place(scene: Scene) -> None:
    damaged = DamagedBackup(scene.records)
    scene.back_up()
    bad = scene.records.newest_backup()

    damaged.make()
    report = scene.drill()

    assert damaged.is_there()
    assert report.verdict is Verdict.FAILED
    assert "is damaged: its sha256 is" in str(damaged.finding())
    assert "a new backup takes its place" in damaged.mend()
    scene.back_up()
    assert scene.records.newest_backup() != bad
    assert not damaged.is_there()
    assert damaged.finding() is None


def test_what_no_drill_has_noticed_is_flipped_back(scene: Scene) -> None:
    damaged = DamagedBackup(scene.records)
    scene.back_up()
    damaged.make()

    assert "flipped back" in damaged.mend()

    assert not damaged.is_there()
    assert scene.drill().verdict is Verdict.OK
    proof = scene.records.newest_proof()
    assert proof is not None
    assert proof["backup_id"] == scene.records.newest_backup()
