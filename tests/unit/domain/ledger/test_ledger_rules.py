"""The folder and the ledger together say what is in force, what is to be done, and what nobody else would notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.ledger.logs import failure_logs
from dbops.domain.ledger.migration import Migration, in_order
from dbops.domain.ledger.rules import judge_ledger
from dbops.domain.ledger.table import LedgerRow, LedgerState

START = datetime(2026, 11, 22, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def migration(name: str, sql: str = "") -> Migration:
    return Migration(name=name, body=(sql or f"-- {name}\n").encode())


FOLDER = tuple(map(migration, ("0_init", "1_more", "2_last")))


def row(of: Migration, at: int = 0, *, finished: bool = True, rolled_back: bool = False) -> LedgerRow:
    begun = START + at * SECOND
    return LedgerRow(
        row_id=f"{of.name}-{at}",
        checksum=of.checksum,
        name=of.name,
        started=begun,
        finished=begun if finished else None,
        rolled_back=begun + SECOND if rolled_back else None,
    )


def test_without_a_ledger_everything_is_pending_and_a_baseline_needed() -> None:
    state = judge_ledger(FOLDER, None)

    assert state == LedgerState(exists=False, pending=("0_init", "1_more", "2_last"))
    assert state.needs_baseline
    assert judge_ledger(FOLDER, []).exists
    assert judge_ledger(FOLDER, []).needs_baseline
    assert judge_ledger((), None) == LedgerState(exists=False)


def test_all_applied_is_up_to_date() -> None:
    state = judge_ledger(FOLDER, [row(one, number) for number, one in enumerate(FOLDER)])

    assert state == LedgerState(exists=True, applied=("0_init", "1_more", "2_last"))
    assert not state.needs_baseline


def test_what_is_not_applied_is_pending() -> None:
    state = judge_ledger(FOLDER, [row(FOLDER[0])])

    assert (state.applied, state.pending, state.out_of_order) == (("0_init",), ("1_more", "2_last"), ())


def test_an_applied_file_that_was_edited_is_noticed() -> None:
    changed = (FOLDER[0], migration("1_more", "SELECT 1;"), FOLDER[2])

    assert judge_ledger(changed, [row(one, at) for at, one in enumerate(FOLDER)]).edited == ("1_more",)


def test_other_ends_of_lines_are_no_edit() -> None:
    assert judge_ledger([migration("0_init", "a;\r\n")], [row(migration("0_init", "a;\n"))]).edited == ()


def test_an_applied_one_that_is_missing_in_the_folder_is_noticed() -> None:
    state = judge_ledger(FOLDER[:1], [row(one, at) for at, one in enumerate(FOLDER)])

    assert state.unknown == ("1_more", "2_last")
    assert state.applied == ("0_init", "1_more", "2_last")
    assert state.pending == ()
    assert not judge_ledger((), [row(FOLDER[0])]).needs_baseline


def test_a_pending_one_that_is_older_than_an_applied_one_is_noticed() -> None:
    state = judge_ledger(FOLDER, [row(FOLDER[0]), row(FOLDER[2], 1)])

    assert state.pending == state.out_of_order == ("1_more",)


def test_older_is_what_prisma_puts_first() -> None:
    hand_named = (migration("20230101_a"), migration("20230101120000_b"))

    assert judge_ledger(hand_named, [row(hand_named[1])]).out_of_order == ("20230101_a",)
    assert judge_ledger(hand_named, [row(hand_named[0])]).out_of_order == ()
    assert judge_ledger(hand_named[::-1], None).pending == ("20230101_a", "20230101120000_b")


def test_one_that_was_begun_and_never_finished_has_failed_and_is_not_pending() -> None:
    state = judge_ledger(FOLDER, [row(FOLDER[0]), row(FOLDER[1], 1, finished=False)])

    assert (state.failed, state.pending) == (("1_more",), ("2_last",))
    assert not judge_ledger(FOLDER, [row(FOLDER[0], finished=False)]).needs_baseline


def test_one_that_was_rolled_back_is_pending_again_whether_it_had_failed_or_not() -> None:
    for finished in (False, True):
        state = judge_ledger(FOLDER, [row(FOLDER[0]), row(FOLDER[1], 1, finished=finished, rolled_back=True)])

        assert (state.applied, state.failed) == (("0_init",), ())
        assert state.pending == ("1_more", "2_last")


def test_of_several_attempts_the_one_in_force_counts() -> None:
    edited = migration("1_more", "SELECT 1;")
    attempts = [
        row(FOLDER[0]),
        row(FOLDER[1], 1, finished=False, rolled_back=True),
        row(FOLDER[1], 2, finished=False, rolled_back=True),
        row(edited, 3),
    ]

    state = judge_ledger((FOLDER[0], edited, FOLDER[2]), attempts)

    assert state == LedgerState(exists=True, applied=("0_init", "1_more"), pending=("2_last",))
    assert judge_ledger(FOLDER, attempts).edited == ("1_more",)


def test_a_failed_attempt_blocks_beside_one_that_is_in_force() -> None:
    state = judge_ledger(FOLDER, [row(FOLDER[0]), row(FOLDER[0], 1, finished=False)])

    assert (state.applied, state.failed) == (("0_init",), ("0_init",))


ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from((*FOLDER, migration("1_more", "SELECT 1"), migration("9_gone"))),
        st.integers(0, 9),
        finished=st.booleans(),
        rolled_back=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.started,
)


@given(ROWS)
def test_each_name_is_told_once_whatever_the_order_of_the_rows(rows: list[LedgerRow]) -> None:
    state = judge_ledger(FOLDER, rows)

    for names in (state.applied, state.pending, state.failed, state.edited, state.unknown, state.out_of_order):
        assert len(set(names)) == len(names)
    assert {one.name for one in FOLDER} <= {*state.applied, *state.pending, *state.failed}
    assert not {*state.pending} & {*state.applied, *state.failed}
    assert {*state.edited, *state.unknown} <= {*state.applied}
    assert {*state.out_of_order} <= {*state.pending}
    assert list(state.pending) == sorted(state.pending, key=in_order)
    assert judge_ledger(FOLDER[::-1], rows[::-1]) == state


def test_why_a_migration_failed_is_told_in_prismas_words_and_without_rows() -> None:
    said = 'duplicate key value violates unique constraint "x_pkey"\nDETAIL:  Key (email)=(ada@example.com) exists.\n'

    logs = failure_logs("1_more", "23505", said)

    assert "\n\nMigration name: 1_more\n\nDatabase error code: 23505\n\nDatabase error:\n" in logs
    assert logs.endswith('ERROR: duplicate key value violates unique constraint "x_pkey"')
    assert "ada@" not in logs
    assert "code" not in failure_logs("1_more", None, "ERROR: lost").partition("Migration name")[2]
    assert failure_logs("1_more", None, "ERROR: lost").endswith("Database error:\nERROR: lost")
    assert failure_logs("1_more", None, " \n").endswith("Database error:\nERROR: no reason was given")
