"""A restore through Airflow: by REST and in a browser, with a second person's yes, and no way around it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import psycopg
import pytest

from tests.e2e.browser import Browser
from tests.e2e.orders import ROWS, Orders
from tests.e2e.rest import Rest
from tests.e2e.restore_run import Restore
from tests.e2e.running_stack import RunningStack
from tests.e2e.targets import ORDERS
from tests.mail_text import text_of

_AFTER_A_NO = {
    "plan": "success",
    "approve_restore": "success",
    "approve_restore__said_yes": "success",
    "restore": "success",
    "analyze": "success",
    "verify": "success",
    "swap_or_report": "success",
    "approve_swap": "failed",
    "approve_swap__said_yes": "upstream_failed",
    "swap": "upstream_failed",
    "post_check": "upstream_failed",
    "swapped": "upstream_failed",
    "report": "skipped",
}


@pytest.fixture(scope="module")
def asked(stack: RunningStack, alice: Rest) -> Mapping[str, Restore]:
    """By target a swap that alice has asked for, after every order was lost; they go on at the same time."""
    runs = {}
    for name in ORDERS:
        orders = Orders(stack, name)
        orders.back_up()
        orders.tell("DELETE FROM orders")
        runs[name] = Restore.trigger(stack, alice, name, mode="swap")
    return runs


@pytest.fixture
def waiting(asked: Mapping[str, Restore], request: pytest.FixtureRequest) -> Restore:
    """The swap of the target that the test names, waiting for its answer."""
    restore = asked[request.param]
    restore.wait_until_parked()
    return restore


def waiting_for(target: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("waiting", [target], indirect=True)


@pytest.fixture(scope="module")
def swapped(asked: Mapping[str, Restore], bob: Rest) -> Restore:
    """A swap that alice has asked for and bob has approved, and that is over."""
    restore = asked["orders"]
    restore.wait_until_parked()
    with restore.orders.connect("shop-web") as session:
        restore.approve(bob, reason="ticket 4711")
        restore.wait("success")
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    return restore


class TestASwap:
    def test_brings_the_applications_data_back_and_keeps_the_old_database(self, swapped: Restore) -> None:
        record = swapped.record()
        assert record["before"].startswith("orders__before_2")
        assert swapped.orders.databases() == {"orders": record["oid"], record["before"]: record["live_oid"]}
        assert swapped.orders.rows() == ROWS
        assert swapped.orders.rows(record["before"]) == 0
        with swapped.orders.connect("shop-web") as session:
            session.execute("INSERT INTO orders (customer, placed) VALUES (1, now())")
            session.execute("DELETE FROM orders WHERE id > %s", [ROWS])

    def test_is_told_in_the_bucket_step_by_step(self, swapped: Restore) -> None:
        record = swapped.record()
        assert (record["state"], record["requested_by"], record["approved_by"]) == ("swapped", "alice", "bob")
        assert record["verification"]["ok"] is True
        asked, approved, consumed = (f"approval-{word}" for word in ("asked", "approved", "consumed"))
        assert swapped.audit() == ["restore", asked, approved, consumed, "swap"]
        [swap] = [content for name, content in swapped.objects("audit").items() if name.endswith("-swap.json")]
        assert (swap["approved_by"], swap["before"], swap["digest"]) == ("bob", record["before"], record["digest"])

    def test_was_approved_by_a_plan_that_shows_what_would_be_lost_and_who_is_cut_off(self, swapped: Restore) -> None:
        shown = swapped.question()["body"]
        record = swapped.record()
        for words in (
            f"| Goes live | backup {record['backup_id']}: the data of ",
            "| Rows lost | none; rows that were changed are not counted |",
            f"| Rows back | {ROWS} rows in 1 table: public.orders {ROWS} |",
            f"| public.orders | {ROWS} | 0 | **{ROWS} fewer live** |",
            "is proven",
            record["digest"],
            record["backup_id"],
            f'ALTER DATABASE "orders" RENAME TO "{record["before"]}";',
        ):
            assert words in shown

    def test_is_mailed_when_it_is_asked_for_approved_and_done(self, stack: RunningStack, swapped: Restore) -> None:
        record = swapped.record()
        mails = stack.mails(swapped.run.run_id)
        assert [mail["Subject"] for mail in mails] == [
            "[dbops] APPROVAL swap of orders (production)",
            "[dbops] APPROVED swap of orders (production)",
            "[dbops] DONE restore of orders (production)",
        ]
        asked = " ".join(text_of(mails[0], "plain").split())
        for words in (
            f"Goes live backup {record['backup_id']}: the data of ",
            "Verified the loaded copy passed at ",
            f"Rows back {ROWS} rows in 1 table: public.orders {ROWS}",
            f"The old one stays as {record['before']} until somebody drops it",
        ):
            assert words in asked
        assert record["digest"] not in asked
        done = text_of(mails[-1], "plain")
        assert f"The old database is kept as {record['before']}" in " ".join(done.split())

    def test_shows_no_secret_in_any_log_xcom_mail_or_object(self, stack: RunningStack, swapped: Restore) -> None:
        run = swapped.run
        shown = [run.log(task) for task in run.states()]
        assert any("is live; the old database is" in text for text in shown)
        shown += [json.dumps([run.xcoms(task), run.task(task)]) for task in run.states()]
        shown += [log.read_text(encoding="utf-8", errors="replace") for log in stack.logs.rglob("*.log")]
        shown += [mail.as_string() + text_of(mail, "plain") + text_of(mail, "html") for mail in stack.mails(run.run_id)]
        for folder in ("restores", "approvals", "audit", "verifications"):
            shown += [stack.read(key).decode() for key in stack.keys(f"orders/{folder}/")]
        assert [secret for secret in stack.secrets() if any(secret in text for text in shown)] == []

    def test_that_is_cleared_and_run_again_does_nothing_twice(self, swapped: Restore, alice: Rest) -> None:
        databases, audit, record = swapped.orders.databases(), swapped.audit(), swapped.record()
        swapped.clear(alice, "swap")
        swapped.wait("success")
        assert swapped.run.task("swap")["try_number"] == 2
        assert (swapped.orders.databases(), swapped.audit(), swapped.record()) == (databases, audit, record)


class TestAroundTheGate:
    @waiting_for("orders_rejected")
    def test_a_no_leaves_the_restored_database_beside_and_the_live_one_as_it_was(
        self, stack: RunningStack, waiting: Restore, bob: Rest
    ) -> None:
        waiting.reject(bob, reason="the rows are in the ledger")
        waiting.wait_red("approve_swap", "REJECTED", "bob said no: the rows are in the ledger")
        assert waiting.run.states() == _AFTER_A_NO
        [mail] = stack.mails(waiting.run.run_id, "REJECTED")
        assert mail["Subject"] == "[dbops] REJECTED swap of orders_rejected (production)"

    @waiting_for("orders_own")
    def test_alice_cannot_approve_her_own_swap_nor_push_it_through_afterwards(
        self, waiting: Restore, alice: Rest
    ) -> None:
        waiting.approve(alice)
        waiting.wait_until_asked_again()
        assert "alice asked for it, and orders_own needs two people" in waiting.log("approve_swap")
        waiting.mark(alice, "approve_swap", "success")
        waiting.wait_red("swap", "Nobody has approved the swap of orders_own")

    @waiting_for("orders_marked")
    def test_a_gate_marked_as_success_over_forged_plans_swaps_nothing(self, waiting: Restore, alice: Rest) -> None:
        plan = waiting.run.xcoms("verify")["return_value"]
        for task in ("plan", "verify"):
            waiting.forge_xcom(alice, task, {**plan, "needed": False, "digest": "0" * 64, "markdown": "harmless"})
        waiting.forge_xcom(alice, "approve_swap", {"approved": True, "digest": plan["digest"], "answered_by": "bob"})
        waiting.mark(alice, "approve_swap", "success")
        waiting.wait_red("swap", "Nobody has approved the swap of orders_marked")
        waiting.clear(alice, "approve_swap", "swap")
        waiting.wait_red("approve_swap", f"made no plan {'0' * 64}")

    @waiting_for("orders_grown")
    def test_a_live_database_that_grew_a_table_while_people_thought_is_not_swapped_away(
        self, stack: RunningStack, waiting: Restore, alice: Rest, bob: Rest
    ) -> None:
        waiting.orders.tell("CREATE TABLE complaints (id int)")
        waiting.approve(bob)
        waiting.wait_red("swap", "is not what its plan says", "loads nothing again, and shows the swap as it is now")
        assert waiting.run.task("swap")["try_number"] == 1, "a refusal is not retried"
        assert "approval-consumed" not in waiting.audit()
        assert waiting.orders.stack.ask("orders_grown", "SELECT count(*) FROM complaints") == [(0,)]
        [mail] = stack.mails(waiting.run.run_id, "FAILED")
        assert mail["Subject"] == "[dbops] FAILED restore of orders_grown (production)"

        waiting.clear(alice, "verify", downstream=True)
        waiting.wait_red("approve_swap", "the task approve_swap has asked about another plan before")

    def test_who_may_only_look_cannot_start_a_restore(self, viewer: Rest) -> None:
        body = {"logical_date": None, "conf": {"target": "orders", "mode": "swap"}}
        assert viewer.ask("POST", "dags/restore/dagRuns", json=body).status_code == 403


class TestInABrowser:
    @waiting_for("orders_typed")
    def test_bob_reads_the_plan_types_the_name_and_the_data_are_back(self, waiting: Restore, browser: Browser) -> None:
        browser.open(f"/dags/restore/runs/{waiting.run.run_id}/tasks/approve_swap/required_actions")
        browser.log_in("bob")
        browser.see("Swap of orders_typed: approve?", "rows live now", "Name of the target", "Approve", "Reject")
        browser.find("input[name=element_target_name]").send_keys("orders_typed")
        browser.find("input[name=element_reason]").send_keys("ticket 4711")
        browser.screenshot("question")
        browser.click("button", "Approve")
        waiting.wait("success")
        assert waiting.record()["approved_by"] == "bob"
        assert waiting.orders.rows() == ROWS

    def test_alice_restores_beside_through_the_trigger_form(
        self, stack: RunningStack, swapped: Restore, alice: Rest, browser: Browser
    ) -> None:
        before = swapped.orders.databases()
        browser.open("/dags/restore")
        browser.log_in("alice")
        browser.click("button[data-testid=trigger-dag-button]")
        browser.see("Run Parameters", "target", "mode", "backup", "not_later_than", "break_glass")
        browser.choose("element_target", "orders")
        browser.screenshot("form")
        browser.click("button", "Trigger")
        browser.see("Dag Run", "Triggering User", "alice")

        restore = Restore(stack, alice.newest_run("restore"), "orders")
        assert restore.run.run_id in browser.address
        restore.wait("success")
        record = restore.record()
        assert (record["request"]["mode"], record["state"], record["requested_by"]) == ("beside", "verified", "alice")
        assert restore.orders.databases() == before | {record["database"]: record["oid"]}
        assert restore.orders.rows(record["database"]) == ROWS
        browser.open(f"/dags/restore/runs/{restore.run.run_id}/tasks/report")
        browser.see(
            "is restored beside the live database, as " + record["database"], "point the application at it yourself"
        )
        browser.screenshot("report")
