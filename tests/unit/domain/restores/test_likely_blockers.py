"""What may end a restore and refuses no plan is said with what to do, and never where a provider may see to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbops.domain.restores.blockers import RestoreConditions
from dbops.domain.restores.likely_blockers import likely_blockers
from dbops.domain.restores.live_facts import SessionGroup
from dbops.domain.restores.request import RestoreMode, RestoreRequest
from dbops.domain.restores.taken_over import TakenOver
from tests.unit.restores import FREE, live, server
from tests.unit.samples import NOW

APP = SessionGroup("app_login", "web", 3, may_end=False)
MINE = SessionGroup("admin", "psql", 1, may_end=True)
ADMIN: dict[str, Any] = {"role": "ad min", "is_superuser": False, "untrusted": frozenset({"dblink", "file_fdw"})}


def found(
    mode: RestoreMode = "swap", *, sessions: tuple[SessionGroup, ...] = (), extensions: tuple[str, ...] = (),
    takes_over: TakenOver | None = None, **role: Any,
) -> RestoreConditions:  # fmt: skip
    return replace(
        FREE,
        request=RestoreRequest(mode=mode, takes_over=takes_over),
        server=server(**{**ADMIN, **role}),
        live=live(sessions=sessions),
        extensions=extensions,
    )


def test_where_nothing_hinders_nothing_is_said() -> None:
    assert likely_blockers(found(sessions=(MINE,), extensions=("pgcrypto", "plpgsql"))) == ()


@pytest.mark.parametrize("mode", ["beside", "swap"])
def test_extensions_that_only_a_superuser_may_create_are_named(mode: RestoreMode) -> None:
    (said,) = likely_blockers(found(mode, extensions=("pgcrypto", "file_fdw", "dblink")))
    assert said == (
        "The backup holds extensions that only a superuser may create, and ad min is not one: dblink, file_fdw. Name a "
        "superuser under restore.connection for a restore, or have them created in an empty database and restore into "
        "that."
    )


@pytest.mark.parametrize(
    "role",
    [{"is_managed": True}, {"memberships": frozenset({"admin", "rds_superuser"})}, {"is_superuser": True}],
)
def test_where_only_trying_tells_who_may_create_them_nothing_is_said(role: dict[str, Any]) -> None:
    assert likely_blockers(found(extensions=("dblink",), **role)) == ()


def test_what_is_loaded_already_has_its_extensions() -> None:
    taken = TakenOver(run="a", loaded_by="a", planned=NOW, oid=1, verified=NOW, verify_seconds=1.0)
    assert likely_blockers(found(extensions=("dblink",), takes_over=taken)) == ()


def test_connections_that_the_role_may_not_end_are_named_with_the_grant() -> None:
    (said,) = likely_blockers(found(sessions=(MINE, APP, replace(APP, application="worker"))))
    assert said == (
        "The role ad min may not end the connections of app_login, which a swap has to do: GRANT pg_signal_backend TO "
        '"ad min".'
    )


def test_a_role_that_has_the_grant_is_not_told_of_a_superusers_connections() -> None:
    has_it = frozenset({"admin", "pg_signal_backend"})
    assert likely_blockers(found(sessions=(APP,), memberships=has_it)) == ()


def test_only_a_swap_ends_connections_and_only_those_of_a_database_that_is_there() -> None:
    assert likely_blockers(found("beside", sessions=(APP,))) == ()
    assert likely_blockers(replace(found(sessions=(APP,)), live=None)) == ()
