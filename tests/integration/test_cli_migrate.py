"""`python -m dbops migrate` as its own process: the plan, the first migration, and what is neither."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dbops.gateways.s3.bucket import S3Bucket
from demo.postgres import EmbeddedPostgres
from demo.seaweed import SeaweedS3
from tests.backups import NAME, Programs
from tests.drills import public_folder
from tests.migrating_plan import Planning, pushed

REPOSITORY = Path(__file__).resolve().parents[2]


class Shell:
    """A shell in which the target of a Planning is known."""

    def __init__(self, planning: Planning, s3_server: SeaweedS3) -> None:
        self.planning = planning
        include = planning.include
        (include / "targets").mkdir()
        (include / "defaults.yaml").write_text("{}\n")
        (include / "sql/catalog").symlink_to(REPOSITORY / "include/sql/catalog")
        document = planning.target.model_dump(mode="json", exclude={"name"}, exclude_unset=True)
        (include / f"targets/{NAME}.yaml").write_text(json.dumps(document))
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY / "plugins"),
            "DBOPS_INCLUDE": str(include),
            "DBOPS_PG_BIN": str(planning.programs),
            f"AIRFLOW_CONN_{NAME.upper()}": planning.url,
            "AWS_ENDPOINT_URL": s3_server.endpoint_url,
            "AWS_ACCESS_KEY_ID": s3_server.access_key,
            "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
            "AWS_DEFAULT_REGION": s3_server.region,
        }

    def run(self, *argv: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "dbops", "migrate", NAME, *argv],
            cwd="/",
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def document(self, *argv: str) -> tuple[int, Any]:
        status, out, err = self.run(*argv, "--json")
        assert out.count("\n") == 1, err
        return status, json.loads(out)


@pytest.fixture
def planning(
    postgres_server: EmbeddedPostgres, sample_template: str, tmp_path: Path, programs: Programs, bucket: S3Bucket
) -> Iterator[Planning]:
    with pushed(postgres_server, sample_template) as url, public_folder() as place:
        yield Planning(url, tmp_path / "include", place, programs.folder, bucket)


@pytest.fixture
def shell(planning: Planning, s3_server: SeaweedS3) -> Shell:
    return Shell(planning, s3_server)


def test_the_plan_is_one_document_and_what_stands_in_the_way_is_status_1(shell: Shell) -> None:
    status, document = shell.document("--plan")

    assert status == 1
    assert document["blockers"] == [
        f"There is no good backup of {NAME}. Make one first: `python -m dbops backup {NAME}`."
    ]
    assert (document["needs_baseline"], len(document["digest"])) == (True, 64)
    assert [one["marked"] for one in document["migrations"]] == [True, False, False]

    shell.planning.keep_backup()
    status, out, _ = shell.run("--plan")
    assert status == 0
    assert out.startswith(f"## Migration of {NAME}: mark 0_init as applied and apply 2 migrations")
    assert document["digest"] in out


def test_a_database_without_migrations_is_told_how_to_begin_and_the_first_one_is_proven(shell: Shell) -> None:
    shutil.rmtree(shell.planning.folder)
    shell.planning.keep_backup()

    status, document = shell.document("--plan")
    assert (status, len(document["blockers"])) == (1, 1)
    assert f"`python -m dbops migrate {NAME} --init`" in document["blockers"][0]

    status, document = shell.document("--init")
    assert (status, document["verdict"]) == (0, "ok")

    status, document = shell.document("--plan")
    assert (status, document["blockers"]) == (0, [])
    assert document["migrations"] == [{"name": "0_init", "marked": True}]


@pytest.mark.parametrize("argv", [(), ("--plan", "--init")])
def test_one_of_the_two_has_to_be_asked_for(argv: tuple[str, ...], shell: Shell) -> None:
    status, _, err = shell.run(*argv)

    assert status == 2
    assert "--init" in err
