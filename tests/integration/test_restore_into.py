"""Promise: an empty database that could not become the same is refused before it is loaded."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from dbops.errors import PreflightFailed
from tests.restoring import Restoring

UTF8 = "ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE"


@pytest.fixture
def made(restoring: Restoring) -> Iterator[Callable[[str], str]]:
    """Makes an empty database, as the live one's neighbour, with these options."""
    name = f"{restoring.live}__{secrets.token_hex(4)}"

    def make(options: str) -> str:
        restoring.tell(f"CREATE DATABASE {name} TEMPLATE template0 {options}", database="postgres")
        return name

    yield make
    restoring.tell(f"DROP DATABASE IF EXISTS {name}", database="postgres")


def collation(restoring: Restoring) -> str:
    [(live,)] = restoring.ask("SELECT datcollate FROM pg_database WHERE datname = current_database()")
    return str(live)


def test_an_empty_database_of_another_encoding_is_refused(restoring: Restoring, made: Callable[[str], str]) -> None:
    name = made("ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'")

    (blocker,) = restoring.plan(mode="into", into=name).blockers

    assert f"The database {name} has the encoding SQL_ASCII, and the backup UTF8" in blocker
    with restoring.refusing(PreflightFailed, "recreate it from template0 with ENCODING 'UTF8'"):
        restoring.load()


def test_an_empty_database_that_sorts_otherwise_is_told_and_taken(
    restoring: Restoring, made: Callable[[str], str]
) -> None:
    name = made(f"{UTF8} '{'C.utf8' if collation(restoring) == 'C' else 'C'}'")

    plan = restoring.plan(mode="into", into=name)
    verification = restoring.bring_back().verification

    assert plan.blockers == ()
    assert any(f"The database {name} sorts as" in warning for warning in plan.warnings)
    assert verification is not None
    assert verification.errors == ()


def test_an_empty_database_as_the_live_one_is_leaves_nothing_to_be_said(
    restoring: Restoring, made: Callable[[str], str]
) -> None:
    plan = restoring.plan(mode="into", into=made(""))

    assert plan.blockers == ()
    assert not any("sorts as" in warning for warning in plan.warnings)


@pytest.mark.parametrize("given", ["template1", "of our own"])
def test_a_template_is_refused_for_all_that_is_made_of_it_would_have_what_is_restored(
    restoring: Restoring, made: Callable[[str], str], given: str
) -> None:
    name = given if given == "template1" else made("IS_TEMPLATE true")
    try:
        (blocker,) = restoring.plan(mode="into", into=name).blockers

        assert f"The database {name} is a template" in blocker
        with restoring.refusing(PreflightFailed, f"The database {name} is a template"):
            restoring.load()
    finally:
        if name != given:
            restoring.tell(f"ALTER DATABASE {name} IS_TEMPLATE false", database="postgres")
