"""docker-compose.yaml without containers: its services' own commands, environments, secrets and health checks.

What differs is what only containers have: addresses are ports of 127.0.0.1, and the image's folders are links.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml

from demo.processes import Daemon, marked
from demo.stack import CHECKOUT, MARK, Stack
from tests.e2e.rest import Rest

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((CHECKOUT / "docker-compose.yaml").read_text())["services"]
AIRFLOW = [name for name in SERVICES if name.startswith("airflow-") and name not in {"airflow-init", "airflow-db"}]

SERVICE_MARK = "DBOPS_COMPOSE_SERVICE"
"""The variable by which the processes of a service are found."""

_IMPATIENT = {  # Airflow looks for what to do next, and for workers that are gone, more often than it does by itself
    # Not so impatient that it takes for dead who only has to share the machine with other tests.
    "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}


@dataclass
class ComposeStack:
    """The services while they run. ``servers`` are PostgreSQL, the store and the mail catcher."""

    folder: Path
    servers: Stack
    daemons: dict[str, Daemon] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the API server answers."""
        return self.servers.url

    @property
    def secrets(self) -> Path:
        """The folder that containers see as /run/secrets."""
        return self.folder / "secrets"

    @property
    def home(self) -> Path:
        """What the image has as /opt/airflow."""
        return self.folder / "opt-airflow"

    @property
    def include(self) -> Path:
        """The include folder that compose mounts."""
        return self.home / "include"

    def write_target(self, name: str, **keys: Any) -> None:
        """Write the file of a target on the sample database; keywords are its keys."""
        content = {"connection": "summary_app", "storage": {"prefix": name}, "allow": ["same_database"], **keys}
        (self.include / "targets" / f"{name}.yaml").write_text(yaml.safe_dump(content))

    def rest(self, user: str) -> Rest:
        """Airflow's REST API, as that user."""
        return Rest(self.url, user, json.loads((self.secrets / "airflow_users.json").read_text())[user])

    def slots(self) -> dict[str, int]:
        """The slots of Airflow's pools, by name."""
        admin = self.rest("admin")
        slots = {pool["name"]: pool["slots"] for pool in admin.get("pools")["pools"]}
        admin.close()
        return slots

    def start(self, name: str) -> None:
        """Start a service with its own command."""
        words = shlex.split(self._here(name, SERVICES[name]["command"]))
        daemon = Daemon(name, self.folder, self.folder / f"{name}.log")
        daemon.start([sys.executable, "-m", "airflow", *words], env=self.environment(name), cwd=self.home)
        self.daemons[name] = daemon

    def kill(self, name: str) -> None:
        """What the end of its machine is to a service: nothing of it is left, and nobody was told."""
        while pids := marked(f"{SERVICE_MARK}={name}"):
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        self.daemons.pop(name).stop()

    def run_script(self, name: str) -> None:
        """Run a one-shot's script to its end."""
        shell, option, script = SERVICES[name]["command"]
        done = subprocess.run(
            [shell, option, self._here(name, script)],
            env=self.environment(name),
            cwd=self.home,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def execute(self, name: str, script: str) -> None:
        """Run a script as ``docker compose exec`` would in that service."""
        done = subprocess.run(
            ["bash", "-c", self._here(name, script)],
            env=self.environment(name),
            cwd=self.home,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def begin_health_check(self, name: str) -> subprocess.Popen[str]:
        """Begin a service's own health check."""
        kind, *words = (self._here(name, word) for word in SERVICES[name]["healthcheck"]["test"])
        return subprocess.Popen(
            words if kind == "CMD" else ["/bin/sh", "-c", words[0]],
            env=self.environment(name) if name in AIRFLOW else dict(os.environ),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def environment(self, name: str) -> dict[str, str]:
        """All that a service is told: by the image, by compose, and that there are no containers."""
        image = re.findall(r'([A-Z_]+)="([^"]*)"(?: \\)?$', (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
        told = {key: self._here(name, value) for key, value in image if key != "PATH"}
        told |= {key: self._here(name, str(value)) for key, value in SERVICES[name]["environment"].items()}
        programs = [str(self.folder / "bin"), str(self.servers.postgres.bin_dir), os.environ["PATH"]]
        return {
            **{key: value for key, value in os.environ.items() if key not in {"TMPDIR", "TEMP", "TMP"}},
            "TMPDIR": str(self._temporary(name)),
            **told,
            "AIRFLOW_HOME": str(self.home),
            "HOME": str(self.folder / "home"),
            "HOSTNAME": socket.gethostname(),
            "PATH": os.pathsep.join(programs),
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.servers.state.ports["airflow"]),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.servers.state.ports["scheduler_health"]),
            **_IMPATIENT,
            MARK: self.servers.state.id,
            SERVICE_MARK: name,
            "SPT_NOENV": "1",  # else the titles Airflow gives its processes overwrite the environment with the marks
        }

    def log(self, name: str) -> str:
        """What a service has printed."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def words(self) -> dict[str, str]:
        """Every password and key by the file that holds it."""
        files = {file.name: file.read_text() for file in self.secrets.iterdir()}
        return {name: text for name, text in files.items() if "." not in name}

    def keys(self, prefix: str) -> list[str]:
        """The keys of the bucket's objects below a prefix."""
        client = self.servers.s3.client()
        found = client.list_objects_v2(Bucket=self.servers.storage.bucket, Prefix=prefix).get("Contents", [])
        client.close()
        return [item["Key"] for item in found]

    def pids(self, name: str) -> list[int]:
        """The processes of a service."""
        return marked(f"{SERVICE_MARK}={name}")

    def pass_retry_delay(self, dag_id: str, run_id: str) -> None:
        """Let the minutes pass that Airflow waits before it tries a task again."""
        with psycopg.connect(self.servers.postgres.url("airflow")) as connection:
            connection.execute(
                "UPDATE task_instance SET end_date = end_date - interval '5 minutes' "
                "WHERE dag_id = %s AND run_id = %s AND state = 'up_for_retry'",
                (dag_id, run_id),
            )

    def _temporary(self, name: str) -> Path:
        folder = self.folder / "tmp" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _here(self, name: str, text: str) -> str:
        """A text of docker-compose.yaml, with what is here in the place of what is there."""
        ports = self.servers.state.ports
        places = {
            "${AIRFLOW_URL:-http://127.0.0.1:${AIRFLOW_PORT:-8080}}": self.url,
            "$$": "$",
            "airflow-api-server:8080": f"127.0.0.1:{ports['airflow']}",
            "127.0.0.1:8080": f"127.0.0.1:{ports['airflow']}",
            "127.0.0.1:8974": f"127.0.0.1:{ports['scheduler_health']}",
            "airflow-db:5432": f"127.0.0.1:{self.servers.postgres.port}",
            "redis:6379": f"127.0.0.1:{ports['redis']}",
            "redis-cli ": f"redis-cli -p {ports['redis']} ",
            "/run/secrets/": f"{self.secrets}/",
            "/opt/airflow": str(self.home),
            "/var/spool/dbops": str(self.folder / "spool"),
            "/tmp/": f"{self._temporary(name)}/",  # noqa: S108 - a container's own
        }
        return re.sub("|".join(map(re.escape, places)), lambda found: places[found[0]], text)
