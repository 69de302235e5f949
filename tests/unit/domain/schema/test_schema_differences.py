"""Promises of the comparison of a schema with its baseline. The faults themselves are made on a real server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.options.checks import CheckOptions
from dbops.domain.options.schema_kinds import KINDS
from dbops.domain.schema.baseline import OBJECT_KINDS, SchemaBaseline, Table, signatures, without
from dbops.domain.schema.differences import differences_of, every_difference, schema_differences
from dbops.domain.schema.object_differences import Difference, first_told
from dbops.domain.sql.object_names import TableName
from tests.unit.schemas import ORDER, PROGRESS, SCHEMAS, SHOP, USER

OPTIONS = CheckOptions()
WISH = 'CREATE INDEX CONCURRENTLY "User_wish_idx" ON "User" ("plan", "id" DESC)'


def with_table(name: TableName, **parts: Any) -> SchemaBaseline:
    """The shop, with parts of a table replaced."""
    return replace(SHOP, tables={**SHOP.tables, name: replace(SHOP.tables[name], **parts)})


def named(results: list[CheckResult]) -> list[str]:
    return [result.rule_id for result in results]


@given(SCHEMAS)
def test_a_schema_does_not_differ_from_itself(schema: SchemaBaseline) -> None:
    assert schema_differences(schema, schema, OPTIONS) == []


@given(SCHEMAS, SCHEMAS)
def test_schemas_that_differ_are_told_of_and_nothing_twice(one: SchemaBaseline, two: SchemaBaseline) -> None:
    told = schema_differences(one, two, OPTIONS)
    assert len(set(named(told))) == len(told)
    for result in told:
        kind, _, subject = result.rule_id.partition(":")
        assert (result.outcome, result.group, result.subject) == (Outcome.FAILED, "schema", subject)
        assert result.severity == KINDS[kind]
        assert result.sentence
    assert [result.severity for result in told] == sorted(result.severity for result in told)
    if not told:
        assert one == two


@given(SCHEMAS, SCHEMAS)
def test_whoever_compares_the_signatures_comes_to_the_same(one: SchemaBaseline, two: SchemaBaseline) -> None:
    wanted, found = signatures(one), signatures(two)
    missing = {kind: wanted[kind] - found[kind] for kind in OBJECT_KINDS}
    unexpected = {kind: found[kind] - wanted[kind] for kind in OBJECT_KINDS}
    assert differences_of(missing, unexpected, one, OPTIONS) == schema_differences(one, two, OPTIONS)


@given(SCHEMAS, SCHEMAS)
def test_what_is_ignored_is_not_told_and_every_severity_can_be_chosen(one: SchemaBaseline, two: SchemaBaseline) -> None:
    told = schema_differences(one, two, OPTIONS)
    ignored = CheckOptions(severity=dict.fromkeys(KINDS, "ignore"))
    assert schema_differences(one, two, ignored) == []
    warned = schema_differences(one, two, CheckOptions(severity=dict.fromkeys(KINDS, "warning")))
    assert sorted(named(warned)) == sorted(named(told))
    assert {result.severity for result in warned} <= {"warning"}


@given(SCHEMAS)
def test_tables_that_may_be_absent_may_all_be_absent(schema: SchemaBaseline) -> None:
    empty = replace(without(schema, list(schema.tables)), tables={})
    assert schema_differences(schema, empty, CheckOptions(optional=("*",))) == []


def test_an_optional_table_is_compared_where_it_is_there() -> None:
    live = with_table(PROGRESS, columns={"id": "text NOT NULL"})
    told = schema_differences(replace(SHOP, optional=("public.Progress",)), live, OPTIONS)
    assert named(told) == ["missing_column:public.Progress.steps"]


def test_an_enum_that_is_left_of_an_absent_table_is_no_difference() -> None:
    left = replace(without(SHOP, [PROGRESS]), enums=SHOP.enums)
    assert schema_differences(SHOP, left, CheckOptions(optional=("Progress",))) == []


def test_a_missing_table_tells_of_the_foreign_keys_that_went_with_it() -> None:
    told = schema_differences(SHOP, without(SHOP, [PROGRESS]), OPTIONS)
    assert named(told) == ["missing_enum:public.Step", "missing_table:public.Progress"]
    assert "and with it 1 foreign key that referred to it" in told[1].sentence


def test_one_column_may_differ_in_more_than_one_way() -> None:
    live = with_table(USER, columns={**SHOP.tables[USER].columns, "plan": "text"})
    assert named(schema_differences(SHOP, live, OPTIONS)) == [
        "changed_type:public.User.plan",
        "changed_nullability:public.User.plan",
        "changed_default:public.User.plan",
    ]


def test_the_sentence_says_what_is_and_what_should_be() -> None:
    live = with_table(ORDER, columns={**SHOP.tables[ORDER].columns, "user": "integer NOT NULL"})
    (told,) = schema_differences(SHOP, live, OPTIONS)
    assert told.sentence == "the column public.order.user is integer, and should be text"


def test_a_constraint_that_became_valid_is_no_difference() -> None:
    keys = SHOP.tables[ORDER].constraints
    doubtful = with_table(ORDER, constraints={name: f"{text} NOT VALID" for name, text in keys.items()})
    assert schema_differences(doubtful, SHOP, OPTIONS) == []


def test_a_renamed_index_is_one_warning() -> None:
    renamed = {"by_plan": 'CREATE INDEX by_plan ON public."User" USING btree (plan)'}
    (told,) = schema_differences(SHOP, with_table(USER, indexes=renamed), OPTIONS)
    assert (told.rule_id, told.severity) == ("renamed_index:public.User.User_plan_idx", "warning")
    assert told.sql == 'ALTER INDEX "public"."by_plan" RENAME TO "User_plan_idx";'


def test_two_equal_indexes_of_which_one_is_gone_are_one_missing_index() -> None:
    twice = {**SHOP.tables[USER].indexes, "again": 'CREATE INDEX again ON public."User" USING btree (plan)'}
    assert named(schema_differences(with_table(USER, indexes=twice), SHOP, OPTIONS)) == [
        "missing_index:public.User.again"
    ]


def wished(**more: str) -> SchemaBaseline:
    return replace(SHOP, recommended_indexes={"User_wish_idx": WISH, **more})


def test_a_recommended_index_is_a_warning_with_the_sql_that_makes_it() -> None:
    (told,) = schema_differences(wished(), SHOP, OPTIONS)
    assert (told.rule_id, told.severity) == ("recommended_index:public.User.User_wish_idx", "warning")
    assert told.sql == f"{WISH};"
    (told,) = schema_differences(replace(SHOP, recommended_indexes={"User_wish_idx": f"{WISH} ; "}), SHOP, OPTIONS)
    assert told.sql == f"{WISH};"


def test_nothing_is_said_of_a_kind_of_object_that_could_not_be_read() -> None:
    assert differences_of({}, {}, wished(), OPTIONS) == []


@pytest.mark.parametrize(
    "made",
    [
        {"User_wish_idx": 'CREATE INDEX "User_wish_idx" ON public."User" USING btree (plan, id DESC)'},
        {"another_name": 'CREATE INDEX another_name ON public."User" USING btree (plan, id DESC)'},
    ],
)
def test_a_recommended_index_that_was_made_is_neither_missed_nor_extra(made: dict[str, str]) -> None:
    live = with_table(USER, indexes={**SHOP.tables[USER].indexes, **made})
    assert schema_differences(wished(), live, OPTIONS) == []


def test_a_recommended_index_whose_build_failed_is_told_of_once() -> None:
    failed = {"User_wish_idx": 'CREATE INDEX "User_wish_idx" ON public."User" USING btree (plan, id DESC) INVALID'}
    live = with_table(USER, indexes={**SHOP.tables[USER].indexes, **failed})
    (told,) = schema_differences(wished(), live, OPTIONS)
    assert (told.rule_id, told.sql) == (
        "invalid_index:public.User.User_wish_idx",
        'REINDEX INDEX CONCURRENTLY "public"."User_wish_idx";',
    )


def test_an_index_that_the_baseline_has_is_not_recommended_as_well() -> None:
    indexes = {"User_wish_idx": 'CREATE INDEX "User_wish_idx" ON public."User" USING btree (plan, id DESC)'}
    demanded = replace(with_table(USER, indexes=indexes), recommended_indexes={"User_wish_idx": WISH})
    told = schema_differences(demanded, with_table(USER, indexes={}), OPTIONS)
    assert named(told) == ["missing_index:public.User.User_wish_idx"]


def test_no_index_is_recommended_for_a_table_that_is_not_there() -> None:
    told = schema_differences(wished(), without(SHOP, [USER]), CheckOptions(optional=("User",)))
    assert "recommended_index" not in str(named(told))


def test_the_sql_of_an_index_locks_nobody_out_and_a_lost_column_has_none() -> None:
    (index,) = schema_differences(SHOP, with_table(USER, indexes={}), OPTIONS)
    assert index.sql == 'CREATE INDEX CONCURRENTLY "User_plan_idx" ON public."User" USING btree (plan);'
    (column,) = schema_differences(SHOP, with_table(PROGRESS, columns={"id": "text NOT NULL"}), OPTIONS)
    assert column.sql == ""


def test_the_views_of_a_database_are_named_as_what_they_are() -> None:
    view = SchemaBaseline({("public", "busy"): Table("materialized view AS\nSELECT 1 AS one", {"one": "integer"})})
    (told,) = schema_differences(view, SchemaBaseline(), OPTIONS)
    assert told.sentence == "the materialized view public.busy is missing; a migration has to make it again"


FOREIGN_KEY = SHOP.tables[ORDER].constraints["order_user_fkey"]
TOUCH = SHOP.tables[USER].triggers["touch"]


def with_key(**constraints: str) -> SchemaBaseline:
    """The shop, with these constraints of an order beside its primary key."""
    return with_table(ORDER, constraints={"order_pkey": "PRIMARY KEY (id)", **constraints})


@pytest.mark.parametrize(
    ("live", "rule", "words", "sql"),
    [
        (
            with_key(),
            "missing_constraint:public.order.order_user_fkey",
            "the constraint public.order.order_user_fkey is missing",
            f'ALTER TABLE "public"."order" ADD CONSTRAINT "order_user_fkey" {FOREIGN_KEY} NOT VALID;\n'
            'ALTER TABLE "public"."order" VALIDATE CONSTRAINT "order_user_fkey";',
        ),
        (
            with_key(order_user_fkey=f"{FOREIGN_KEY} NOT VALID"),
            "not_valid_constraint:public.order.order_user_fkey",
            "the constraint public.order.order_user_fkey is NOT VALID: older rows may break it",
            'ALTER TABLE "public"."order" VALIDATE CONSTRAINT "order_user_fkey";',
        ),
        (
            with_key(order_user_fkey=f"{FOREIGN_KEY} DISABLED"),
            "disabled_trigger:public.order.order_user_fkey",
            "the triggers of the foreign key public.order.order_user_fkey are disabled, so it guards nothing",
            'ALTER TABLE "public"."order" ENABLE TRIGGER ALL;\nALTER TABLE "public"."User" ENABLE TRIGGER ALL;',
        ),
        (
            with_key(order_user_fkey=FOREIGN_KEY.removesuffix(" ON DELETE CASCADE")),
            "changed_constraint:public.order.order_user_fkey",
            f'says FOREIGN KEY ("user") REFERENCES public."User"(id), and should say {FOREIGN_KEY}',
            "",
        ),
        (
            with_key(order_user_fkey=FOREIGN_KEY, cheap="CHECK (id > 0)"),
            "extra_constraint:public.order.cheap",
            "the constraint public.order.cheap is not in the baseline: CHECK (id > 0)",
            "",
        ),
        (
            with_table(USER, triggers={}),
            "missing_trigger:public.User.touch",
            "the trigger public.User.touch is missing",
            f"{TOUCH};",
        ),
        (
            with_table(USER, triggers={"touch": f"{TOUCH} DISABLED"}),
            "disabled_trigger:public.User.touch",
            "the trigger public.User.touch is disabled",
            'ALTER TABLE "public"."User" ENABLE TRIGGER "touch";',
        ),
        (
            with_table(USER, triggers={"touch": TOUCH.replace("BEFORE", "AFTER")}),
            "changed_trigger:public.User.touch",
            f"the trigger public.User.touch is {TOUCH.replace('BEFORE', 'AFTER')}, and should be {TOUCH}",
            "",
        ),
        (
            with_table(USER, triggers={"touch": TOUCH, "more": TOUCH.replace("touch", "more")}),
            "extra_trigger:public.User.more",
            "the trigger public.User.more is not in the baseline",
            "",
        ),
        (
            with_table(ORDER, columns={**SHOP.tables[ORDER].columns, "user": "text NOT NULL DEFAULT 'me'::text"}),
            "changed_default:public.order.user",
            "the column public.order.user has the default 'me'::text, and should have no default",
            'ALTER TABLE "public"."order" ALTER COLUMN "user" DROP DEFAULT;',
        ),
        (
            with_table(ORDER, columns={**SHOP.tables[ORDER].columns, "id": "integer NOT NULL"}),
            "changed_default:public.order.id",
            "the column public.order.id has no default, and should have values GENERATED ALWAYS AS IDENTITY",
            "",
        ),
        (
            with_table(USER, indexes={"User_plan_idx": f"{SHOP.tables[USER].indexes['User_plan_idx']} INVALID"}),
            "invalid_index:public.User.User_plan_idx",
            "the index public.User.User_plan_idx is INVALID: its build failed, so no query uses it",
            'REINDEX INDEX CONCURRENTLY "public"."User_plan_idx";',
        ),
        (
            with_table(USER, indexes={"User_plan_idx": 'CREATE INDEX "User_plan_idx" ON public."User" (id)'}),
            "changed_index:public.User.User_plan_idx",
            f'is CREATE INDEX "User_plan_idx" ON public."User" (id), and should be '
            f"{SHOP.tables[USER].indexes['User_plan_idx']}",
            "",
        ),
        (
            replace(SHOP, enums={**SHOP.enums, ("public", "Plan"): ("FREE", "TEAM")}),
            "missing_enum_label:public.Plan.PRO",
            "the enum public.Plan lacks PRO",
            "ALTER TYPE \"public\".\"Plan\" ADD VALUE 'PRO' AFTER 'FREE';",
        ),
        (
            replace(SHOP, enums={**SHOP.enums, ("public", "Plan"): ("FREE", "PRO", "TEAM", "X")}),
            "extra_enum_label:public.Plan.X",
            "the enum public.Plan has X, which the baseline does not know",
            "",
        ),
        (
            replace(SHOP, enums={**SHOP.enums, ("public", "Plan"): ("PRO", "FREE", "TEAM")}),
            "changed_enum:public.Plan",
            "the labels of the enum public.Plan stand in another order",
            "",
        ),
        (
            replace(SHOP, enums={**SHOP.enums, ("public", "Size"): ("S",)}),
            "extra_enum:public.Size",
            "the enum public.Size is not in the baseline",
            "",
        ),
    ],
)
def test_each_difference_says_what_is_wrong_and_what_would_put_it_right(
    live: SchemaBaseline, rule: str, words: str, sql: str
) -> None:
    (told,) = schema_differences(SHOP, live, OPTIONS)
    assert told.rule_id == rule
    assert told.sentence.endswith(words)
    assert told.sql == sql
    assert told.how == "catalog"


@pytest.mark.parametrize(
    ("live", "sql"),
    [
        (with_key(order_user_fkey=FOREIGN_KEY, b="CHECK (id > 0) NOT VALID"), 'VALIDATE CONSTRAINT "b";'),
        (
            with_key(order_user_fkey=FOREIGN_KEY, b='FOREIGN KEY (id) REFERENCES public."User"(id) DISABLED'),
            "ENABLE TRIGGER ALL;",
        ),
        (
            with_table(
                USER, indexes={**SHOP.tables[USER].indexes, "b": 'CREATE INDEX b ON public."User" (id) INVALID'}
            ),
            'DROP INDEX CONCURRENTLY "public"."b";',
        ),
    ],
)
def test_what_is_broken_and_nobody_knows_is_said_to_be_both(live: SchemaBaseline, sql: str) -> None:
    (told,) = schema_differences(SHOP, live, OPTIONS)
    assert told.sentence.endswith("; the baseline does not know it either")
    assert told.sql.endswith(sql)


def test_a_renamed_constraint_can_be_given_its_name_back() -> None:
    (told,) = schema_differences(SHOP, with_key(another=FOREIGN_KEY), OPTIONS)
    assert (told.rule_id, told.severity) == ("renamed_constraint:public.order.order_user_fkey", "warning")
    assert told.sql == 'ALTER TABLE "public"."order" RENAME CONSTRAINT "another" TO "order_user_fkey";'


def test_a_partitioned_table_is_given_neither_index_nor_constraint_in_one_statement() -> None:
    parts = "partitioned table BY RANGE (id)"
    wanted = with_table(ORDER, definition=parts, indexes={"i": "CREATE INDEX i ON public.order USING btree (id)"})
    live = with_table(ORDER, definition=parts, constraints={"order_pkey": "PRIMARY KEY (id)"})
    told = schema_differences(wanted, live, OPTIONS)
    assert [(one.rule_id.partition(":")[0], one.sql) for one in told] == [
        ("missing_constraint", ""),
        ("missing_index", ""),
    ]


def test_no_index_is_missed_by_recommendation_where_a_schema_is_compared_with_what_its_migrations_make() -> None:
    assert every_difference(wished(), SHOP) == []


@pytest.mark.parametrize(
    ("shown", "told"), [(1, "first; and 2 more"), (2, "first; second; and 1 more"), (3, "first; second; third")]
)
def test_the_first_differences_are_told_and_the_others_counted(shown: int, told: str) -> None:
    three = [Difference("extra_table", name, name) for name in ("first", "second", "third")]
    assert first_told(three, shown) == told


def test_what_has_another_name_and_says_something_else_was_not_renamed() -> None:
    live = with_table(
        ORDER, constraints={"order_pkey": "PRIMARY KEY (id)", "another": 'FOREIGN KEY ("user") REFERENCES x(id)'}
    )
    assert named(schema_differences(SHOP, live, OPTIONS)) == [
        "missing_constraint:public.order.order_user_fkey",
        "extra_constraint:public.order.another",
    ]
    live = with_table(USER, indexes={"another": 'CREATE INDEX another ON public."User" USING btree (id)'})
    assert named(schema_differences(SHOP, live, OPTIONS)) == [
        "missing_index:public.User.User_plan_idx",
        "extra_index:public.User.another",
    ]


PARTS = "partitioned table BY RANGE (id)"


@pytest.mark.parametrize(
    ("was", "is_", "how"),
    [
        ("table", "unlogged table", "is an unlogged table and should be a table"),
        ("table", "view AS\nSELECT 1 AS id\nFROM x", "is a view and should be a table"),
        (PARTS, "table", "is a table and should be a partitioned table"),
        (PARTS, "partitioned table BY LIST (id)", "is partitioned otherwise"),
        ("view AS\nSELECT 1 AS id", "view AS\nSELECT 2 AS id", "has another query"),
    ],
)
def test_a_table_that_is_something_else_now_says_what(was: str, is_: str, how: str) -> None:
    (told,) = schema_differences(
        SchemaBaseline({USER: Table(definition=was)}), SchemaBaseline({USER: Table(definition=is_)}), OPTIONS
    )
    assert (told.rule_id, told.sentence) == ("changed_table:public.User", f"public.User {how}")


@pytest.mark.parametrize(
    ("definition", "what"),
    [
        ("table", "table public.User is missing; a backup has its rows"),
        (PARTS, "partitioned table public.User is missing; a backup has its rows"),
        ("view AS\nSELECT 1 AS id\nFROM x", "view public.User is missing; a migration has to make it again"),
    ],
)
def test_a_missing_table_says_what_has_its_rows(definition: str, what: str) -> None:
    (told,) = schema_differences(SchemaBaseline({USER: Table(definition=definition)}), SchemaBaseline(), OPTIONS)
    assert told.sentence == f"the {what}"


def test_a_foreign_key_of_a_missing_table_is_not_counted_among_those_of_others() -> None:
    told = schema_differences(SHOP, without(SHOP, [PROGRESS, USER]), OPTIONS)
    sentences = {one.subject: one.sentence for one in told}
    assert "foreign key" not in sentences["public.Progress"]
    assert "and with it 1 foreign key that referred to it" in sentences["public.User"]


def test_a_column_that_should_take_null_can_be_let() -> None:
    live = with_table(PROGRESS, columns={**SHOP.tables[PROGRESS].columns, "steps": 'public."Step"[] NOT NULL'})
    (told,) = schema_differences(SHOP, live, OPTIONS)
    assert told.sentence == "the column public.Progress.steps refuses NULL, and should take it"
    assert told.sql == 'ALTER TABLE "public"."Progress" ALTER COLUMN "steps" DROP NOT NULL;'


@pytest.mark.parametrize(
    ("found", "label", "place"),
    [
        (("PRO", "TEAM"), "FREE", " BEFORE 'PRO'"),
        (("FREE", "TEAM"), "PRO", " AFTER 'FREE'"),
        (("FREE", "PRO"), "TEAM", " AFTER 'PRO'"),
    ],
)
def test_a_missing_label_is_added_where_it_stood(found: tuple[str, ...], label: str, place: str) -> None:
    live = replace(SHOP, enums={**SHOP.enums, ("public", "Plan"): found})
    (told,) = schema_differences(SHOP, live, OPTIONS)
    assert told.sql == f'ALTER TYPE "public"."Plan" ADD VALUE \'{label}\'{place};'


def test_a_label_of_an_enum_that_has_no_other_label_left_is_added_anywhere() -> None:
    live = replace(SHOP, enums={**SHOP.enums, ("public", "Step"): ()})
    assert schema_differences(SHOP, live, OPTIONS)[0].sql == 'ALTER TYPE "public"."Step" ADD VALUE \'first\';'


@pytest.mark.parametrize(
    ("wanted", "sql"),
    [
        (
            "PRIMARY KEY (id)",
            'CREATE UNIQUE INDEX CONCURRENTLY "c" ON "public"."order" (id);\n'
            'ALTER TABLE "public"."order" ADD CONSTRAINT "c" PRIMARY KEY USING INDEX "c";',
        ),
        (
            "CHECK (id > 0)",
            'ALTER TABLE "public"."order" ADD CONSTRAINT "c" CHECK (id > 0) NOT VALID;\n'
            'ALTER TABLE "public"."order" VALIDATE CONSTRAINT "c";',
        ),
        ("CHECK (id > 0) NOT VALID", 'ALTER TABLE "public"."order" ADD CONSTRAINT "c" CHECK (id > 0) NOT VALID;'),
        (
            "FOREIGN KEY (id) REFERENCES x(id) NOT VALID DISABLED",
            'ALTER TABLE "public"."order" ADD CONSTRAINT "c" FOREIGN KEY (id) REFERENCES x(id) NOT VALID;',
        ),
        ("EXCLUDE USING gist (id WITH =)", ""),
    ],
)
def test_a_missing_constraint_is_made_without_locking_anybody_out_or_not_at_all(wanted: str, sql: str) -> None:
    before, now = (SchemaBaseline({ORDER: Table(constraints=texts)}) for texts in ({"c": wanted}, {}))
    (told,) = schema_differences(before, now, OPTIONS)
    assert (told.rule_id, told.sql) == ("missing_constraint:public.order.c", sql)


@pytest.mark.parametrize(
    ("wanted", "found", "sql"),
    [
        ("text DEFAULT 'x'::text", "text", "ALTER COLUMN \"n\" SET DEFAULT 'x'::text;"),
        ("text", "text DEFAULT 'x'::text", 'ALTER COLUMN "n" DROP DEFAULT;'),
        ("text", "text GENERATED ALWAYS AS (a) STORED", ""),
    ],
)
def test_a_default_is_given_back_unless_the_column_is_made_otherwise(wanted: str, found: str, sql: str) -> None:
    before, now = (SchemaBaseline({ORDER: Table(columns={"n": text})}) for text in (wanted, found))
    (told,) = schema_differences(before, now, OPTIONS)
    assert told.sql == (f'ALTER TABLE "public"."order" {sql}' if sql else "")


def test_a_column_is_proven_to_hold_no_null_before_it_refuses_it() -> None:
    before, now = (SchemaBaseline({ORDER: Table(columns={"n": text})}) for text in ("text NOT NULL", "text"))
    (told,) = schema_differences(before, now, OPTIONS)
    alter = 'ALTER TABLE "public"."order"'
    assert told.sql.splitlines() == [
        f'{alter} ADD CONSTRAINT "n_is_not_null" CHECK ("n" IS NOT NULL) NOT VALID;',
        f'{alter} VALIDATE CONSTRAINT "n_is_not_null";',
        f'{alter} ALTER COLUMN "n" SET NOT NULL;',
        f'{alter} DROP CONSTRAINT "n_is_not_null";',
    ]


def test_a_missing_enum_is_made_with_all_its_labels() -> None:
    (told,) = schema_differences(SchemaBaseline(enums={("public", "Plan"): ("it's", "b")}), SchemaBaseline(), OPTIONS)
    assert (told.rule_id, told.sentence) == ("missing_enum:public.Plan", "the enum public.Plan is missing")
    assert told.sql == "CREATE TYPE \"public\".\"Plan\" AS ENUM ('it''s', 'b');"
