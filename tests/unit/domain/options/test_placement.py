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
    with pytest.raises(ValidationError, match="a name of your own, not its address"):
        target(server=name)


@pytest.mark.parametrize("name", ["heavy", "team-a.large", "Q_1"])
def test_a_queue_has_the_name_that_its_workers_listen_to(name: str) -> None:
    assert target(queue=name).queue == name


@pytest.mark.parametrize("name", ["", "a,b", "two words", "-q", "a" * 101])
def test_several_queues_are_no_queue(name: str) -> None:
    with pytest.raises(ValidationError, match="one name that a worker of Airflow listens to"):
        target(queue=name)
