"""Promises of what is told where the operating system sorts text otherwise than it did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbops.domain.checks.suite import Outcome
from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.collation_versions import OldCollation, old_collations, unknown_collations

IGNORED = CheckOptions(severity={"collation_version": "ignore"})
DATABASE = OldCollation(
    database="shop",
    collation=None,
    recorded="2.31",
    actual="2.36",
    indexes=(("public", "User", "User_email_key"), ("public", "Tag", "Tag_name_key")),
)
COLLATION = replace(DATABASE, collation=("public", "de"), indexes=(("public", "User", "User_name_idx"),))


def test_the_database_is_told_with_its_versions_its_indexes_and_what_to_do() -> None:
    (told,) = old_collations([DATABASE], CheckOptions())

    assert (told.rule_id, told.severity, told.outcome) == (
        "collation_version:database shop",
        "warning",
        Outcome.FAILED,
    )
    assert told.sentence == (
        "the database shop sorts by version 2.31 of its locale, and the operating system has 2.36 now; 2 indexes "
        "depend on it and may be corrupt without an error: public.User.User_email_key, public.Tag.Tag_name_key. "
        'Rebuild with REINDEX, and only then ALTER DATABASE "shop" REFRESH COLLATION VERSION'
    )
    assert told.sql.splitlines() == [
        'REINDEX INDEX CONCURRENTLY "public"."User_email_key";',
        'REINDEX INDEX CONCURRENTLY "public"."Tag_name_key";',
        'ALTER DATABASE "shop" REFRESH COLLATION VERSION;',
    ]


def test_a_collation_is_told_by_its_name() -> None:
    (told,) = old_collations([COLLATION], CheckOptions())

    assert told.rule_id == "collation_version:collation public.de"
    assert "the collation public.de sorts by" in told.sentence
    assert "1 index depends on it" in told.sentence
    assert told.sql.endswith('\nALTER COLLATION "public"."de" REFRESH VERSION;')


def test_where_no_index_depends_on_it_there_is_nothing_to_rebuild() -> None:
    (told,) = old_collations([replace(COLLATION, indexes=())], CheckOptions())

    assert told.sentence.endswith('; no index depends on it: ALTER COLLATION "public"."de" REFRESH VERSION')
    assert told.sql == 'ALTER COLLATION "public"."de" REFRESH VERSION;'


@pytest.mark.parametrize(("number", "statements"), [(50, 51), (51, 2)])
def test_many_indexes_are_counted_and_rebuilt_all_at_once(number: int, statements: int) -> None:
    many = tuple(("public", "t", f"i{each}") for each in range(number))
    (told,) = old_collations([replace(DATABASE, indexes=many)], CheckOptions())

    assert f"{number} indexes depend on it" in told.sentence
    assert f"public.t.i4 and {number - 5} more" in told.sentence
    assert len(told.sql.splitlines()) == statements
    assert ('REINDEX DATABASE CONCURRENTLY "shop";' in told.sql) is (statements == 2)


def test_what_nobody_knows_is_no_pass_and_only_a_warning() -> None:
    (told,) = unknown_collations("the server refused: could not open collator", CheckOptions())

    assert (told.outcome, told.is_red) == (Outcome.NOT_EVALUATED, False)
    assert told.sentence == "the server refused: could not open collator"
    assert (told.rule_id, told.group, told.subject, told.how) == (
        "collation_version",
        "schema",
        "collation versions",
        "catalog",
    )


def test_whoever_wants_neither_is_told_neither() -> None:
    assert old_collations([DATABASE], IGNORED) == []
    assert unknown_collations("why", IGNORED) == []
