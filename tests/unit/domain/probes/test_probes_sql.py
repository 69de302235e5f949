"""A probe is made of the application's own statements, and nothing in it reaches beyond a transaction that is ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.probes.parameters import as_driven, misnamed, parameters
from dbops.domain.probes.sql import draw_objection, may_write, objections
from dbops.domain.sql.statements import SqlStatement, statements
from tests.unit.sql_texts import COMMENT, QUOTED


def one(sql: str) -> SqlStatement:
    (statement,) = statements(sql)
    return statement


def names(sql: str) -> list[str]:
    return [token.text for token in parameters(one(sql))]


def told(sql: str, *, writes: bool = False) -> list[str]:
    return [sentence for statement in statements(sql) for _, sentence in objections(statement, writes=writes)]


PARAMETERS = {
    "SELECT :a": ["a"],
    "SELECT :a, :b, :a": ["a", "b", "a"],
    'SELECT * FROM t WHERE "x"=:user_id AND y>=:_n1': ["user_id", "_n1"],
    "SELECT (:a)::text, CAST(:b AS int), -:c": ["a", "b", "c"],
    "SELECT :a::text": ["a"],
    "SELECT x FROM t LIMIT :n OFFSET :m": ["n", "m"],
    "SELECT ARRAY[:a, :b], ARRAY[[:c], [:d]]": ["a", "b", "c", "d"],
    "SELECT x[(:n)], x[1:(:m)]": ["n", "m"],
    "SELECT f(a => :b)": ["b"],
    "SELECT DISTINCT ON (x) :a FROM t": ["a"],
    # and no parameters:
    "SELECT a::text, '1'::int, \"b\"::text, f(x)::int, 1::int, a :: text": [],
    "SELECT ':a', \":b\", $$:c$$, E':d\\':e', $x$ :f $x$ -- :g\n/* :h /* :i */ :j */": [],
    "SELECT x[1:n], x[:n], x[n:], x[1 :n], x[f(1):n]": [],
    "SELECT f(a := 1)": [],
    "SELECT json_object('a':b, \"c\":d, e:f)": [],
    "SELECT 1 : 2": [],
    "SELECT : a, 1 : b": [],
    ":a": ["a"],
    "SELECT ARRAY[x[1 :n], y[:m]]": [],
    "SELECT :1": [],
}


@pytest.mark.parametrize("sql", PARAMETERS)
def test_a_parameter_is_a_colon_and_a_name_where_a_value_can_stand(sql: str) -> None:
    assert names(sql) == PARAMETERS[sql]


@given(st.lists(QUOTED | COMMENT | st.sampled_from(["a::text", "x[1:n]", ":mine", "+"]), min_size=1, max_size=8))
def test_no_parameter_is_found_in_quotes_comments_or_casts(parts: list[str]) -> None:
    assert names(" , ".join(["SELECT 1", *parts, "x"])) == ["mine"] * parts.count(":mine")


@given(st.lists(QUOTED | COMMENT | st.sampled_from(["a % 2", "%", ":mine", ":b"]), min_size=1, max_size=8))
def test_what_the_driver_takes_is_what_was_written(parts: list[str]) -> None:
    written = " , ".join(["SELECT 1", *parts, "x"])

    driven = as_driven(one(written))

    values = {"mine": ":mine", "b": ":b"}
    assert driven.sql % {name: values[name] for name in driven.parameters} == written
    assert set(driven.parameters) == {part[1:] for part in parts if part in (":mine", ":b")}


def test_a_parameter_is_named_as_the_driver_wants_it_and_each_percent_sign_is_doubled() -> None:
    driven = as_driven(one("\nSELECT 7 % :n, '100%', '%(n)s' FROM t WHERE a = :n AND b LIKE :p -- 5%\n, 1"))

    assert driven.sql == "SELECT 7 %% %(n)s, '100%%', '%%(n)s' FROM t WHERE a = %(n)s AND b LIKE %(p)s -- 5%%\n, 1"
    assert driven.parameters == ("n", "p")
    assert driven.line == 2


@pytest.mark.parametrize("name", ["userId", "USER", "größe", "a$b"])
def test_a_parameter_is_named_as_an_unquoted_column_is(name: str) -> None:
    assert [token.text for token in misnamed(one(f"SELECT :{name}"))] == [name]
    assert told(f"SELECT :{name}") == [
        f'the parameter ":{name}" must be lower case letters, digits and _, as in :user_id'
    ]


READS = [
    "SELECT 1",
    "select a from t",
    "(SELECT 1) UNION (SELECT 2)",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "WITH x AS MATERIALIZED (SELECT 1), y (a) AS (TABLE z) SELECT * FROM x",
    "VALUES (1), (2)",
    "TABLE t",
    # Words that are reserved nowhere, or not where they stand:
    "SELECT update, delete, insert FROM merge",
    "SELECT count(update), max(delete) FROM t",
    "SELECT a AS into, t.into FROM t",
    "SELECT 'INSERT INTO a', \"INTO\", $$COMMIT$$ -- FOR UPDATE\n",
    "SELECT a AS set, b.for FROM t WHERE (update IS NULL)",
    "SELECT commit, begin FROM t",
    "SELECT pg_advisory_xact_lock(1)",
    "SELECT set_config FROM t",
    "SELECT substring(a FROM 1 FOR 2)",
]
WRITES = {
    'INSERT INTO "public"."User" ("id") VALUES (1) ON CONFLICT ("id") DO UPDATE SET "id" = 2': "an INSERT",
    'UPDATE "a"."b" SET x = 1': "an UPDATE",
    "DELETE FROM a": "a DELETE",
    "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN UPDATE SET y = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)": (
        "a MERGE"
    ),
    "WITH x AS (INSERT INTO a VALUES (1) RETURNING *) SELECT * FROM x": "an INSERT",
    'WITH x AS (UPDATE ONLY "a"."b" * AS c SET d = 1 RETURNING *) SELECT * FROM x': "an UPDATE",
    "WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x": "a DELETE",
    "WITH x AS (SELECT 1) DELETE FROM a USING x": "a DELETE",
    "WITH x AS (SELECT 1) UPDATE a SET b = 1 FROM x": "an UPDATE",
    "WITH x AS (SELECT 1) INSERT INTO a SELECT * FROM x": "an INSERT",
    "SELECT * FROM a FOR UPDATE": "a FOR UPDATE",
    "SELECT * FROM a FOR NO KEY UPDATE SKIP LOCKED": "a FOR NO KEY UPDATE",
    "SELECT * FROM a for share": "a FOR SHARE",
    "SELECT * FROM a FOR KEY SHARE OF a": "a FOR KEY SHARE",
}


@pytest.mark.parametrize("sql", READS)
def test_what_only_reads_may_stand_in_a_probe_that_reads(sql: str) -> None:
    assert told(sql) == []
    assert not may_write(one(sql))
    assert draw_objection(sql) == ""


@pytest.mark.parametrize("sql", WRITES)
def test_what_writes_must_say_so_in_the_header(sql: str) -> None:
    assert told(sql) == [
        f"it has {WRITES[sql]}; write writes: true in the header, and it is rolled back each time",
    ]
    assert told(sql, writes=True) == []
    assert may_write(one(sql))


@pytest.mark.parametrize("sql", WRITES)
def test_parameters_are_drawn_by_what_only_reads(sql: str) -> None:
    assert "drawn by a query that only reads" in draw_objection(sql)


def test_a_function_of_the_application_may_write() -> None:
    assert may_write(one('SELECT "public"."place_order"(1)'))
    assert may_write(one("SELECT shop.place_order(1)"))
    assert not may_write(one('SELECT "pg_catalog".now(), PG_CATALOG.now()'))
    assert not may_write(one("SELECT pg_catalog.now(), count(*) FROM public.t WHERE t.a IN (1)"))


REFUSED = {
    "BEGIN": "BEGIN may not stand in a probe: the transaction is ours, and is always rolled back; remove it",
    "start transaction": "START may not stand in a probe: the transaction is ours",
    "COMMIT": "COMMIT may not stand in a probe: the transaction is ours",
    "END": "the transaction is ours",
    "ROLLBACK": "the transaction is ours",
    "ABORT": "the transaction is ours",
    "SAVEPOINT a": "SAVEPOINT may not stand in a probe: the transaction is ours",
    "RELEASE a": "the transaction is ours",
    "PREPARE TRANSACTION 'a'": "the transaction is ours",
    "CREATE INDEX ON a (b)": "CREATE may not stand in a probe: it changes the schema, which is for a migration to do",
    "ALTER TABLE a ADD b int": "it changes the schema",
    "DROP TABLE a": "it changes the schema",
    "COMMENT ON TABLE a IS 'b'": "it changes the schema",
    "GRANT SELECT ON a TO b": "it changes the schema",
    "REVOKE SELECT ON a FROM b": "it changes the schema",
    "REFRESH MATERIALIZED VIEW a": "it changes the schema",
    "SELECT * INTO a FROM b": "SELECT ... INTO may not stand in a probe: it makes a table; it changes the schema",
    "WITH x AS (SELECT 1) SELECT * INTO TEMP a FROM x": "SELECT ... INTO may not stand in a probe",
    "TRUNCATE a": "TRUNCATE may not stand in a probe: it locks the whole table",
    "SET statement_timeout = 0": "SET may not stand in a probe: it changes the session",
    "RESET ALL": "it changes the session",
    "DISCARD ALL": "it changes the session",
    "SELECT set_config('transaction_read_only', 'off', false)": "set_config() may not stand in a probe",
    "SELECT pg_catalog.set_config('a.b', 'off', false)": "set_config() may not stand in a probe",
    "SELECT \"set_config\"('a.b', 'off', false)": "set_config() may not stand in a probe",
    "NOTIFY a": "it changes the session",
    "COPY a TO PROGRAM 'b'": "COPY may not stand in a probe: it carries rows into or out of the server",
    "CALL a()": "CALL may not stand in a probe: it hides what it executes, and could end the transaction",
    "DO $$ BEGIN COMMIT; END $$": "DO may not stand in a probe: it hides what it executes",
    "EXECUTE a": "it hides what it executes",
    "LOCK TABLE a": "LOCK may not stand in a probe: the application would wait for the lock",
    "VACUUM": "VACUUM may not stand in a probe: it is maintenance",
    "ANALYZE a": "it is maintenance",
    "DECLARE a CURSOR FOR SELECT 1": "it takes a cursor",
    "EXPLAIN ANALYZE SELECT 1": "EXPLAIN may not stand in a probe: what is too slow is explained",
    "SELEC 1": 'a statement cannot begin with "SELEC". Did you mean "SELECT"?',
    "UPSERT a": 'a statement cannot begin with "UPSERT". Did you mean "INSERT"?',
    "SHOW all": 'a statement cannot begin with "SHOW". It begins with SELECT, WITH, VALUES, TABLE, INSERT',
    "= 1": 'a statement cannot begin with "=". It begins with SELECT',
    '"SELECT" 1': 'cannot begin with ""SELECT""',
    "SELECT pg_advisory_lock(1)": "pg_advisory_lock() may not stand in a probe: its lock outlives the rollback",
    "SELECT pg_terminate_backend(1)": "it interrupts the sessions of others",
    "SELECT * FROM dblink('', 'DELETE FROM a') AS t (a int)": "a session of its own, which our rollback does not reach",
    "SELECT * FROM a WHERE b = $1": "$1 has no value here; write a named parameter, as in :user_id",
}


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("sql", REFUSED)
def test_what_our_transaction_does_not_hold_is_refused_by_name(sql: str, writes: bool) -> None:
    (sentence,) = told(sql, writes=writes)
    assert REFUSED[sql] in sentence


@pytest.mark.parametrize("sql", REFUSED)
def test_it_is_not_taken_for_a_draw_either(sql: str) -> None:
    assert REFUSED[sql] in draw_objection(sql)


def test_a_reason_has_the_line_at_which_it_stands() -> None:
    (first, second) = statements("SELECT 1;\nSELECT *\n  FROM a\n  FOR UPDATE", 10)

    assert list(objections(first, writes=False)) == []
    assert [line for line, _ in objections(second, writes=False)] == [13]


@pytest.mark.parametrize(
    "name",
    [
        "set_config", "pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock",
        "pg_try_advisory_lock_shared", "dblink", "dblink_exec", "dblink_connect", "dblink_connect_u",
        "dblink_send_query", "pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "pg_switch_wal",
    ],
)  # fmt: skip
def test_a_function_whose_effect_no_rollback_takes_back_is_refused_however_it_is_written(name: str) -> None:
    for call in (f"{name}(1)", f"{name.upper()} (1)", f'"{name}"(1)', f"a.{name}(1)"):
        (sentence,) = told(f"VALUES ({call})", writes=True)
        assert sentence.startswith(f"{name}() may not stand in a probe: ")
    assert told(f"VALUES ({name}, '{name}(1)')") == []
    assert told(f'VALUES ("{name.upper()}"(1))') == [], "that is another function"


def test_each_reason_is_told_with_its_line() -> None:
    statement = one("SELECT pg_reload_conf()\n  FROM t WHERE a = $1\n AND b = :Name FOR SHARE")

    assert [(line, said.partition(" ")[0]) for line, said in objections(statement, writes=False)] == [
        (1, "pg_reload_conf()"),
        (2, "$1"),
        (3, "it"),
        (3, "the"),
    ]
    assert [line for line, _ in objections(statement, writes=True)] == [1, 2, 3]


DRAWS = {
    "": "parameters are drawn by one query, and it has none; write one SELECT",
    "-- nothing": "it has none",
    "SELECT 1; SELECT 2": "parameters are drawn by one query, and it has 2; write one SELECT",
    "SELECT :a": 'it uses the parameter ":a", and has none to draw it from; write the value itself',
    "SELECT 'open": "a ' is never closed; close it",
}


@pytest.mark.parametrize("query", DRAWS)
def test_parameters_are_drawn_by_one_query_without_any(query: str) -> None:
    assert DRAWS[query] in draw_objection(query)


def test_a_draw_may_end_with_its_semicolon() -> None:
    assert draw_objection("SELECT 1 ;\n") == ""
