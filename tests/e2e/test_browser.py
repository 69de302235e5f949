"""What a person sees: the DAG with its documentation, the trigger form, the plan in the log."""

from __future__ import annotations

from tests.e2e.browser import Browser
from tests.e2e.rest import Rest, Run


def test_the_dag_page_says_what_the_dag_is_for(browser: Browser) -> None:
    browser.open("/dags/backup__summary_app")
    browser.log_in("alice")
    browser.see("backup__summary_app", "Owner", "Tags", "backup", "dbops", "production", "back_up", "expire")
    browser.screenshot("dag")
    browser.click("button[data-testid=markdown-button]")
    browser.see("Dag Documentation", "A backup that is listed can be restored", "include/targets/summary_app.yaml")
    browser.screenshot("docs")


def test_alice_triggers_a_dry_run_and_reads_the_plan_in_the_log(browser: Browser, alice: Rest, backed_up: Run) -> None:
    browser.open("/dags/backup__summary_app")
    browser.log_in("alice")
    browser.click("button[data-testid=trigger-dag-button]")
    browser.see("Run Parameters", "dry_run", "delete nothing")
    browser.click("label[id='switch:element_dry_run']")
    browser.screenshot("form")
    browser.click("button", "Trigger")
    browser.see("Dag Run", "Triggering User", "alice")
    browser.see("2 Task Instances", "Success", seconds=120)
    browser.screenshot("run")

    run = alice.newest_run("backup__summary_app")
    assert run.run_id in browser.address
    run.wait("success")
    browser.open(f"/dags/{run.dag_id}/runs/{run.run_id}/tasks/expire")
    shown = browser.see("Would expire 0 backups of summary_app")
    browser.screenshot("plan")
    assert run.xcoms("back_up")["return_value"] in shown
    assert backed_up.xcoms("back_up")["return_value"] in shown


def test_viewer_sees_the_run_but_is_refused_when_he_triggers(browser: Browser, alice: Rest, backed_up: Run) -> None:
    before = alice.newest_run("backup__summary_app").run_id
    browser.open(f"/dags/{backed_up.dag_id}/runs/{backed_up.run_id}")
    browser.log_in("viewer")
    browser.see(backed_up.run_id, "Success", "back_up", "expire")
    browser.open("/dags/backup__summary_app")
    browser.click("button[data-testid=trigger-dag-button]")
    browser.see("Run Parameters")
    browser.click("button", "Trigger")
    browser.see("403")
    browser.screenshot("refused")
    assert alice.newest_run("backup__summary_app").run_id == before
