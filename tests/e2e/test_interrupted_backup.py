"""A backup that is ended in the middle leaves nothing behind that runs, counts or costs, and the next one succeeds."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.browser import Browser
from tests.e2e.heavy import Begun, must_be_whole, nothing_runs
from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack
from tests.e2e.targets import SLOWLY, write_target
from tests.e2e.waiting import eventually
from tests.mail_text import text_of
from tests.processes import command_line, parent_of, state_of

Begin = Callable[..., Begun]


@pytest.fixture
def begin(stack: RunningStack, alice: Rest) -> Iterator[Begin]:
    """Begins a backup that takes two minutes, and returns while pg_dump runs and its table is being uploaded."""
    begun: list[Run] = []

    def begin(*, is_last_attempt: bool = False) -> Begun:
        before = stack.uploads("heavy/")
        write_target(stack.include, "heavy", backup=SLOWLY)
        alice.pause("backup__heavy", is_paused=is_last_attempt)
        run = alice.trigger("backup__heavy")
        begun.append(run)
        if is_last_attempt:
            stack.leave_no_retries(run)
            alice.pause("backup__heavy", is_paused=False)
        return Begun.when_it_uploads(stack, run, before)

    yield begin
    write_target(stack.include, "heavy")
    for run in begun:
        if run.state not in {"success", "failed"}:
            run.mark("failed")


def nothing_is_left(stack: RunningStack, folder: str) -> None:
    eventually(lambda: not stack.uploads(folder), "the end of the multipart upload", seconds=60)
    eventually(lambda: not stack.keys(folder), "an empty folder", seconds=60)


def the_next_backup_succeeds(stack: RunningStack, alice: Rest) -> None:
    write_target(stack.include, "heavy")
    run = alice.trigger("backup__heavy")
    run.wait("success")
    must_be_whole(stack, run)


def kill_the_task(stack: RunningStack) -> None:
    """kill -9 of the process that runs the job: the parent of pg_dump's guardian."""
    [guardian] = [pid for pid in stack.dump_processes() if "guardian.py" in command_line(pid)]
    os.kill(parent_of(guardian), signal.SIGKILL)


def test_a_backup_that_alice_marks_as_failed_is_mailed_once_and_leaves_nothing(
    stack: RunningStack, alice: Rest, begin: Begin, browser: Browser
) -> None:
    browser.open("/")
    browser.log_in("alice")
    backup = begin()
    browser.open(f"/dags/backup__heavy/runs/{backup.run.run_id}/tasks/back_up")
    browser.see("MiB uploaded at ", "0/1 tables")
    browser.screenshot("progress")
    browser.click("button", "Mark Task Instance as")
    browser.click("[role=menuitem]", "Failed")
    browser.see("Mark Task Instance as failed: back_up", "Affected Tasks: 1")
    browser.click("button", "Confirm")

    backup.run.wait("failed")
    nothing_runs(stack)
    nothing_is_left(stack, backup.folder)
    stack.wait_for_callback(backup.run)
    [mail] = stack.mails(backup.run.run_id)
    assert mail["Subject"] == "[dbops] FAILED backup of heavy (production)"
    assert "marked it as failed" in " ".join(text_of(mail, "plain").split())
    the_next_backup_succeeds(stack, alice)


def test_a_backup_whose_run_is_marked_as_failed_leaves_nothing(stack: RunningStack, begin: Begin) -> None:
    backup = begin()
    backup.run.mark("failed")
    nothing_runs(stack)
    nothing_is_left(stack, backup.folder)


def test_a_backup_killed_while_pg_dump_is_paused_is_made_again_without_a_mail(
    stack: RunningStack, begin: Begin
) -> None:
    backup = begin()
    eventually(lambda: "T" in map(state_of, stack.dump_processes()), "a pause of pg_dump, for the spool is full")
    kill_the_task(stack)
    nothing_runs(stack)
    eventually(lambda: backup.run.states()["back_up"] == "up_for_retry", "Airflow noticing that the process is gone")
    assert f"{backup.folder}manifest.json" not in stack.keys(backup.folder)

    write_target(stack.include, "heavy")
    stack.pass_retry_delay(backup.run)
    backup.run.wait("success")
    must_be_whole(stack, backup.run)
    assert backup.run.task("back_up")["try_number"] == 2
    assert stack.mails(backup.run.run_id) == []


def test_a_backup_whose_last_attempt_is_killed_is_mailed_once(stack: RunningStack, alice: Rest, begin: Begin) -> None:
    backup = begin(is_last_attempt=True)
    kill_the_task(stack)
    nothing_runs(stack)
    backup.run.wait("failed")
    stack.wait_for_callback(backup.run)
    [mail] = stack.mails(backup.run.run_id)
    assert mail["Subject"] == "[dbops] FAILED backup of heavy (production)"
    assert "its process was killed" in " ".join(text_of(mail, "plain").split())
    assert f"{backup.folder}manifest.json" not in stack.keys(backup.folder)
    the_next_backup_succeeds(stack, alice)
