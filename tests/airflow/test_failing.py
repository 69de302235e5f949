"""How a failure looks to Airflow: what is retried, what is said, and that a stopped task cleans up."""

from __future__ import annotations

import os
import signal
import traceback
from typing import Any

import pytest

from dbops.errors import (
    BackupUnusable,
    BucketError,
    DatabaseError,
    InvalidConnection,
    InvalidTarget,
    PreflightFailed,
    StoreTooSlow,
    SwapFailed,
)


@pytest.mark.parametrize("error", [InvalidTarget, InvalidConnection, BackupUnusable])
def test_a_wrong_request_is_not_tried_again(error: type[InvalidTarget]) -> None:
    from dbops_airflow.airflow_versions import AirflowFailException
    from dbops_airflow.failures import told_to_airflow

    with pytest.raises(AirflowFailException, match=r"This is wrong\. Do that\."), told_to_airflow():
        raise error("This is wrong.", "Do that.")


def test_a_swap_that_failed_is_not_tried_again_for_its_yes_is_used_up_and_the_mail_would_say_only_that() -> None:
    from dbops_airflow.failures import JobRefused, told_to_airflow

    with pytest.raises(JobRefused, match="may not end the sessions"), told_to_airflow():
        raise SwapFailed("The swap did not take place.", "Our role may not end the sessions of admin.")


@pytest.mark.parametrize("error", [DatabaseError, BucketError, PreflightFailed, StoreTooSlow])
def test_what_may_pass_by_itself_or_be_put_right_is_tried_again(error: type[DatabaseError]) -> None:
    from dbops_airflow.airflow_versions import AirflowException, AirflowFailException
    from dbops_airflow.failures import told_to_airflow

    with pytest.raises(AirflowException, match=r"It is down\. Start it\.") as failure, told_to_airflow():
        raise error("It is down.", "Start it.")
    assert not isinstance(failure.value, AirflowFailException)


def test_what_happened_and_what_to_do_are_lines_of_the_log_that_fit_above_the_frames_of_the_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Airflow shows an exception as one line, however long, above its frames: the remedy was out of sight."""
    from dbops_airflow.failures import JobRefused, told_to_airflow

    what = 'The Airflow connection "shop" is not defined, or is a URL that cannot be read.\nNor is "shop_2".'
    remedy = "Define it under Admin, Connections, in your secrets backend, " * 3 + "or as AIRFLOW_CONN_SHOP."
    with pytest.raises(JobRefused) as failure, told_to_airflow():
        raise InvalidConnection(what, remedy)

    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert {level for level, _ in told} == {"ERROR"}
    lines = [line for _, line in told]
    assert lines[:2] == what.split("\n")
    assert lines[2].startswith("What to do: Define it under Admin")
    assert " ".join(lines[2:]) == f"What to do: {remedy}"
    assert max(map(len, lines)) <= 100
    assert str(failure.value) == f"{what}\n{remedy}"


def test_what_has_no_remedy_promises_none(caplog: pytest.LogCaptureFixture) -> None:
    from dbops_airflow.failures import JobFailed, told_to_airflow

    with pytest.raises(JobFailed), told_to_airflow():
        raise DatabaseError("It is down.")
    assert caplog.messages == ["It is down."]


def test_what_a_driver_said_is_not_shown() -> None:
    from airflow.sdk.exceptions import AirflowException

    from dbops_airflow.failures import told_to_airflow

    said = "hunter2"

    def job() -> None:
        try:
            int(said)
        except ValueError as error:
            raise DatabaseError("The database refused us.", "Look at its log.") from error

    with pytest.raises(AirflowException) as failure, told_to_airflow():
        job()
    assert said not in "".join(traceback.format_exception(failure.value))


def test_an_error_that_is_not_ours_reaches_the_log_but_not_the_mail() -> None:
    from dbops_airflow.failures import reason_of

    reason = reason_of(KeyError("row value 4711"))
    assert "KeyError" in reason.what
    assert "4711" not in str(reason)


class _Job:
    """A job that is stopped in the middle, and what became of it."""

    def __init__(self, *, signals_while_cleaning_up: int = 0) -> None:
        self.signals_while_cleaning_up = signals_while_cleaning_up
        self.events: list[str] = []

    def run(self) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            self.events.append("went on")
        finally:
            for _ in range(self.signals_while_cleaning_up):
                os.kill(os.getpid(), signal.SIGTERM)
            self.events.append("cleaned up")


@pytest.fixture
def operator() -> Any:
    """An operator whose on_kill answers SIGTERM, as Airflow's task runner arranges it."""
    from dbops_airflow.stoppable import StoppableOperator

    task = StoppableOperator(task_id="job")
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: task.on_kill())
    yield task
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("more_signals", [0, 1, 3])
def test_sigterm_ends_the_job_and_lets_it_clean_up(operator: Any, more_signals: int) -> None:
    job = _Job(signals_while_cleaning_up=more_signals)
    with pytest.raises(SystemExit, match="SIGTERM"), operator.stoppable():
        job.run()
    assert job.events == ["cleaned up"]


def test_sigterm_after_the_job_is_done_spoils_nothing(operator: Any) -> None:
    with operator.stoppable():
        pass
    os.kill(os.getpid(), signal.SIGTERM)
