"""Airflow itself: `airflow standalone` with LocalExecutor, its metadata in the demo's PostgreSQL, on 127.0.0.1 only."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from demo.processes import Daemon, stop_marked

USERS = {"admin": "admin", "alice": "user", "bob": "user", "viewer": "viewer"}  # "user" may trigger, and approve
PASSWORDS_FILE = "simple_auth_manager_passwords.json"

_LONGEST_WORDS = 90
_NOISE = re.compile(r"^\s*[\d:. TZ+-]+\[\w+\s*\]|\s+\[[\w.]+\].*$|\s+loc=.*$")

# `airflow standalone` starts its parts by the name `airflow`, and two of them would serve logs on every interface.
_WRAPPER = """#!/bin/sh
case "$1" in scheduler|triggerer) set -- "$@" --skip-serve-logs ;; esac
exec {python} -m airflow "$@"
"""


class AirflowServer:
    """One `airflow standalone` whose home is `directory`; `environment` is all it is told.

    `mark` ("NAME=value") is put into the environment of all its processes: it has many, and they outlive a parent that
    is killed.
    """

    def __init__(
        self,
        directory: Path,
        *,
        environment: Mapping[str, str],
        passwords: Mapping[str, str],
        mark: str,
        log: Path | None = None,
    ) -> None:
        self.directory = directory
        name, _, value = mark.partition("=")
        self._mark = mark
        # SPT_NOENV: else the titles Airflow gives its processes overwrite the environment that carries the mark.
        self._environment = {**environment, name: value, "SPT_NOENV": "1"}
        self._passwords = dict(passwords)
        self._started_with = directory / "started-with"
        self.daemon = Daemon("Airflow", directory, log or directory / "airflow.log")

    def is_running(self) -> bool:
        """Whether `airflow standalone` runs; its parts may still be starting, or be gone: ask `AirflowApi.health`."""
        return self.daemon.is_running()

    def runs_as_configured(self) -> bool:
        """Whether it runs with the very settings, connections and passwords it would be started with now."""
        try:
            noted = self._started_with.read_text(encoding="ascii")
        except FileNotFoundError:
            return False
        return self.is_running() and noted == self._digest()

    def start(self) -> None:
        """Start it and return at once; it takes a minute until it answers."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        programs = self.directory / "bin"
        programs.mkdir(mode=0o700, exist_ok=True)
        wrapper = programs / "airflow"
        wrapper.write_text(_WRAPPER.format(python=shlex.quote(sys.executable)), encoding="utf-8")
        wrapper.chmod(0o700)
        passwords = os.open(self.directory / PASSWORDS_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(passwords, "w", encoding="utf-8") as stream:
            json.dump(self._passwords, stream)
        environment = {**self._environment, "PATH": f"{programs}{os.pathsep}{self._environment['PATH']}"}
        self.daemon.start([str(wrapper), "standalone"], env=environment, cwd=self.directory)
        self._started_with.write_text(self._digest(), encoding="ascii")

    def stop(self, *, grace: float = 30.0) -> None:
        """Stop it with all its parts, also those whose parent was killed; no error when nothing runs."""
        self.daemon.stop(first=signal.SIGINT, grace=grace)  # which it passes on to its parts
        stop_marked(self._mark)
        self._started_with.unlink(missing_ok=True)

    def _digest(self) -> str:
        ours = {name: value for name, value in self._environment.items() if name.startswith(("AIRFLOW", "DBOPS"))}
        return hashlib.sha256(json.dumps([ours, self._passwords], sort_keys=True).encode()).hexdigest()


def settings(
    home: Path,
    *,
    port: int,
    metadata_url: str,
    checkout: Path,
    dags: Path,
    secrets: Mapping[str, str],
) -> dict[str, str]:
    """The AIRFLOW__* variables of the demo; `metadata_url` starts with postgresql://."""
    base = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(checkout / "plugins"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": secrets["airflow_fernet"],
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / PASSWORDS_FILE),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata_url.replace("postgresql://", "postgresql+psycopg2://", 1),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": base,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secrets["airflow_session"],
        "AIRFLOW__API__INSTANCE_NAME": "dbops demo",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets["airflow_jwt"],
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        # The API server builds what tasks talk to when the first one asks, and a busy machine needs long for that.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
    }


def last_words(log: Path, *, secrets: Sequence[str] = ()) -> str:
    """What Airflow last said in words, without time stamps and file names; empty when it has said nothing."""
    for line in reversed(Daemon("Airflow", log.parent, log).log_tail(30, secrets=secrets).splitlines()):
        said = _NOISE.sub("", line.partition("|")[2]).strip()
        if sum(character.isalpha() or character == " " for character in said) > len(said) * 0.8:  # not the banner
            return said[:_LONGEST_WORDS]
    return ""
