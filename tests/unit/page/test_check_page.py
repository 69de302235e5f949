"""The page of a run of the checks: first what is wrong, then every rule that holds, and how that is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dbops.domain.checks.suite import CheckResult, Outcome
from dbops.domain.views.target_parts import checks_part
from dbops.domain.views.target_view import CheckView
from dbops.domain.words.start_id import StartId
from dbops_airflow.page.readings import Reading
from dbops_airflow.page.rendering import Rendering
from tests.unit.page.page_texts import text_of
from tests.unit.page_samples import rule
from tests.unit.samples import NOW, check_run, target

SHOP = target()


def drawn(*results: CheckResult, limit: int | None = 500, cannot: str = "", **run: Any) -> str:
    settings: dict[str, Any] = {"finished": NOW + timedelta(seconds=42), "statements": 3, **run}
    checks = cannot or checks_part([check_run(*results, **settings)])
    view = CheckView(target=SHOP, check_id=StartId.at(NOW), seen=NOW, checks=checks)
    facts = {"view": view, "target": SHOP, "reading": Reading(view, 0.0), "limit": limit}
    return Rendering(base="/database_ops", airflow="", now=NOW).page("check", **facts)


def test_what_is_wrong_comes_first_with_the_sql_that_shows_it() -> None:
    broken = rule("paid", Outcome.FAILED, sentence="2 rows break it", rows=2, keys=("4711",), sql="SELECT 4711")
    told = text_of(drawn(rule("counted"), broken))
    assert "1 failed" in told
    assert "1 passed" in told
    assert told.index("SELECT 4711") < told.index("Rules that hold") < told.index("counted")
    assert "To look at 1" in told


def test_of_each_rule_that_holds_it_is_said_how_that_is_known_and_of_how_many_rows() -> None:
    tried = rule("it works", group="operation", subject="order_by_id")
    told = text_of(drawn(rule("unique", how="catalog"), rule("paid"), tried, rows={"public.Order": 1234}))
    assert "Every rule holds." in told
    assert "unique the catalog 1,234" in told
    assert "paid the rows 1,234" in told
    assert "it works trying it" in told


def test_when_and_how_it_was_checked_is_told() -> None:
    told = text_of(drawn(rule("a"), full=True, rows={"public.Order": 1}, docs="s3://vault/docs/index.html"))
    for words in ("Took 42 s", "in full; 1 table scanned by 3 statements", "s3://vault/docs/index.html"):
        assert words in told
    assert "the nightly subset" in text_of(drawn(rule("a")))


def test_thousands_of_rules_are_shown_to_who_asks_for_them() -> None:
    many = [rule(f"rule {number}") for number in range(4)]
    few, every = text_of(drawn(*many, limit=3)), text_of(drawn(*many, limit=None))
    assert ("Show all 4" in few, "rule 3" in few) == (True, False)
    assert ("Show all" in every, "rule 3" in every) == (False, True)


def test_a_run_that_cannot_be_read_is_a_sentence() -> None:
    told = text_of(drawn(cannot="The run cannot be shown: the store refused."))
    assert "the store refused." in told
    assert "Rules that hold" not in told


def test_a_rules_words_stay_words() -> None:
    assert "<b>" not in drawn(rule("<b>", Outcome.FAILED, sentence="<b>"), rule("<b>", subject="<b>"), run="<b>")
