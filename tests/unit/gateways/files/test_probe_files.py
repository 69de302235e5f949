"""Probe files are read together; whatever is wrong in any of them is said at once, by name and line."""

# ruff: noqa: S608 - probes are SQL
from __future__ import annotations

from pathlib import Path

import pytest

from dbops.domain.probes import Draw, Probe, Statement
from dbops.errors import InvalidRequest
from dbops.gateways.files.probe_files import has_probes, probes_folder, read_probes

HEAD = "-- title: a thing\n-- model: Thing\n-- budget: 100ms\n"


def write(include: Path, **files: str) -> Path:
    folder = probes_folder(include, "app")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_bytes(text.encode())
    return include


def read(include: Path, text: str) -> Probe:
    (probe,) = read_probes(write(include, thing=text), "app")
    return probe


def refused(include: Path, text: str) -> str:
    """Everything said about one bad file, beside which a good one lies."""
    write(include, good=HEAD + "SELECT 1", thing=text)
    with pytest.raises(InvalidRequest) as wrong:
        read_probes(include, "app")
    before, _, said = wrong.value.what.partition(", and none was executed:\n")
    assert before == "The probes of app cannot be used"
    assert wrong.value.remedy == "Correct the file and try again."
    assert "good.sql" not in said
    assert all(line.startswith("sql/app/probes/") for line in said.splitlines()), "one fault a line"
    return said


def test_a_file_is_read_with_all_that_its_header_says(tmp_path: Path) -> None:
    probe = read(
        tmp_path,
        """-- title: >-
--   a user's newest
--   summaries
-- model: Category/Tag
-- budget: 1.5s
-- samples: 60
-- writes: yes
-- target: app
-- draw:
--   heavy: SELECT "userId" AS user_id FROM "Summary" WHERE a LIKE '5%' ORDER BY 1 LIMIT 20;
--   miss: |
--     SELECT 'nobody-' || n::text AS user_id  -- nobody
--     FROM generate_series(1, 20) AS n

-- The limit first.
SELECT 1 % 2;

UPDATE "User" SET "name" = 'x' -- for this one
WHERE "id" = :user_id;
""",
    )

    assert probe == Probe(
        name="thing",
        title="a user's newest summaries",
        model="Category/Tag",
        budget_ms=1500.0,
        samples=60,
        writes=True,
        source="sql/app/probes/thing.sql",
        statements=(
            Statement("SELECT 1 %% 2", (), 16),
            Statement('UPDATE "User" SET "name" = \'x\' -- for this one\nWHERE "id" = %(user_id)s', ("user_id",), 18),
        ),
        draws=(
            Draw("heavy", """SELECT "userId" AS user_id FROM "Summary" WHERE a LIKE '5%' ORDER BY 1 LIMIT 20"""),
            Draw("miss", "SELECT 'nobody-' || n::text AS user_id  -- nobody\nFROM generate_series(1, 20) AS n"),
        ),
    )


def test_what_a_header_does_not_say_has_a_default(tmp_path: Path) -> None:
    probe = read(tmp_path, HEAD + "SELECT 1")

    assert (probe.samples, probe.writes, probe.connections, probe.draws) == (40, False, 1, ())
    assert not probe.is_pool


def test_many_connections_make_a_pool(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + "-- connections: 10\nSELECT 1").is_pool


def test_a_file_of_another_editor_is_read_as_well(tmp_path: Path) -> None:
    text = "\n" + HEAD.replace("-- ", "--") + "SELECT\n 1;\n"

    probe = read(tmp_path, "\ufeff" + text.replace("\n", "\r\n"))

    assert (probe.title, probe.statements) == ("a thing", (Statement("SELECT\r\n 1", (), 5),))


def test_probes_come_by_the_name_of_their_files(tmp_path: Path) -> None:
    write(tmp_path, b=HEAD + "SELECT 2", a=HEAD + "SELECT 1", c1=HEAD + "SELECT 3")
    (probes_folder(tmp_path, "app") / "README.md").write_text("no probe")
    (probes_folder(tmp_path, "app") / ".a.sql").write_text("an editor's")

    assert [probe.name for probe in read_probes(tmp_path, "app")] == ["a", "b", "c1"]


def test_a_target_without_probes_is_told_how_to_add_one(tmp_path: Path) -> None:
    assert not has_probes(tmp_path, "app")
    with pytest.raises(InvalidRequest) as none:
        read_probes(tmp_path, "app")
    assert none.value.what == "The target app has no probes."
    assert "sql/app/probes/<name>.sql" in none.value.remedy

    write(tmp_path)
    assert not has_probes(tmp_path, "app")
    with pytest.raises(InvalidRequest, match="has no probes"):
        read_probes(tmp_path, "app")

    write(tmp_path, thing="not a probe at all")
    assert has_probes(tmp_path, "app")


def test_what_is_wrong_in_several_files_is_said_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="SELECT 1",
        b=HEAD + "SELECT 1",
        c="-- title: x\n-- model: y\n-- budget: 0s\n-- sample: 3\nSELECT 1;\nCOMMIT;\nDROP TABLE x",
    )

    with pytest.raises(InvalidRequest) as wrong:
        read_probes(tmp_path, "app")

    assert wrong.value.remedy == "Correct the files and try again."
    assert wrong.value.what == (
        "The probes of app cannot be used, and none was executed:\n"
        "sql/app/probes/a.sql:1: it has no header; let it begin with the lines "
        "-- title: a user's newest summaries, -- model: Summary, -- budget: 100ms\n"
        "sql/app/probes/c.sql:3: budget: it must be more than nothing, as in 100ms\n"
        'sql/app/probes/c.sql:4: "sample" is not a key of a probe. Did you mean "samples"?\n'
        "sql/app/probes/c.sql:6: COMMIT may not stand in a probe: the transaction is ours, and is always rolled back; "
        "remove it\n"
        "sql/app/probes/c.sql:7: DROP may not stand in a probe: it changes the schema, which is for a migration to do; "
        "remove it"
    )
    assert str(wrong.value).endswith("\nCorrect the files and try again.")


@pytest.mark.parametrize("more", ["-- writes: true\n", "-- draw:\n--   some: SELECT 1 AS a\n"])
def test_of_a_statement_that_may_not_stand_there_nothing_else_is_said(tmp_path: Path, more: str) -> None:
    (said,) = refused(tmp_path, f"{HEAD}{more}DROP TABLE x").splitlines()

    assert "DROP may not stand in a probe" in said


WRONG = {
    "no header": ("SELECT 1", 1, "it has no header; let it begin with the lines -- title:"),
    "an empty file": ("", 1, "it has no header"),
    "a header too late": ("SELECT 1;\n" + HEAD, 1, "it has no header"),
    "a comment that is no header": ("-- the users\nSELECT 1", 1, "this is not a mapping; write lines such as -- title"),
    "a header that is no YAML": ("-- title: [a\nSELECT 1", 2, "this is not YAML"),
    "a header with a tab": ("-- title: a\n-- draw:\n-- \ta: b\nSELECT 1", 3, "a tab indents this line"),
    "no title": (
        "-- model: A\n-- budget: 1s\nSELECT 1",
        1,
        "title is missing from its header; write a line such as -- title",
    ),
    "no model": ("-- title: a\n-- budget: 1s\nSELECT 1", 1, "model is missing from its header"),
    "no budget": (
        "-- title: a\n-- model: A\nSELECT 1",
        1,
        "budget is missing from its header; write a line such as -- b",
    ),
    "an empty title": ("-- title:\n-- model: A\n-- budget: 1s\nSELECT 1", 1, "title is empty"),
    "a blank title": ("-- title: ' '\n-- model: A\n-- budget: 1s\nSELECT 1", 1, "title: it is empty"),
    "a title that is a number": (
        "-- title: 7\n-- model: A\n-- budget: 1s\nSELECT 1",
        1,
        "title must be a text; put it",
    ),
    "a budget without a unit": (
        "-- title: a\n-- model: A\n-- budget: 100\nSELECT 1",
        3,
        "budget: 100 is not a duration",
    ),
    "no samples": (HEAD + "-- samples: 0\nSELECT 1", 4, "samples must be at least 1"),
    "too many samples": (HEAD + "-- samples: 10001\nSELECT 1", 4, "samples must be at most 10000"),
    "half a sample": (HEAD + "-- samples: 1.5\nSELECT 1", 4, "samples must be a whole number"),
    "samples as a text": (HEAD + "-- samples: '40'\nSELECT 1", 4, "samples must be a whole number"),
    "a yes for a number": (HEAD + "-- connections: true\nSELECT 1", 4, "connections must be a whole number"),
    "no connection": (HEAD + "-- connections: 0\nSELECT 1", 4, "connections must be at least 1"),
    "too many connections": (HEAD + "-- connections: 501\nSELECT 1", 4, "connections must be at most 500"),
    "writes as a text": (HEAD + "-- writes: maybe\nSELECT 1", 4, "writes must be true or false"),
    "an unknown key": (HEAD + "-- budgt: 1s\nSELECT 1", 4, '"budgt" is not a key of a probe. Did you mean "budget"?'),
    "a key nobody knows": (
        HEAD + "-- xyz: 1\nSELECT 1",
        4,
        '"xyz" is not a key of a probe. The keys are title, model, ',
    ),
    "a key twice": (HEAD + "-- budget: 1s\nSELECT 1", 4, '"budget" is given twice, first in line 3'),
    "several targets": (
        HEAD + "-- target: [app, other]\nSELECT 1",
        4,
        "a probe belongs to one target, that of its folder, app; remove this line",
    ),
    "another target": (
        HEAD + "-- target: other\nSELECT 1",
        4,
        "a probe belongs to one target, that of its folder, app; remove this line",
    ),
    "targets": (
        HEAD + "-- targets: [app]\nSELECT 1",
        4,
        "a probe belongs to one target, that of its folder, app; remove this line",
    ),
    "no statement": (HEAD + "-- samples: 3\n", 5, "it has no statement; write one below the header"),
    "only comments": (HEAD + "\n-- nothing\n;;\n", 4, "it has no statement"),
    "an open quote": (HEAD + "SELECT 1,\n 'open", 5, "a ' is never closed; close it"),
    "an open parenthesis": (HEAD + "SELECT (1;", 4, "a ( is never closed; close it"),
    "a misspelt statement": (HEAD + "SELEC 1", 4, 'a statement cannot begin with "SELEC". Did you mean "SELECT"?'),
    "DDL": (HEAD + "SELECT 1;\nCREATE TABLE a ()", 5, "CREATE may not stand in a probe: it changes the schema"),
    "SELECT INTO": (HEAD + "SELECT 1 AS a\nINTO b", 5, "SELECT ... INTO may not stand in a probe: it makes a table"),
    "COMMIT": (HEAD + "SELECT 1;COMMIT", 4, "COMMIT may not stand in a probe: the transaction is ours"),
    "a write that is not announced": (
        HEAD + "SELECT 1;\nDELETE FROM a",
        5,
        "it has a DELETE; write writes: true in the",
    ),
    "a lock that is not announced": (
        HEAD + "SELECT 1 FROM a\nFOR UPDATE",
        5,
        "it has a FOR UPDATE; write writes: true",
    ),
    "an announced write that is none": (
        HEAD + "-- writes: true\nSELECT 1",
        4,
        "writes is true, but nothing writes; remove",
    ),
    "a pool that writes": (
        HEAD + "-- connections: 2\n-- writes: true\nDELETE FROM a",
        4,
        "with connections above 1 a probe is one statement that only reads",
    ),
    "a pool of several statements": (
        HEAD + "-- connections: 2\nSELECT 1; SELECT 2",
        4,
        "with connections above 1 a probe is one statement that only reads; make two probes of it",
    ),
    "parameters from nowhere": (
        HEAD + "SELECT\n:a, :b,\n:a",
        5,
        "nothing says what :a, :b stands for; write draw: in the header, and a query with the columns a, b",
    ),
    "parameters for nothing": (
        HEAD + "-- draw:\n--   some: SELECT 1 AS a\nSELECT ':a'",
        4,
        "it draws parameters, but no statement uses one, as in :user_id; use them or remove draw",
    ),
    "a parameter in capitals": (
        HEAD + "-- draw:\n--   some: SELECT 1 AS a\nSELECT :userId",
        6,
        'the parameter ":userId" must be lower case letters, digits and _, as in :user_id',
    ),
    "a draw of nothing": (
        HEAD + "-- draw: {}\nSELECT 1",
        4,
        "draw: it is empty; write lines such as heavy: SELECT",
    ),
    "an empty draw": (HEAD + "-- draw:\nSELECT 1", 4, "draw is empty; give it a value or remove the line"),
    "a draw without a kind": (HEAD + "-- draw: SELECT 1 AS a\nSELECT :a", 4, "draw must be a section: below it"),
    "a draw that is no text": (HEAD + "-- draw: {some: 1}\nSELECT :a", 4, "draw.some must be a text; put it in quotes"),
    "a kind with a space": (HEAD + "-- draw: {a b: SELECT 1 AS a}\nSELECT :a", 4, 'draw: "a b" must be lower case'),
    "a draw that writes": (
        HEAD + "-- draw:\n--   fine: SELECT 1 AS a\n--   some: DELETE FROM a RETURNING a\nSELECT :a",
        6,
        "draw.some: it is a DELETE, but parameters are drawn by a query that only reads; write a SELECT",
    ),
    "a draw with a parameter": (
        HEAD + "-- draw:\n--   some: SELECT :a AS a\nSELECT :a",
        5,
        'draw.some: it uses the parameter ":a", and has none to draw it from; write the value itself',
    ),
    "a draw of two statements": (
        HEAD + "-- draw:\n--   some: SELECT 1 AS a; SELECT 2 AS a\nSELECT :a",
        5,
        "draw.some: parameters are drawn by one query, and it has 2",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_bad_file_is_refused_by_name_with_the_line_and_what_to_do(tmp_path: Path, case: str) -> None:
    text, line, sentence = WRONG[case]

    assert f"sql/app/probes/thing.sql:{line}: {sentence}" in refused(tmp_path, text)


def test_the_header_and_the_statements_are_both_looked_at_in_one_go(tmp_path: Path) -> None:
    said = refused(tmp_path, "-- titel: a\nDELETE FROM a;\nCOMMIT")

    assert [fault.partition(": ")[2] for fault in said.split("sql/app/probes/thing.sql")[1:]] == [
        "title is missing from its header; write a line such as -- title: a user's newest summaries\n",
        "model is missing from its header; write a line such as -- model: Summary\n",
        "budget is missing from its header; write a line such as -- budget: 100ms\n",
        '"titel" is not a key of a probe. Did you mean "title"?\n',
        "COMMIT may not stand in a probe: the transaction is ours, and is always rolled back; remove it",
    ]


@pytest.mark.parametrize("name", ["User", "1st", "find-user", "a b", "a.b", "größe", "x" * 64])
def test_a_probe_is_named_as_its_page_and_its_history_can_be(tmp_path: Path, name: str) -> None:
    write(tmp_path, **{name: HEAD + "SELECT 1"})

    with pytest.raises(InvalidRequest, match=f"{name}.sql: a probe's name is lower case letters, digits and _"):
        read_probes(tmp_path, "app")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = probes_folder(write(tmp_path), "app")
    (folder / "a.SQL").write_text(HEAD + "SELECT 1")
    (folder / "b.sql").write_bytes(HEAD.encode() + b"SELECT '\xff'")
    (folder / "c.sql").symlink_to("nowhere")
    (folder / "d.sql").mkdir()

    with pytest.raises(InvalidRequest) as wrong:
        read_probes(tmp_path, "app")

    assert "a.SQL: files that end with .SQL are not read; rename it to .sql" in wrong.value.what
    assert "b.sql:4: this is not UTF-8 text; save the file as UTF-8" in wrong.value.what
    assert "c.sql: the file cannot be read (No such file or directory); correct or remove it" in wrong.value.what
    assert "d.sql: the file cannot be read (Is a directory); correct or remove it" in wrong.value.what
