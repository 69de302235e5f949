"""The system under test: the demo's stack in a folder of its own, and what the tests may see of it and do to it."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from rich.console import Console

from demo.abandoned import Watch
from demo.display import Display
from demo.processes import marked
from demo.stack import CHECKOUT, PORTS, Stack, locked
from demo.state import DemoState
from demo.up import start
from tests.e2e import checked, orders, pushed
from tests.e2e.own_environment import own_environment
from tests.e2e.rest import Rest, Run
from tests.e2e.targets import make_include
from tests.e2e.waiting import eventually
from tests.mail_text import text_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PASSWORD = "hunter2-e2e-hunter2"
"""Of a database that nobody can connect to; the other passwords are generated."""

HEAVY_ROWS = 2000

_SCALE = 0.1
_PARSED = "Filling up the DagBag"
_IMPATIENT = {  # Airflow looks for what to do next more often than it does by itself, not so often that all wait for it
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
    "AIRFLOW__CORE__PARALLELISM": "5",  # as many tasks as are held at once
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",  # what has not changed; see touch
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
}


@dataclass(frozen=True)
class RunningStack:
    """The stack while it runs."""

    demo: Stack
    s3: S3Client

    @property
    def include(self) -> Path:
        """The include folder Airflow uses; tests/e2e/targets.py writes into it."""
        return self.demo.include

    @property
    def logs(self) -> Path:
        """The folder of everything Airflow and its tasks have logged."""
        return self.demo.folder / "airflow" / "logs"

    def rest(self, user: str) -> Rest:
        """Airflow's REST API, as that user."""
        return Rest(self.demo.url, user, self.demo.users[user])

    def secrets(self) -> list[str]:
        """What no log, no XCom, no mail and no page may show."""
        words = self.demo.state.secrets
        own = [PASSWORD, orders.PASSWORD, checked.PASSWORD, pushed.PASSWORD]
        return [words["summary_app_database"], words["s3_secret_key"], words["postgres"], *own]

    def keys(self, prefix: str) -> list[str]:
        """The keys of the bucket's objects below a prefix."""
        found = self.s3.list_objects_v2(Bucket=self.demo.storage.bucket, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def read(self, key: str) -> bytes:
        """An object of the bucket."""
        return self.s3.get_object(Bucket=self.demo.storage.bucket, Key=key)["Body"].read()

    def read_json(self, key: str) -> dict[str, Any]:
        """A JSON object of the bucket."""
        content: dict[str, Any] = json.loads(self.read(key))
        return content

    def uploads(self, prefix: str) -> list[str]:
        """The keys of the multipart uploads below a prefix that were neither completed nor aborted."""
        found = self.s3.list_multipart_uploads(Bucket=self.demo.storage.bucket).get("Uploads", [])
        return [upload["Key"] for upload in found if upload["Key"].startswith(prefix)]

    def dump_processes(self) -> list[int]:
        """Every pg_dump, and every guardian of one, that works on this stack's server."""
        return marked(f"PGPORT={self.demo.postgres.port}")

    def sessions(self, database: str) -> int:
        """How many sessions the server has in a database."""
        found = self.ask("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", database)
        return int(found[0][0])

    def ask(self, database: str, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query, as superuser."""
        with psycopg.connect(self.demo.postgres.url(database)) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def mails(self, *words: str) -> list[EmailMessage]:
        """The mails whose subject and text have all these words."""
        return [mail for mail in self.demo.mail.messages() if all(word in _told(mail) for word in words)]

    def pass_retry_delay(self, run: Run) -> None:
        """Let the five minutes pass that Airflow waits before it tries a task again."""
        self._change(run, "end_date = end_date - interval '5 minutes'", "up_for_retry")

    def leave_no_retries(self, run: Run) -> None:
        """Make the attempt that has not yet begun the last one."""
        self._change(run, "max_tries = 0", None)

    def touch(self, dag_file: str) -> None:
        """Let Airflow parse a DAG file at once: what has not changed it parses every minute only."""
        (self.demo.folder / "dags" / dag_file).touch()

    def wait_for_callback(self, run: Run) -> None:
        """Wait until Airflow has done with the run's own failure callback, so that no further mail can come."""

        def events() -> Iterator[str]:
            for log in self.logs.glob("dag_processor/2*/*/backup.py.log"):
                yield from _events_of_callback(log, run)

        eventually(lambda: list(events()), f"the failure callback of {run.dag_id} {run.run_id}")
        self._parse_now(run)  # Airflow parses the file again only after the process that called back has ended
        eventually(lambda: _PARSED in events(), f"the end of the failure callback of {run.dag_id} {run.run_id}")

    def _parse_now(self, run: Run) -> None:
        """Ask Airflow to parse the run's file as soon as it can, as a button of the UI does."""
        admin = self.rest("admin")
        token = admin.get(f"dags/{run.dag_id}")["file_token"]
        answer = admin.ask("PUT", f"parseDagFile/{token}")
        admin.close()
        assert answer.status_code in {201, 409}, answer.text  # 409: somebody has asked for it already

    def _change(self, run: Run, change: str, state: str | None) -> None:
        changed = self.ask(
            "airflow",
            f"UPDATE task_instance SET {change} WHERE dag_id = %s AND run_id = %s "  # noqa: S608 - our own words
            "AND task_id = 'back_up' AND state IS NOT DISTINCT FROM %s RETURNING 1",
            run.dag_id,
            run.run_id,
            state,
        )
        assert len(changed) == 1, f"back_up of {run.run_id} is not in state {state}"


@contextmanager
def running(folder: Path) -> Iterator[RunningStack]:
    """Start everything, and stop and delete it however the session ends, a kill -9 of it included."""
    state = DemoState.generate()
    with locked(folder), socket.socket() as nobody, Watch(folder) as watch:
        nobody.bind(("127.0.0.1", 0))  # and never listens: who connects is refused at once
        state.settle_ports(PORTS)
        state.save(folder / "state.json")
        with own_environment(state):
            demo = _configured(folder, state, closed_port=nobody.getsockname()[1])
            try:
                with Display(Console(highlight=False, width=160)) as display:
                    start(demo, display, scale=_SCALE)
                _create_heavy(demo)
                orders.create(demo)
                checked.create(demo)
                pushed.create(demo)
            except BaseException:
                demo.destroy()
                watch.dismiss()
                raise
        s3 = demo.s3.client()
        try:
            yield RunningStack(demo, s3)
        finally:
            s3.close()
            demo.airflow.stop(grace=0)  # by itself it takes 20 seconds, and nothing of it is kept
            demo.destroy()
            watch.dismiss()


def _configured(folder: Path, state: DemoState, *, closed_port: int) -> Stack:
    include = folder / "include"
    make_include(include, CHECKOUT)
    servers = Stack(folder, state, include=include)
    variables = {
        **_IMPATIENT,
        "AIRFLOW_CONN_UNREACHABLE": f"postgresql://backup:{PASSWORD}@127.0.0.1:{closed_port}/app",
        "AIRFLOW_CONN_HEAVY": servers.postgres.url("heavy"),
        **orders.connections(servers),
        **checked.connections(servers),
        **pushed.connections(servers),
    }
    config = folder / "airflow" / "config"
    config.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "airflow_local_settings.py", config)
    dags = folder / "dags"
    shutil.copytree(CHECKOUT / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        Path(__file__).parent / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
    )
    return Stack(folder, state, dags=dags, include=include, variables=variables)


def _create_heavy(demo: Stack) -> None:
    """A database of one table whose rows hardly compress, so that there is something to upload."""
    demo.postgres.create_database("heavy")
    with psycopg.connect(demo.postgres.url("heavy")) as connection:
        connection.execute("CREATE TABLE ballast (id int PRIMARY KEY, noise text NOT NULL)")
        connection.execute("ALTER TABLE ballast ALTER noise SET STORAGE EXTERNAL")
        connection.execute(
            "INSERT INTO ballast SELECT row, (SELECT string_agg(md5(row || '-' || piece), '') "
            "FROM generate_series(1, 2000) piece) FROM generate_series(1, %s) row",
            [HEAVY_ROWS],
        )


def _told(mail: EmailMessage) -> str:
    return f"{mail['Subject']}\n{text_of(mail)}"


def _events_of_callback(log: Path, run: Run) -> Iterator[str]:
    """The call of the run's failure callback, and what the log says afterwards."""
    written, _, _ = log.read_text(encoding="utf-8").rpartition("\n")  # the last line may be half a line
    is_called = False
    for event in map(json.loads, written.splitlines()):
        if event["timestamp"] < run.triggered:
            continue
        if event["event"] == "Executing on_failure dag callback" and event["dag_id"] == run.dag_id:
            is_called = True
        if is_called:
            yield _PARSED if event["event"].startswith(_PARSED) else event["event"]
