"""What escapes a rollback is read from statements, and not from their comments."""

from __future__ import annotations

import pytest

from dbops.gateways.probing.functions import Function, called_in, notifies, what_escapes

TAKES_NUMBERS = ["takes numbers from a sequence, which leaves gaps"]
BODY = "BEGIN -- not NOTIFY changed\n PERFORM 'a /* b', pg_notify('changed', '*/'); END"
TELL = Function(1, "public", "tell", "plpgsql", trusted=True, volatile=True, extension=None, text=BODY)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'a--b', nextval('orders')",
        "SELECT '/*', nextval('orders'), '*/'",
        "SELECT \"a--b\", nextval('orders') FROM t",
        "SELECT $$--$$, nextval('orders')",
        "SELECT 1 -- a comment\n, nextval('orders')",
    ],
)
def test_a_text_or_name_that_looks_like_a_comment_hides_nothing_behind_it(sql: str) -> None:
    assert what_escapes(sql) == TAKES_NUMBERS


@pytest.mark.parametrize("sql", ["SELECT 1 -- nextval('orders')", "SELECT 1 /* of /* two */ nextval('orders') */"])
def test_what_a_comment_mentions_is_not_done(sql: str) -> None:
    assert what_escapes(sql) == []


def test_calls_and_notifications_are_found_behind_such_a_text_too() -> None:
    assert called_in("SELECT '--', tell() -- and never ask()", [TELL]) == [TELL]
    assert notifies(TELL, [TELL])
