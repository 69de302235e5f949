"""The pictures of docs/images, taken from the running UI: `make screenshots`. They tell one story of the sample."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from pathlib import Path

import psycopg
from rich.console import Console
from selenium.webdriver import Chrome

from demo.stack import CHECKOUT
from tests.e2e import mail_program
from tests.e2e.browser import Browser, chromium
from tests.e2e.page_place import FRAME, PAGE
from tests.e2e.pictured import PATIENCE, SAMPLE, break_sample, furnish
from tests.e2e.pictures import look_through, take
from tests.e2e.restore_run import Restore
from tests.e2e.running_stack import RunningStack, running
from tests.mail_text import page_of

_FOLDER = CHECKOUT / "docs" / "images"
_MAIL_WIDTH = 420
_MAIL_HEIGHT = 790


def main() -> None:
    """Start the whole stack, let a night pass, break the sample, see it, and bring it back by a swap."""
    say = Console(stderr=True).print
    with (
        tempfile.TemporaryDirectory(prefix="dbops-pictures-") as folder,
        running(Path(folder) / "stack") as stack,
        closing(stack.rest("alice")) as alice,
        closing(stack.rest("bob")) as bob,
    ):
        say("A night of a few databases")
        furnish(stack, alice)
        say("Something breaks one of them")
        checks = break_sample(stack, alice)
        _overview(stack)
        _target(stack)
        told = stack.mails(checks.run_id)[-1]
        _mail(stack, told, "alert-mail")
        _checks(stack, told)
        say("It is restored")
        with psycopg.connect(stack.demo.sample_url) as connection:
            connection.execute('DELETE FROM "Summary" WHERE "createdAt" > now() - interval \'90 days\'')
        with psycopg.connect(stack.demo.sample_url, application_name="summary_app web"):
            restore = Restore.trigger(stack, alice, SAMPLE, mode="swap")
            _trigger_form(stack)
            restore.wait_until_parked()
            _approval(stack, restore)
        restore.approve(bob, reason="summaries are gone, and an index")
        restore.run.wait("success", seconds=PATIENCE)
        _mail(stack, stack.mails(restore.run.run_id, "DONE restore")[-1], "restore-mail")


def _overview(stack: RunningStack) -> None:
    with _window(stack, "alice", width=1200, height=620) as (chrome, browser):
        browser.open(PAGE)
        with browser.within_frame(FRAME):
            browser.see(SAMPLE, "act now", "look", "not known", "safe")
        take(chrome, _FOLDER / "page-overview.png")


def _target(stack: RunningStack) -> None:
    with _window(stack, "alice", width=1200, height=1198, scale=1.25) as (chrome, browser):
        browser.open(f"{PAGE}/database_ops/targets/{SAMPLE}")
        with browser.within_frame(FRAME):
            browser.see("Kept because", "Restore")
        take(chrome, _FOLDER / "page-target.png")


def _checks(stack: RunningStack, mail: EmailMessage) -> None:
    with _window(stack, "alice", width=1200, height=820, scale=1.25) as (chrome, browser):
        browser.open(page_of(mail))
        browser.see("To look at", "Rules that hold")
        take(chrome, _FOLDER / "page-checks.png")


def _trigger_form(stack: RunningStack) -> None:
    with _window(stack, "alice", width=1000, height=1800, scale=1) as (chrome, browser):
        browser.open("/dags/restore")
        browser.click("button[data-testid=trigger-dag-button]")
        browser.see("Run Parameters", "break_glass")
        browser.choose("element_target", SAMPLE)
        browser.choose("element_mode", "swap")
        take(chrome, _FOLDER / "restore-trigger-form.png")


def _approval(stack: RunningStack, restore: Restore) -> None:
    with _window(stack, "bob", width=1200, height=2560, scale=0.9) as (chrome, browser):
        browser.open(f"/dags/restore/runs/{restore.run.run_id}/tasks/approve_swap/required_actions")
        browser.see("Required Action", "approve?", "rows live now", "Name of the target", "Approve", "Reject")
        browser.find("input[name=element_target_name]").send_keys(SAMPLE)
        take(chrome, _FOLDER / "restore-approval.png")


def _mail(stack: RunningStack, mail: EmailMessage, name: str) -> None:
    """As on a telephone; what does not fit on it is below, as there."""
    with chromium() as chrome, tempfile.TemporaryDirectory(prefix="dbops-mail-") as folder:
        browser = Browser(chrome, stack.demo.url, stack.demo.users, _FOLDER)
        look_through(chrome, width=_MAIL_WIDTH, height=_MAIL_HEIGHT, scale=1.5)
        browser.open(mail_program.write_page(mail, Path(folder) / "mail.html"))
        with browser.within_frame(mail_program.FRAME):
            browser.see("What to do")
        height = min(int(browser.ask(mail_program.HEIGHT)), _MAIL_HEIGHT)
        look_through(chrome, width=_MAIL_WIDTH, height=height, scale=1.5)
        take(chrome, _FOLDER / f"{name}.png")


@contextmanager
def _window(
    stack: RunningStack, user: str, *, width: int, height: int, scale: float = 1.5
) -> Iterator[tuple[Chrome, Browser]]:
    """One on Airflow's UI, in which this user is logged in."""
    with chromium() as chrome:
        look_through(chrome, width=width, height=height, scale=scale)
        browser = Browser(chrome, stack.demo.url, stack.demo.users, _FOLDER)
        browser.open("/")
        browser.log_in(user)
        yield chrome, browser


if __name__ == "__main__":
    main()
