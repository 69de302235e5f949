"""`python -m dbops restore` as its own process: the plan, the typed name, and what is done without it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dbops.gateways.restores import all_restores
from demo.seaweed import SeaweedS3
from tests.backups import NAME
from tests.restoring import Restoring

REPOSITORY = Path(__file__).resolve().parents[2]


class Shell:
    """A shell in which the target of a Restoring is known; what is typed stands ready at a terminal."""

    def __init__(self, restoring: Restoring, include: Path, s3_server: SeaweedS3) -> None:
        self.restoring = restoring
        (include / "targets").mkdir(parents=True)
        (include / "defaults.yaml").write_text("{}\n")
        (include / "sql").symlink_to(REPOSITORY / "include/sql")
        document = restoring.target.model_dump(mode="json", exclude={"name"}, exclude_unset=True)
        (include / f"targets/{NAME}.yaml").write_text(json.dumps(document))
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY / "plugins"),
            "DBOPS_INCLUDE": str(include),
            "DBOPS_PG_BIN": str(restoring.loader.desk.programs.folder),
            f"AIRFLOW_CONN_{NAME.upper()}": restoring.url,
            "AWS_ENDPOINT_URL": s3_server.endpoint_url,
            "AWS_ACCESS_KEY_ID": s3_server.access_key,
            "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
            "AWS_DEFAULT_REGION": s3_server.region,
        }

    def run(self, *argv: str, typed: str | None = None) -> tuple[int, str, str]:
        stdin: int = subprocess.DEVNULL
        ends = pty.openpty() if typed is not None else ()
        if ends:
            os.write(ends[0], f"{typed}\n".encode())
            stdin = ends[1]
        try:
            done = subprocess.run(
                [sys.executable, "-m", "dbops", "restore", NAME, *argv],
                cwd="/",
                env=self._environment,
                stdin=stdin,
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
        finally:
            for end in ends:
                os.close(end)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def document(self, *argv: str) -> tuple[int, Any]:
        status, out, err = self.run(*argv, "--json")
        assert out.count("\n") == 1, err
        return status, json.loads(out)


@pytest.fixture
def shell(restoring: Restoring, tmp_path: Path, s3_server: SeaweedS3) -> Shell:
    restoring.approve = ("swap",)
    return Shell(restoring, tmp_path / "include", s3_server)


def test_the_plan_alone_makes_nothing_and_keeps_nothing(shell: Shell) -> None:
    status, document = shell.document("--plan", "--swap")

    assert status == 0
    assert len(document["digest"]) == 64
    assert "What will run" in document["markdown"]
    assert shell.restoring.databases() == {shell.restoring.live}
    assert list(all_restores(shell.restoring.loader.bucket, shell.restoring.target)) == []


def test_beside_needs_no_terminal(shell: Shell) -> None:
    status, document = shell.document()

    assert (status, document["verdict"]) == (0, "ok")
    assert document["record"]["database"] in shell.restoring.databases()
    assert document["record"]["verification"]["ok"]


def test_a_swap_without_a_terminal_is_refused_before_anything_is_made(shell: Shell) -> None:
    status, _, err = shell.run("--swap")

    assert status == 2
    assert "by typing the target's name at a terminal" in err
    assert shell.restoring.databases() == {shell.restoring.live}


def test_a_swap_takes_place_when_the_name_is_typed(shell: Shell) -> None:
    shell.restoring.tell("DELETE FROM crm.orders")

    status, out, err = shell.run("--swap", typed=NAME)

    assert status == 0, err
    assert "rows live now" in err, "the plan is shown before anything is asked"
    assert "The old database is kept as" in out
    assert shell.restoring.ask("SELECT count(*) FROM crm.orders") == [(100,)]
    [record] = all_restores(shell.restoring.loader.bucket, shell.restoring.target)
    assert record.approved_by
    audit = [stored.key for stored in shell.restoring.loader.bucket.list(f"{shell.restoring.target.root}audit/")]
    assert [key.rpartition("Z-")[2] for key in audit] == ["restore.json", "approval-typed.json", "swap.json"]


@pytest.mark.parametrize("typed", ["vaults", "", "yes"])
def test_a_swap_does_not_take_place_when_anything_else_is_typed(shell: Shell, typed: str) -> None:
    status, _, err = shell.run("--swap", typed=typed)

    assert status == 3
    assert "was not approved" in err
    assert len(shell.restoring.databases()) == 2, "what was restored stays beside"
    assert shell.restoring.live in shell.restoring.databases()


def test_what_the_backup_does_not_hold_is_refused_with_a_guess(shell: Shell) -> None:
    status, _, err = shell.run("--table", "crm.order")

    assert status == 2
    assert 'Did you mean "crm.orders"?' in err


def test_what_stands_in_the_way_is_shown_in_the_plan_and_ends_the_restore(shell: Shell) -> None:
    planned, document = shell.document("--plan", "--into", "nowhere")
    tried, _, err = shell.run("--into", "nowhere")

    assert planned == 1
    assert "There is no database nowhere" in document["blockers"][0]
    assert tried == 3
    assert "There is no database nowhere" in err
