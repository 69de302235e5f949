"""Sessions that are in the way, from when on, and what is said where our role may not see them."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.health.concern import HealthServer
from dbops.domain.health.sessions import LockSession, OpenTransaction, SessionLimits, blocked, transactions

SERVER = HealthServer(role="watcher", autovacuum=True, counted_seconds=None, statements_view=None)
LIMITS = SessionLimits()


def session(pid: int | None = 7, **more: Any) -> OpenTransaction:
    fields = {"role": "app", "application": "web", "state": "active", "open_seconds": None, "idle_seconds": None}
    return OpenTransaction(**{**fields, "pid": pid, "hidden": False, **more})


def lock(pid: int, waits: float | None, *blockers: int, **more: Any) -> LockSession:
    fields = {"role": "app", "application": "", "state": "active", **more}
    return LockSession(pid=pid, waits_seconds=waits, blockers=blockers, **fields)


@pytest.mark.parametrize(("seconds", "status"), [(899.9, "ok"), (900.0, "warning")])
def test_a_transaction_is_long_from_a_quarter_of_an_hour_on(seconds: float, status: str) -> None:
    longest, idle = transactions([session(open_seconds=5.0), session(8, open_seconds=seconds)], SERVER, LIMITS)
    assert (longest.status, idle.status) == (status, "ok")
    assert "process 8 (role app, application web)" in longest.value
    assert longest.sql == ("SELECT pg_terminate_backend(8);" if status == "warning" else "")


def test_a_prepared_transaction_is_long_too_and_no_process_to_be_ended() -> None:
    prepared = session(None, application="gid_1", open_seconds=1000.0)
    longest, _ = transactions([session(open_seconds=999.0), prepared], SERVER, LIMITS)
    assert longest.value == "16m 40s: the prepared transaction gid_1 of role app"
    assert longest.sql.startswith("SELECT * FROM pg_prepared_xacts")


def test_where_no_transaction_is_open_nothing_is_long_or_idle() -> None:
    longest, idle = transactions([session()], SERVER, LIMITS)
    assert (longest.status, longest.value, longest.threshold) == ("ok", "none is open", "shorter than 15m")
    assert (idle.status, idle.value, idle.threshold) == ("ok", "none", "none for 1m or longer")
    waits = blocked([], LIMITS)
    assert (waits.status, waits.value, waits.threshold) == ("ok", "none", "none for 1.0s or longer")
    assert [item.name for item in (longest, idle, waits)] == [
        "longest transaction",
        "idle in transaction",
        "blocked sessions",
    ]


def test_what_to_do_is_told_for_each() -> None:
    longest, idle = transactions([session(open_seconds=900.0, idle_seconds=60.0)], SERVER, LIMITS)
    assert longest.remedy == (
        "See whether it still works: as long as it is open, vacuum cannot take away what it could see. A backup's ends "
        "by itself; end any other that nobody waits for."
    )
    assert idle.remedy == (
        "Look in the application for what it does while its transaction is open, and let the server end those that "
        "forget theirs."
    )


def test_each_role_that_forgets_its_transactions_is_given_a_timeout_once() -> None:
    forgotten = [(7, "app"), (8, "app"), (9, "a b")]
    sessions = [session(pid, role=role, open_seconds=90.0, idle_seconds=90.0) for pid, role in forgotten]
    _, item = transactions(sessions, SERVER, LIMITS)
    assert item.sql == "\n".join(
        f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = '60s';" for role in ('"a b"', '"app"')
    )


@pytest.mark.parametrize(("seconds", "status"), [(59.9, "ok"), (60.0, "warning")])
def test_doing_nothing_in_a_transaction_is_a_worry_from_a_minute_on(seconds: float, status: str) -> None:
    _, idle = transactions([session(open_seconds=100.0, idle_seconds=seconds)], SERVER, LIMITS)
    assert idle.status == status


def test_what_cannot_be_seen_is_unknown_unless_what_is_seen_is_bad_enough() -> None:
    hidden = session(9, hidden=True)
    for item in transactions([session(open_seconds=5.0), hidden, hidden], SERVER, LIMITS):
        assert item.status == "unknown"
        assert "2 sessions of other roles not seen" in item.value
        assert item.sql == 'GRANT pg_monitor TO "watcher";'
    for item in transactions([session(open_seconds=5000.0, idle_seconds=4000.0), hidden], SERVER, LIMITS):
        assert item.status == "warning"
        assert "1 session of other roles not seen" in item.value


def test_a_session_whose_role_was_dropped_is_told_without_one() -> None:
    _, idle = transactions([session(role="", open_seconds=90.0, idle_seconds=90.0)], SERVER, LIMITS)
    assert idle.value == "process 7 (application web) for 1m 30s"
    assert idle.sql == ""


def test_a_long_list_is_cut_and_says_by_how_many() -> None:
    _, idle = transactions([session(n, open_seconds=90.0, idle_seconds=90.0 - n) for n in range(17)], SERVER, LIMITS)
    assert idle.value.endswith(" and 12 more")
    assert "process 0 (role app, application web) for 1m 30s, process 1 " in idle.value


@pytest.mark.parametrize(("seconds", "status"), [(0.9, "ok"), (1.0, "warning")])
def test_waiting_for_a_lock_is_a_worry_from_a_second_on(seconds: float, status: str) -> None:
    assert blocked([lock(1, seconds, 2), lock(2, None)], LIMITS).status == status


def test_the_one_that_waits_for_nobody_is_what_to_end() -> None:
    chain = [lock(1, 30.0, 2), lock(2, 40.0, 3), lock(3, None, state="idle in transaction", application="psql")]
    item = blocked(chain, LIMITS)
    assert item.value == "process 2 (role app) for 40.0s by process 3, process 1 (role app) for 30.0s by process 2"
    assert item.remedy.endswith("process 3 (role app, application psql), idle in transaction.")
    assert item.sql == "SELECT pg_terminate_backend(3);"


def test_a_prepared_transaction_cannot_be_ended_as_a_process() -> None:
    item = blocked(
        [lock(1, 30.0, 0), LockSession(pid=0, role="", application="", state="", waits_seconds=None, blockers=())],
        LIMITS,
    )
    assert "by a prepared transaction" in item.value
    assert item.remedy.endswith("end it if nobody needs it: a prepared transaction.")
    assert "pg_terminate_backend" not in item.sql


def test_of_two_that_wait_as_long_the_first_is_told_first_and_whoever_lets_them_wait_once() -> None:
    item = blocked([lock(2, 30.0, 9), lock(1, 30.0, 9), lock(9, None, state="")], LIMITS)
    assert item.value.startswith("process 1 (role app) for 30.0s by process 9, process 2 ")
    assert item.remedy.endswith(": process 9 (role app).")
    assert item.sql == "SELECT pg_terminate_backend(9);"
    assert blocked([lock(9, None)], LIMITS).value == "none"


def test_who_waits_for_somebody_who_is_gone_by_now_is_told_all_the_same() -> None:
    assert "by nobody now" in blocked([lock(1, 30.0)], LIMITS).value


def test_where_nobody_is_at_the_root_of_the_wait_the_oldest_is_what_to_end() -> None:
    item = blocked([lock(1, 30.0, 2), lock(2, 40.0, 1)], LIMITS)
    assert item.remedy == "Look at what holds the lock, and end it if nobody needs it: the oldest of them."
    assert item.sql == "SELECT * FROM pg_prepared_xacts ORDER BY prepared;"


def test_a_session_of_which_nothing_is_known_is_a_process() -> None:
    longest, _ = transactions([session(role="", application="", open_seconds=5.0)], SERVER, LIMITS)
    assert longest.value == "5.0s: process 7"


def test_what_holds_a_lock_is_a_worry_only_to_those_who_wait_for_it() -> None:
    item = blocked([lock(1, 30.0, 9), lock(9, None), lock(8, None)], LIMITS)
    assert item.sql == "SELECT pg_terminate_backend(9);"
    assert "process 8" not in item.remedy
