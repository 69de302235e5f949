"""What a live database executes keeps to our limits: a text that sets its own, or that no run could end, is refused."""

from __future__ import annotations

import pytest

from dbops.domain.migrations.live_objections import live_objections

FINE = [
    "ALTER TABLE t ADD a int; UPDATE t SET role = 'admin', search_path = 1",
    "SET work_mem = '1GB'; SET LOCAL maintenance_work_mem = '1GB'; RESET work_mem",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = '' AS 'SELECT 1'",
    "DO $$ BEGIN UPDATE t SET role = 1; PERFORM 'SET lock_timeout = 0'; END $$",
    "SELECT set_config('work_mem', '1GB', true), 'set_config(lock_timeout)'",
    "ALTER ROLE a SET lock_timeout = 0; REINDEX TABLE t; ALTER TABLE t DETACH PARTITION p",
    "CREATE INDEX CONCURRENTLY a ON t (b)",
    "SELECT f('lock_timeout'), set_config FROM t",
    "-- nothing",
]
REFUSED = {
    "SELECT 1;\nSET lock_timeout = 0": (2, "SET lock_timeout may"),
    "set local statement_timeout to '1h'": (1, "SET statement_timeout may"),
    'SET SESSION "search_path" = a': (1, "SET search_path may"),
    "SET SCHEMA 'a'": (1, "SET SCHEMA may"),
    "RESET ALL": (1, "RESET ALL may"),
    "DISCARD ALL": (1, "DISCARD ALL may"),
    "RESET idle_in_transaction_session_timeout": (1, "RESET idle_in_transaction_session_timeout may"),
    "SET session_replication_role = replica": (1, "SET session_replication_role may"),
    "SET ROLE a": (1, "SET role may"),
    "SET LOCAL ROLE a": (1, "SET role may"),
    "SET SESSION AUTHORIZATION a": (1, "SET SESSION AUTHORIZATION may"),
    "SET LOCAL SESSION AUTHORIZATION a": (1, "SET SESSION AUTHORIZATION may"),
    "SELECT\npg_catalog.set_config('lock_timeout', '0', false)": (2, "set_config of lock_timeout may"),
    "SELECT set_config(E'lock_timeout', '0', false)": (1, "set_config of lock_timeout may"),
    "DO $$\nBEGIN\n  SET lock_timeout = 0;\nEND $$": (3, "SET lock_timeout may"),
    "DO $$ BEGIN SET LOCAL lock_timeout = 0; END $$": (1, "SET lock_timeout may"),
    "DO $$ BEGIN PERFORM 1; IF a THEN SET LOCAL ROLE b; END IF; END $$": (1, "SET role may"),
    "SELECT 1;\nDO $$ BEGIN\n  RESET ROLE; END $$": (3, "RESET role may"),
    "DO $a$ BEGIN PERFORM set_config('role', 'a', true); END $a$": (1, "set_config of role may"),
    "REINDEX INDEX CONCURRENTLY a": (1, "REINDEX changes no schema"),
    "REINDEX (VERBOSE, CONCURRENTLY) TABLE t": (1, "REINDEX changes no schema"),
    "ALTER TABLE t DETACH PARTITION t1 CONCURRENTLY": (1, "DETACH PARTITION CONCURRENTLY locks"),
}


@pytest.mark.parametrize("sql", FINE)
def test_what_keeps_to_the_limits_is_taken(sql: str) -> None:
    assert live_objections(sql) == ()


@pytest.mark.parametrize("sql", REFUSED)
def test_what_takes_a_guard_rail_away_is_refused_at_its_line(sql: str) -> None:
    ((line, sentence),) = live_objections(sql)

    expected, words = REFUSED[sql]
    assert (line, sentence[: len(words)]) == (expected, words)
    assert "; " in sentence, "it says what to do"
