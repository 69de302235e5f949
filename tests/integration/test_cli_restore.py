"""`python -m dbops restore` as its own process: the plan, the typed name, and what is done without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbops.gateways.store.restores import all_restores
from demo.seaweed import SeaweedS3
from tests.age_program import new_key
from tests.backups import NAME
from tests.restoring import Restoring
from tests.shell import REPOSITORY, Shell


@pytest.fixture
def shell(restoring: Restoring, tmp_path: Path, s3_server: SeaweedS3) -> Shell:
    restoring.approve = ("swap",)
    include = tmp_path / "include"
    include.mkdir()
    (include / "sql").symlink_to(REPOSITORY / "include/sql")
    return Shell(
        "restore",
        restoring.target,
        url=restoring.url,
        include=include,
        programs=restoring.loader.desk.programs.folder,
        s3_server=s3_server,
    )


def test_the_plan_alone_makes_nothing_and_keeps_nothing(shell: Shell, restoring: Restoring) -> None:
    status, document = shell.document("--plan", "--swap")

    assert status == 0
    assert len(document["digest"]) == 64
    assert "What will run" in document["markdown"]
    assert restoring.databases() == {restoring.live}
    assert list(all_restores(restoring.loader.bucket, restoring.target)) == []


def test_beside_needs_no_terminal(shell: Shell, restoring: Restoring) -> None:
    status, document = shell.document()

    assert (status, document["verdict"]) == (0, "ok")
    assert document["record"]["database"] in restoring.databases()
    assert document["record"]["verification"]["ok"]


def test_a_swap_without_a_terminal_is_refused_before_anything_is_made(shell: Shell, restoring: Restoring) -> None:
    status, _, err = shell.run("--swap")

    assert status == 2
    assert "by typing the target's name at a terminal" in err
    assert restoring.databases() == {restoring.live}


def test_a_swap_takes_place_when_the_name_is_typed(shell: Shell, restoring: Restoring) -> None:
    restoring.tell("DELETE FROM crm.orders")

    status, out, err = shell.run("--swap", typed=NAME)

    assert status == 0, err
    assert "rows live now" in err, "the plan is shown before anything is asked"
    live = restoring.place.live
    assert f"Type {NAME} to swap it ({live} is replaced), by the plan " in err
    assert f"{live.host}:{live.port}/{live.database}" in str(live)
    assert "The old database is kept as" in out
    assert restoring.ask("SELECT count(*) FROM crm.orders") == [(100,)]
    [record] = all_restores(restoring.loader.bucket, restoring.target)
    assert record.approved_by
    audit = [stored.key for stored in restoring.loader.bucket.list(f"{restoring.target.root}audit/")]
    # By their seconds: of several within one second the store lists first what begins with an earlier letter.
    second_of = {action: moment for moment, _, action in (key.rpartition("Z-") for key in audit)}
    assert len(audit) == len(second_of) == 3
    assert second_of["restore.json"] <= second_of["approval-typed.json"] <= second_of["swap.json"]


@pytest.mark.parametrize("typed", ["vaults", "", "yes"])
def test_a_swap_does_not_take_place_when_anything_else_is_typed(shell: Shell, restoring: Restoring, typed: str) -> None:
    status, _, err = shell.run("--swap", typed=typed)

    assert status == 3
    assert "was not approved" in err
    assert len(restoring.databases()) == 2, "what was restored stays beside"
    assert restoring.live in restoring.databases()


def test_what_an_earlier_run_has_loaded_is_swapped_in_without_being_loaded_again(
    shell: Shell, restoring: Restoring
) -> None:
    status, _, err = shell.run("--swap", typed="no")
    assert (status, "was not approved" in err) == (3, True)
    [loaded] = all_restores(restoring.loader.bucket, restoring.target)
    restoring.tell("DELETE FROM crm.orders")

    planned, document = shell.document("--plan", "--swap", "--loaded", loaded.database)
    status, _, err = shell.run("--swap", "--loaded", loaded.database, typed=NAME)

    assert (planned, status) == (0, 0), err
    assert "**Nothing is loaded.**" in document["markdown"]
    assert "Taken over; the verification follows." in err
    assert restoring.ask("SELECT count(*) FROM crm.orders") == [(100,)]
    assert restoring.ask("SELECT oid FROM pg_database WHERE datname = current_database()") == [(loaded.oid,)]
    audit = [stored.key for stored in restoring.loader.bucket.list(f"{restoring.target.root}audit/")]
    words = [key.rpartition("Z-")[2] for key in audit]
    assert sorted(words[-3:]) == ["approval-typed.json", "swap.json", "take-over.json"]
    again, _, err = shell.run("--swap", "--loaded", loaded.database, typed=NAME)
    assert again == 2
    assert "has already swapped in what it loaded" in err


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


def test_an_encrypted_backup_comes_back_where_the_environment_has_its_key_and_not_before(
    restoring: Restoring, tmp_path: Path, s3_server: SeaweedS3
) -> None:
    key = new_key()
    restoring.loader.encrypt_for(key)
    restoring.loader.back_up(restoring.url)
    include = tmp_path / "include"
    include.mkdir()
    (include / "sql").symlink_to(REPOSITORY / "include/sql")
    programs = restoring.loader.desk.programs.folder
    shell = Shell(
        "restore", restoring.target, url=restoring.url, include=include, programs=programs, s3_server=s3_server
    )

    status, _, err = shell.run()
    assert status == 3
    assert "is encrypted and cannot be opened here" in err
    assert "AIRFLOW_CONN_KEYS is not set" in err
    assert restoring.databases() == {restoring.live}

    shell.set(AIRFLOW_CONN_KEYS=f"generic://:{key.secret}@")
    status, document = shell.document()
    assert (status, document["verdict"]) == (0, "ok")
    assert document["record"]["backup_id"] == restoring.loader.backup_id
