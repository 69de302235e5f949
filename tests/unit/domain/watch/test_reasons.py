"""Reasons: what is said of a target, how bad it is, and what is not said twice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dbops.domain.target import Target
from dbops.domain.target_index.target_index import IndexedBackup, IndexedLeftover, TargetIndex
from dbops.domain.watch.dag_state import DagState, dags_of
from dbops.domain.watch.light import Light, Sign
from dbops.domain.watch.problem import ProblemKind
from dbops.domain.watch.reasons import NotKnown, Reason, reasons_of
from tests.unit.page_samples import HOUR, backup, checks, dag, index, probes, proof
from tests.unit.samples import DAY, NOW, target

SHOP = target()
BY_HAND = target(schedule={"backup": None, "drill": None})


def reasons(seen: TargetIndex | NotKnown | str, *dags: DagState, of: Target = SHOP) -> list[Reason]:
    return reasons_of(of, seen, dags_of(of.name, {one.dag_id: one for one in dags}), NOW)


def whats(seen: TargetIndex | NotKnown | str, *dags: DagState, of: Target = SHOP) -> list[ProblemKind | Sign]:
    return [reason.what for reason in reasons(seen, *dags, of=of)]


def only(seen: TargetIndex | NotKnown | str, *dags: DagState, of: Target = SHOP) -> Reason:
    (reason,) = reasons(seen, *dags, of=of)
    return reason


def test_where_all_is_well_one_sentence_says_by_what_that_is_known() -> None:
    reason = only(index(), *(dag(job) for job in ("backup", "check", "probe", "drill")))
    assert reason.light is Light.GREEN
    assert reason.sentence == (
        "Backed up 9h 55m ago; proven by a drill 1d ago; 52 rules held 8h ago; 12 operations were well 5d ago."
    )


@pytest.mark.parametrize(
    ("older", "left"),
    [
        ([], "and none that is left"),
        ([backup(9 * DAY), backup(8 * DAY, verified=False)], "and none that is left"),
        (
            [backup(9 * DAY, verified=True), backup(8 * DAY, verified=True)],
            f"and of those that are left the newest proven one is {backup(8 * DAY).backup_id}",
        ),
    ],
    ids=["alone", "unproven", "proven"],
)
def test_a_proof_of_a_backup_that_is_gone_is_not_told_as_one_of_those_that_are_left(
    older: list[IndexedBackup], left: str
) -> None:
    reason = only(index([*older, backup()], checks=None, probes=None))
    assert reason.sentence.startswith(
        f"Backed up 9h 55m ago; a drill proved a backup 1d ago that is gone by now, {left}; "
    )


def test_a_young_target_is_told_what_was_not_done_yet() -> None:
    reason = only(index(last_proof=None, last_verdict=None, checks=None, probes=None))
    assert reason.sentence == "Backed up 9h 55m ago; no backup was proven by a restore yet; no rules were checked yet."


def test_a_broken_promise_is_told_with_its_remedy_and_judged_now() -> None:
    reason = only(index([backup(3 * DAY)]))
    assert (reason.what, reason.light) == (ProblemKind.LATE, Light.RED)
    assert "a new one was promised within 1d 2h" in reason.sentence
    assert "Look at" in reason.sentence


def test_a_bucket_that_cannot_be_seen_is_red() -> None:
    reason = only("The bucket of shop cannot be shown: it refused.")
    assert (reason.what, reason.light) == (ProblemKind.UNREACHABLE, Light.RED)
    assert reason.sentence.startswith("The bucket of shop cannot be shown: it refused. Check whether")


def test_a_bucket_of_which_nothing_is_known_yet_is_grey_and_a_failed_backup_red_all_the_same() -> None:
    nothing = NotKnown("Nothing is known.")
    assert only(nothing) == Reason(Sign.NOT_SEEN, "Nothing is known.")
    assert only(nothing).light is Light.GREY
    assert whats(nothing, dag(state="failed")) == [Sign.RUN_FAILED, Sign.NOT_SEEN]


def test_checks_and_probes_that_are_late_are_looked_at() -> None:
    late = index(checks=checks(3 * DAY), probes=probes(20 * DAY))
    assert whats(late) == [ProblemKind.NOT_CHECKED, ProblemKind.NOT_PROBED]
    assert {reason.light for reason in reasons(late)} == {Light.AMBER}


def test_rules_and_operations_that_were_never_looked_at_are_late_once_there_were_backups_for_long_enough() -> None:
    of = SHOP.with_files(rules=True, probes=True)
    old, newest = backup(9 * DAY), backup()
    never = index([old, newest], checks=None, probes=None)
    assert whats(never, of=of) == [ProblemKind.NOT_CHECKED, ProblemKind.NOT_PROBED]
    assert [reason.sentence.partition(" Look")[0] for reason in reasons(never, of=of)] == [
        "The rules of shop were never checked, as far as its bucket tells: its oldest good backup was made 8d 23h ago, "
        "and checks.late_after promises 1d 2h.",
        "The operations of shop were never timed, as far as its bucket tells: its oldest good backup was made 8d 23h "
        "ago, and probes.late_after promises 8d.",
    ]
    assert whats(index(checks=None, probes=None), of=of) == [Sign.WELL]  # there is time for the first ones


@pytest.mark.parametrize(
    "of",
    [SHOP, target(schedule={"check": None, "probe": None}).with_files(rules=True, probes=True)],
    ids=["it has none", "no schedule asks for them"],
)
def test_rules_and_operations_that_nobody_promises_to_look_at_are_no_reason(of: Target) -> None:
    assert whats(index([backup(90 * DAY), backup()], checks=None, probes=None), of=of) == [Sign.WELL]


def test_a_backup_that_is_not_good_or_of_the_future_starts_no_clock() -> None:
    of = SHOP.with_files(rules=True, probes=True)
    seen = index([backup(9 * DAY, verified=False), backup()], checks=None, probes=None)
    assert whats(seen, of=of) == [Sign.WELL]


def test_broken_rules_are_red_and_named() -> None:
    seen = checks(failed=2, unknown=1, warnings=3, worst=("Order: total is positive", "Order: has a user"))
    reason = only(index(checks=seen))
    assert (reason.what, reason.light) == (Sign.CHECKS_FAILED, Light.RED)
    assert reason.sentence == (
        "Of shop 2 rules are broken, 1 rule could not be evaluated and 3 rules warn, by the checks 8h ago: "
        "Order: total is positive, Order: has a user and 4 more. Look at the report of check__shop."
    )


def test_rules_that_nobody_could_ask_are_red_too() -> None:
    assert only(index(checks=checks(unknown=1, worst=("Order: rows",)))).what is Sign.CHECKS_FAILED


def test_rules_that_only_warn_are_amber() -> None:
    reason = only(index(checks=checks(warnings=1, worst=("Order: volume",))))
    assert (reason.what, reason.light) == (Sign.RULES_WARN, Light.AMBER)
    assert reason.sentence == (
        "Of shop 1 rule warns, by the checks 8h ago: Order: volume. Look at the report of check__shop."
    )


def test_operations_that_are_not_well_are_amber_and_named() -> None:
    reason = only(index(probes=probes(well=11, worst=("user_by_id: over budget",))))
    assert (reason.what, reason.light) == (Sign.PROBES_UNWELL, Light.AMBER)
    assert reason.sentence == (
        "1 of 12 operations of shop is slow or does not work, by the probes 5d ago: user_by_id: over budget. "
        "Look at the report of probe__shop."
    )


def test_several_operations_are_told_in_the_plural_and_where_none_is_named_none_is() -> None:
    assert only(index(probes=probes(well=10))).sentence == (
        "2 of 12 operations of shop are slow or do not work, by the probes 5d ago. Look at the report of probe__shop."
    )


def test_a_single_rule_is_told_in_the_singular_and_what_none_does_is_not_told() -> None:
    assert only(index(checks=checks(failed=1, worst=("Order: rows",)))).sentence == (
        "Of shop 1 rule is broken, by the checks 8h ago: Order: rows. Look at the report of check__shop."
    )


def test_a_single_operation_that_is_well_is_told_in_the_singular() -> None:
    assert only(index(probes=probes(total=1, well=1))).sentence.endswith("; 1 operation was well 5d ago.")


def test_a_drill_that_failed_on_an_older_backup_is_red() -> None:
    failed = proof(6 * HOUR, ok=False, sentence="public.Order has 499 rows, and its manifest says 500.")
    reason = only(index(last_verdict=failed))
    assert (reason.what, reason.light) == (Sign.DRILL_FAILED, Light.RED)
    assert "cannot be used. public.Order has 499 rows, and its manifest says 500. Look at" in reason.sentence
    assert "cannot be used. Look at" in only(index(last_verdict=proof(6 * HOUR, ok=False, sentence=""))).sentence


def test_a_newest_backup_that_is_not_good_is_told_once() -> None:
    bad = backup(verified=False)
    seen = index([backup(20 * HOUR), bad], last_verdict=replace(proof(HOUR, ok=False), backup_id=bad.backup_id))
    assert whats(seen, dag("drill", state="failed")) == [ProblemKind.NOT_GOOD]


@pytest.mark.parametrize(
    ("age", "what"),
    [
        (timedelta(hours=3), Sign.WELL),
        (timedelta(hours=3, seconds=1), Sign.UNSEEN_FOR_HOURS),
        (timedelta(days=1), Sign.UNSEEN_FOR_HOURS),
        (timedelta(days=1, seconds=1), Sign.UNSEEN_FOR_A_DAY),
    ],
)
def test_a_bucket_at_which_nobody_looked_lately_is_no_proof(age: timedelta, what: Sign) -> None:
    assert whats(index(written=NOW - age)) == [what]


def watch(**more: Any) -> DagState:
    return replace(dag(), dag_id="watch", **more)


@pytest.mark.parametrize(
    ("age", "what"),
    [
        (timedelta(hours=3), Sign.WELL),
        (timedelta(hours=3, seconds=1), Sign.WATCH_SILENT_FOR_HOURS),
        (timedelta(days=1), Sign.WATCH_SILENT_FOR_HOURS),
        (timedelta(days=1, seconds=1), Sign.WATCH_SILENT_FOR_A_DAY),
    ],
)
def test_a_watch_that_is_dead_is_told_though_other_jobs_keep_the_index_fresh(age: timedelta, what: Sign) -> None:
    assert whats(index(), watch(last_end=NOW - age)) == [what]


def test_a_dead_watch_is_told_with_what_to_do() -> None:
    reason = only(index(), watch(last_end=NOW - 5 * HOUR))
    assert reason.light is Light.AMBER
    assert reason.sentence == (
        "The watch last ended 5h ago, and should run every hour: missing backups, checks and probes go unnoticed. "
        "Look at the runs of the DAG watch: are there any, do they fail, is it paused?"
    )
    assert only(index(), watch(last_end=NOW - 2 * DAY)).light is Light.RED


def test_a_watch_that_failed_or_is_paused_is_amber() -> None:
    failed = only(index(), watch(last_state="failed", last_end=NOW - HOUR))
    assert (failed.what, failed.light) == (Sign.WATCH_FAILED, Light.AMBER)
    assert failed.sentence == (
        "The last run of watch failed, at 2026-11-22 11:00 UTC: it is possible that nobody was mailed what it found. "
        "Look at its log in Airflow."
    )
    endless = only(index(), watch(last_state="failed", last_end=None))
    assert endless.sentence.startswith(
        "The last run of watch failed: it is possible that nobody was mailed what it found."
    )
    paused = only(index(), watch(is_paused=True, last_end=NOW - 5 * HOUR))
    assert (paused.what, paused.light) == (ProblemKind.PAUSED, Light.AMBER)
    assert paused.sentence == (
        "watch is paused in Airflow: missing backups, checks and probes go unnoticed. Unpause it on its page in "
        "Airflow."
    )


def test_a_watch_that_is_paused_for_a_day_is_red() -> None:
    seen = whats(index(), watch(is_paused=True, last_end=NOW - 2 * DAY))
    assert seen == [Sign.WATCH_SILENT_FOR_A_DAY, ProblemKind.PAUSED]


def test_a_watch_that_failed_a_day_ago_and_never_ran_again_is_red_and_told_once() -> None:
    assert whats(index(), watch(last_state="failed", last_end=NOW - 2 * DAY)) == [Sign.WATCH_SILENT_FOR_A_DAY]


def test_a_dead_watch_is_told_also_where_nothing_is_known_of_the_bucket() -> None:
    nothing = NotKnown("Nothing is known.")
    assert whats(nothing, watch(is_paused=True, last_end=None, last_state="")) == [ProblemKind.PAUSED, Sign.NOT_SEEN]


@pytest.mark.parametrize(
    ("age", "what"), [(5 * HOUR, Sign.UNSEEN_FOR_HOURS), (2 * DAY, Sign.UNSEEN_FOR_A_DAY)], ids=["hours", "a day"]
)
def test_a_dead_watch_that_the_age_of_the_index_tells_of_is_told_once(age: timedelta, what: Sign) -> None:
    assert whats(index(written=NOW - age), watch(last_end=NOW - age)) == [what]


def test_a_watch_that_is_dead_for_longer_than_the_index_tells_of_is_told_beside_it() -> None:
    assert whats(index(written=NOW - DAY), watch(last_end=NOW - 2 * DAY)) == [
        Sign.WATCH_SILENT_FOR_A_DAY,
        Sign.UNSEEN_FOR_HOURS,
    ]


def test_a_watch_that_is_dead_while_the_index_is_just_fresh_enough_is_told() -> None:
    assert whats(index(written=NOW - 3 * HOUR), watch(last_end=NOW - 4 * HOUR)) == [Sign.WATCH_SILENT_FOR_HOURS]


def test_a_watch_that_has_not_run_yet_is_no_reason() -> None:
    assert whats(index(), watch(last_end=None, last_state="", is_running=True)) == [Sign.WELL]


@pytest.mark.parametrize("job", ["backup", "check", "drill"])
def test_a_failed_last_run_is_red(job: str) -> None:
    reason = only(index(), dag(job, state="failed", last_end=NOW - HOUR))
    assert (reason.what, reason.light) == (Sign.RUN_FAILED, Light.RED)
    assert reason.sentence == (
        f"The last run of {job}__shop failed, at 2026-11-22 11:00 UTC. Look at its log in Airflow."
    )


def test_a_failed_last_run_of_which_nobody_knows_the_end_is_told_without_it() -> None:
    assert only(index(), dag(state="failed", last_end=None)).sentence == (
        "The last run of backup__shop failed. Look at its log in Airflow."
    )


def test_a_failed_last_run_of_the_probes_is_amber() -> None:
    assert only(index(), dag("probe", state="failed")).light is Light.AMBER


@pytest.mark.parametrize("state", ["success", ""])
@pytest.mark.parametrize("is_running", [True, False])
def test_a_run_that_did_not_fail_is_no_reason(state: str, is_running: bool) -> None:
    assert whats(index(), dag(state=state, is_running=is_running)) == [Sign.WELL]


def test_a_failure_lasts_while_the_next_run_goes_on() -> None:
    assert whats(index(), dag(state="failed", last_end=NOW - HOUR, is_running=True)) == [Sign.RUN_FAILED]


@pytest.mark.parametrize("job", ["backup", "check", "probe", "drill"])
def test_a_failure_of_what_was_never_done_is_told(job: str) -> None:
    young = index([], last_proof=None, last_verdict=None, checks=None, probes=None)
    failed = Sign.PROBE_RUN_FAILED if job == "probe" else Sign.RUN_FAILED
    assert failed in whats(young, dag(job, state="failed"))


def test_what_was_done_at_the_moment_of_a_failure_was_not_done_since() -> None:
    assert whats(index(checks=checks(2 * HOUR)), dag("check", state="failed")) == [Sign.RUN_FAILED]


@pytest.mark.parametrize("job", ["backup", "check", "probe", "drill"])
def test_a_failure_is_over_once_the_job_was_done_since(job: str) -> None:
    now = {
        "backup": index([backup(HOUR)]),
        "check": index(checks=checks(HOUR)),
        "probe": index(probes=probes(HOUR)),
        "drill": index(last_proof=proof(HOUR), last_verdict=proof(HOUR)),
    }
    assert whats(now[job], dag(job, state="failed", last_end=NOW - 2 * HOUR)) == [Sign.WELL]


def test_a_backup_that_is_not_good_does_not_end_a_failure() -> None:
    seen = index([backup(20 * HOUR), backup(HOUR, verified=False)])
    assert whats(seen, dag(state="failed")) == [ProblemKind.NOT_GOOD, Sign.RUN_FAILED]


def test_a_backup_that_is_dated_in_the_future_does_not_end_a_failure() -> None:
    seen = index([backup(20 * HOUR), backup(-20 * HOUR)])
    assert whats(seen, dag(state="failed")) == [Sign.RUN_FAILED, ProblemKind.FUTURE]


@pytest.mark.parametrize(
    ("job", "seen"),
    [
        ("check", index(checks=checks(failed=1, worst=("Order: rows",)))),
        ("probe", index(probes=probes(well=11))),
        ("drill", index(last_verdict=proof(6 * HOUR, ok=False))),
    ],
)
def test_a_run_that_failed_by_what_it_found_is_told_once(job: str, seen: TargetIndex) -> None:
    assert len(reasons(seen, dag(job, state="failed"))) == 1


def test_a_paused_dag_is_amber_with_its_remedy() -> None:
    reason = only(index(), dag("drill", is_paused=True))
    assert (reason.what, reason.light) == (ProblemKind.PAUSED, Light.AMBER)
    assert reason.sentence.startswith("drill__shop is paused in Airflow: it does not run. Unpause it")


def test_a_paused_dag_that_has_no_schedule_is_no_reason() -> None:
    assert whats(index(), dag("drill", is_paused=True), of=BY_HAND) == [Sign.WELL]


def test_a_target_without_backups_that_promises_none_is_not_called_safe() -> None:
    reason = only(index([], last_proof=None, last_verdict=None), of=BY_HAND)
    assert (reason.what, reason.light) == (Sign.NOTHING_PROMISED, Light.AMBER)
    assert "schedule.backup is null" in reason.sentence


def test_a_target_whose_first_backup_is_running_is_not_called_safe() -> None:
    running = IndexedLeftover(backup_id=backup(HOUR).backup_id, alive=NOW - timedelta(minutes=20))
    seen = index([], leftovers=(running,), last_proof=None, last_verdict=None, checks=None, probes=None)
    assert (only(seen).what, only(seen).light) == (Sign.FIRST_BACKUP, Light.GREY)
    assert only(seen).sentence == "The first backup of shop is on its way."


def test_everything_is_told_worst_first() -> None:
    seen = index(
        [backup(3 * DAY)],
        written=NOW - 5 * HOUR,
        unreadable=("s3://vault/x is not a hold.",),
        checks=checks(failed=1, worst=("Order: rows",)),
        probes=probes(well=1),
    )
    found = reasons(seen, dag(state="failed"), dag("probe", is_paused=True))
    assert [reason.what for reason in found] == [
        ProblemKind.LATE,
        Sign.CHECKS_FAILED,
        Sign.RUN_FAILED,
        ProblemKind.UNREADABLE,
        ProblemKind.PAUSED,
        Sign.PROBES_UNWELL,
        Sign.UNSEEN_FOR_HOURS,
    ]
    assert all(re.fullmatch(r"[A-Za-z0-9].*\.", reason.sentence) for reason in found)


def test_a_clock_that_is_a_little_ahead_is_no_reason() -> None:
    ahead = index([backup(-timedelta(minutes=1))], written=NOW + timedelta(minutes=6), checks=checks(-HOUR))
    assert only(ahead).sentence.startswith("Backed up just now;")
