"""The pictures of docs/images, taken from the running UI: `make screenshots`. They show the sample application."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psycopg

from demo.stack import CHECKOUT
from tests.e2e.browser import Browser, chromium
from tests.e2e.rest import Rest
from tests.e2e.restore_run import Restore
from tests.e2e.running_stack import RunningStack, running

_FOLDER = CHECKOUT / "docs" / "images"
_TARGET = "summary_app"
_PATIENCE = 300.0  # seconds


def main() -> None:
    """Start the whole stack, lose some rows, ask for a swap, and take the pictures on the way."""
    with tempfile.TemporaryDirectory(prefix="dbops-pictures-") as folder, running(Path(folder) / "stack") as stack:
        alice = stack.rest("alice")
        alice.trigger(f"backup__{_TARGET}").wait("success", seconds=_PATIENCE)
        alice.trigger(f"drill__{_TARGET}").wait("success", seconds=_PATIENCE)
        with psycopg.connect(stack.demo.sample_url) as connection:
            connection.execute('DELETE FROM "Summary" WHERE "createdAt" > now() - interval \'90 days\'')
        with psycopg.connect(stack.demo.sample_url, application_name="summary_app web"):
            restore = Restore.trigger(stack, alice, _TARGET, mode="swap")
            _trigger_form(stack)
            restore.wait_until_parked()
            _approval(stack, restore)
        _report(stack, alice, restore)


def _trigger_form(stack: RunningStack) -> None:
    with chromium(height=1950) as chrome:
        browser = _logged_in(stack, Browser(chrome, stack.demo.url, stack.demo.users, _FOLDER), "alice")
        browser.open("/dags/restore")
        browser.click("button[data-testid=trigger-dag-button]")
        browser.see("Run Parameters", "break_glass")
        browser.choose("element_target", _TARGET)
        browser.choose("element_mode", "swap")
        browser.screenshot("restore-trigger-form")


def _approval(stack: RunningStack, restore: Restore) -> None:
    with chromium(height=2300) as chrome:
        browser = _logged_in(stack, Browser(chrome, stack.demo.url, stack.demo.users, _FOLDER), "bob")
        browser.open(f"/dags/restore/runs/{restore.run.run_id}/tasks/approve_swap/required_actions")
        browser.see("approve?", "rows live now", "Name of the target", "Approve", "Reject")
        browser.find("input[name=element_target_name]").send_keys(_TARGET)
        browser.screenshot("restore-approval")


def _report(stack: RunningStack, alice: Rest, restore: Restore) -> None:
    """Nobody waits for the picture of the report: the run is only brought to its end."""
    bob = stack.rest("bob")
    restore.approve(bob)
    restore.wait("success")
    bob.close()
    alice.close()


def _logged_in(stack: RunningStack, browser: Browser, user: str) -> Browser:
    browser.open("/")
    browser.log_in(user)
    return browser


if __name__ == "__main__":
    main()
