"""What was read for everybody shows each user no more than Airflow would."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dbops.domain.target_index.target_index import IndexedChecks, IndexedProbes, TargetIndex
from dbops.domain.views.overview import OverviewRow, overview_row
from dbops.domain.views.target_view import AuditPart, RestoresPart, TargetView
from dbops.domain.watch.dag_state import JOBS, DagState, own_dags
from dbops.domain.watch.light import Light
from dbops.domain.watch.reasons import NotKnown
from dbops.domain.words.start_id import StartId
from dbops_airflow.page.permitted import permitted_row, permitted_view
from tests.unit.restores import rehearsal
from tests.unit.samples import DAY, NOW, target

_ALL = frozenset({*own_dags("shop"), "restore", "migrate"})


def _index(*, failed: int = 0, unwell: int = 0) -> TargetIndex:
    checks = IndexedChecks(
        check_id=StartId("20261122T040000Z"), finished=NOW, full=False, passed=9, failed=failed, unknown=0, warnings=0,
        worst=("order: a rule",) * failed, docs="",
    )  # fmt: skip
    probes = IndexedProbes(
        probe_id=StartId("20261122T060000Z"), finished=NOW, total=9, well=9 - unwell, p95=3.0, slowest="",
        worst=("an operation",) * unwell, page="",
    )  # fmt: skip
    backup = {
        "backup_id": "20261122T020000Z",
        "finished": NOW - timedelta(hours=9),
        "rows": 1,
        "tables": 1,
        "stored_bytes": 1,
        "database_bytes": 1,
    }
    return TargetIndex(target="shop", written=NOW, backups=(backup,), checks=checks, probes=probes)  # type: ignore[arg-type]


def _row(index: TargetIndex | NotKnown | str, **states: str) -> OverviewRow:
    dags = {
        job: DagState(dag_id=f"{job}__shop", is_paused=False, last_state=states.get(job, "success"), last_end=NOW)
        for job in JOBS
    }
    return overview_row(target(), index, dags, NOW)


def test_who_may_read_everything_sees_the_row_as_it_is() -> None:
    row = _row(_index(failed=1))
    assert permitted_row(row, _ALL, NOW) is row


def test_who_may_not_read_the_backups_sees_no_row() -> None:
    assert permitted_row(_row(_index()), _ALL - {"backup__shop"}, NOW) is None


@pytest.mark.parametrize(
    ("job", "index", "words"), [("check", _index(failed=1), "a rule"), ("probe", _index(unwell=1), "an operation")]
)
def test_what_a_hidden_job_found_decides_no_light_and_no_word(job: str, index: TargetIndex, words: str) -> None:
    row = _row(index)
    assert row.light is not Light.GREEN
    seen = permitted_row(row, _ALL - {f"{job}__shop"}, NOW)
    assert seen is not None
    assert seen.light is Light.GREEN
    assert words not in " ".join(seen.reasons)
    assert job not in seen.dags
    assert seen.index is not None
    assert getattr(seen.index, f"{job}s") is None


def test_what_a_rehearsal_found_is_told_to_whoever_may_read_the_dag_restore() -> None:
    row = _row(replace(_index(), rehearsal=rehearsal(refusals=("The role may not.",))))
    assert (row.light, permitted_row(row, _ALL, NOW)) == (Light.AMBER, row)
    seen = permitted_row(row, _ALL - {"restore"}, NOW)
    assert seen is not None
    assert (seen.light, seen.target) == (Light.GREEN, row.target)
    assert "The role may not." not in " ".join(seen.reasons)
    assert seen.index is not None
    assert seen.index.rehearsal is None


@pytest.mark.parametrize("job", ["check", "probe", "drill"])
def test_the_failed_run_of_a_hidden_dag_is_not_told_even_without_an_index(job: str) -> None:
    row = _row(NotKnown("Nobody has looked yet."), **{job: "failed"})
    assert f"{job}__shop" in " ".join(row.reasons)
    seen = permitted_row(row, _ALL - {f"{job}__shop"}, NOW)
    assert seen is not None
    assert (seen.light, seen.reasons) == (Light.GREY, ("Nobody has looked yet.",))


def test_a_row_by_an_older_index_stays_in_doubt() -> None:
    row = overview_row(target(), _index(failed=1), {}, NOW, doubt=NotKnown("The store did not answer."))
    assert row.light is Light.RED
    seen = permitted_row(row, _ALL - {"check__shop"}, NOW)
    assert seen is not None
    assert (seen.light, seen.reasons[0]) == (Light.GREY, "The store did not answer.")


def test_a_dead_watch_is_told_to_whoever_may_read_its_dag() -> None:
    dead = DagState(dag_id="watch", is_paused=True)
    row = overview_row(target(), _index(), {"watch": dead}, NOW)
    assert (row.light, row.watch, dict(row.dags)) == (Light.AMBER, dead, {})
    assert permitted_row(row, _ALL, NOW) is row
    seen = permitted_row(row, _ALL - {"watch"}, NOW)
    assert seen is not None
    assert (seen.light, seen.watch) == (Light.GREEN, None)
    kept = permitted_row(replace(row, dags={"check": dead}), _ALL - {"check__shop"}, NOW)
    assert kept is not None
    assert (kept.light, kept.watch) == (Light.AMBER, dead)


def test_an_unreachable_bucket_stays_red_for_everybody() -> None:
    row = _row("The bucket cannot be read.")
    seen = permitted_row(row, _ALL - {"check__shop"}, NOW)
    assert seen is not None
    assert (seen.light, seen.reasons) == (Light.RED, row.reasons)


def test_a_hidden_part_is_left_out_and_named_and_the_audit_trail_tells_of_restores_and_migrations() -> None:
    view = TargetView(
        row=_row(_index()),
        seen=NOW,
        backups="a sentence",
        checks="a sentence",
        probes="a sentence",
        migrations="a sentence",
        restores=RestoresPart(records=()),
        audit=AuditPart(entries=(), older=0),
    )
    everything = permitted_view(view, _ALL, NOW)
    assert everything is not None
    assert everything[1] == []
    seen = permitted_view(view, _ALL - {"restore", "check__shop"}, NOW)
    assert seen is not None
    assert seen[1] == ["checks", "restores", "audit"]
    assert (seen[0].checks, seen[0].restores, seen[0].audit) == (None, None, None)
    assert (seen[0].probes, seen[0].migrations) == ("a sentence", "a sentence")


def test_a_hidden_schedule_promises_nothing() -> None:
    row = _row(replace(_index(), checks=None))
    seen = permitted_row(row, _ALL - {"check__shop"}, NOW)
    assert seen is not None
    assert seen.target is row.target
    assert "check" not in " ".join(seen.reasons)


def test_a_hidden_schedule_promises_no_first_run() -> None:
    index = replace(_index(), checks=None)
    of, later = target(schedule={"backup": None, "drill": None}).with_files(rules=True, probes=True), NOW + 2 * DAY
    row = overview_row(of, replace(index, written=later), {}, later)
    assert "never checked" in " ".join(row.reasons)
    seen = permitted_row(row, _ALL - {"check__shop", "probe__shop"}, later)
    assert seen is not None
    assert (seen.light, seen.target.has_rules) == (Light.GREEN, True)
