"""The names under which targets share a server and a queue."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.unit.samples import target


def test_a_target_shares_nothing_unless_it_says_so() -> None:
    assert (target().server, target().queue) == (None, None)


@pytest.mark.parametrize("name", ["main", "db1", "eu_central_1"])
def test_a_server_has_a_name_like_a_targets(name: str) -> None:
    assert target(server=name).server == name


@pytest.mark.parametrize("name", ["db.example.com", "10.0.0.1", "Main", "", "a" * 64, "postgresql://u:p@h/d"])
def test_an_address_is_no_servers_name(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        target(server=name)
    assert _said(refused.value) == (
        "a server is a name of your own, not its address: lower-case letters, digits and _, beginning with a letter, "
        "at most 63"
    )


@pytest.mark.parametrize("name", ["heavy", "team-a.large", "Q_1"])
def test_a_queue_has_the_name_that_its_workers_listen_to(name: str) -> None:
    assert target(queue=name).queue == name


@pytest.mark.parametrize("name", ["", "a,b", "two words", "-q", "a" * 101])
def test_several_queues_are_no_queue(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        target(queue=name)
    assert _said(refused.value) == (
        "a queue is one name that a worker of Airflow listens to: letters, digits, _, - and ., at most 100"
    )


def _said(refused: ValidationError) -> str:
    return str(refused.errors()[0].get("ctx", {})["error"])
