"""The heartbeat against a real HTTP server."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator

import pytest

from dbops.errors import HeartbeatFailed
from dbops.gateways.alerting import heartbeat
from dbops.gateways.alerting.heartbeat import ping
from tests.heartbeats import Switch, running_switch

SECRET = "c0ffee"


@pytest.fixture
def switch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Switch]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with running_switch() as server:
        yield server


def refusal(url: str) -> HeartbeatFailed:
    with pytest.raises(HeartbeatFailed) as caught:
        ping(url)
    everything = "".join(traceback.format_exception(caught.value))
    assert SECRET not in everything
    return caught.value


@pytest.mark.parametrize("status", [200, 204])
def test_a_heartbeat_is_one_get_request(switch: Switch, status: int) -> None:
    ping(f"{switch.url}/{status}/{SECRET}")
    assert switch.requested == [("GET", f"/{status}/{SECRET}")]


@pytest.mark.parametrize("status", [400, 404, 410, 500, 503])
def test_an_answer_that_is_not_2xx_fails_and_the_error_shows_the_host_only(switch: Switch, status: int) -> None:
    assert refusal(f"{switch.url}/{status}/{SECRET}").what == (
        f"The heartbeat to 127.0.0.1 was not accepted: it answered {status}."
    )


def test_a_redirect_within_the_scheme_is_followed(switch: Switch) -> None:
    switch.location = "/200/elsewhere"
    ping(f"{switch.url}/302/{SECRET}")
    assert [path for _, path in switch.requested] == [f"/302/{SECRET}", "/200/elsewhere"]


@pytest.mark.parametrize("scheme", ["https", "ftp", "file", "gopher"])
def test_a_redirect_to_another_scheme_is_not_followed(switch: Switch, scheme: str) -> None:
    switch.location = f"{scheme}://127.0.0.1:{switch.server_port}/200/{SECRET}"
    assert "a redirect to another scheme" in refusal(f"{switch.url}/302/{SECRET}").what
    assert len(switch.requested) == 1


def test_nobody_at_the_other_end_fails(switch: Switch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "refused" in refusal(f"http://127.0.0.1:{port}/{SECRET}").what


def test_an_answer_that_never_comes_fails(switch: Switch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_TIMEOUT_SECONDS", 0.2)
    assert "in time" in refusal(f"{switch.url}/never/{SECRET}").what


@pytest.mark.parametrize(
    "url",
    [
        f"http://127.0.0.1:1/{SECRET} with spaces",
        f"http://127.0.0.1:port/{SECRET}",
        f"http://[::1/{SECRET}",
        f"http:///{SECRET}",
        f"http://127.0.0.1/{SECRET}\r\nX-Injected: 1",
        f"file:///etc/{SECRET}",
        f"ftp://127.0.0.1/{SECRET}",
        SECRET,
        "",
    ],
)
def test_an_address_that_cannot_be_used_fails_without_being_repeated(url: str) -> None:
    assert refusal(url).remedy
