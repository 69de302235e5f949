from __future__ import annotations

import socket

import pytest

from demo import ports
from demo.errors import DemoError


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        assert not ports.is_free(stranger.getsockname()[1])


def test_a_port_is_free_again_when_its_server_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]

    assert ports.is_free(port)


def test_a_port_is_chosen_where_outgoing_connections_do_not_take_theirs() -> None:
    assert ports.LOWEST <= ports.choose_port() <= ports.HIGHEST < 32768


def test_a_port_that_is_already_meant_for_another_server_is_not_chosen() -> None:
    taken = set(range(ports.LOWEST, ports.HIGHEST + 1))
    taken.remove(ports.LOWEST + 1)

    chosen = None
    while chosen is None:  # one in seven thousand: the search may miss it
        try:
            chosen = ports.choose_port(taken, offsets=())
        except DemoError:
            continue

    assert chosen == ports.LOWEST + 1


def test_no_free_port_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _: False)

    with pytest.raises(DemoError, match="No free port"):
        ports.choose_port()
