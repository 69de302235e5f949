from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.state import DemoState

WANTED = {"postgres": (0,), "s3": (0, 10000)}


def test_what_was_saved_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    state = DemoState.generate()
    state.ports["postgres"] = 15001
    state.sample_loaded = True

    state.save(file)

    assert DemoState.load(file) == state


def test_only_its_owner_may_read_the_passwords(tmp_path: Path) -> None:
    file = tmp_path / "state.json"

    DemoState.generate().save(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_passwords_and_keys_are_generated_not_fixed() -> None:
    one, other = DemoState.generate(), DemoState.generate()

    assert one.id != other.id
    assert not set(one.secrets.values()) & set(other.secrets.values())
    assert len(set(one.secrets.values())) == len(one.secrets)


def test_without_a_file_nothing_is_remembered(tmp_path: Path) -> None:
    assert DemoState.load(tmp_path / "state.json") is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}', '{"format": 1, "id": "x", "color": "red"}'])
def test_a_file_that_cannot_be_understood_is_said_to_be_with_the_way_out(tmp_path: Path, content: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(content)

    with pytest.raises(DemoError, match="make demo-clean"):
        DemoState.load(file)


def test_a_file_that_lacks_a_password_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    DemoState.generate().save(file)
    content = json.loads(file.read_text())
    del content["secrets"]["alice"]
    file.write_text(json.dumps(content))

    with pytest.raises(DemoError, match="make demo-clean"):
        DemoState.load(file)


def test_remembered_ports_are_used_again() -> None:
    state = DemoState("id", ports={"postgres": 15001, "s3": 15002})

    sentences = state.settle_ports(WANTED, free=lambda _: True)

    assert (state.ports, sentences) == ({"postgres": 15001, "s3": 15002}, [])


def test_a_remembered_port_that_a_stranger_took_is_given_up_and_said_so() -> None:
    state = DemoState("id", ports={"postgres": 15001, "s3": 15002})

    sentences = state.settle_ports(WANTED, free=lambda port: port != 15001)

    assert state.ports["postgres"] != 15001
    assert state.ports["s3"] == 15002
    assert sentences == [
        f"Port 15001 (postgres) is in use by another program: {state.ports['postgres']} is used from now on."
    ]


def test_a_port_counts_as_taken_when_its_companion_is() -> None:
    state = DemoState("id", ports={"postgres": 15001, "s3": 15002})

    state.settle_ports(WANTED, free=lambda port: port != 25002)

    assert state.ports["s3"] != 15002


def test_a_port_our_own_server_listens_on_is_kept() -> None:
    state = DemoState("id", ports={"postgres": 15001, "s3": 15002})

    sentences = state.settle_ports(WANTED, keep=["postgres", "s3"], free=lambda _: False)

    assert (state.ports, sentences) == ({"postgres": 15001, "s3": 15002}, [])


def test_new_ports_differ_from_each_other() -> None:
    state = DemoState("id")

    state.settle_ports({f"server {number}": (0,) for number in range(20)})

    assert len(set(state.ports.values())) == 20
