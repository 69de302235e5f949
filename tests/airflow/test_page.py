"""The page in a real app with Airflow's auth manager: who sees what, what it costs, and what cannot be smuggled in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dbops.domain.watch.known_targets import KnownTargets
from dbops.errors import BucketError
from tests.airflow.page_airflow import (
    PLACE,
    Store,
    checks_of,
    client_of,
    headers_of,
    index_of,
    serving,
    serving_shop,
    sight_of,
)
from tests.clock import now
from tests.unit.page.page_texts import text_of

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

_HOSTILE = "</title><script>alert('x')</script><img src=x onerror=alert(1)>\"'"


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.may_answer.set()


@pytest.fixture
def app(
    store: Store, add_target: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FastAPI]:
    with serving_shop(store, add_target, monkeypatch, tmp_path) as serve:
        yield serve


@pytest.fixture
def viewer(app: FastAPI) -> TestClient:
    return client_of(app, "viewer")


@pytest.mark.parametrize(
    "path", ["/", "/?q=shop", "/targets/shop", "/targets/shop/backups/20261122T020000Z", "/static/page.css"]
)
def test_who_is_not_logged_in_gets_401_and_no_fact(app: FastAPI, path: str) -> None:
    answer = client_of(app, None).get(PLACE + path)
    assert answer.status_code == 401
    assert "shop" not in re.sub('next=[^"]*', "", answer.text)  # which is what was asked for
    assert "Log in" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_overview_tells_of_every_target_with_its_light_and_the_reason(viewer: TestClient) -> None:
    told = text_of(viewer.get(f"{PLACE}/").text)
    for words in ("shop", "safe", "Backed up", "3 h ago", "5.0 MiB", "3 kept", "restored", "in 42 s", "142 passed"):
        assert words in told
    assert "16 well" in told


def test_the_worst_come_first(app: FastAPI, store: Store, add_target: Callable[..., None], viewer: TestClient) -> None:
    add_target("blog")
    add_target("art")
    store.put(index_of("blog", ago=timedelta(days=3)))
    told = text_of(viewer.get(f"{PLACE}/").text)
    assert told.index("blog") < told.index("art") < told.index("shop")  # late, not known, safe
    assert "act now 1" in told.replace("  ", " ")


def test_an_overview_of_this_minute_is_shown_at_once_and_read_again_for_who_asks_for_it(
    app: FastAPI, store: Store
) -> None:
    from dbops_airflow.page.readings import Readings

    moment = 1000.0
    with serving(sight_of(store, states=lambda _ids: {}, readings=Readings(clock=lambda: moment))) as serve:
        viewer = client_of(serve, "viewer")
        assert "safe 1" in text_of(viewer.get(f"{PLACE}/").text)
        store.put(index_of("shop", ago=timedelta(days=3)))
        moment += 30
        assert "safe 1" in text_of(viewer.get(f"{PLACE}/").text)
        assert "act now 1" in text_of(viewer.get(f"{PLACE}/?again=1").text)


def test_targets_are_found_by_word_and_by_light(
    store: Store, add_target: Callable[..., None], viewer: TestClient
) -> None:
    add_target("blog", description="What we write")
    store.put(index_of("blog", ago=timedelta(days=3)))
    assert ">blog</a>" in viewer.get(f"{PLACE}/?q=WRITE").text
    assert ">shop</a>" not in viewer.get(f"{PLACE}/?q=WRITE").text
    red = viewer.get(f"{PLACE}/?show=red").text
    assert ">blog</a>" in red
    assert ">shop</a>" not in red
    assert "No target has these words" in text_of(viewer.get(f"{PLACE}/?q=nothing-like-it").text)


def test_all_backups_of_a_target_are_shown_to_who_asks_for_them(viewer: TestClient) -> None:
    answer = viewer.get(f"{PLACE}/targets/shop?all=1")
    assert answer.status_code == 200
    assert len(set(re.findall(r"backups/(\d{8}T\d{6}Z)", answer.text))) == 3


def test_hundreds_of_targets_are_split_into_pages(
    store: Store, include: Path, add_target: Callable[..., None], viewer: TestClient
) -> None:
    for number in range(310):
        add_target(f"db_{number:03}", environment="development", storage={"bucket": "backups", "prefix": ""})
        store.put(index_of(f"db_{number:03}"))
    first, second = viewer.get(f"{PLACE}/").text, viewer.get(f"{PLACE}/?page=2").text
    seen = [set(re.findall(r">(db_\d+|shop)</a>", page)) for page in (first, second)]
    assert seen[0].isdisjoint(seen[1])
    assert len(seen[0] | seen[1]) == 311
    assert "Page 2 of 2" in second


def test_a_user_is_led_to_airflow_with_what_to_fill_in_and_a_viewer_finds_nothing_to_do(
    app: FastAPI, viewer: TestClient
) -> None:
    for path in ("/targets/shop", f"/targets/shop/backups/{_newest(viewer)}"):
        assert client_of(app, "viewer").get(PLACE + path).text.count('class="action"') == 0
    page = client_of(app, "user").get(f"{PLACE}/targets/shop").text
    assert 'href="/dags/restore" target="_top"' in page
    assert f'"target": "shop", "mode": "beside", "backup": "{_newest(viewer)}"' in unescape(page)


def test_a_user_who_may_not_read_its_backups_does_not_learn_of_a_target(
    app: FastAPI, store: Store, add_target: Callable[..., None]
) -> None:
    add_target("blog")
    store.put(index_of("blog"))
    picky = client_of(app, "admin", "not:backup__shop")
    overview = picky.get(f"{PLACE}/").text
    assert "blog" in overview
    assert "shop" not in overview
    hidden, unknown = picky.get(f"{PLACE}/targets/shop"), picky.get(f"{PLACE}/targets/never_was")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.text == unknown.text
    assert picky.get(f"{PLACE}/targets/shop/backups/20261122T020000Z").status_code == 404


def test_a_user_who_may_not_read_its_checks_sees_the_light_of_the_rest(app: FastAPI, store: Store) -> None:
    store.put(index_of("shop", checks=checks_of(failed=2, worst=("order: every total is positive",))))
    everything = text_of(client_of(app, "viewer").get(f"{PLACE}/").text)
    assert "act now" in everything
    assert "every total is positive" in everything
    rest = text_of(client_of(app, "viewer", "not:check__shop").get(f"{PLACE}/").text)
    assert "positive" not in rest
    assert "2 failed" not in rest
    assert "safe" in rest


def test_faults_are_shown_to_whom_airflow_shows_import_errors(app: FastAPI, include: Path) -> None:
    (include / "targets" / "crm.yaml").write_text("connection: crm\nnonsense: 1\n")
    told = text_of(client_of(app, "viewer").get(f"{PLACE}/").text)
    assert "targets/crm.yaml :2" in told or "targets/crm.yaml:2" in told
    assert "crm" not in client_of(app, "viewer", "only:backup__shop").get(f"{PLACE}/").text


def test_a_target_whose_file_is_faulty_is_red_and_says_so_to_who_may_see_it(
    app: FastAPI, add_target: Callable[..., None]
) -> None:
    add_target("crm", nonsense=1)
    seer = client_of(app, "viewer", "only:backup__shop,backup__crm")  # who may not see import errors
    overview = text_of(seer.get(f"{PLACE}/").text)
    assert "act now 1" in overview
    assert overview.index("crm") < overview.index("shop")
    assert "nonsense" in overview
    assert ">shop</a>" not in seer.get(f"{PLACE}/?q=nonsense").text
    page = seer.get(f"{PLACE}/targets/crm")
    assert page.status_code == 200
    assert "act now" in text_of(page.text)
    assert "nonsense" in text_of(page.text)
    assert client_of(app, "viewer", "only:backup__shop").get(f"{PLACE}/targets/crm").status_code == 404


@pytest.fixture
def missing_crm(store: Store, app: FastAPI) -> Iterator[FastAPI]:
    """The same page, where a watch has seen a file and backups of crm, and of something with a hostile name."""
    known = KnownTargets({"shop": now(), "crm": now(), _HOSTILE: now()}, {})
    with serving(sight_of(store, states=lambda _ids: {}, known=lambda: known)) as serve:
        yield serve


def test_a_target_whose_file_has_disappeared_keeps_its_row_and_its_page_says_what_to_do(missing_crm: FastAPI) -> None:
    seer = client_of(missing_crm, "viewer", "only:backup__shop,backup__crm")
    page, overview = (seer.get(f"{PLACE}{path}") for path in ("/targets/crm", "/"))
    assert page.status_code == 200
    for told in (text_of(page.text), text_of(overview.text)):
        assert "crm has backups, and no file below include/targets/ any more" in told
        assert (
            "Put include/targets/crm.yaml back. If it was removed on purpose, say so with a line in include/retired"
            in told
        )
    assert "look 1" in text_of(overview.text)
    assert 'class="light amber"' in page.text
    assert overview.text.index(">crm</a>") < overview.text.index(">shop</a>")
    assert f'href="{PLACE}/targets/crm"' in overview.text
    assert ">shop</a>" not in seer.get(f"{PLACE}/?q=any+more").text
    assert ">crm</a>" not in seer.get(f"{PLACE}/?show=green").text


def test_a_target_that_is_lost_is_shown_to_who_may_read_its_backups_and_nothing_it_is_named_is_executed(
    missing_crm: FastAPI,
) -> None:
    stranger = client_of(missing_crm, "viewer", "only:backup__shop")
    assert "crm" not in stranger.get(f"{PLACE}/").text
    assert stranger.get(f"{PLACE}/targets/crm").status_code == 404
    everything = client_of(missing_crm, "viewer").get(f"{PLACE}/").text
    assert "alert(" in everything
    assert_no_own_script(everything)


def test_a_target_that_is_retired_is_silent(missing_crm: FastAPI, include: Path) -> None:
    viewer = client_of(missing_crm, "viewer")
    (include / "retired.yaml").write_text("crm: replaced by shop, 2026-11-27\n")
    assert "crm" not in viewer.get(f"{PLACE}/").text
    assert viewer.get(f"{PLACE}/targets/crm").status_code == 404


def test_that_nobody_can_read_which_targets_are_retired_is_told(missing_crm: FastAPI, include: Path) -> None:
    (include / "retired.yaml").write_text("crm: [\n")
    told = text_of(client_of(missing_crm, "viewer").get(f"{PLACE}/").text)
    assert "1 file below include/ cannot be read" in told
    assert "retired.yaml" in told


def test_that_a_shared_file_is_faulty_is_told_to_everybody_and_its_text_as_import_errors_are(
    app: FastAPI, include: Path
) -> None:
    (include / "defaults.yaml").write_text("connection: shop\n")
    for path, red in (("/", "1 file below include/ cannot be read"), ("/targets/shop", "cannot be read")):
        told = text_of(client_of(app, "viewer").get(PLACE + path).text)
        hidden = text_of(client_of(app, "viewer", "only:backup__shop").get(PLACE + path).text)
        assert red in hidden
        assert "no default" in told
        assert "no default" not in hidden
    assert client_of(app, "viewer").get(f"{PLACE}/targets/never_was").status_code == 404


def test_hostile_texts_stay_texts(
    app: FastAPI, include: Path, store: Store, add_target: Callable[..., None], viewer: TestClient
) -> None:
    add_target("blog", description=_HOSTILE, owner=_HOSTILE)
    store.put(index_of("blog", checks=checks_of(failed=1, worst=(_HOSTILE,)), unreadable=(_HOSTILE,)))
    (include / "targets" / "crm.yaml").write_text(f"connection: crm\n{_HOSTILE!r}: 1\n")
    for path in ("/", "/targets/blog", f"/?q={_HOSTILE}"):
        answer = viewer.get(PLACE + path)
        assert answer.status_code == 200
        assert_no_own_script(answer.text)
        assert "alert(" in answer.text  # it is shown, as text


def assert_no_own_script(html: str) -> None:
    """Nothing but page.js is executed, and nothing but page.css styles."""
    found = _Elements()
    found.feed(html)
    scripts = [attributes for tag, attributes in found.all if tag == "script"]
    assert len(scripts) == 1
    assert re.fullmatch(rf"{PLACE}/static/page\.js\?\w+", scripts[0]["src"] or "")
    assert not {tag for tag, _ in found.all} & {"img", "style", "iframe", "object", "base"}
    names = {name for _, attributes in found.all for name in attributes}
    assert not {name for name in names if name == "style" or name.startswith("on")}


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))


def test_every_page_can_be_used_without_eyes_and_without_a_mouse(viewer: TestClient) -> None:
    for path in ("/", "/targets/shop", f"/targets/shop/backups/{_newest(viewer)}", "/targets/never_was"):
        found = _Elements()
        found.feed(viewer.get(PLACE + path).text)
        tags = [tag for tag, _ in found.all]
        assert (tags.count("h1"), tags.count("main")) == (1, 1)
        assert dict(found.all)["html"]["lang"] == "en"
        assert all("scope" in attributes for tag, attributes in found.all if tag == "th")
        assert tags.count("caption") == tags.count("table")
        pictures = [attributes for tag, attributes in found.all if tag == "svg"]
        assert all("aria-label" in one or one.get("aria-hidden") == "true" for one in pictures)
        labelled = {attributes["for"] for tag, attributes in found.all if tag == "label"}
        fields = [one for tag, one in found.all if tag == "input" and one.get("type") != "hidden"]
        assert {one["id"] for one in fields} <= labelled
        ids = [attributes["id"] for _, attributes in found.all if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert {one["href"] for tag, one in found.all if tag == "a" and one.get("class") == "skip"} == {"#main"}


def test_every_answer_forbids_what_the_page_does_not_need(app: FastAPI, viewer: TestClient) -> None:
    for path in ("/", "/targets/shop", "/targets/never_was", "/static/page.js", "/static/../app.py", "/nothing"):
        headers = viewer.get(PLACE + path).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["frame-ancestors"] == "'self'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == ("no-store" if "page.js" not in path else headers["cache-control"])


def test_only_what_has_its_version_in_its_address_is_kept_for_ever(viewer: TestClient) -> None:
    page = viewer.get(f"{PLACE}/").text
    versioned = re.search(rf'"({PLACE}/static/page\.css\?\w+)"', page)
    assert versioned
    assert "immutable" in viewer.get(versioned[1]).headers["cache-control"]
    for address in ("icon.svg", "page.css", "page.css?an-older-one"):  # Airflow's navigation knows no version
        kept = viewer.get(f"{PLACE}/static/{address}").headers["cache-control"]
        assert "immutable" not in kept
        assert kept == "private, max-age=3600"


@pytest.mark.parametrize(
    "path",
    ["/static/app.py", "/static/..%2fapp.py", "/targets/..%2f..%2fetc", "/targets/a%00b", "/targets/shop/backups/x"],
)
def test_nothing_else_is_ever_served(viewer: TestClient, path: str) -> None:
    assert viewer.get(PLACE + path).status_code == 404


@pytest.mark.parametrize("asked", ["?page=x", "?page=-1", "?page=999", f"?q={'x' * 201}", "?show=pink"])
def test_an_address_that_makes_no_sense_is_answered_with_a_page(app: FastAPI, viewer: TestClient, asked: str) -> None:
    answer = viewer.get(f"{PLACE}/{asked}")
    assert answer.status_code in {200, 400}
    assert "<h1>" in answer.text
    assert client_of(app, None).get(f"{PLACE}/{asked}").status_code == 401


def test_a_store_that_refuses_is_a_sentence_in_its_place(store: Store, viewer: TestClient) -> None:
    store.failure = BucketError("s3://backups was not reached.", "Look whether the store runs.")
    for path in ("/", "/targets/shop"):
        answer = viewer.get(PLACE + path)
        assert answer.status_code == 200
        assert "s3://backups was not reached. Look whether the store runs." in text_of(answer.text)
        assert "Traceback" not in answer.text


def test_an_unexpected_failure_is_named_and_not_quoted(store: Store, viewer: TestClient) -> None:
    store.failure = RuntimeError("password=hunter2")
    for path in ("/", "/targets/shop", "/targets/shop/backups/20261122T020000Z"):
        answer = viewer.get(PLACE + path)
        assert "RuntimeError" in answer.text
        assert "hunter2" not in answer.text
        assert "Traceback" not in answer.text


def test_where_airflows_own_database_fails_the_page_says_what_and_quotes_nothing(
    store: Store, include: Path, add_target: Callable[..., None], app: FastAPI
) -> None:
    def fail(_ids: Any) -> Any:
        raise RuntimeError("password=hunter2")

    with serving(sight_of(store, states=fail)) as broken:
        answer = client_of(broken, "viewer").get(f"{PLACE}/")
    assert answer.status_code == 500
    assert "RuntimeError" in answer.text
    assert "hunter2" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_store_that_hangs_keeps_neither_the_page_nor_anybody_else(store: Store, app: FastAPI) -> None:
    from httpx import ASGITransport, AsyncClient

    store.may_answer.clear()

    async def look() -> None:
        async with AsyncClient(
            transport=ASGITransport(app), base_url="http://airflow", headers=headers_of("viewer")
        ) as client:
            opening = [asyncio.create_task(client.get(f"{PLACE}/")) for _ in range(20)]
            while not store.opened:
                await asyncio.sleep(0.01)
            assert (await client.get("/ping")).json() == "here"  # while all of them wait
            assert not any(task.done() for task in opening)
            answers = await asyncio.gather(*opening)
        assert {answer.status_code for answer in answers} == {200}
        assert "did not answer in time" in answers[0].text

    # A third of it is what a machine with much to do has for twenty pages, once the store was waited for.
    with serving(sight_of(store, patience=9.0)) as impatient:
        app = impatient
        asyncio.run(look())
    assert store.opened == 1  # twenty people, one reading


def _newest(client: TestClient) -> str:
    found = re.search(r"backups/(\d{8}T\d{6}Z)", client.get(f"{PLACE}/targets/shop").text)
    assert found
    return found[1]
