"""A target whose file disappears is missed, whoever else keeps targets in the same folder."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.watch.known_targets import LOOKED_AFTER_WITHIN, KnownTargets
from dbops.domain.watch.problem import ProblemKind
from tests.unit.samples import NOW

HOUR = timedelta(hours=1)
FIRST = KnownTargets()
MET = KnownTargets(strangers={})


def missing(known: KnownTargets, *named: str) -> list[str | None]:
    return [problem.target for problem in known.missing(named)]


def test_a_target_that_had_a_file_is_missed_at_once_and_since_it_was_seen() -> None:
    known = MET.see(["shop", "blog"], NOW)
    [problem] = known.missing(["blog"])
    assert (problem.kind, problem.key, problem.since) == (ProblemKind.NO_FILE, "shop: target has no file", NOW)
    assert problem.sentence.startswith("shop has backups, and no file below include/targets/ any more: ")
    assert "include/targets/shop.yaml" in problem.remedy
    assert "include/retired.yaml" in problem.remedy


def test_what_is_retired_is_not_missed() -> None:
    known = KnownTargets({"shop": NOW}, {"blog": NOW}).retire(["shop", "blog"])
    assert known == KnownTargets({}, {})
    assert KnownTargets({"shop": NOW}).retire(["shop"]) == FIRST


def test_a_target_whose_file_is_back_is_not_missed() -> None:
    known = KnownTargets({"shop": NOW}, {})
    assert missing(known, "shop") == []
    assert known.see(["shop"], NOW + HOUR) == KnownTargets({"shop": NOW + HOUR}, {})


def test_it_is_missed_although_its_index_cannot_be_listed_or_is_gone() -> None:
    known = KnownTargets({"shop": NOW}, {})
    for is_whole in (True, False):
        assert missing(known.compare([], {}, NOW + HOUR, is_whole=is_whole)) == ["shop"]


def test_a_job_that_ended_after_its_file_had_gone_does_not_hide_it() -> None:
    known = KnownTargets({"shop": NOW}, {})
    after = known.compare([], {"shop": NOW + 2 * HOUR}, NOW + 3 * HOUR, is_whole=True)
    assert missing(after) == ["shop"]


def test_one_that_another_airflow_has_taken_over_is_not_ours_any_more() -> None:
    known = KnownTargets({"shop": NOW}, {})
    later = NOW + LOOKED_AFTER_WITHIN + HOUR
    assert known.compare([], {"shop": later}, later + HOUR, is_whole=True) == KnownTargets({}, {})
    assert missing(known.compare([], {"shop": later}, later + 5 * HOUR, is_whole=True)) == ["shop"]


def test_a_first_watch_misses_what_nobody_looks_after_and_not_what_another_airflow_renews() -> None:
    renewed = {"shop": NOW - HOUR, "blog": NOW - HOUR, "wiki": NOW - LOOKED_AFTER_WITHIN - HOUR}
    known = FIRST.compare(["shop"], renewed, NOW, is_whole=True)
    assert known == KnownTargets({"wiki": renewed["wiki"]}, {"blog": NOW})
    assert missing(known, "shop") == ["wiki"]


def test_a_stranger_that_nobody_renews_is_missed_within_hours_and_one_that_is_renewed_is_forgotten() -> None:
    known = FIRST.compare([], {"shop": NOW - HOUR, "blog": NOW - HOUR}, NOW, is_whole=True)
    assert missing(known) == []
    later = NOW + LOOKED_AFTER_WITHIN + HOUR
    known = known.compare([], {"shop": NOW - HOUR, "blog": later}, later, is_whole=True)
    assert known == KnownTargets({"shop": NOW - HOUR}, {})


def test_after_its_first_look_a_watch_takes_no_new_index_for_its_own() -> None:
    renewed = {"blog": NOW - 100 * HOUR}
    assert MET.compare([], renewed, NOW, is_whole=True) == MET


def test_an_index_that_was_renewed_three_hours_ago_is_looked_after_and_one_of_a_moment_more_is_not() -> None:
    ago, moment = NOW - LOOKED_AFTER_WITHIN, timedelta(microseconds=1)
    stranger = KnownTargets(strangers={"blog": ago})
    assert stranger.compare([], {"blog": ago}, NOW, is_whole=True) == stranger
    assert missing(stranger.compare([], {"blog": ago - moment}, NOW, is_whole=True)) == ["blog"]

    ours = KnownTargets({"shop": ago - LOOKED_AFTER_WITHIN - moment}, {})
    assert missing(ours.compare([], {"shop": ago}, NOW, is_whole=True)) == []
    assert missing(ours.compare([], {"shop": ago - moment}, NOW, is_whole=True)) == ["shop"]


def test_a_target_is_without_a_file_wherever_we_know_it_from() -> None:
    known = KnownTargets({"shop": NOW, "wiki": NOW}, {"blog": NOW})
    assert known.without_file(["wiki"]) == {"shop", "blog"}
    assert KnownTargets({"shop": NOW}).without_file([]) == {"shop"}


def test_the_first_look_is_made_again_until_every_folder_could_be_listed() -> None:
    known = FIRST.compare([], {"blog": NOW - 100 * HOUR}, NOW, is_whole=False)
    assert known.strangers is None
    assert missing(known.compare([], {"blog": NOW - 100 * HOUR}, NOW, is_whole=True)) == ["blog"]


def test_a_stranger_whose_folder_cannot_be_listed_is_not_forgotten_and_one_that_is_gone_is() -> None:
    known = KnownTargets(strangers={"blog": NOW})
    assert known.compare([], {}, NOW + 9 * HOUR, is_whole=False) == known
    assert known.compare([], {}, NOW + 9 * HOUR, is_whole=True) == MET


names = st.sampled_from(["shop", "blog", "wiki"])
moments = st.integers(-200, 200).map(lambda hours: NOW + hours * HOUR)


@given(st.dictionaries(names, moments), st.sets(names), st.dictionaries(names, moments), st.booleans())
def test_no_target_of_ours_stops_being_missed_unless_somebody_renews_its_index(
    ours: dict[str, object], named: set[str], renewed: dict[str, object], is_whole: bool
) -> None:
    known = KnownTargets(ours, {})  # type: ignore[arg-type]
    after = known.compare(named, renewed, NOW, is_whole=is_whole)  # type: ignore[arg-type]
    lost = set(missing(known, *named)) - set(missing(after, *named))
    assert lost <= {name for name, moment in renewed.items() if NOW - moment <= LOOKED_AFTER_WITHIN}  # type: ignore[operator]
