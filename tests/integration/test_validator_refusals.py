"""What cannot be asked is said so, rule by rule; what a rule or a name says cannot do harm; no value gets out."""

# ruff: noqa: S608 - the rules are SQL, and so are the questions about them
from __future__ import annotations

import html
import logging
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from dbops.domain.checks.suite import Outcome
from dbops.errors import DatabaseError
from tests.faults.job import wait_until
from tests.validating import Validating, outcomes, rule, satisfies, suite

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_EVALUATED
SECRET = "hunter2-the-value-of-a-row"


@pytest.fixture
def a(validating_empty: Validating) -> Validating:
    """A database with a table ``a``: ids 1 and 2, a text that is a secret."""
    validating_empty.tell(
        "CREATE TABLE a (id int PRIMARY KEY, t text)", f"INSERT INTO a VALUES (1, '{SECRET}'), (2, '7')"
    )
    return validating_empty


WRONG = {
    "an unknown column": (satisfies("nope > 0"), 'column "nope" does not exist'),
    "a condition that is none": (satisfies("id +"), "syntax error"),
    "a condition that is no boolean": (satisfies("id"), "argument of IS NOT TRUE must be type boolean"),
    "an unknown function": (satisfies("nope(id)"), "function nope(integer) does not exist"),
    "an aggregate": (satisfies("max(id) > 0"), "aggregate function"),
    "an unknown column of a shape": (
        rule("jsonb_to_have_shape", 1, column="j", **{"is": "object"}),
        '"j" does not exist',
    ),
    "an unknown column of a newest row": (rule("newest_row_within", column="at", max_age="1d"), '"at" does not exist'),
    "an unknown column to be unique": (rule("rows_to_be_unique", columns=["x"]), 'column "x" does not exist'),
    "an unknown parent": (
        rule("rows_to_have_parent", columns=["id"], parent="public.b", parent_columns=["id"]),
        'relation "public.b" does not exist',
    ),
    "a missing file": (rule("query_to_return_no_rows", file="gone.sql"), "the file gone.sql cannot be read"),
    "an unknown column of a stock rule": (
        rule("column_values_to_not_be_null", column="x"),
        'The column "x" in BatchData does not exist',
    ),
    "a stock rule that SQL cannot ask": (rule("column_values_to_be_json_parseable", column="t"), "No provider found"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_it_could_not_be_evaluated_and_hides_no_other_rule(a: Validating, wrong: str) -> None:
    asked, said = WRONG[wrong]

    found = a.validate(suite("a", satisfies("id > 0", 2), asked, satisfies("id > 1", 3)))

    assert outcomes(found) == [PASSED, UNKNOWN, FAILED]
    assert said in found.results[1].sentence
    assert found.results[1].source == "suite.yaml:1"
    assert found.row_counts == {("public", "a"): 2}


def test_a_rule_that_fails_on_a_value_hides_no_other_and_does_not_tell_the_value(a: Validating) -> None:
    found = a.validate(suite("a", satisfies("id > 0", 2), satisfies("t::int > 0"), satisfies("id > 1", 3)), docs=True)

    assert outcomes(found) == [PASSED, UNKNOWN, FAILED]
    assert found.results[1].sentence == (
        "the server could not compute it for some row: invalid text representation (22P02)"
    )
    assert found.row_counts == {("public", "a"): 2}


def test_a_missing_table_is_named_and_an_optional_one_is_not(a: Validating) -> None:
    found = a.validate(
        suite("A", satisfies("true")),
        suite("b", satisfies("true"), optional=True),
        suite("c", satisfies("true")),
        suite("a", satisfies("true")),
        optional=("c",),
    )

    assert outcomes(found) == [UNKNOWN, PASSED]
    assert found.results[0].sentence == "there is no table public.A in the database. Did you mean public.a?"


def test_a_statement_that_takes_too_long_is_not_waited_for_twice(a: Validating) -> None:
    slow = satisfies("(SELECT count(*) FROM generate_series(1, 100000000 + id)) > 0")
    unique = rule("rows_to_be_unique", 3, columns=["t"])

    found = a.validate(suite("a", slow, satisfies("id > 0", 2), unique), statement_timeout="1s")

    assert outcomes(found) == [UNKNOWN, UNKNOWN, PASSED]
    assert "statement timeout" in found.results[0].sentence
    assert found.statements == 2


HOSTILE = [
    "true); DROP TABLE a; --",
    "true)) FROM a; COMMIT; DROP TABLE a; --",
    "true /* ",
    "'",
    '"',
    "$$",
    "true) IS NOT TRUE), (SELECT 1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_rule_cannot_end_our_statement(a: Validating, text: str) -> None:
    found = a.validate(suite("a", satisfies(text), satisfies("id > 0", 2)))

    assert outcomes(found) == [UNKNOWN, PASSED]
    assert a.ask("SELECT count(*) FROM a") == [(2,)]


def test_a_rule_cannot_write(a: Validating) -> None:
    body = "BEGIN DELETE FROM a WHERE id = $1; RETURN true; END"
    a.tell(f"CREATE FUNCTION eats(int) RETURNS bool LANGUAGE plpgsql AS '{body}'")
    opens = satisfies("set_config('transaction_read_only', 'off', false) = 'off'", 2)

    found = a.validate(suite("a", satisfies("eats(id)"), opens))

    assert outcomes(found) == [UNKNOWN, UNKNOWN]
    assert a.ask("SELECT count(*) FROM a") == [(2,)]


def test_texts_that_mean_something_to_python_mean_nothing(a: Validating) -> None:
    texts = ["':id' <> '%s %(x)s {batch} $1 %%'", "t NOT LIKE '%zzz%' -- a comment", "id::text ~ '\\d'", "'\\:a' <> ''"]

    found = a.validate(suite("a", *(satisfies(text, number) for number, text in enumerate(texts))))

    assert outcomes(found) == [PASSED] * len(texts)


def test_any_name_can_be_asked(validating_empty: Validating) -> None:
    table = 'we"ird: {t}%s $1 é'
    column = 'a:b %(x)s "q" {c}'
    quoted = ['"' + name.replace('"', '""') + '"' for name in (table, column)]
    validating_empty.tell(
        'CREATE SCHEMA "My Schema"',
        f'CREATE TABLE "My Schema".{quoted[0]} ({quoted[1]} int PRIMARY KEY, j jsonb)',
        f"""INSERT INTO "My Schema".{quoted[0]} VALUES (1, '{{"a\\"b''": 1}}')""",
    )
    rules = [
        satisfies(f"{quoted[1]} > 1", 1),
        rule("rows_to_be_unique", 2, columns=[column]),
        rule("rows_to_have_parent", 3, columns=[column], parent=f'"My Schema".{quoted[0]}', parent_columns=[column]),
        rule("jsonb_to_have_shape", 4, column="j", required={"a\"b'": "number"}, **{"is": "object"}),
        rule("column_values_to_be_between", 5, column=column, min_value=2),
    ]

    found = validating_empty.validate(suite(("My Schema", table), *rules), full=True, docs=True)

    assert outcomes(found) == [FAILED, PASSED, PASSED, PASSED, FAILED]
    assert found.results[0].keys == found.results[4].keys == ("1",)
    assert len(validating_empty.ask(found.results[0].sql)) == len(validating_empty.ask(found.results[4].sql)) == 1


SHAPES: list[tuple[str, dict[str, Any], bool]] = [
    ('\'{"a": "x"}\'', {"is": "object", "required": {"a": "string"}}, True),
    ("'{\"a\": 1}'", {"is": "object", "required": {"a": "string"}}, False),
    ("'{}'", {"is": "object", "required": {"a": "string"}}, False),
    ('\'[{"a": "x"}]\'', {"is": "object", "required": {"a": "string"}}, False),
    ("'{}'", {"is": "object"}, True),
    ("'[]'", {"is": "object"}, False),
    ("'null'", {"is": "object"}, False),
    ("'[]'", {"is": "array"}, True),
    ("'{}'", {"is": "array"}, False),
    ("'[]'", {"is": "array", "required": {"a": "string"}}, True),
    ("'{}'", {"is": "array", "required": {"a": "string"}}, False),
    ('\'[{"a": "x"}, {"a": "y", "b": 1}]\'', {"is": "array", "required": {"a": "string"}}, True),
    ('\'[{"a": "x"}, {}]\'', {"is": "array", "required": {"a": "string"}}, False),
    ('\'[[{"a": "x"}]]\'', {"is": "array", "required": {"a": "string"}}, False),
    ("'[1]'", {"is": "array", "required": {"a": "string"}}, False),
    ("NULL", {"is": "object"}, False),
    ("NULL", {"is": "object", "nullable": True}, True),
]


@pytest.mark.parametrize(("value", "asked", "holds"), SHAPES)
def test_a_shape_is_what_it_says(validating_empty: Validating, value: str, asked: dict[str, Any], holds: bool) -> None:
    validating_empty.tell("CREATE TABLE a (j jsonb)", f"INSERT INTO a VALUES ({value})")

    found = validating_empty.validate(suite("a", rule("jsonb_to_have_shape", column="j", **asked)))

    assert outcomes(found) == [PASSED if holds else FAILED]


def test_an_empty_table_breaks_no_rule_about_rows_and_is_stale(validating_empty: Validating) -> None:
    validating_empty.tell("CREATE TABLE a (id int, at timestamp)")
    rules = [
        satisfies("id > 0", 1),
        rule("rows_to_be_unique", 2, columns=["id"]),
        rule("row_count_to_be_at_least", 3, min_value=1),
        rule("newest_row_within", 4, column="at", max_age="1d"),
        rule("column_values_to_be_between", 5, column="id", min_value=0),
    ]

    found = validating_empty.validate(suite("a", *rules))

    assert outcomes(found) == [PASSED, PASSED, FAILED, FAILED, PASSED]
    assert found.results[2].sentence.endswith("there are 0 rows, fewer than 1")
    assert found.results[3].sentence.endswith("there is no row with a time at all")
    assert found.row_counts == {("public", "a"): 0}


def test_a_partitioned_table_is_asked_with_its_partitions(validating_empty: Validating) -> None:
    validating_empty.tell(
        "CREATE TABLE a (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE a1 PARTITION OF a FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE a2 PARTITION OF a FOR VALUES FROM (10) TO (20)",
        "INSERT INTO a VALUES (1), (1), (11)",
    )

    found = validating_empty.validate(suite("a", satisfies("id < 10"), rule("rows_to_be_unique", 2, columns=["id"])))

    assert outcomes(found) == [FAILED, FAILED]
    assert found.results[0].keys == ("a2, (0,1)",)
    assert found.results[1].keys == ("a1, (0,1)", "a1, (0,2)")
    assert found.row_counts == {("public", "a"): 3}


def test_a_unique_index_of_a_parent_proves_nothing_about_its_children(validating_empty: Validating) -> None:
    validating_empty.tell(
        "CREATE TABLE a (id int PRIMARY KEY)",
        "CREATE TABLE heir () INHERITS (a)",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO heir VALUES (1)",
    )

    assert validating_empty.only(suite("a", rule("rows_to_be_unique", columns=["id"]))).rows == 2


def test_composite_keys_are_joined_and_a_table_without_one_is_named_by_place(validating_empty: Validating) -> None:
    validating_empty.tell(
        "CREATE TABLE a (x int, y text, n int, PRIMARY KEY (x, y))",
        "CREATE TABLE b (n int)",
        "CREATE VIEW v AS SELECT * FROM b",
        "INSERT INTO a VALUES (1, 'one', -1)",
        "INSERT INTO b VALUES (-1)",
    )

    found = validating_empty.validate(*(suite(name, satisfies("n > 0")) for name in ("a", "b", "v")))

    assert [(one.rows, one.keys) for one in found.results] == [(1, ("1, one",)), (1, ("(0,1)",)), (1, ())]


def test_a_query_names_its_rows_by_its_first_columns(a: Validating) -> None:
    (a.sql_folder / "q.sql").write_text(f"-- two\nSELECT id, t, id FROM a -- all, even '{SECRET[:3]}'")

    result = a.only(suite("a", rule("query_to_return_no_rows", file="q.sql")))

    assert (result.rows, result.keys) == (2, ("1", "2"))
    assert len(a.ask(result.sql)) == 2


def test_rows_that_a_policy_hides_are_no_rows_that_obey(a: Validating) -> None:
    role = f"reader_{a.ask('SELECT current_database()')[0][0]}"
    a.tell(
        f"CREATE ROLE {role} LOGIN PASSWORD 'x'",
        f"GRANT SELECT ON a TO {role}",
        "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
    )
    try:
        url = psycopg.conninfo.make_conninfo(a.url, user=role, password="x")
        found = a.validate(suite("a", satisfies("id > 100")), url=url)
    finally:
        a.tell(f"DROP OWNED BY {role}", f"DROP ROLE {role}")

    assert outcomes(found) == [UNKNOWN]
    assert "row-level security" in found.results[0].sentence


def test_a_table_that_may_not_be_read_is_said_so(a: Validating) -> None:
    role = f"nobody_{a.ask('SELECT current_database()')[0][0]}"
    a.tell(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    try:
        url = psycopg.conninfo.make_conninfo(a.url, user=role, password="x")
        found = a.validate(suite("a", satisfies("id > 100"), rule("column_to_exist", 2, column="id")), url=url)
    finally:
        a.tell(f"DROP ROLE {role}")

    assert outcomes(found)[0] is UNKNOWN
    assert "permission denied for table a" in found.results[0].sentence
    assert found.row_counts == {}


def test_no_value_of_a_row_is_in_results_docs_or_logs(
    a: Validating, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    (a.sql_folder / "q.sql").write_text("SELECT id, t FROM a")
    body = "RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'no %', $1 USING ERRCODE ="
    a.tell(
        f"CREATE FUNCTION named(text) {body} '42703'; END$$",
        f"CREATE FUNCTION state(text) {body} '55000'; END$$",
    )
    caplog.set_level(logging.DEBUG)
    rules = [
        satisfies("t = 'x'", 1),
        satisfies("t::int > 0", 2),
        rule("rows_to_be_unique", 3, columns=["t"]),
        rule("query_to_return_no_rows", 4, file="q.sql"),
        rule("column_values_to_be_in_set", 5, column="t", value_set=["x"]),
        rule("column_values_to_match_regex", 6, column="t", regex="^x"),
        rule("column_max_to_be_between", 7, column="t", max_value="2020-01-01"),
        rule("column_distinct_values_to_be_in_set", 8, column="t", value_set=["x"]),
        rule("column_value_lengths_to_be_between", 9, column="t", max_value=1),
        rule("column_most_common_value_to_be_in_set", 10, column="t", value_set=["x"]),
        rule("column_values_to_be_between", 11, column="t", min_value=1),
        satisfies("named(t)", 12),
        satisfies("state(t)", 13),
        satisfies("t::regclass IS NULL", 14),
    ]

    found = a.validate(suite("a", *rules), docs=True)

    assert found.docs is not None
    assert (found.docs / "index.html").is_file()
    pages = [path.read_text("utf-8") for path in found.docs.rglob("*.html")]
    assert any("2 rows break it" in page for page in pages)
    assert not any(SECRET in page for page in pages)
    assert SECRET not in str(found)
    assert SECRET not in "".join(map(str, caplog.records)) + caplog.text
    assert capfd.readouterr() == ("", "")
    assert [one.outcome for one in found.results] == [
        FAILED,
        UNKNOWN,
        PASSED,
        *[FAILED] * 3,
        UNKNOWN,
        *[FAILED] * 3,
        *[UNKNOWN] * 4,
    ]


def test_values_are_shown_where_the_target_says_so(a: Validating) -> None:
    asked = suite("a", rule("column_max_to_be_between", column="id", max_value=1))

    assert a.only(asked).sentence == "column max to be between (column id, max_value 1): it does not hold"
    assert a.only(asked, show_values=True).sentence.endswith("it does not hold; observed: 2")


def test_the_data_docs_tell_what_could_not_be_evaluated_from_what_failed(a: Validating) -> None:
    described = replace(satisfies("id > 1 AND t <> '$x <b>'", 2), description="no <id> is $1")

    found = a.validate(suite("a", satisfies("nope"), described, satisfies("id > 0", 3)), docs=True)

    assert found.docs is not None
    (page,) = [html.unescape(path.read_text("utf-8")) for path in (found.docs / "validations").rglob("*.html")]
    assert 'column "nope" does not exist' in page
    assert "no <id> is $1 (condition: id > 1 AND t <> '$x <b>')" in page
    assert "no <id> is $1: 1 row breaks it" in page


@pytest.mark.parametrize("refused", [False, True])
def test_a_name_is_no_markup_in_the_data_docs_and_is_escaped_once(validating_empty: Validating, refused: bool) -> None:
    name, other = "<img src=x onerror=alert(1)>", "</script><img src=x>&"
    quoted = ['"' + one + '"' for one in (name, other)]
    validating_empty.tell(
        f"CREATE TABLE {quoted[0]} (id text PRIMARY KEY, {quoted[1]} int)",
        f"INSERT INTO {quoted[0]} VALUES ('a', 1)",
    )
    rules = [
        satisfies(f"{quoted[1]} = 2 AND '{name}' <> '{'nope' if refused else ''}'"),
        rule("column_values_to_be_between", 2, column=other, min_value=5),
        rule("column_values_to_be_in_set", 3, column="id", value_set=[name]),
        rule("column_values_to_match_regex", 4, column="id", regex="^<img src=x"),
        rule("rows_to_be_unique", 5, columns=[f"{name}gone"] if refused else [other]),
        rule("column_values_to_not_be_null", 6, column=f"{name}gone" if refused else other),
    ]

    found = validating_empty.validate(suite(name, *rules), docs=True)

    assert found.docs is not None
    pages = {path: path.read_text("utf-8") for path in found.docs.rglob("*.html")}
    assert not [path for path, page in pages.items() if "<img src=x" in page or "</script><img" in page]
    assert not [path for path, page in pages.items() if "&amp;lt;" in page]
    assert "public.&lt;img src=x onerror=alert(1)&gt;" in pages[found.docs / "index.html"]
    assert not any("&lt;" in f"{result.subject} {result.sentence}" for result in found.results)


def test_no_password_is_repeated(a: Validating) -> None:
    password = str(psycopg.conninfo.conninfo_to_dict(a.url)["password"])

    with pytest.raises(DatabaseError) as refused:
        a.validate(suite("a", satisfies("true")), url=psycopg.conninfo.make_conninfo(a.url, dbname="nowhere"))
    found = a.validate(suite("a", satisfies("id > 1")), docs=True)

    assert password not in f"{refused.value!r} {refused.value} {refused.value.__cause__!r}"
    assert found.docs is not None
    assert not any(password.encode() in path.read_bytes() for path in found.docs.rglob("*") if path.is_file())


def test_a_prisma_url_works(a: Validating) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(a.url)
    a.tell("CREATE SCHEMA other", "CREATE TABLE other.hidden (id int)", "INSERT INTO other.hidden VALUES (1)")
    url = (
        f"postgresql://{parts['user']}:{parts['password']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
        "?schema=other&connection_limit=3&pgbouncer=true"
    )

    found = a.validate(suite(("other", "hidden"), satisfies("id = (SELECT max(id) FROM hidden)")), url=url)

    assert outcomes(found) == [PASSED]


def test_it_reads_only_over_at_most_two_connections_and_leaves_none(a: Validating) -> None:
    opened: list[int] = []
    seen: list[str] = []

    def count(*_: Any) -> None:
        opened.append(1)

    def look(connection: Any, *_: Any) -> None:
        cursor = connection.connection.cursor()
        cursor.execute("SHOW transaction_read_only")
        seen.extend(cursor.fetchone())
        cursor.close()

    event.listen(Engine, "connect", count)
    event.listen(Engine, "before_cursor_execute", look)
    try:
        a.validate(suite("a", satisfies("id > 1"), rule("column_values_to_be_unique", 2, column="t")), docs=True)
    finally:
        event.remove(Engine, "connect", count)
        event.remove(Engine, "before_cursor_execute", look)

    assert 1 <= len(opened) <= 2
    assert set(seen) == {"on"}
    others = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    wait_until(lambda: a.ask(others) == [], "the server has noticed the end of every session")


def test_a_server_that_goes_away_is_an_error_and_no_result(a: Validating) -> None:
    a.tell(
        """CREATE FUNCTION ends(int) RETURNS bool LANGUAGE sql
           AS 'SELECT pg_terminate_backend(pg_backend_pid()) AND $1 > 0'"""
    )

    with pytest.raises(DatabaseError, match="cannot be used"):
        a.validate(suite("a", satisfies("ends(id)")))
