"""The DAG rehearse: what would refuse a restore is mailed as a warning by the watch, and turns nothing red."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from dbops.gateways.files.target_files import include_folder, read_targets
from dbops.gateways.store.rehearsals import read_rehearsal
from demo.seaweed import SeaweedS3
from tests.airflow.conftest import states
from tests.backups import execute, opened
from tests.loading import SHOP
from tests.mail_text import text_of
from tests.servers import CaughtMail

Run = Callable[..., Any]


@pytest.fixture
def run(run_dag: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a DAG; its watch remembers nothing of other tests."""
    from dbops_airflow import watch_memory

    monkeypatch.setattr(watch_memory, "_MAILED", f"mailed-{id(monkeypatch)}")
    monkeypatch.setattr(watch_memory, "_KNOWN", f"known-{id(monkeypatch)}")
    return run_dag


@pytest.fixture
def role(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A role that may only log in, which Airflow knows as shop_restore."""
    name = f"restorer_{secrets.token_hex(4)}"
    execute(database, f"CREATE ROLE {name} LOGIN PASSWORD 'word'")
    url = psycopg.conninfo.conninfo_to_dict(database)
    place = f"{url['host']}:{url['port']}/{url['dbname']}"
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_RESTORE", f"postgresql://{name}:word@{place}")
    yield name
    execute(database, f"DROP ROLE {name}")


@pytest.fixture
def named(role: str, bucket_name: str, add_target: Run) -> str:
    """The role, which the target's file names for its restores."""
    add_target(
        "shop",
        storage={"bucket": bucket_name, "connection": "store", "s3": {"addressing_style": "path"}},
        schedule={"drill": None},
        restore={"connection": "shop_restore"},
    )
    return role


@pytest.fixture
def shop(database: str, store: SeaweedS3, named: str, run: Run) -> str:
    """The URL of a live database with a backup, whose restore that role would be refused."""
    execute(database, *SHOP)
    assert states(run("backup__shop")) == {"back_up": "success", "expire": "success"}
    return database


def test_a_role_that_may_not_is_mailed_by_the_watch_as_a_warning_once_and_its_end_too(
    shop: str, role: str, run: Run, mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert states(run("rehearse")) == {"rehearse": "success"}
    assert mail.messages() == []
    run("watch")
    run("watch")
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] WARNING restore of shop (production)"
    told = " ".join(text_of(message).split())
    assert "A restore of shop would be refused, planned" in told
    assert f'The role {role} may not create databases: ALTER ROLE "{role}" CREATEDB' in told
    assert "allow: [restored_elsewhere]" in told

    execute(shop, f"ALTER ROLE {role} SUPERUSER")
    monkeypatch.setattr("dbops.jobs.restores.rehearse_due.is_due", lambda *_: True)
    run("rehearse")
    run("watch")
    [_, over] = mail.messages()
    assert over["Subject"] == "[dbops] RECOVERED restore of shop (production)"


def test_a_rehearsal_that_fails_turns_nothing_red_and_mails_nobody(
    shop: str, run: Run, mail: CaughtMail, store: SeaweedS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops.jobs.restores.restore_planning import RestorePlanning

    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(RestorePlanning, "plan", fail)
    assert states(run("rehearse")) == {"rehearse": "success"}
    run("watch")
    assert mail.messages() == []
    target = read_targets(include_folder()).targets["shop"]
    with opened(target, store) as bucket:
        found = read_rehearsal(bucket, target)
    assert found is not None
    assert found.unknown == "an unexpected RuntimeError, see the log."


@pytest.mark.usefixtures("store")
def test_without_a_backup_there_is_nothing_to_rehearse(
    bucket_name: str, add_target: Run, run: Run, mail: CaughtMail
) -> None:
    add_target("shop", storage={"bucket": bucket_name, "connection": "store"})
    assert states(run("rehearse")) == {"rehearse": "success"}
    assert mail.messages() == []
