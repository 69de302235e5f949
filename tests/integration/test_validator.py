"""Every kind of fault in data is caught and named, with how many rows, which, and the SQL that shows them."""

from __future__ import annotations

import pytest

from dbops.domain.checks.suite import CheckResult, Outcome
from tests.validating import Validating, rule, satisfies, suite

# What is wrong: statements that make it so, and by parts of its description the rule that has to notice.
FAULTS = {
    "a null that the schema allows": (
        ['UPDATE "Summary" SET topics = NULL WHERE id IN (SELECT id FROM "Summary" ORDER BY id LIMIT 2)'],
        "no topic is blank",
        2,
    ),
    "a value out of range": (
        ['UPDATE "Progress" SET percent = 101 WHERE id = (SELECT min(id) FROM "Progress")'],
        "a progress bar can show it",
        1,
    ),
    "a malformed id": (
        ['UPDATE "Tag" SET id = upper(id) WHERE id = (SELECT min(id) FROM "Tag")'],
        "an id is a cuid",
        1,
    ),
    "a time in the future": (
        [
            """UPDATE "UsageEvent" SET "createdAt" = now() + interval '2 days'
               WHERE id IN (SELECT id FROM "UsageEvent" ORDER BY id LIMIT 3)"""
        ],
        "nothing is counted before it happens",
        3,
    ),
    "jsonb that lost a key": (
        [
            """UPDATE "Summary" SET "keyPoints" = "keyPoints" #- '{0,title}' WHERE id =
               (SELECT min(id) FROM "Summary" WHERE "keyPoints" <> '[]')"""
        ],
        "every key point",
        1,
    ),
    "jsonb of another shape": (
        ["""UPDATE "Summary" SET quotes = '{}' WHERE id = (SELECT min(id) FROM "Summary")"""],
        "every quote",
        1,
    ),
    "duplicates after a dropped unique": (
        [
            'DROP INDEX "User_email_key"',
            'UPDATE "User" SET email = (SELECT min(email) FROM "User") WHERE id = (SELECT max(id) FROM "User")',
        ],
        "address",
        2,
    ),
    "orphans after a dropped foreign key": (
        [
            'ALTER TABLE "ShareLink" DROP CONSTRAINT "ShareLink_userId_fkey"',
            """UPDATE "ShareLink" SET "userId" = 'nobody' WHERE id = (SELECT min(id) FROM "ShareLink")""",
        ],
        "somebody",
        1,
    ),
    "a stale table": (
        ['UPDATE "UsageEvent" SET "createdAt" = "createdAt" - interval \'30 days\''],
        "keep",
        None,
    ),
    "a table that shrank below its floor": (['DELETE FROM "Tag"'], "", None),
}


def test_the_sample_breaks_no_rule(validating: Validating) -> None:
    nightly, full = validating.validate(), validating.validate(full=True)

    assert [result for result in (*nightly.results, *full.results) if result.is_bad] == []
    assert len(nightly.results) == len(full.results) == sum(len(one.rules) for one in validating.suites)
    assert nightly.row_counts[("public", "Summary")] == validating.ask('SELECT count(*) FROM "Summary"')[0][0]


@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_caught_and_named_when_there_is(validating: Validating, fault: str) -> None:
    statements, described, rows = FAULTS[fault]
    validating.tell(*statements)

    bad = validating.bad()

    named = [result for result in bad if described in result.sentence]
    assert {result.outcome for result in bad} == {Outcome.FAILED}
    assert rows in {result.rows for result in named}, [result.sentence for result in bad]


def test_what_failed_comes_with_its_rows_their_keys_and_the_sql_that_shows_them(validating: Validating) -> None:
    validating.tell('UPDATE "Summary" SET topics = NULL')
    every = [row[0] for row in validating.ask('SELECT id FROM "Summary" ORDER BY id')]

    result = validating.only(keys_shown=3)

    assert result.subject == "public.Summary"
    assert result.sentence == f"no topic is blank: {len(every)} rows break it"
    assert result.rows == len(every)
    assert result.keys == tuple(sorted(every))[:3]
    assert result.source.startswith("expectations/summary_app/Summary.yaml:")
    assert {row[0] for row in validating.ask(result.sql)} <= set(every)


def test_orphans_under_a_valid_foreign_key_are_found_in_full_mode(validating: Validating) -> None:
    validating.tell(
        "SET session_replication_role = replica",
        """UPDATE "Summary" SET "userId" = 'gone' WHERE id = (SELECT min(id) FROM "Summary")""",
    )

    nightly, full = validating.bad(), validating.bad(full=True)

    orphans = [result for result in full if "belongs to somebody" in result.sentence]
    assert [result for result in nightly if "belongs to somebody" in result.sentence] == []
    assert [(result.outcome, result.rows, len(result.keys)) for result in orphans] == [(Outcome.FAILED, 1, 1)]


UNPROVEN = {
    "NOT VALID": [
        'ALTER TABLE "Summary" DROP CONSTRAINT "Summary_userId_fkey"',
        """UPDATE "Summary" SET "userId" = 'gone' WHERE id = (SELECT min(id) FROM "Summary")""",
        'ALTER TABLE "Summary" ADD CONSTRAINT "Summary_userId_fkey" FOREIGN KEY ("userId") '
        'REFERENCES "User" (id) ON DELETE CASCADE NOT VALID',
    ],
    "without its triggers": [
        'ALTER TABLE "Summary" DISABLE TRIGGER ALL',
        """UPDATE "Summary" SET "userId" = 'gone' WHERE id = (SELECT min(id) FROM "Summary")""",
    ],
    "without the triggers of its parent": [
        """INSERT INTO "User" (id, email, "updatedAt") VALUES ('gone', 'gone@example.com', now())""",
        """UPDATE "Summary" SET "userId" = 'gone' WHERE id = (SELECT min(id) FROM "Summary")""",
        'ALTER TABLE "User" DISABLE TRIGGER ALL',
        """DELETE FROM "User" WHERE id = 'gone'""",
    ],
}


@pytest.mark.parametrize("constraint", UNPROVEN)
def test_no_orphan_is_proven_away_by_a_foreign_key(validating: Validating, constraint: str) -> None:
    validating.tell(*UNPROVEN[constraint])

    bad = validating.bad()

    assert [(one.rows, one.outcome) for one in bad if "belongs to somebody" in one.sentence] == [(1, Outcome.FAILED)]


def test_what_the_catalog_proves_is_said_so_and_executed_in_full_mode(validating: Validating) -> None:
    def known_by(results: tuple[CheckResult, ...]) -> set[str]:
        return {one.how for one in results if "/rows_to_be_unique/" in one.rule_id or "/rows_to_have" in one.rule_id}

    nightly = validating.validate()
    full = validating.validate(full=True)

    assert known_by(nightly.results) == {"catalog"}
    assert known_by(full.results) == {"rows"}


def test_a_partial_or_invalid_unique_index_proves_nothing(validating_empty: Validating) -> None:
    validating_empty.tell(
        "CREATE TABLE a (id int, x int)",
        "CREATE UNIQUE INDEX ON a (id) WHERE x > 0",
        "INSERT INTO a VALUES (1, 0), (1, -1)",
    )

    result = validating_empty.only(suite("a", rule("rows_to_be_unique", columns=["id"])))

    assert (result.rows, len(result.keys)) == (2, 2)


def test_null_equals_nothing_and_needs_no_parent(validating_empty: Validating) -> None:
    validating_empty.tell(
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (id int, parent int)",
        "INSERT INTO child VALUES (NULL, NULL), (NULL, NULL)",
    )
    orphans = rule("rows_to_have_parent", 2, columns=["parent"], parent="public.parent", parent_columns=["id"])

    assert validating_empty.bad(suite("child", rule("rows_to_be_unique", columns=["id"]), orphans)) == []


def test_duplicates_are_looked_for_where_the_rule_says(validating_empty: Validating) -> None:
    validating_empty.tell(
        "CREATE TABLE a (id int PRIMARY KEY, x int, live bool)",
        "INSERT INTO a VALUES (1, 7, true), (2, 7, true), (3, 7, false), (4, 8, true), (5, 8, false)",
    )

    result = validating_empty.only(suite("a", rule("rows_to_be_unique", columns=["x"], where="live -- soft delete")))

    assert (result.rows, result.keys) == (2, ("1", "2"))


def test_a_night_sends_one_statement_a_table_and_one_for_each_rule_that_is_not_proven(validating: Validating) -> None:
    own = [
        one.__class__(table=one.table, rules=tuple(rule for rule in one.rules if "column" not in rule.type))
        for one in validating.suites
    ]
    kinds = [rule.type for one in own for rule in one.rules]
    alone = kinds.count("expect_rows_to_be_unique") + kinds.count("expect_rows_to_have_parent")
    queries = kinds.count("expect_query_to_return_no_rows")

    assert validating.validate(*own).statements == len(own) + queries
    assert validating.validate(*own, full=True).statements == len(own) + queries + alone


def test_a_rule_that_failed_costs_one_more_statement(validating_empty: Validating) -> None:
    validating_empty.tell("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)")

    assert validating_empty.validate(suite("a", satisfies("id > 0"), satisfies("id < 9", 2))).statements == 1
    assert validating_empty.validate(suite("a", satisfies("id > 1"), satisfies("id < 9", 2))).statements == 2


def test_stock_expectations_work_and_tell_rows_keys_and_sql(validating_empty: Validating) -> None:
    validating_empty.tell(
        """CREATE TABLE "T" ("Id" int PRIMARY KEY, "n %s" int, e text)""",
        """INSERT INTO "T" VALUES (1, 5, 'ax'), (2, -5, 'bx'), (3, NULL, 'bx')""",
    )
    rules = [
        rule("column_values_to_be_between", 1, column="n %s", min_value=0),
        rule("column_values_to_not_be_null", 2, column="n %s"),
        rule("column_values_to_be_unique", 3, column="e"),
        rule("column_values_to_match_like_pattern", 4, column="e", like_pattern="b%"),
        rule("column_max_to_be_between", 5, column="n %s", max_value=4),
        rule("table_row_count_to_equal", 6, value=3),
        rule("column_values_to_be_in_set", 7, column="e", value_set=["ax", "bx"]),
    ]

    bad = {result.rule_id: result for result in validating_empty.bad(suite("T", *rules))}

    assert {name: (one.rows, one.keys) for name, one in bad.items()} == {
        "rule 1": (1, ("2",)),
        "rule 2": (1, ("3",)),
        "rule 3": (2, ("2", "3")),
        "rule 4": (1, ("1",)),
        "rule 5": (None, ()),
    }
    assert validating_empty.ask(bad["rule 1"].sql) == [(2, -5)]
    assert validating_empty.ask(bad["rule 4"].sql) == [(1, "ax")]
