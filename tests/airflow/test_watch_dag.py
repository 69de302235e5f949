"""The DAG watch: what did not happen is mailed, once a day, whoever or whatever starts it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.watch.known_targets import KnownTargets
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops.gateways.store.index_bundles import list_tags, read_bundle, renew_bundle
from dbops.jobs.target_index.index_folders import FEW
from demo.seaweed import SeaweedS3
from tests.airflow.conftest import set_connection, states
from tests.backups import opened
from tests.clock import now
from tests.mail_text import text_of
from tests.servers import CaughtMail
from tests.unit.samples import manifest, store_backup


@pytest.fixture
def watch(run_dag: Callable[..., Any], store: SeaweedS3, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs the watch once; it remembers nothing of other tests."""
    from dbops_airflow import watch_memory

    monkeypatch.setattr(watch_memory, "_MAILED", f"mailed-{id(monkeypatch)}")
    monkeypatch.setattr(watch_memory, "_KNOWN", f"known-{id(monkeypatch)}")
    return lambda **options: run_dag("watch", **options)


@pytest.fixture
def late_shop(bucket_name: str, add_target: Callable[..., None]) -> None:
    """A target of which no backup was ever made."""
    add_target("shop", storage={"bucket": bucket_name, "connection": "store"})


@pytest.mark.usefixtures("late_shop")
def test_a_backup_that_never_was_is_mailed_although_airflow_never_made_a_run(
    watch: Callable[..., Any], mail: CaughtMail
) -> None:
    assert states(watch()) == {"watch": "success"}
    [message] = mail.messages()
    assert message["Subject"] == "[dbops] MISSING backup of shop (production)"
    assert message["X-Envelope-To"] == "dba@shop.internal"
    assert "no good backup of shop" in text_of(message)
    assert "/dags/watch/runs/" in text_of(message)


@pytest.fixture
def late_shops(bucket_name: str, add_target: Callable[..., None]) -> list[str]:
    """More than a few such targets, by name."""
    names = [f"shop_{number}" for number in range(FEW + 1)]
    for name in names:
        add_target(name, storage={"bucket": bucket_name, "connection": "store"})
    return names


def test_when_every_mail_is_out_it_leaves_all_indexes_in_one_object_for_the_page(
    watch: Callable[..., Any],
    late_shops: list[str],
    mail: CaughtMail,
    store: SeaweedS3,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops.jobs.target_index import bundle_indexes

    mailed = []

    def renewed(*arguments: Any) -> None:
        mailed.append(len(mail.messages()))
        renew_bundle(*arguments)

    monkeypatch.setattr(bundle_indexes, "renew_bundle", renewed)
    assert states(watch()) == {"watch": "success"}
    assert mailed == [len(late_shops)]
    shop = read_targets(include_folder()).targets[late_shops[0]]
    with opened(shop, store) as bucket:
        tags, bundle = list_tags(bucket, Layout(shop.root)), read_bundle(bucket, Layout(shop.root))
    assert all(bundle.of(name, tags[name]) for name in late_shops)


@pytest.mark.usefixtures("late_shop")
def test_the_next_watch_does_not_repeat_itself(watch: Callable[..., Any], mail: CaughtMail) -> None:
    watch()
    watch()
    assert len(mail.messages()) == 1


@pytest.mark.usefixtures("late_shop")
def test_what_is_over_is_told_once(watch: Callable[..., Any], mail: CaughtMail, store: SeaweedS3) -> None:
    watch()
    shop = read_targets(include_folder()).targets["shop"]
    with opened(shop, store) as bucket:
        store_backup(bucket, Layout(shop.root), manifest(now()))
    watch()
    watch()
    missing, over = mail.messages()
    assert missing["Subject"] == "[dbops] MISSING backup of shop (production)"
    assert over["Subject"] == "[dbops] RECOVERED backup of shop (production)"
    assert "Resolved, as the watch sees shop now: no backup." in text_of(over, "plain")


@pytest.mark.usefixtures("late_shop")
def test_watches_started_by_hand_without_a_date_remember_and_are_remembered(
    watch: Callable[..., Any], mail: CaughtMail
) -> None:
    for options in ({}, {"logical_date": None}, {}, {"logical_date": None}):
        watch(**options)
    assert len(mail.messages()) == 1


@pytest.mark.usefixtures("late_shop")
def test_where_airflow_has_no_asset_state_store_the_watch_remembers_in_variables(
    watch: Callable[..., Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops_airflow import watch_memory

    monkeypatch.setattr(watch_memory, "_store", lambda _context: watch_memory._Variables())
    watch()
    watch()
    assert len(mail.messages()) == 1


@pytest.mark.usefixtures("late_shop")
def test_a_day_later_it_repeats_itself(
    watch: Callable[..., Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops_airflow import watch_operator

    watch()
    monkeypatch.setattr(watch_operator, "utc_now", lambda: now() + timedelta(days=1))
    watch()
    assert len(mail.messages()) == 2


@pytest.mark.usefixtures("late_shop")
def test_a_watch_that_fails_itself_is_mailed_under_its_own_name(
    watch: Callable[..., Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops.jobs.watch import watch as job

    monkeypatch.delattr(job, "watch")
    assert states(watch()) == {"watch": "failed"}
    assert [message["Subject"] for message in mail.messages()] == ["[dbops] FAILED watch"]


@pytest.mark.usefixtures("late_shop")
def test_what_could_not_be_mailed_is_red_and_mailed_by_the_next_watch(
    watch: Callable[..., Any], mail: CaughtMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        set_connection(broken, "smtp_default", conn_type="smtp", host="127.0.0.1", port=1)
        assert states(watch()) == {"watch": "failed"}
    assert mail.messages() == []
    assert states(watch()) == {"watch": "success"}
    assert len(mail.messages()) == 1


def test_an_unreadable_file_is_mailed_to_everybody_and_hides_nobody_else(
    include: Path, bucket_name: str, add_target: Callable[..., None], watch: Callable[..., Any], mail: CaughtMail
) -> None:
    add_target("shop", storage={"bucket": bucket_name, "connection": "store"})
    (include / "targets" / "blog.yaml").write_text("connection: blog\nnonsense: 1\n")
    watch()
    subjects = sorted(message["Subject"] for message in mail.messages())
    assert subjects == ["[dbops] FAILED reading of include/targets", "[dbops] MISSING backup of shop (production)"]
    assert any("targets/blog.yaml:2" in text_of(message) for message in mail.messages())


@pytest.fixture
def old_shop(bucket_name: str, add_target: Callable[..., None], store: SeaweedS3) -> None:
    """A target with a backup, an old one, and another that promises none."""
    storage = {"bucket": bucket_name, "connection": "store"}
    add_target("shop", storage=storage, alerts={"recipients": ["shop@shop.internal"]})
    add_target("blog", storage=storage, schedule={"backup": None})
    shop = read_targets(include_folder()).targets["shop"]
    with opened(shop, store) as bucket:
        store_backup(bucket, Layout(shop.root), manifest(now() - timedelta(days=3)))


@pytest.mark.usefixtures("old_shop")
def test_a_target_file_that_disappears_is_mailed_to_everybody_until_it_is_retired(
    include: Path, watch: Callable[..., Any], mail: CaughtMail
) -> None:
    watch()
    assert [message["Subject"] for message in mail.messages()] == ["[dbops] MISSING backup of shop (production)"]
    (include / "targets/shop.yaml").unlink()
    for _ in range(2):
        assert states(watch()) == {"watch": "success"}
    [_, lost] = mail.messages()
    assert lost["Subject"] == "[dbops] WARNING reading of include/targets"
    assert lost["X-Envelope-To"] == "dba@shop.internal"
    assert "shop has backups, and no file below include/targets/ any more" in text_of(lost)
    (include / "retired.yaml").write_text("shop: replaced by blog, 2026-11-27\nblog: nonsense\n")
    watch()
    [_, _, wrong] = mail.messages()
    assert wrong["Subject"] == "[dbops] FAILED reading of include/targets"
    assert "retired.yaml:2: blog has a file in targets/; remove this line, or that file" in text_of(wrong)


@pytest.mark.parametrize("in_variables", [False, True])
@pytest.mark.usefixtures("old_shop", "mail")
def test_what_the_watch_knows_the_page_reads_in_airflows_database(
    include: Path, watch: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, *, in_variables: bool
) -> None:
    from dbops_airflow import watch_memory

    if in_variables:
        monkeypatch.setattr(watch_memory, "_store", lambda _context: watch_memory._Variables())
        monkeypatch.setattr(watch_memory, "_has_asset_states", lambda: False)
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    assert watch_memory.known_in_database() == KnownTargets()
    watch()
    known = watch_memory.known_in_database()
    assert (list(known.ours), known.strangers) == (["shop"], {})
    assert now() - known.ours["shop"] < timedelta(hours=1)
    (include / "targets/shop.yaml").unlink()
    watch()
    assert watch_memory.known_in_database() == known


def test_when_nobody_can_be_told_of_an_unreadable_file_the_watch_is_red(
    include: Path, watch: Callable[..., Any], mail: CaughtMail
) -> None:
    (include / "targets" / "blog.yaml").write_text("connection: blog\nnonsense: 1\n")
    assert states(watch()) == {"watch": "failed"}
    assert mail.messages() == []


@pytest.mark.parametrize("dag_id", ["backup__shop", "rehearse", "restore", "migrate"])
@pytest.mark.usefixtures("late_shop")
def test_a_paused_dag_is_named(dag_id: str, watch: Callable[..., Any], mail: CaughtMail) -> None:
    """Those that are started by hand as well: a restore that waits in the queue of a paused DAG says nothing itself."""
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import update

    def pause(is_paused: bool) -> None:
        with create_session() as session:
            session.execute(update(DagModel).where(DagModel.dag_id == dag_id).values(is_paused=is_paused))

    def told() -> str:
        return "\n".join(map(text_of, mail.messages()))

    watch()
    before = told()
    pause(True)
    try:
        watch()
    finally:
        pause(False)
    assert f"{dag_id} is paused" not in before
    assert f"{dag_id} is paused" in told()


def test_a_target_whose_store_does_not_answer_hides_nobody_else(
    bucket_name: str,
    add_target: Callable[..., None],
    watch: Callable[..., Any],
    mail: CaughtMail,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_target("shop", storage={"bucket": bucket_name, "connection": "store"})
    add_target("blog", storage={"bucket": bucket_name, "connection": "nowhere"})
    assert states(watch()) == {"watch": "success"}
    by_subject = {message["Subject"]: text_of(message) for message in mail.messages()}
    assert '"nowhere" is not defined' in by_subject["[dbops] FAILED backup of blog (production)"]
    assert "[dbops] MISSING backup of shop (production)" in by_subject
