from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.backups.size import size_warnings
from dbops.domain.options.alerts import Alerts
from tests.unit.samples import DAY, NOW, manifest

ALERTS = Alerts(shrunk_by=50)


def history(*sizes: tuple[int, int]) -> list[BackupManifest]:
    """Backups of the days before, (stored bytes, rows) each, oldest first."""
    return [manifest(NOW - (len(sizes) - i) * DAY, stored=size, rows=rows) for i, (size, rows) in enumerate(sizes)]


def test_a_backup_of_the_usual_size_warns_of_nothing() -> None:
    assert size_warnings(manifest(NOW), history(*[(1000, 500)] * 7), ALERTS) == ()


def test_the_first_backup_of_a_target_has_nothing_to_shrink_from() -> None:
    assert size_warnings(manifest(NOW, stored=0, rows=0), [], ALERTS) == ()


def test_fewer_bytes_are_told_with_both_numbers() -> None:
    assert size_warnings(manifest(NOW, stored=300 * 1024), history(*[(1024 * 1024, 500)] * 3), ALERTS) == (
        "The backup is 71 % smaller than the median of the 3 backups before it: 300.0 KiB against 1.0 MiB.",
    )


def test_fewer_rows_are_told_with_both_numbers() -> None:
    assert size_warnings(manifest(NOW, rows=1200), history(*[(1000, 5_000_000)] * 3), ALERTS) == (
        "The backup has 100 % fewer rows than the median of the 3 backups before it: 1,200 against 5,000,000.",
    )


def test_one_backup_before_is_enough_to_compare_with() -> None:
    assert size_warnings(manifest(NOW, stored=10), history((1000, 500)), ALERTS) == (
        "The backup is 99 % smaller than the backup before it: 10 B against 1000 B.",
    )


def test_a_fall_of_exactly_the_allowed_percentage_is_allowed() -> None:
    assert size_warnings(manifest(NOW, stored=500, rows=250), history((1000, 500)), ALERTS) == ()
    assert len(size_warnings(manifest(NOW, stored=499, rows=249), history((1000, 500)), ALERTS)) == 2


def test_one_small_outlier_before_it_hides_nothing() -> None:
    assert size_warnings(manifest(NOW, stored=10), history((1000, 500), (1000, 500), (10, 500)), ALERTS)


def test_only_the_last_seven_count() -> None:
    long_ago = [(9000, 500)] * 20
    assert size_warnings(manifest(NOW), history(*long_ago, *[(1000, 500)] * 4), ALERTS) == ()
    assert size_warnings(manifest(NOW), history(*long_ago, *[(1000, 500)] * 3), ALERTS) != ()


def test_the_last_seven_are_those_by_their_dates_in_whatever_order_they_come() -> None:
    backups = history(*[(9000, 500)] * 20, *[(1000, 500)] * 7)
    assert size_warnings(manifest(NOW), backups[::-1], ALERTS) == ()


def test_a_backup_is_not_compared_with_itself() -> None:
    new = manifest(NOW, stored=10)
    assert size_warnings(new, [new], ALERTS) == ()
    assert size_warnings(new, [new, *history((1000, 500))], ALERTS) == (
        "The backup is 99 % smaller than the backup before it: 10 B against 1000 B.",
    )


def test_a_backup_dated_after_the_new_one_is_not_compared_with() -> None:
    later = manifest(NOW + timedelta(days=900), stored=9_000_000)
    assert size_warnings(manifest(NOW), [*history((1000, 500)), later], ALERTS) == ()


def test_a_backup_smaller_than_the_target_allows_is_told_even_without_a_history() -> None:
    assert size_warnings(manifest(NOW, stored=900), [], Alerts(smaller_than=1000)) == (
        "The backup is 900 B, smaller than the 1000 B of alerts.smaller_than.",
    )
    assert size_warnings(manifest(NOW, stored=1000), [], Alerts(smaller_than=1000)) == ()


def test_a_database_that_was_always_empty_warns_of_nothing() -> None:
    for alerts in (ALERTS, Alerts(shrunk_by=0.5)):
        assert size_warnings(manifest(NOW, stored=0, rows=0), history((0, 0), (0, 0)), alerts) == ()


@given(
    st.integers(0, 10**13), st.integers(0, 10**10), st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**10)))
)
def test_growing_is_never_a_warning(more_bytes: int, more_rows: int, sizes: list[tuple[int, int]]) -> None:
    top = (max((s for s, _ in sizes), default=0) + more_bytes, max((r for _, r in sizes), default=0) + more_rows)
    assert size_warnings(manifest(NOW, stored=top[0], rows=top[1]), history(*sizes), ALERTS) == ()


@pytest.mark.parametrize("shrunk_by", [1, 50, 99])
def test_an_emptied_database_is_always_a_warning(shrunk_by: float) -> None:
    warnings = size_warnings(manifest(NOW, stored=0, rows=0), history(*[(1000, 500)] * 4), Alerts(shrunk_by=shrunk_by))
    assert len(warnings) == 2
