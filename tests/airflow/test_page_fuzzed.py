"""Whatever is asked of the page: an answer that a person can read, and nothing is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from tests.airflow.page_airflow import PLACE, Store, be_picky, client_of, index_of, serving, sight_of
from tests.fuzzing import fuzzed
from tests.mutations import HOSTILE_TEXTS
from tests.unit.page_samples import rule
from tests.unit.samples import check_run

if TYPE_CHECKING:
    from starlette.testclient import TestClient

METHODS = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
WORDS = (
    st.sampled_from(
        [
            *(
                "targets",
                "shop",
                "blog",
                "never",
                "backups",
                "checks",
                "probes",
                "20261122T020000Z",
                "99991231T235959Z",
                "static",
                "page.css",
            ),
            *(
                "..",
                ".",
                "%2e%2e",
                "%2f",
                "%00",
                "%ff",
                "%",
                "%0a",
                ";",
                "//",
                "openapi.json",
                "docs",
                "shop%0a",
                "SHOP",
            ),
        ]
    )
    | HOSTILE_TEXTS
    | st.text(max_size=6)
)
PARAMETERS = st.dictionaries(
    st.sampled_from(["q", "show", "page", "all", "x", "q[]", "__proto__"]),
    st.sampled_from(["1", "-1", "0", "9" * 30, "red", "RED", "true", "maybe", "shop", "%", "x" * 300]) | HOSTILE_TEXTS,
    max_size=3,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["accept", "host", "range", "if-none-match", "x-forwarded-prefix", "content-type", "cookie", "origin"]
    ),
    st.sampled_from(
        [
            "*/*",
            "text/html",
            "example.com:x",
            "bytes=0-1,5-",
            "<script>",
            "a" * 3000,
            "_token=x",
            "application/json",
            "null",
            "",
        ]
    ),
    max_size=2,
)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def browser(
    store: Store, add_target: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[TestClient]:
    """A viewer's browser; it is told what a server has raised, if any, instead of an answer of 500."""
    be_picky(monkeypatch, tmp_path)
    for name in ("shop", "blog"):
        add_target(name)
        store.put(index_of(name))
    run, place = BackupId("20261122T020000Z"), Layout("shop/")
    store.bucket.put(place.check(run), check_run(rule("paid"), started=run.time).to_json())
    store.bucket.put(f"{place.probe_page(run)}index.html", b"<p>fast</p>")
    with serving(sight_of(store, states=lambda _ids: {})) as app:
        yield client_of(app, "viewer")


@fuzzed(150)
@given(
    method=METHODS,
    path=st.lists(WORDS, max_size=5).map("/".join),
    parameters=PARAMETERS,
    headers=HEADERS,
    body=st.binary(max_size=20),
)
def test_whatever_is_asked_is_answered_in_words_and_nothing_is_done(  # noqa: PLR0917 - hypothesis names them
    browser: TestClient,
    store: Store,
    method: str,
    path: str,
    parameters: dict[str, str],
    headers: dict[str, str],
    body: bytes,
) -> None:
    import httpx

    before = {stored.key: store.bucket.get(stored.key) for stored in store.bucket.list("")}
    asked: dict[str, Any] = {"params": parameters, "headers": headers, "content": body}
    try:
        request = browser.build_request(method, f"{PLACE}/{path}", **asked)
    except (httpx.InvalidURL, UnicodeEncodeError, ValueError):
        return  # no browser can ask for that
    answer = browser.send(request, follow_redirects=False)
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    if _is_ours(request.url.path):
        assert "default-src 'none'" in answer.headers.get("content-security-policy", ""), (method, request.url)
    if method not in {"GET", "HEAD"}:
        assert answer.status_code >= 300
    assert {stored.key: store.bucket.get(stored.key) for stored in store.bucket.list("")} == before


def _is_ours(path: str) -> bool:
    """Whether it comes to the page at all: where there is a line end in it, Airflow's own app has answered."""
    return path.startswith(f"{PLACE}/") and "\n" not in path
