"""Airflow for the tests of this folder: a home of its own, a fresh metadata database, and include folders on demand.

No module here imports Airflow at its top: Airflow reads its environment when it is first imported, and that must be
the one made below, not the developer's own.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.less_work import read_files_of_boto3_once

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG

    from demo.postgres import EmbeddedPostgres
    from demo.seaweed import SeaweedS3
    from tests.servers import CaughtMail

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

# What Airflow's own code does that its own dependencies warn of; a warning of ours stays an error.
_IGNORED = (
    "ignore:GitWildMatchPattern:DeprecationWarning",  # how Airflow reads .airflowignore
    # Airflow looks for one version of a DAG where it commits a run, and other tests have left versions of theirs.
    "ignore:Multiple rows returned with uselist=False for lazily-loaded attribute .DagRun.serialized_dag",
    "ignore:Using .httpx. with",  # starlette's test client, which the in-process API server is built on
)

Dags = tuple[dict[str, "DAG"], dict[str, str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            for ignored in _IGNORED:
                item.add_marker(pytest.mark.filterwarnings(ignored))


def airflow_environment(home: Path) -> dict[str, str]:
    """What an Airflow of these tests is told, in this process or another."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "240",  # a machine with much to do may take longer than 30 seconds
        # Each test has DAGs of its own: those that the one before has left in the database are not taken for them.
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__API__BASE_URL": "https://airflow.example.com",
        "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-the-tests-of-this-folder-" + "0" * 32,
    }


def _enter(home: Path, patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        patch.delenv(name)
    for name, value in airflow_environment(home).items():
        patch.setenv(name, value)


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Airflow whose metadata database is empty at first."""
    assert "airflow" not in sys.modules, "something imported Airflow before its home was made"
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        _enter(home, patch)
        from airflow.utils.db import upgradedb

        upgradedb()
    return home


@pytest.fixture(scope="session", autouse=True)
def _boto3_reads_its_files_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        read_files_of_boto3_once(patch)
        yield


@pytest.fixture(autouse=True)
def _at_home(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Airflow reads most of its environment when it needs it; the Airflows of other tests must not see this one's."""
    _enter(airflow_home, monkeypatch)
    yield
    for name in [name for name in os.environ if name.startswith("AIRFLOW_CTX_")]:
        del os.environ[name]  # what Airflow tells a task's own process, which here is the tests'


@pytest.fixture
def environment_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No task's process is around: secrets come from the environment, and the supervisor is asked for nothing."""
    from airflow.sdk.execution_time import supervisor
    from airflow.secrets.environment_variables import EnvironmentVariablesBackend

    monkeypatch.setattr(supervisor, "ensure_secrets_backend_loaded", lambda: [EnvironmentVariablesBackend()])


@pytest.fixture
def include(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An include folder with the real e-mail templates and SQL, and no target yet; the DAG files read this one."""
    folder = tmp_path / "include"
    (folder / "targets").mkdir(parents=True)
    (folder / "sql").mkdir()  # of its own: tests write probes there
    for shared in ("email", "report", "sql/catalog", "sql/summary_app"):
        (folder / shared).symlink_to(ROOT / "include" / shared)
    monkeypatch.setenv("DBOPS_INCLUDE", str(folder))
    return folder


@pytest.fixture
def add_target(include: Path) -> Callable[..., None]:
    """Writes one target file; keywords are its keys, JSON being YAML."""

    def add(name: str = "shop", **keys: Any) -> None:
        content = {
            "connection": name,
            "storage": {"bucket": "backups", "connection": "store"},
            "alerts": {"recipients": ["dba@shop.internal"]},
            **keys,
        }
        (include / "targets" / f"{name}.yaml").write_text(json.dumps(content, indent=1), encoding="utf-8")

    return add


@pytest.fixture
def load_dags() -> Callable[[], Dags]:
    """Parses the DAG files as the DAG processor does: DAGs by id, and import errors by file name."""

    def load() -> Dags:
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(ROOT / "dags")
        return dict(bag.dags), {Path(path).name: error for path, error in bag.import_errors.items()}

    return load


@pytest.fixture
def run_dag(load_dags: Callable[[], Dags]) -> Callable[..., DagRun]:
    """Runs a DAG to its end in this process, through Airflow's own task runner and API; retries do not wait.

    Runs of other tests are forgotten, for how the last one has ended is news to the next.
    """
    own: set[str] = set()

    def run(dag_id: str, conf: dict[str, Any] | None = None, **options: Any) -> DagRun:
        dags, errors = load_dags()
        assert dag_id in dags, errors
        for task in dags[dag_id].tasks:
            task.retry_delay = timedelta(0)
        if dag_id not in own:
            own.add(dag_id)
            _forget_runs(dag_id)
        done: DagRun = dags[dag_id].test(run_conf=conf, **options)
        return done

    return run


def _forget_runs(dag_id: str) -> None:
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(DagRun).where(DagRun.dag_id == dag_id))


@pytest.fixture
def mail(mail_catcher: CaughtMail, monkeypatch: pytest.MonkeyPatch) -> CaughtMail:
    """A mail server that Airflow knows as smtp_default."""
    set_connection(
        monkeypatch,
        "smtp_default",
        conn_type="smtp",
        host="127.0.0.1",
        port=mail_catcher.port,
        extra={"disable_ssl": True, "disable_tls": True, "from_email": "airflow@example.com"},
    )
    return mail_catcher


@pytest.fixture
def store(s3_server: SeaweedS3, monkeypatch: pytest.MonkeyPatch) -> SeaweedS3:
    """A real S3 server that Airflow knows as store."""
    set_connection(
        monkeypatch,
        "store",
        conn_type="aws",
        login=s3_server.access_key,
        password=s3_server.secret_key,
        extra={"endpoint_url": s3_server.endpoint_url, "region_name": s3_server.region},
    )
    return s3_server


@pytest.fixture
def database(empty_database: str, postgres_server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """A real database that Airflow knows as shop, and PostgreSQL's programs on the PATH; its URL."""
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", empty_database)
    monkeypatch.setenv("PATH", str(postgres_server.bin_dir), prepend=os.pathsep)
    return empty_database


def set_connection(monkeypatch: pytest.MonkeyPatch, name: str, **fields: Any) -> None:
    """Define an Airflow connection as an operator would, by environment variable."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))


def states(run: DagRun) -> dict[str, str | None]:
    """How each task of a run ended."""
    return {ti.task_id: ti.state for ti in run.get_task_instances()}
