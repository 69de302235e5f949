"""Overview: one row a target, worst first."""

from __future__ import annotations

import pytest

from dbops.domain.views.overview import OverviewRow, overview_row, worst_first
from dbops.domain.watch.dag_state import DagState, dags_of
from dbops.domain.watch.light import LIGHTS, Light, Sign
from dbops.domain.watch.problem import ProblemKind
from dbops.domain.watch.reasons import NotKnown
from tests.unit.page_samples import HOUR, backup, checks, dag, index, probes
from tests.unit.samples import DAY, NOW, target


def row(name: str, worst: ProblemKind | Sign, number: int = 1) -> OverviewRow:
    return OverviewRow(target=target(name), worst=worst, reasons=("Something.",) * number)


def test_a_row_has_the_light_of_its_worst_reason_and_all_reasons_worst_first() -> None:
    seen = index([backup(3 * DAY)], probes=probes(well=11), checks=checks(warnings=1))
    found = overview_row(target(), seen, {}, NOW)
    assert found.light is Light.RED
    assert [reason.split()[0] for reason in found.reasons] == ["The", "1", "Of"]
    assert found.index == seen


def test_a_row_without_an_index_says_why() -> None:
    nobody = NotKnown("Nobody has looked.")
    assert overview_row(target(), nobody, {}, NOW) == OverviewRow(
        target=target(), worst=Sign.NOT_SEEN, reasons=("Nobody has looked.",), missing=nobody
    )
    refused = overview_row(target(), "The store refuses.", {}, NOW)
    assert (refused.index, refused.missing) == (None, "The store refuses.")
    assert overview_row(target(), index(), {}, NOW).missing is None


def test_the_trend_has_the_last_fourteen_good_backups_oldest_first() -> None:
    backups = [backup(day * DAY + HOUR, stored_bytes=day, verified=False if day == 3 else None) for day in range(20)]
    found = overview_row(target(), index(sorted(backups, key=lambda one: one.backup_id)), {}, NOW)
    assert found.size_trend == (14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 1, 0)


def test_a_row_has_its_own_dags_by_job() -> None:
    ours, theirs = dag("check"), dag("check", of="shop_two")
    by_job = dags_of("shop", {one.dag_id: one for one in (ours, theirs)})
    assert overview_row(target(), index(), by_job, NOW).dags == {"check": ours}


def test_the_dag_of_the_watch_is_everybodys_and_stands_for_itself() -> None:
    ours, watch = dag("check"), DagState(dag_id="watch", is_paused=False, last_end=NOW, last_state="success")
    found = overview_row(target(), index(), dags_of("shop", {one.dag_id: one for one in (ours, watch)}), NOW)
    assert (found.dags, found.watch) == ({"check": ours}, watch)
    assert overview_row(target(), index(), {}, NOW).watch is None


def test_what_was_read_before_and_no_newer_one_says_so_and_is_not_safe() -> None:
    doubt = NotKnown("Nobody has looked since.")
    found = overview_row(target(), index(), {}, NOW, doubt=doubt)
    assert (found.doubt, found.worst) == (doubt, Sign.NOT_SEEN)
    assert any("Nobody has looked since." in reason for reason in found.reasons)


def test_rows_come_by_their_gravest_reason_then_with_most_reasons_then_by_name() -> None:
    """That there is no backup comes before three reasons of which the gravest is a run that failed: both are red."""
    rows = [
        row("a", Sign.WELL),
        row("b", Sign.NOT_SEEN, 4),
        row("c", ProblemKind.SHRUNK, 5),
        row("g", Sign.RUN_FAILED),
        row("e", Sign.CHECKS_FAILED),
        row("d", Sign.CHECKS_FAILED),
        row("f", Sign.CHECKS_FAILED, 2),
        row("h", Sign.RUN_FAILED, 3),
        row("i", ProblemKind.NO_BACKUP),
    ]
    assert "".join(one.target.name for one in worst_first(rows)) == "ifdehgcba"


@pytest.mark.parametrize("what", LIGHTS)
def test_a_row_has_the_light_of_its_worst_reason(what: ProblemKind | Sign) -> None:
    assert row("a", what).light is LIGHTS[what]
