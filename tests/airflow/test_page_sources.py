"""What the page reads in the API server's process: Airflow's database, and connections wherever they are defined."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dbops.domain.target import Target
from dbops.domain.watch.dag_state import DagState
from dbops.errors import InvalidConnection
from tests.clock import now

if TYPE_CHECKING:
    from dbops.gateways.store.bucket import Bucket
    from demo.seaweed import SeaweedS3


ENDED = datetime(2026, 11, 22, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_an_api_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """As airflow/api_fastapi/main.py says it."""
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")


@pytest.fixture
def known_dags() -> Iterator[None]:
    """DAGs that Airflow has parsed, one of which is gone, with the runs that each name says, oldest first."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, State
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    runs = {
        "backup__state_a": (DagRunState.SUCCESS, DagRunState.FAILED),
        "backup__state_again": (DagRunState.SUCCESS, DagRunState.FAILED, DagRunState.RUNNING, DagRunState.QUEUED),
        "backup__state_first": (DagRunState.RUNNING,),
        "drill__state_a": (),
        "backup__state_gone": (),
    }
    names = tuple(runs)
    with create_session() as session:
        session.merge(DagBundleModel(name="page-tests"))
        session.flush()
        for name in names:
            session.add(
                DagModel(  # type: ignore[no-untyped-call]
                    dag_id=name,
                    bundle_name="page-tests",
                    is_paused=name.startswith("drill"),
                    is_stale=name.endswith("gone"),
                    next_dagrun_create_after=now() + timedelta(hours=5),
                )
            )
        session.flush()
        for name, states in runs.items():
            for number, state in enumerate(states):
                run = DagRun(
                    dag_id=name,
                    run_id=f"run_{number}",
                    run_after=now(),
                    run_type=DagRunType.MANUAL,
                    triggered_by=DagRunTriggeredByType.TEST,
                    state=state,
                )
                run.end_date = ENDED + timedelta(hours=number) if state in State.finished_dr_states else None
                session.add(run)
                session.flush()
    yield
    with create_session() as session:
        session.query(DagRun).where(DagRun.dag_id.in_(names)).delete()
        session.query(DagModel).where(DagModel.dag_id.in_(names)).delete()


@pytest.mark.usefixtures("known_dags")
def test_a_dag_tells_whether_it_is_paused_when_it_runs_next_and_how_its_last_run_ended() -> None:
    from dbops_airflow.page.dag_states import dag_states

    found = dag_states(["backup__state_a", "drill__state_a", "backup__state_gone", "backup__never_was"])
    assert sorted(found) == ["backup__state_a", "drill__state_a"]
    backup, drill = found["backup__state_a"], found["drill__state_a"]
    assert (backup.is_paused, backup.last_state) == (False, "failed")
    assert backup.last_end == ENDED + timedelta(hours=1)
    assert backup.next_run is not None
    assert backup.next_run.utcoffset() is not None
    assert backup.is_running is False
    assert drill == DagState(dag_id="drill__state_a", is_paused=True)


@pytest.mark.usefixtures("known_dags")
def test_a_run_that_goes_on_or_waits_hides_no_failure_before_it() -> None:
    from dbops_airflow.page.dag_states import dag_states

    again = dag_states(["backup__state_again"])["backup__state_again"]
    assert (again.is_running, again.last_state) == (True, "failed")
    assert again.last_end == ENDED + timedelta(hours=1)


@pytest.mark.usefixtures("known_dags")
def test_a_dag_whose_first_run_goes_on_tells_of_no_end() -> None:
    from dbops_airflow.page.dag_states import dag_states

    first = dag_states(["backup__state_first"])["backup__state_first"]
    assert (first.is_running, first.last_state, first.last_end) == (True, "", None)


def _target(connection: str, bucket: str = "backups") -> Target:
    return Target.model_validate(
        {
            "name": "shop",
            "connection": "shop",
            "environment": "development",
            "storage": {"bucket": bucket, "connection": connection, "s3": {"addressing_style": "path"}},
        }
    )


def _keys(bucket: Bucket) -> list[str]:
    return [stored.key for stored in bucket.list("")]


@pytest.fixture
def filled(s3_server: SeaweedS3, bucket_name: str) -> SeaweedS3:
    """A real store whose bucket holds one object."""
    client = s3_server.client()
    client.put_object(Bucket=bucket_name, Key="_indexes/shop.json", Body=b"{}")
    client.close()
    return s3_server


@pytest.fixture
def in_the_database(filled: SeaweedS3) -> Iterator[str]:
    """A connection as somebody enters it under Admin, Connections."""
    from airflow.models import Connection
    from airflow.utils.session import create_session

    extra = {"endpoint_url": filled.endpoint_url, "region_name": filled.region}
    with create_session() as session:
        session.add(
            Connection(
                conn_id="store_in_database",
                conn_type="aws",
                login=filled.access_key,
                password=filled.secret_key,
                extra=json.dumps(extra),
            )
        )
    yield "store_in_database"
    with create_session() as session:
        session.query(Connection).where(Connection.conn_id == "store_in_database").delete()


def test_a_store_is_reached_by_a_connection_of_airflows_own_database(in_the_database: str, bucket_name: str) -> None:
    from dbops_airflow.page.buckets import Buckets

    assert _keys(Buckets().open(_target(in_the_database, bucket_name))) == ["_indexes/shop.json"]


@pytest.mark.usefixtures("filled", "store")
def test_a_store_is_reached_by_a_connection_of_the_environment(bucket_name: str) -> None:
    from dbops_airflow.page.buckets import Buckets

    assert _keys(Buckets().open(_target("store", bucket_name))) == ["_indexes/shop.json"]


def test_a_store_is_reached_by_a_connection_of_a_secrets_backend(
    filled: SeaweedS3, bucket_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbops_airflow.page.buckets import Buckets

    fields = {
        "conn_type": "aws",
        "login": filled.access_key,
        "password": filled.secret_key,
        "extra": {"endpoint_url": filled.endpoint_url, "region_name": filled.region},
    }
    (tmp_path / "connections.json").write_text(json.dumps({"store_in_backend": fields}))
    backend = "airflow.secrets.local_filesystem.LocalFilesystemBackend"
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", backend)
    monkeypatch.setenv(
        "AIRFLOW__SECRETS__BACKEND_KWARGS", json.dumps({"connections_file_path": str(tmp_path / "connections.json")})
    )
    assert _keys(Buckets().open(_target("store_in_backend", bucket_name))) == ["_indexes/shop.json"]


def test_a_mistyped_store_is_an_error_that_says_so() -> None:
    from dbops_airflow.page.buckets import Buckets

    with pytest.raises(InvalidConnection, match='"stoer" is not defined'):
        Buckets().open(_target("stoer"))


def test_targets_of_one_storage_share_a_client_which_is_impatient_and_made_anew_in_time() -> None:
    from dbops_airflow.page.buckets import Buckets

    opened: list[Target] = []
    clock = [0.0]

    def open_one(target: Target) -> Any:
        opened.append(target)
        return object()

    buckets = Buckets(open_one, clock=lambda: clock[0])
    first = buckets.open(_target("store"))
    other = _target("store").model_copy(update={"name": "blog"})
    assert buckets.open(other) is first
    assert buckets.open(_target("elsewhere")) is not first
    clock[0] = 3600
    assert buckets.open(other) is not first
    hurried = opened[0].storage.s3
    assert (hurried.attempts, hurried.read_timeout.total_seconds()) == (2, 3)
