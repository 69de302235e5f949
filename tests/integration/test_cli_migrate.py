"""`python -m dbops migrate` as its own process: the plan, the first migration, the typed name, and what it leads to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.migrations.record import MigrationRecord
from dbops.gateways.migrating.ledger import read_ledger
from dbops.gateways.s3.bucket import S3Bucket
from dbops.gateways.store.run_records import all_records
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import NAME, Programs
from tests.drills import public_folder
from tests.migrating_plan import Planning, pushed
from tests.shell import REPOSITORY, Shell


def records(planning: Planning) -> list[MigrationRecord]:
    folder = Layout(planning.target.root).migrations
    return list(all_records(planning.bucket, folder, MigrationRecord.from_json))


@pytest.fixture
def planning(
    postgres_server: EmbeddedPostgres, sample_template: str, tmp_path: Path, programs: Programs, bucket: S3Bucket
) -> Iterator[Planning]:
    with pushed(postgres_server, sample_template) as url, public_folder() as place:
        yield Planning(url, tmp_path / "include", place, programs.folder, bucket)


@pytest.fixture
def shell(planning: Planning, s3_server: SeaweedS3) -> Shell:
    (planning.include / "sql/catalog").symlink_to(REPOSITORY / "include/sql/catalog")
    return Shell(
        "migrate",
        planning.target,
        url=planning.url,
        include=planning.include,
        programs=planning.programs,
        s3_server=s3_server,
    )


def test_the_plan_is_one_document_and_what_stands_in_the_way_is_status_1(shell: Shell, planning: Planning) -> None:
    status, document = shell.document("--plan")

    assert status == 1
    assert document["blockers"] == [
        f"There is no good backup of {NAME}. Make one first: `python -m dbops backup {NAME}`."
    ]
    assert (document["needs_baseline"], len(document["digest"])) == (True, 64)
    assert [one["marked"] for one in document["migrations"]] == [True, False, False]

    planning.keep_backup()
    status, out, _ = shell.run("--plan")
    assert status == 0
    assert out.startswith(f"## Migration of {NAME}: mark 0_init as applied and apply 2 migrations")
    assert document["digest"] in out


def test_a_database_without_migrations_is_told_how_to_begin_and_the_first_one_is_proven(
    shell: Shell, planning: Planning
) -> None:
    shutil.rmtree(planning.folder)
    planning.keep_backup()

    status, document = shell.document("--plan")
    assert (status, len(document["blockers"])) == (1, 1)
    assert f"`python -m dbops migrate {NAME} --init`" in document["blockers"][0]

    status, document = shell.document("--init")
    assert (status, document["verdict"]) == (0, "ok")

    status, document = shell.document("--plan")
    assert (status, document["blockers"]) == (0, [])
    assert document["migrations"] == [{"name": "0_init", "marked": True}]


def test_only_one_of_the_two_can_be_asked_for(shell: Shell) -> None:
    status, _, err = shell.run("--plan", "--init")

    assert status == 2
    assert "--init" in err


def test_without_a_terminal_it_is_refused_before_anything_is_planned(shell: Shell, planning: Planning) -> None:
    status, _, err = shell.run()

    assert status == 2
    assert "by typing the target's name at a terminal" in err
    assert records(planning) == []


def test_when_anything_but_the_name_is_typed_nothing_is_touched(shell: Shell, planning: Planning) -> None:
    planning.keep_backup()

    status, _, err = shell.run(typed="yes")

    assert status == 3
    assert "was not approved" in err
    [record] = records(planning)
    assert (record.state, record.backup_id) == ("planned", None)
    assert read_ledger(planning.address) is None


def test_when_the_name_is_typed_the_plan_that_was_shown_is_applied_and_checked(
    shell: Shell, planning: Planning
) -> None:
    planning.keep_backup()

    status, out, err = shell.run(typed=NAME)

    assert status == 0, err
    assert f"Migration of {NAME}: mark 0_init as applied" in err, "the plan is shown before anything is asked"
    assert f"{NAME} is migrated: 0_init is marked as applied, 2 migrations applied, and checked." in out
    assert [row.name for row in read_ledger(planning.address) or ()] == [one.name for one in planning.migrations]
    [record] = records(planning)
    assert f"The backup {record.backup_id} was made right before." in " ".join(out.split())
    assert record.approved_by
    audit = [stored.key for stored in planning.bucket.list(f"{planning.target.root}audit/")]
    assert [key.rpartition("Z-")[2] for key in audit] == ["approval-typed.json", "migrate.json"]

    status, out, _ = shell.run(typed=NAME)
    assert status == 0
    assert f"There is nothing to migrate in {NAME}" in out
