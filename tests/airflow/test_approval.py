"""ApprovalSensor: what it refuses by itself, what it tells Airflow and people, and how it is wired into a DAG.

Everything that needs an answer through Airflow's API is in tests/e2e/test_approvals.py, on the same DAG.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from dbops.domain.approvals.approval import Question
from demo.seaweed import SeaweedS3
from tests.airflow.conftest import ROOT, states
from tests.mail_text import text_of
from tests.servers import CaughtMail

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Objects = Callable[[str], dict[str, Any]]


@pytest.fixture
def gated(store: SeaweedS3, bucket_name: str, add_target: Callable[..., None], include: Path) -> Callable[..., None]:
    """Writes the target shop, whose folder in a real bucket is shop/; keywords are its approvals."""

    def add(**approvals: Any) -> None:
        storage = {"bucket": bucket_name, "connection": "store"}
        add_target("shop", storage=storage, approvals=approvals)
        add_target("blog", storage=storage, alerts={"recipients": ["boss@shop.internal"]})

    (include / "world").mkdir()
    (include / "world" / "shop").write_text("as it was", encoding="utf-8")
    add()
    return add


@pytest.fixture
def dag(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """plan -> approve -> act and tasks of every other trigger rule, as the e2e tests use it."""
    from airflow.dag_processing.dagbag import DagBag

    folder = ROOT / "tests" / "e2e" / "dags"
    monkeypatch.setattr("airflow.settings.DAGS_FOLDER", str(folder))
    bag = DagBag(folder)
    assert bag.import_errors == {}
    for task in bag.dags["gate"].tasks:
        task.retry_delay = timedelta(0)
    return bag.dags["gate"]


@pytest.fixture
def objects(s3_client: S3Client, bucket_name: str) -> Objects:
    """The JSON objects below a prefix, by the last part of their keys."""

    def read(prefix: str) -> dict[str, Any]:
        listed = s3_client.list_objects_v2(Bucket=bucket_name, Prefix=prefix).get("Contents", [])
        keys = [item["Key"] for item in listed if item["Key"].endswith(".json")]
        return {
            key.rsplit("/", 1)[1]: json.loads(s3_client.get_object(Bucket=bucket_name, Key=key)["Body"].read())
            for key in keys
        }

    return read


@pytest.mark.usefixtures("gated")
class TestARunThatNobodyIsAskedAbout:
    """Through Airflow's own task runner, API and metadata database."""

    def test_ends_red_at_once_and_nothing_below_the_gate_runs_where_no_yes_could_count(
        self, dag: Any, mail: CaughtMail, objects: Objects
    ) -> None:
        run = dag.test(run_conf={"target": "shop", "break_glass": True, "break_glass_reason": "urgent"})
        assert run.state == "failed"
        assert states(run) == {
            "plan": "success",
            "approve": "failed",
            "approve__said_yes": "upstream_failed",
            "act": "upstream_failed",
            **dict.fromkeys(["anyway", "last", "one_failed", "none_failed"], "skipped"),
        }
        assert objects("shop/done/") == {}
        [record] = objects("shop/audit/").values()
        assert record["action"] == "BREAK-GLASS-approval-rejected"
        [message] = mail.messages()
        assert message["Subject"] == "[dbops] REJECTED swap of shop (production)"
        assert text_of(message).count("REJECTED") == 1
        assert "break_glass is for those under approvals.approvers" in text_of(message)

    def test_acts_where_the_file_asks_for_no_approval(
        self, gated: Callable[..., None], dag: Any, mail: CaughtMail, objects: Objects
    ) -> None:
        gated(approve=[])
        run = dag.test(run_conf={"target": "shop"})
        assert run.state == "success"
        assert states(run)["act"] == "success"
        assert objects("shop/approvals/") == {}
        assert mail.messages() == []


class Skipped:
    """Stands where the task's process talks to Airflow, and remembers what it was told to skip."""

    def __init__(self) -> None:
        self.tasks: list[str] = []

    def send(self, msg: Any) -> None:
        self.tasks += msg.tasks


@pytest.fixture
def skipped(monkeypatch: pytest.MonkeyPatch) -> Skipped:
    comms = Skipped()
    monkeypatch.setattr("airflow.sdk.execution_time.task_runner.SUPERVISOR_COMMS", comms, raising=False)
    return comms


class Asking:
    """Stands where the task's process talks to Airflow, and remembers what people are shown."""

    shown = ""

    def send(self, msg: Any) -> Any:
        self.shown = msg.body
        return msg

    def again(self, dag: Any, **event: Any) -> Any:
        """How the task is parked that has put the answer of this event aside."""
        from dbops_airflow.airflow_versions import TaskParked

        with pytest.raises(TaskParked) as parked:
            complete(dag, **event)
        return parked.value


@pytest.fixture
def asking(gated: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Asking:
    from dbops.gateways.files.target_files import include_folder, read_targets
    from dbops.gateways.store.approvals import record_plan
    from dbops_airflow import connections

    shop = read_targets(include_folder()).targets["shop"]
    record_plan(connections.open_bucket(shop), shop, run="manual__1", digest="d" * 64, markdown="# The plan")
    comms = Asking()
    monkeypatch.setattr("airflow.sdk.execution_time.task_runner.SUPERVISOR_COMMS", comms, raising=False)
    return comms


NOW = datetime.now(UTC)
QUESTION = Question(
    target="shop", action="swap", digest="d" * 64, run="manual__1", requested_by="alice", requested=NOW, asked=NOW
)
STAKE = (("Goes live", "backup 20261121T020000Z"), ("Rows lost", "12 rows"))
EVENT = {
    "chosen_options": ["Approve"],
    "params_input": {"target_name": "shop", "reason": "ticket 4711"},
    "responded_at": NOW,
    "responded_by_user": {"id": "7", "name": "bob"},
    "timedout": False,
}


def complete(dag: Any, question: Question | str = QUESTION, **event: Any) -> Any:
    """Hand the sensor the event that the server would."""
    ti = SimpleNamespace(
        id=UUID(int=1),
        log_url="https://airflow.example.com/log",
        task_id="approve",
        dag_id="gate",
        run_id="manual__1",
    )
    context: Any = {"params": {"target": "shop"}, "run_id": "manual__1", "ti": ti, "task_instance": ti}
    asked = question if isinstance(question, str) else question.to_json()
    return dag.get_task("approve").execute_complete(context, {**EVENT, **event}, asked)


@pytest.mark.usefixtures("gated", "skipped")
class TestTheServersEvent:
    def test_of_a_second_person_is_a_yes_and_told_to_people(
        self, dag: Any, mail: CaughtMail, skipped: Skipped, objects: Objects
    ) -> None:
        told = complete(dag)
        assert (told["answered_by"], told["answered_by_id"], told["reason"]) == ("bob", "7", "ticket 4711")
        assert skipped.tasks == []
        assert objects("shop/approvals/")["manual__1-swap.json"]["approved"] is True
        [message] = mail.messages()
        assert message["Subject"] == "[dbops] APPROVED swap of shop (production)"
        assert "The reason: ticket 4711" in text_of(message)

    @pytest.mark.parametrize(
        ("event", "why"),
        [
            ({"responded_by_user": None}, "it is not known who answered"),
            ({"chosen_options": ["Reject"]}, "bob said no: ticket 4711"),
            ({"chosen_options": ["Maybe"]}, "is neither Approve nor Reject"),
            ({"chosen_options": []}, "is neither Approve nor Reject"),
            ({"params_input": {"target_name": "shop", "extra": 1}, "timedout": True}, "nobody answered within"),
            ({"responded_at": NOW - timedelta(hours=5)}, "older than the question"),
        ],
        ids=lambda value: None if isinstance(value, dict) else value,
    )
    def test_is_a_no_that_stops_everything_and_is_not_retried(
        self, dag: Any, skipped: Skipped, objects: Objects, event: Any, why: str
    ) -> None:
        from dbops_airflow.airflow_versions import AirflowFailException

        with pytest.raises(AirflowFailException, match=f"REJECTED.*{why}"):
            complete(dag, **event)
        assert sorted(skipped.tasks) == ["anyway", "last", "none_failed", "one_failed"]
        assert objects("shop/approvals/")["manual__1-swap.json"]["approved"] is False

    def test_of_a_time_out_without_a_default_is_a_no(self, dag: Any, skipped: Skipped) -> None:
        from dbops_airflow.airflow_versions import AirflowFailException

        with pytest.raises(AirflowFailException, match=r"REJECTED.*nobody answered within 1d"):
            dag.get_task("approve").execute_complete(
                {"params": {"target": "shop"}, "run_id": "manual__1"},
                {"error": "too late", "error_type": "timeout"},
                QUESTION.to_json(),
            )
        assert "anyway" in skipped.tasks

    @pytest.mark.parametrize(
        ("event", "why"),
        [
            ({"responded_by_user": {"id": "3", "name": "alice"}}, "alice asked for it, and shop needs two people"),
            ({"params_input": {}}, "bob chose Approve without typing the name of the target"),
            ({"params_input": None}, "bob chose Approve without typing the name of the target"),
            ({"params_input": {"target_name": "shpo"}}, "bob chose Approve without typing the name of the target"),
        ],
        ids=lambda value: None if isinstance(value, dict) else value,
    )
    def test_of_a_slip_is_put_aside_and_the_same_question_stands_for_the_rest_of_its_time(
        self, dag: Any, asking: Asking, objects: Objects, event: Any, why: str
    ) -> None:
        parked = asking.again(dag, **event)
        assert parked.kwargs == {"question": QUESTION.to_json()}
        assert timedelta(hours=23) < parked.timeout < timedelta(days=1)
        assert asking.shown.endswith("# The plan")
        assert objects("shop/approvals/") == {}, "nothing is answered"
        [put_aside] = objects("shop/audit/").values()
        assert (put_aside["action"], put_aside["requested_by"]) == ("approval-set-aside", "alice")
        assert why in put_aside["reason"]
        assert complete(dag)["answered_by"] == "bob", "and his next answer counts"

    def test_of_a_slip_is_told_to_those_who_are_asked(self, dag: Any, mail: CaughtMail, asking: Asking) -> None:
        asking.again(dag, params_input={})
        [message] = mail.messages()
        assert message["Subject"] == "[dbops] APPROVAL swap of shop (production)"
        assert "An answer was set aside: bob chose Approve without typing" in " ".join(text_of(message).split())

    @pytest.mark.usefixtures("gated")
    def test_of_a_slip_is_told_with_what_a_yes_does_as_it_lies_beside_the_plan(
        self, dag: Any, mail: CaughtMail, asking: Asking
    ) -> None:
        from dbops.gateways.files.target_files import include_folder, read_targets
        from dbops.gateways.store.approvals import record_plan
        from dbops_airflow import connections

        shop = read_targets(include_folder()).targets["shop"]
        stake = (("Rows lost", "12 rows <b>in</b> a"),)
        bucket = connections.open_bucket(shop)
        record_plan(bucket, shop, run="manual__1", digest="d" * 64, markdown="# The plan", stake=stake)
        asking.again(dag, params_input={})
        [message] = mail.messages()
        assert "Rows lost      12 rows <b>in</b> a" in text_of(message)
        assert "12 rows &lt;b&gt;in&lt;/b&gt; a" in text_of(message, "html")

    def test_from_somebody_whom_the_server_should_not_have_let_through_is_put_aside(
        self, gated: Callable[..., None], dag: Any, asking: Asking, objects: Objects
    ) -> None:
        gated(approvers=["carol"])
        asking.again(dag)
        [put_aside] = objects("shop/audit/").values()
        assert put_aside["reason"] == "bob is not among the approvers of shop"

    def test_of_a_slip_when_the_time_to_answer_is_over_is_a_no(
        self, gated: Callable[..., None], dag: Any, skipped: Skipped
    ) -> None:
        from dbops_airflow.airflow_versions import AirflowFailException

        gated(wait="10s")
        with pytest.raises(AirflowFailException, match=r"REJECTED.*without typing the name of the target"):
            complete(dag, params_input={})
        assert "anyway" in skipped.tasks

    def test_to_a_question_about_another_target_is_a_no(self, dag: Any) -> None:
        from dbops_airflow.airflow_versions import AirflowFailException

        with pytest.raises(AirflowFailException, match="it is about blog, not shop"):
            complete(dag, replace(QUESTION, target="blog"))

    def test_without_the_question_that_was_asked_is_a_no(self, dag: Any, skipped: Skipped, objects: Objects) -> None:
        from dbops_airflow.airflow_versions import AirflowFailException

        with pytest.raises(AirflowFailException, match="REJECTED"):
            complete(dag, "")
        assert "anyway" in skipped.tasks
        assert objects("shop/approvals/") == {}

    def test_that_cannot_be_kept_stops_everything(
        self, dag: Any, skipped: Skipped, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from airflow.sdk.exceptions import AirflowException

        monkeypatch.delenv("AIRFLOW_CONN_STORE")
        with pytest.raises(AirflowException, match="store"):
            complete(dag)
        assert sorted(skipped.tasks) == ["anyway", "last", "none_failed", "one_failed"]


@pytest.mark.usefixtures("gated")
class TestWhoIsAsked:
    @pytest.fixture
    def told(self, mail: CaughtMail) -> Callable[[Question], str]:
        from dbops.gateways.files.target_files import include_folder, read_targets
        from dbops_airflow.approval_mails import mail_question

        def told(question: Question) -> str:
            ti = SimpleNamespace(task_id="approve", dag_id="gate", run_id="manual__1")
            context: Any = {"params": {"target": "shop"}, "run_id": "manual__1", "ti": ti}
            shop = read_targets(include_folder()).targets["shop"]
            mail_question(question, STAKE, ("1 newer backup is not verified yet.",), shop, context)
            return text_of(mail.messages()[-1])

        return told

    def test_is_told_by_mail_what_the_plan_says_that_one_should_know(self, told: Callable[[Question], str]) -> None:
        assert "1 newer backup is not verified yet." in told(QUESTION)

    def test_is_told_by_mail_what_a_yes_does_before_all_else(self, told: Callable[[Question], str]) -> None:
        text = told(QUESTION)
        assert "Rows lost      12 rows" in text
        assert text.index("asks for the swap") < text.index("Rows lost") < text.index("1 newer") < text.index("Run  ")

    def test_is_told_as_much_of_the_digest_as_tells_plans_apart(self, told: Callable[[Question], str]) -> None:
        assert re.search(r"Digest +d{12}\s", told(QUESTION))

    def test_is_asked_for_a_migration_in_words(self, told: Callable[[Question], str]) -> None:
        from dbops.domain.approvals.shown_question import question_head

        migrate = replace(QUESTION, action="migrate")
        assert "alice asks for the migration of shop" in told(migrate)
        assert "**alice** asks for the **migration** of **shop**" in question_head(migrate)


class TestTheWiring:
    def test_a_gate_is_never_retried_whatever_the_dag_says(self, dag: Any) -> None:
        assert dag.default_args["retries"] == 2
        assert dag.get_task("act").retries == 2
        assert dag.get_task("approve").retries == 0

    def test_a_leaf_of_its_own_needs_the_yes(self, dag: Any) -> None:
        leaf = dag.get_task("approve__said_yes")
        assert leaf.upstream_task_ids == {"approve"}
        assert leaf.downstream_task_ids == set()
        assert leaf.trigger_rule == "all_success"

    def test_nothing_is_chosen_for_whoever_does_not_answer(self, dag: Any) -> None:
        assert dag.get_task("approve").defaults is None

    def test_the_form_asks_for_the_name_and_a_reason_and_fills_in_nothing(self, dag: Any) -> None:
        fields = dag.get_task("approve").serialized_params
        assert {name: field["value"] for name, field in fields.items()} == {"target_name": None, "reason": None}

    @pytest.mark.usefixtures("gated")
    def test_the_clean_up_of_a_teardown_runs_after_a_no(self, skipped: Skipped) -> None:
        from airflow.providers.standard.operators.empty import EmptyOperator
        from airflow.sdk import DAG

        from dbops_airflow.airflow_versions import AirflowFailException
        from dbops_airflow.approval import ApprovalSensor

        with DAG("cleaning", schedule=None) as dag:
            begin = EmptyOperator(task_id="begin")
            approve = ApprovalSensor(task_id="approve", plan_task_id="begin", action="swap")
            end = EmptyOperator(task_id="end").as_teardown(setups=begin)
            begin >> approve >> EmptyOperator(task_id="anyway", trigger_rule="all_done") >> end
        with pytest.raises(AirflowFailException):
            complete(dag, chosen_options=["Reject"])
        assert skipped.tasks == ["anyway"]


def test_a_reason_to_break_the_glass_cannot_pose_as_the_plan_below_it(dag: Any) -> None:
    from dbops.domain.approvals.shown_question import shown_question

    context: Any = {
        "params": {"target": "shop", "break_glass": True, "break_glass_reason": "urgent\n\n## The plan\n\nNothing."},
        "run_id": "manual__1",
        "dag_run": SimpleNamespace(triggering_user_name="alice", run_after=NOW),
        "ti": SimpleNamespace(xcom_pull=lambda **_: {"digest": "d" * 64}),
    }
    question = dag.get_task("approve")._question(context, SimpleNamespace(name="shop"))
    lines = shown_question(question, "## The plan\n\nThe real one.").splitlines()
    assert lines[0] == "> **BREAK GLASS** by alice: urgent ## The plan Nothing."
    assert lines.count("## The plan") == 1


def test_what_people_have_written_is_text_above_the_plan(dag: Any) -> None:
    from dbops.domain.approvals.shown_question import shown_question

    question = Question(
        target="shop", action="swap", digest="d" * 64, run="manual__1", requested_by="<b>alice</b>", requested=NOW,
        asked=NOW, break_glass=True, break_glass_reason="![x](http://evil/p.png) [The plan](http://evil) `code`",
    )  # fmt: skip
    shown = shown_question(question, "## The plan")
    assert "![x](" not in shown
    assert "[The plan](" not in shown
    assert "<b>" not in shown
    assert "`code`" not in shown


def test_the_link_to_the_question_keeps_the_path_below_which_airflow_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dbops_airflow.approval_mails import _question_url

    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://example.com/airflow/")
    ti = SimpleNamespace(dag_id="restore", run_id="manual__2026-11-22T12:00:00+00:00", task_id="approve")
    assert _question_url(ti) == (
        "https://example.com/airflow/dags/restore/runs/manual__2026-11-22T12%3A00%3A00%2B00%3A00/tasks/approve"
        "/required_actions"
    )
