"""The page inside Airflow's UI, as people see it after a backup, a drill, checks and probes."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.e2e.browser import Browser
from tests.e2e.page_place import FRAME, PAGE
from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack
from tests.e2e.targets import HOSTILE

_PATIENCE = 300.0  # seconds, for three runs at the same time


@pytest.fixture(scope="module")
def night(alice: Rest, backed_up: Run) -> str:
    """The id of a backup of the sample application, after which it was drilled, checked and probed."""
    runs = [
        alice.trigger("drill__summary_app", force=True),
        alice.trigger("check__summary_app"),
        alice.trigger("probe__summary_app"),
    ]
    for run in runs:
        run.wait("success", seconds=_PATIENCE)
    return str(alice.newest_run("backup__summary_app").xcoms("back_up")["return_value"])


@pytest.mark.parametrize("path", ["/", "/targets/summary_app", "/static/page.css"])
def test_who_is_not_logged_in_gets_401(stack: RunningStack, path: str) -> None:
    answer = httpx.get(f"{stack.demo.url}/database_ops{path}", trust_env=False)
    assert answer.status_code == 401
    assert "summary_app" not in re.sub('next=[^"]*', "", answer.text)  # which is what was asked for
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_navigation_leads_to_every_target_with_its_light(browser: Browser, stack: RunningStack, night: str) -> None:
    index = stack.read_json("_indexes/summary_app.json")
    total, well = index["probes"]["total"], index["probes"]["well"]
    assert total == 16
    browser.open("/")
    browser.log_in("viewer")
    browser.click("a", "Database Ops")
    with browser.within_frame(FRAME):
        shown = browser.see("summary_app", "neglected", "Last good backup")
        browser.screenshot("overview")
        row = shown[shown.index("summary_app") :]
        probes = f"{total} well" if well == total else f"{total - well} of {total} slow or broken"
        for words in (f"{len(index['backups'])} kept", "restored", "2 warnings", probes):
            assert words in row
    assert PAGE in browser.address


def test_a_target_shows_its_backup_its_checks_and_its_probes(browser: Browser, stack: RunningStack, night: str) -> None:
    browser.open(PAGE)
    browser.log_in("viewer")
    with browser.within_frame(FRAME):
        browser.click("a", "summary_app")
        browser.see(night, "Kept because", "2 warnings", "Summary_userId_createdAt_idx", "p95 against its budget")
        browser.screenshot("target")
        browser.click("a", night)
        rows = stack.ask("summary_app", 'SELECT count(*) FROM "Summary"')[0][0]
        browser.see("public.Summary", f"{rows:,}", "restored", "not encrypted")
        browser.screenshot("backup")
    assert browser.address.endswith(f"/targets/summary_app/backups/{night}")


def test_alice_is_led_out_of_the_frame_to_where_airflow_starts_it(browser: Browser, night: str) -> None:
    browser.open(f"{PAGE}/database_ops/targets/summary_app")
    browser.log_in("alice")
    with browser.within_frame(FRAME):
        browser.see("with the configuration", f'"mode": "beside", "backup": "{night}"')
        browser.click("a", "Run the checks now")
    browser.see("check__summary_app", "Trigger")
    assert browser.address.endswith("/dags/check__summary_app")


def test_a_viewer_finds_no_action(browser: Browser, night: str) -> None:
    browser.open(f"{PAGE}/database_ops/targets/summary_app")
    browser.log_in("viewer")
    with browser.within_frame(FRAME):
        browser.see(night)
        assert browser.count(".action") == 0


def test_typing_hides_rows_only_where_the_server_has_left_out_none(browser: Browser, night: str) -> None:
    browser.open(PAGE)
    browser.log_in("viewer")
    with browser.within_frame(FRAME):
        browser.see("summary_app", "neglected")
        browser.find("#q").send_keys("no-such-target")
        browser.see("No target has these words.")
        assert browser.count("tr[data-find]:not([hidden])") == 0
        browser.find("#q").clear()
        browser.find("#q").send_keys("summary_app")
        browser.click("button", "Find")
        browser.find("#q[value=summary_app]")  # what the server was asked for
        browser.find("#q").clear()
        browser.find("#q").send_keys("neglected")
        assert browser.count("tr[data-find]:not([hidden])") > 0
        assert browser.count("#nothing:not([hidden])") == 0


def test_it_follows_airflows_choice_of_light_and_dark(browser: Browser, night: str) -> None:
    browser.open(PAGE)
    browser.log_in("viewer")
    with browser.within_frame(FRAME):
        browser.see("summary_app")
        chosen = browser.ask("document.documentElement.dataset.theme")
        as_airflow = browser.ask("parent.document.documentElement.classList.contains('dark') ? 'dark' : 'light'")
        assert chosen == as_airflow
        other = "light" if chosen == "dark" else "dark"
        browser.ask(f"parent.document.documentElement.classList.replace('{chosen}', '{other}')")
        assert browser.ask("new Promise(resolve => setTimeout(() => "
                           "resolve(document.documentElement.dataset.theme)))") == other  # fmt: skip


def test_what_somebody_smuggled_into_a_target_file_is_shown_and_not_executed(browser: Browser, night: str) -> None:
    browser.open(f"{PAGE}/database_ops/targets/unknown")
    browser.log_in("viewer")
    with browser.within_frame(FRAME):
        browser.see(HOSTILE)
        assert browser.ask("window.hostile === undefined && parent.hostile === undefined")
        assert browser.count("img") == 0


def test_a_target_whose_store_or_connection_is_wrong_says_so_in_its_place(browser: Browser, night: str) -> None:
    browser.open(f"{PAGE}/database_ops/targets/neglected")
    browser.log_in("viewer")
    with browser.within_frame(FRAME):
        shown = browser.see("neglected", "Backups")
        assert "Traceback" not in shown


def test_no_secret_is_on_the_page(stack: RunningStack, alice: Rest, night: str) -> None:
    for path in ("/", "/targets/summary_app", f"/targets/summary_app/backups/{night}", "/targets/unreachable"):
        answer = alice.ask("GET", f"../../database_ops{path}")
        assert answer.status_code == 200
        assert [word for word in stack.secrets() if word in answer.text] == []
