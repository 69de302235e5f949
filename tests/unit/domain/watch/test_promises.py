from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.catalog import Catalog, CatalogEntry, Leftover
from dbops.domain.fault import Fault
from dbops.domain.restores.left_copy import LeftCopy
from dbops.domain.target import Target
from dbops.domain.target_index.target_index import TargetIndex
from dbops.domain.watch.kept_databases import kept_problem
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.late_promise import late_promises
from dbops.domain.watch.left_copies import left_problem
from dbops.domain.watch.notification import Notification, untaken
from dbops.domain.watch.problem import Problem, ProblemKind, fault_problem, paused_problem
from dbops.domain.watch.promises import broken_promises
from dbops.domain.watch.restore_refused import refused_restores
from dbops.domain.watch.same_database import same_database_problems
from tests.unit.probe_samples import probe_run
from tests.unit.restores import record, rehearsal
from tests.unit.samples import DAY, NOW, check_run, claim, manifest, target, verification

HOUR = timedelta(hours=1)
SHOP = target(drill={"within": None})  # promises a backup within 26 hours
DRILLED = target()  # and a drill within 10 days


def entry(
    started: datetime, *, verified: bool | None = None, stored: int = 1000, finished: datetime | None = None
) -> CatalogEntry:
    return CatalogEntry(manifest(started, stored=stored, finished=finished), verified=verified)


def leftover(begun: datetime, *, renewed: datetime | None = None, written: datetime | None = None) -> Leftover:
    backup_id = BackupId.at(begun)
    return Leftover(backup_id, claim(backup_id, renewed=renewed), written or begun, (f"{backup_id}/started.json",))


def catalog(*entries: CatalogEntry, leftovers: tuple[Leftover, ...] = (), unreadable: tuple[str, ...] = ()) -> Catalog:
    return Catalog("shop", tuple(sorted(entries, key=lambda e: e.backup_id)), leftovers, unreadable)


def problems(content: Catalog | str, of: Target = SHOP, now: datetime = NOW) -> list[Problem]:
    return broken_promises(of, content if isinstance(content, str) else TargetIndex.of(content, now), now)


def kinds(content: Catalog | str, of: Target = SHOP, now: datetime = NOW) -> list[ProblemKind]:
    return [problem.kind for problem in problems(content, of, now)]


FRESH = entry(NOW - 10 * HOUR)
BY_HAND = target(schedule={"backup": None, "drill": None})


def test_a_target_with_a_fresh_backup_has_no_problem() -> None:
    assert problems(catalog(FRESH, *(entry(NOW - 10 * HOUR - day * DAY) for day in range(1, 30)))) == []


def test_a_target_without_any_backup_is_a_problem_at_once() -> None:
    (problem,) = problems(catalog())
    assert problem.kind == ProblemKind.NO_BACKUP
    assert problem.sentence == "There is no good backup of shop at all."
    assert "backup__shop" in problem.remedy


def test_the_first_backup_may_take_its_time_while_it_runs() -> None:
    running = leftover(NOW - 3 * HOUR, renewed=NOW)
    assert problems(catalog(leftovers=(running,))) == []
    assert ProblemKind.NO_BACKUP in kinds(catalog(leftovers=(leftover(NOW - 27 * HOUR, renewed=NOW),)))


def test_a_backup_is_late_when_none_was_finished_within_late_after() -> None:
    finished = NOW - 26 * HOUR
    assert kinds(catalog(entry(finished - HOUR, finished=finished))) == []
    (problem,) = problems(catalog(entry(finished - HOUR, finished=finished - timedelta(seconds=1))))
    assert problem.kind == ProblemKind.LATE
    assert problem.since == finished - timedelta(seconds=1) + 26 * HOUR
    assert problem.sentence == (
        "The newest good backup of shop was finished 1d 2h ago, at 2026-11-21 09:59 UTC; "
        "a new one was promised within 1d 2h."
    )


def test_a_promise_is_kept_until_its_last_moment_is_over() -> None:
    second, minutes = timedelta(seconds=1), timedelta(minutes=15)
    first = leftover(NOW - 26 * HOUR, renewed=NOW)
    assert problems(catalog(leftovers=(first,))) == []
    assert problems(catalog(FRESH, leftovers=(first,))) == []
    assert ProblemKind.STALLED in kinds(catalog(FRESH, leftovers=(leftover(NOW - 26 * HOUR - second, renewed=NOW),)))

    undrilled = entry(NOW - 11 * DAY, finished=NOW - 10 * DAY)
    assert problems(catalog(undrilled, FRESH), DRILLED) == []
    assert [problem.since for problem in problems(catalog(undrilled, FRESH), DRILLED, NOW + second)] == [NOW]

    assert problems(catalog(FRESH, entry(NOW + minutes))) == []
    assert kinds(catalog(FRESH, entry(NOW + minutes + second))) == [ProblemKind.FUTURE]

    assert problems(catalog(FRESH, leftovers=(leftover(NOW - HOUR, renewed=NOW - minutes + second),))) == []
    assert kinds(catalog(FRESH, leftovers=(leftover(NOW - HOUR, renewed=NOW - minutes),))) == [ProblemKind.UNFINISHED]


def test_rules_and_operations_are_late_when_the_last_moment_of_their_promise_is_over() -> None:
    checked, probed = NOW - target().checks.late_after, NOW - target().probes.late_after
    index = TargetIndex.of(catalog(FRESH), NOW, checks=check_run(started=checked), probes=probe_run(started=probed))
    later = NOW + timedelta(seconds=1)

    assert late_promises(SHOP, index, NOW) == []
    assert [(problem.kind, problem.since) for problem in late_promises(SHOP, index, later)] == [
        (ProblemKind.NOT_CHECKED, NOW),
        (ProblemKind.NOT_PROBED, NOW),
    ]


def test_a_target_that_has_neither_backups_nor_runs_is_told_once_that_it_has_no_backup() -> None:
    young = target().with_files(rules=True, probes=True)
    index = TargetIndex.of(catalog(), NOW)

    assert late_promises(young, index, NOW) == []
    assert [problem.kind for problem in broken_promises(young, index, NOW)] == [ProblemKind.NO_BACKUP]


def test_a_nightly_backup_that_takes_hours_is_not_called_late_while_the_next_one_runs() -> None:
    yesterday = entry(NOW - 28 * HOUR, finished=NOW - 24 * HOUR)
    assert problems(catalog(yesterday, leftovers=(leftover(NOW - 4 * HOUR, renewed=NOW),))) == []


def test_a_late_backup_that_runs_now_is_late_and_says_that_it_runs() -> None:
    (problem,) = problems(catalog(entry(NOW - 3 * DAY), leftovers=(leftover(NOW - HOUR, renewed=NOW),)))
    assert problem.kind == ProblemKind.LATE
    assert problem.sentence.endswith("One is running since 2026-11-22 11:00 UTC.")


def test_a_target_that_is_only_backed_up_by_hand_is_never_late() -> None:
    assert problems(catalog(), BY_HAND) == []
    assert problems(catalog(entry(NOW - 400 * DAY)), BY_HAND) == []


def test_a_backup_dated_in_the_future_is_told_and_hides_no_lateness() -> None:
    assert kinds(catalog(entry(NOW - 3 * DAY), entry(NOW + 300 * DAY))) == [ProblemKind.LATE, ProblemKind.FUTURE]


def test_every_backup_dated_in_the_future_is_a_problem_of_its_own() -> None:
    one, other = problems(catalog(FRESH, entry(NOW + DAY), entry(NOW + 2 * DAY)))
    assert one.key != other.key
    assert one.sentence == (
        "The backup 20261123T120000Z of shop is dated 1d in the future; retention does not count it."
    )


def test_a_worker_whose_clock_is_a_minute_ahead_is_no_problem() -> None:
    assert problems(catalog(FRESH, entry(NOW + timedelta(minutes=1)))) == []


def test_a_backup_that_failed_its_verification_is_told_and_hides_no_lateness() -> None:
    found = problems(catalog(entry(NOW - 3 * DAY), entry(NOW - HOUR, verified=False)))
    assert [problem.kind for problem in found] == [ProblemKind.LATE, ProblemKind.NOT_GOOD]
    assert BackupId.at(NOW - HOUR) in found[1].sentence


def test_a_newest_backup_that_is_not_good_is_told_with_the_one_to_use_instead() -> None:
    bad = entry(NOW - HOUR, verified=False)
    [problem] = problems(catalog(FRESH, bad))
    assert problem.sentence == (
        f"The newest backup of shop, {bad.backup_id}, failed its verification; "
        f"the newest good one is {FRESH.backup_id}."
    )
    assert problems(catalog(bad))[-1].sentence.endswith("failed its verification; there is no good one.")


def test_another_backup_that_is_not_good_never_finished_or_hangs_is_another_problem() -> None:
    for one, other in (
        (catalog(FRESH, entry(NOW - 2 * HOUR, verified=False)), catalog(FRESH, entry(NOW - HOUR, verified=False))),
        (catalog(FRESH, leftovers=(leftover(NOW - 2 * HOUR),)), catalog(FRESH, leftovers=(leftover(NOW - HOUR),))),
        (
            catalog(FRESH, leftovers=(leftover(NOW - 30 * HOUR, renewed=NOW),)),
            catalog(FRESH, leftovers=(leftover(NOW - 31 * HOUR, renewed=NOW),)),
        ),
    ):
        [[first], [second]] = problems(one), problems(other)
        assert first.kind == second.kind
        assert first.key != second.key


def test_a_clock_that_is_ahead_by_no_more_than_is_forgiven_counts_as_now() -> None:
    ahead = NOW + timedelta(minutes=15)
    assert problems(catalog(entry(ahead))) == []
    assert kinds(catalog(FRESH, entry(ahead, verified=False))) == [ProblemKind.NOT_GOOD]


def test_a_failed_verification_of_an_older_backup_is_over_with_the_next_good_one() -> None:
    assert problems(catalog(entry(NOW - 2 * DAY, verified=False), FRESH)) == []


def test_a_bucket_that_cannot_be_read_is_the_only_thing_known() -> None:
    (problem,) = problems("The store did not answer.")
    assert (problem.kind, problem.sentence) == (ProblemKind.UNREACHABLE, "The store did not answer.")


def test_every_manifest_that_cannot_be_read_is_a_problem_of_its_own() -> None:
    found = problems(catalog(FRESH, unreadable=("a is broken", "b is broken")))
    assert [problem.sentence for problem in found] == ["a is broken", "b is broken"]
    assert len({problem.key for problem in found}) == 2


def test_a_backup_that_died_after_the_newest_good_one_was_begun_and_never_finished() -> None:
    (problem,) = problems(catalog(FRESH, leftovers=(leftover(NOW - 2 * HOUR),)))
    assert problem.kind == ProblemKind.UNFINISHED
    assert problem.sentence == "A backup of shop was begun at 2026-11-22 10:00 UTC and never finished."
    assert problem.since == NOW - 2 * HOUR


def test_several_dead_attempts_are_one_problem_about_the_newest() -> None:
    attempts = tuple(leftover(NOW - hours * HOUR) for hours in (1, 2, 3))
    (problem,) = problems(catalog(FRESH, leftovers=attempts))
    assert "2026-11-22 11:00" in problem.sentence
    assert problem.sentence.endswith(" Nor did 2 others since the last good one.")
    (problem,) = problems(catalog(FRESH, leftovers=attempts[:2]))
    assert problem.sentence.endswith(" Nor did 1 other since the last good one.")


def test_a_dead_attempt_is_forgiven_by_the_next_good_backup() -> None:
    assert problems(catalog(FRESH, leftovers=(leftover(NOW - 11 * HOUR),))) == []


@pytest.mark.parametrize(
    "running",
    [
        leftover(NOW - 2 * HOUR, renewed=NOW - timedelta(minutes=1)),
        leftover(NOW - 2 * HOUR, written=NOW - timedelta(minutes=1)),
    ],
    ids=["its claim is renewed", "its files grow"],
)
def test_a_backup_that_shows_a_sign_of_life_is_not_dead(running: Leftover) -> None:
    assert problems(catalog(FRESH, leftovers=(running,))) == []


def test_a_backup_that_was_seen_to_run_half_an_hour_ago_is_taken_to_run_still() -> None:
    running = leftover(NOW - 2 * HOUR, renewed=NOW - timedelta(minutes=31))
    seen = TargetIndex.of(catalog(FRESH, leftovers=(running,)), NOW - timedelta(minutes=30))

    assert broken_promises(SHOP, seen, NOW) == []


def test_an_index_that_grows_old_is_judged_by_what_is_promised_now() -> None:
    index = TargetIndex.of(catalog(FRESH), NOW)

    assert [problem.kind for problem in broken_promises(SHOP, index, NOW + DAY)] == [ProblemKind.LATE]


def test_a_backup_that_runs_longer_than_late_after_is_a_problem() -> None:
    (problem,) = problems(catalog(FRESH, leftovers=(leftover(NOW - 30 * HOUR, renewed=NOW),)))
    assert problem.kind == ProblemKind.STALLED
    assert "1d 6h" in problem.sentence
    assert problem.since == NOW - 4 * HOUR


def test_the_newest_backup_that_shrank_is_a_problem_with_both_numbers() -> None:
    before = [entry(NOW - day * DAY) for day in range(1, 5)]
    (problem,) = problems(catalog(entry(NOW - HOUR, stored=100), *before))
    assert problem.kind == ProblemKind.SHRUNK
    assert "100 B against 1000 B" in problem.sentence
    assert problem.since == entry(NOW - HOUR).manifest.finished


def test_a_backup_is_compared_with_the_latest_before_it_and_not_with_the_first() -> None:
    before = [entry(NOW - day * DAY) for day in range(1, 30)]
    small_once = entry(NOW - 30 * DAY, stored=100)
    assert kinds(catalog(small_once, *before, entry(NOW - HOUR, stored=100))) == [ProblemKind.SHRUNK]


def test_a_backup_that_shrank_long_ago_is_over() -> None:
    assert problems(catalog(entry(NOW - 2 * DAY, stored=10), entry(NOW - DAY), FRESH)) == []


def test_the_key_of_a_problem_stays_the_same_while_it_lasts() -> None:
    old = catalog(entry(NOW - 5 * DAY))
    assert problems(old)[0].key == problems(old, now=NOW + 7 * HOUR)[0].key


def test_a_second_backup_that_shrinks_is_a_new_problem() -> None:
    before = [entry(NOW - day * DAY) for day in range(3, 9)]
    first, second = entry(NOW - DAY, stored=10), entry(NOW - HOUR, stored=10)
    assert problems(catalog(*before, first))[-1].key != problems(catalog(*before, first, second))[-1].key


def proven(age: timedelta, *, ok: bool = True) -> CatalogEntry:
    backup = entry(NOW - age, verified=ok)
    return replace(backup, verification=verification(backup.backup_id, finished=NOW - age, ok=ok))


def test_a_target_whose_backups_nobody_proved_lately_is_a_problem() -> None:
    (problem,) = problems(catalog(entry(NOW - 11 * DAY), FRESH), DRILLED)

    assert problem.kind == ProblemKind.NOT_DRILLED
    assert problem.sentence.endswith(", as drill.within promises: none ever was.")
    assert "drill__shop" in problem.remedy
    (problem,) = problems(catalog(proven(12 * DAY), FRESH), DRILLED)
    assert "was the last, 12d ago" in problem.sentence


def test_a_young_target_and_one_with_a_fresh_proof_keep_their_promise() -> None:
    assert problems(catalog(entry(NOW - 9 * DAY), FRESH), DRILLED) == []
    assert problems(catalog(entry(NOW - 40 * DAY), proven(5 * DAY), FRESH), DRILLED) == []


def test_a_failed_verification_proves_nothing() -> None:
    failed = proven(2 * DAY, ok=False)

    assert ProblemKind.NOT_DRILLED in kinds(catalog(entry(NOW - 40 * DAY), failed, FRESH), DRILLED)


def test_a_proof_counts_after_its_backup_has_expired() -> None:
    expired = proven(5 * DAY).verification
    assert expired is not None

    assert problems(replace(catalog(entry(NOW - 40 * DAY), FRESH), past=(expired,)), DRILLED) == []


def test_a_target_that_promises_no_proof_breaks_no_promise() -> None:
    unpromised = target(drill={"within": None})

    assert problems(catalog(entry(NOW - 40 * DAY), FRESH), unpromised) == []


def test_a_target_without_a_schedule_of_drills_promises_none() -> None:
    by_hand = target(schedule={"drill": None})

    assert problems(catalog(entry(NOW - 40 * DAY), FRESH), by_hand) == []


def test_every_problem_says_what_to_do() -> None:
    worst = catalog(
        entry(NOW - 9 * DAY),
        entry(NOW - 5 * DAY, stored=1),
        entry(NOW - 4 * DAY, verified=False),
        entry(NOW + DAY),
        leftovers=(leftover(NOW - 3 * DAY), leftover(NOW - 2 * DAY, renewed=NOW)),
        unreadable=("one",),
    )
    found = [
        *problems(worst),
        *problems(catalog(entry(NOW - 11 * DAY)), DRILLED),
        *problems(catalog()),
        *problems("no answer"),
    ]
    found += [fault_problem(Fault("a.yaml", None, "x")), paused_problem("backup__shop")]
    kept = kept_problem(record(swapped=NOW - 2 * DAY), NOW)
    copy = left_problem(LeftCopy("shop__restore_20261122_120000", NOW - 2 * DAY, (record(),)), NOW)
    index = TargetIndex.of(
        catalog(), NOW, checks=check_run(started=NOW - 2 * DAY), probes=probe_run(started=NOW - 9 * DAY)
    )
    late, untimed = late_promises(target("shop"), index, NOW)
    assert kept is not None
    assert copy is not None
    subject = "[dbops] FAILED backup"
    [lost] = untaken(
        target("shop", alerts={"notify": ["oncall"]}),
        [Notification(target="shop", notifier="oncall", moment=NOW, subject=subject, run="r", refusal="It hung.")],
        NOW,
    )
    found += same_database_problems([(target(name, connection="shop"), None) for name in ("shop", "crm")])
    refused = rehearsal(refusals=("The role dbops may not create databases.",))
    found += refused_restores(target("shop"), TargetIndex.of(catalog(), NOW, rehearsal=refused))
    found += [kept, copy, late, untimed, lost.problem, *KnownTargets({"gone": NOW}).missing([])]
    assert {problem.kind for problem in found} == set(ProblemKind)
    assert all(problem.remedy.endswith(".") and problem.sentence for problem in found)
