"""The whole stack: which servers there are, what each is told, and how they start and stop together."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from demo import airflow_server, ports, target
from demo.airflow_api import AirflowApi
from demo.airflow_server import AirflowServer
from demo.errors import DemoError
from demo.mail_catcher import MailCatcher
from demo.postgres import EmbeddedPostgres
from demo.processes import stop_marked
from demo.seaweed import LISTENERS, Keys, SeaweedS3
from demo.state import DemoState

CHECKOUT = Path(__file__).resolve().parents[1]
MARK = "DBOPS_DEMO"
PAGE = "database_ops"
"""The page's `url_route` in plugins/dbops_airflow/plugin.py."""

_SCRIPTS = Path(sysconfig.get_path("scripts"))
_GRPC = (0, ports.GRPC_OFFSET)
_S3_PORTS = {f"s3_{listener}": _GRPC for listener in LISTENERS}
PORTS = {"postgres": (0,), "mail": (0,), "airflow": (0,), **_S3_PORTS}


class Stack:
    """The servers of one state folder. Build it anew after the state's ports have changed.

    `dags` and `include` stand in for the checkout's own; `variables` are what Airflow is told beside the demo's own.
    """

    def __init__(
        self,
        folder: Path,
        state: DemoState,
        *,
        dags: Path | None = None,
        include: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.state = state
        self.include = include or CHECKOUT / "include"
        self.storage = target.Storage.of(self.include)
        port, word, logs = state.ports, state.secrets, folder / "logs"
        self.postgres = EmbeddedPostgres(
            folder / "postgres",
            port=port["postgres"],
            password=word["postgres"],
            log=logs / "postgres.log",
            settings={"max_connections": "200"},
        )
        self.s3 = SeaweedS3(
            folder / "s3",
            listeners={listener: port[f"s3_{listener}"] for listener in LISTENERS},
            owner=Keys(word["s3_access_key"], word["s3_secret_key"]),
            log=logs / "seaweedfs.log",
        )
        self.mail = MailCatcher(
            folder / "mail-catcher", port=port["mail"], mail=folder / "mail", log=logs / "mail-catcher.log"
        )
        self.airflow = AirflowServer(
            folder / "airflow",
            environment=self._airflow_environment(dags or CHECKOUT / "dags") | dict(variables or {}),
            passwords=self.users,
            mark=f"{mark(state)}-airflow",
            log=logs / "airflow.log",
        )

    @property
    def url(self) -> str:
        """Where Airflow's UI and API are."""
        return f"http://127.0.0.1:{self.state.ports['airflow']}"

    @property
    def page(self) -> str:
        """Where the Database Ops page is, within Airflow's UI."""
        return f"{self.url}/plugin/{PAGE}"

    @property
    def users(self) -> dict[str, str]:
        """Airflow's users and their passwords."""
        return {name: self.state.secrets[name] for name in airflow_server.USERS}

    @property
    def sample_url(self) -> str:
        """The sample database, as the role that owns it."""
        return self.postgres.url(target.NAME, user=target.NAME, password=self.state.secrets["summary_app_database"])

    def api(self, user: str = "admin") -> AirflowApi:
        """Airflow's API, used as that user."""
        return AirflowApi(self.url, user=user, password=self.users[user])

    def connections(self) -> dict[str, str]:
        """The AIRFLOW_CONN_* variables in use."""
        aws = {
            "conn_type": "aws",
            "login": self.s3.access_key,
            "password": self.s3.secret_key,
            "extra": {"endpoint_url": self.s3.endpoint_url, "region_name": self.s3.region},
        }
        smtp = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": self.mail.port,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "dbops@demo.invalid"},
        }
        return {
            "AIRFLOW_CONN_SUMMARY_APP": self.sample_url,
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(aws),
            "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
        }

    def exports(self) -> dict[str, str]:
        """What a shell needs to look at the stack with its own tools; PATH is `programs`, apart."""
        return {
            "PYTHONPATH": str(CHECKOUT / "plugins"),
            "DATABASE_URL": self.sample_url,
            "AWS_ENDPOINT_URL": self.s3.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.s3.access_key,
            "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
            "AWS_DEFAULT_REGION": self.s3.region,
            "DBOPS_BUCKET": self.storage.bucket,
            "AIRFLOW_URL": self.url,
            **{f"DBOPS_PASSWORD_{name.upper()}": password for name, password in self.users.items()},
            "DBOPS_MAIL_DIR": str(self.mail.mail),
            **self.connections(),
        }

    def programs(self) -> str:
        """The folders with the python that has dbops' libraries, aws, and psql, pg_dump, ..., as a PATH names them."""
        return f"{_SCRIPTS}{os.pathsep}{self.postgres.bin_dir}"

    def running(self) -> dict[str, bool]:
        """Which servers run."""
        return {
            "PostgreSQL": self.postgres.is_running(),
            "SeaweedFS (S3)": self.s3.is_running(),
            "mail catcher": self.mail.is_running(),
            "Airflow": self.airflow.is_running(),
        }

    def stop(self) -> None:
        """Stop every server, and whatever one of them started and left behind; no error when nothing runs."""
        self.airflow.stop()
        self.mail.stop()
        self.s3.stop()
        self.postgres.stop()
        stop_marked(mark(self.state))

    def destroy(self) -> None:
        """Stop everything and delete the data."""
        self.stop()
        self.postgres.destroy()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _airflow_environment(self, dags: Path) -> dict[str, str]:
        metadata = self.postgres.url("airflow", user="airflow", password=self.state.secrets["airflow_database"])
        path = [str(self.postgres.bin_dir), str(_SCRIPTS), os.environ.get("PATH", os.defpath)]
        return {
            **{name: value for name, value in os.environ.items() if name != "PATH"},
            **airflow_server.settings(
                self.folder / "airflow",
                port=self.state.ports["airflow"],
                metadata_url=metadata,
                checkout=CHECKOUT,
                dags=dags,
                secrets=self.state.secrets,
            ),
            **self.connections(),
            "DBOPS_INCLUDE": str(self.include),
            "PATH": os.pathsep.join(path),
        }


def mark(state: DemoState) -> str:
    """What the environment of every process of this demo carries, as "NAME=value"; Airflow's add a suffix."""
    return f"{MARK}={state.id}"


def settle(folder: Path, state: DemoState, *, dags: Path | None = None) -> tuple[Stack, list[str]]:
    """A stack whose ports are its own or free, and a sentence about each port that had to change; saves the state."""
    keep: list[str] = []
    if set(PORTS) <= set(state.ports):
        stack = Stack(folder, state, dags=dags)
        if not stack.airflow.is_running():
            stack.airflow.stop()  # what a killed one has left still holds its port, and would schedule
        keep += ["postgres"] if stack.postgres.is_running() else []
        keep += ["mail"] if stack.mail.is_running() else []
        keep += ["airflow"] if stack.airflow.is_running() else []
        keep += _S3_PORTS if stack.s3.is_running() else []
    sentences = state.settle_ports(PORTS, keep)
    state.save(folder / "state.json")
    return Stack(folder, state, dags=dags), sentences


@contextmanager
def locked(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the folder for one command; DemoError when another command holds it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            file.seek(0)
            raise DemoError(
                f"Another command works on this demo (process {file.read().strip()}): "
                f"wait until it has ended, or end it with Ctrl-C."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
