"""The pages to which mails lead: a run of the checks, and the report of one of the probes, for who may read its DAG."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.checks.suite import Outcome
from dbops.errors import BucketError
from tests.airflow.page_airflow import PLACE, Store, client_of, serving_shop
from tests.unit.page.page_texts import text_of
from tests.unit.page_samples import rule
from tests.unit.samples import check_run

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

_RUN = BackupId("20261122T020000Z")
_CHECK = f"{PLACE}/targets/shop/checks/{_RUN}"
_PROBE = f"{PLACE}/targets/shop/probes/{_RUN}"
_REPORT = b"<!DOCTYPE html><script>alert(1)</script><p>p95 of Gr\xc3\xb6\xc3\x9fe</p>"


@pytest.fixture
def store() -> Store:
    """With a run of each of shop."""
    made = Store()
    results = rule("paid", Outcome.FAILED, sentence="2 rows break it"), rule("counted")
    made.bucket.put(Layout("shop/").check(_RUN), check_run(*results, started=_RUN.time).to_json())
    made.bucket.put(f"{Layout('shop/').probe_page(_RUN)}index.html", _REPORT)
    return made


@pytest.fixture
def app(
    store: Store, add_target: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FastAPI]:
    with serving_shop(store, add_target, monkeypatch, tmp_path) as serve:
        yield serve


@pytest.fixture
def viewer(app: FastAPI) -> TestClient:
    return client_of(app, "viewer")


def test_a_run_of_the_checks_is_shown(viewer: TestClient) -> None:
    told = text_of(viewer.get(_CHECK).text)
    assert told.index("2 rows break it") < told.index("Rules that hold") < told.index("counted")


def test_the_report_of_a_run_of_the_probes_is_shown_as_it_was_kept(viewer: TestClient) -> None:
    answer = viewer.get(_PROBE)
    assert answer.content == _REPORT
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_report_may_execute_send_and_load_nothing_whoever_wrote_it_into_the_bucket(viewer: TestClient) -> None:
    headers = viewer.get(_PROBE).headers
    policy = [part.split(" ", 1) for part in headers["content-security-policy"].split("; ")]
    assert ["sandbox"] in policy  # without a word of what it may
    assert ["default-src", "'none'"] in policy
    assert ["form-action", "'none'"] in policy
    allowed = {name: value for name, value in (part for part in policy if len(part) > 1) if value != "'none'"}
    assert allowed == {"style-src": "'unsafe-inline'", "img-src": "data:", "frame-ancestors": "'self'"}
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("address", "dag"), [(_CHECK, "check__shop"), (_PROBE, "probe__shop")])
def test_who_may_not_read_the_dag_or_not_the_target_does_not_learn_of_the_run(
    app: FastAPI, address: str, dag: str
) -> None:
    unknown = client_of(app, "viewer").get(address.replace(_RUN, "20200101T000000Z"))
    assert unknown.status_code == 404
    for hidden in (dag, "backup__shop"):
        answer = client_of(app, "admin", f"not:{hidden}").get(address)
        assert (answer.status_code, answer.text) == (404, unknown.text)
    assert client_of(app, "viewer", f"only:{dag},backup__shop").get(address).status_code == 200


@pytest.mark.parametrize("address", [_CHECK, f"{_CHECK}?all=1", _PROBE])
def test_who_is_not_logged_in_is_led_to_the_login_and_back(app: FastAPI, address: str) -> None:
    answer = client_of(app, None).get(address)
    assert answer.status_code == 401
    asked = address.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
    assert f'href="/api/v2/auth/login?next={asked}"' in answer.text
    assert "break" not in answer.text


@pytest.mark.parametrize("run", ["x", "..%2f..%2fcheck", "20261399T000000Z", "2026", "index.html"])
@pytest.mark.parametrize("kind", ["checks", "probes"])
def test_what_is_no_time_is_no_run(store: Store, viewer: TestClient, kind: str, run: str) -> None:
    assert viewer.get(f"{PLACE}/targets/shop/{kind}/{run}").status_code == 404
    assert viewer.get(f"{PLACE}/targets/blog/{kind}/{_RUN}").status_code == 404
    assert store.opened == 0


@pytest.mark.parametrize(("address", "status"), [(_CHECK, 200), (_PROBE, 502)])
def test_a_store_that_refuses_is_a_sentence(store: Store, viewer: TestClient, address: str, status: int) -> None:
    store.failure = BucketError("The store refused.", "Look at its key.")
    answer = viewer.get(address)
    assert answer.status_code == status
    assert "cannot be shown: The store refused. Look at its key." in text_of(answer.text)


def test_the_addresses_in_mails_are_those_of_the_page(viewer: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from dbops_airflow.links import page_url

    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/below/")
    start = "https://airflow.example.com/below"
    for below in ((), ("checks", _RUN), ("probes", _RUN)):
        address = page_url("shop", *below)
        assert address.startswith(f"{start}{PLACE}/targets/shop")
        assert viewer.get(address.removeprefix(start)).status_code == 200
    assert page_url() == f"{start}{PLACE}/"
