"""Starts the services of docker-compose.yaml in their order, and stops and deletes everything."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from demo.abandoned import Watch
from demo.processes import Daemon
from demo.seaweed import Keys
from demo.stack import CHECKOUT, PORTS, Stack, locked
from demo.state import DemoState
from demo.summary_app import generate
from demo.up import create_databases
from tests.e2e.compose_stack import AIRFLOW, SERVICE_MARK, SERVICES, ComposeStack
from tests.e2e.own_environment import own_environment
from tests.e2e.waiting import eventually
from tests.own_defaults import own_defaults

_OWN_PORTS = {"redis": (0,), "scheduler_health": (0,)}
_SCALE = 0.1


@contextmanager
def running(folder: Path, targets: Mapping[str, Mapping[str, Any]]) -> Iterator[ComposeStack]:
    """Start everything, with these targets' files; stop and delete it however the session ends, a kill -9 included."""
    subprocess.run([CHECKOUT / "deploy/compose/write-secrets", folder / "secrets"], check=True)
    state = _state(folder)
    with locked(folder), Watch(folder) as watch, own_environment(state):
        stack = ComposeStack(folder, Stack(folder, state))
        try:
            _lay_out_the_image(stack)
            for name, keys in targets.items():
                stack.write_target(name, **keys)
            stack.servers.postgres.start()
            create_databases(stack.servers)
            with ThreadPoolExecutor(1) as beside:
                initialised = beside.submit(stack.run_script, "airflow-init")
                _start_others(stack)
                initialised.result()
            for name in AIRFLOW:
                stack.start(name)
            eventually(lambda: _is_healthy(stack), "a healthy Airflow", seconds=400)
            yield stack
        finally:
            for name in list(stack.daemons):
                stack.kill(name)
            stack.servers.s3.stop(grace=0)  # by itself it takes seconds, and nothing of it is kept
            stack.servers.destroy()
            watch.dismiss()


def _state(folder: Path) -> DemoState:
    """The demo's servers, with the passwords that compose's secrets say."""
    state = DemoState.generate()
    read = {file.name: file.read_text() for file in (folder / "secrets").iterdir()}
    owner = _identities(folder)["dbops"]
    state.secrets |= {
        "airflow_database": read["airflow_db_password"],
        "summary_app_database": read["summary_app_password"],
        "s3_access_key": owner["accessKey"],
        "s3_secret_key": owner["secretKey"],
    }
    state.settle_ports({**PORTS, **_OWN_PORTS})
    state.save(folder / "state.json")
    return state


def _identities(folder: Path) -> dict[str, dict[str, str]]:
    """The keys that the store knows, by the name of who has them."""
    known = json.loads((folder / "secrets/s3.json").read_text())["identities"]
    return {identity["name"]: identity["credentials"][0] for identity in known}


def _start_others(stack: ComposeStack) -> None:
    servers = stack.servers
    data = stack.folder / "redis"
    data.mkdir()
    redis = Daemon("redis", stack.folder, stack.folder / "redis.log")
    program, config = SERVICES["redis"]["command"]
    port = str(servers.state.ports["redis"])
    own = ["--port", port, "--bind", "127.0.0.1", "--dir", str(data)]
    redis.start(
        [program, config.replace("/run/secrets", str(stack.secrets)), *own],
        env={**os.environ, SERVICE_MARK: "redis"},
        cwd=data,
    )
    stack.daemons["redis"] = redis
    page = _identities(stack.folder)["page"]
    servers.s3.reader = Keys(page["accessKey"], page["secretKey"])
    servers.s3.start()
    servers.s3.create_bucket(servers.storage.bucket)
    servers.mail.start()
    generate.create(servers.sample_url)
    generate.generate(servers.sample_url, scale=_SCALE, seed=1, progress=lambda *_: None)


def _lay_out_the_image(stack: ComposeStack) -> None:
    programs = stack.folder / "bin"
    programs.mkdir()
    for name in ("airflow", "celery"):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {name} "$@"\n')
        program.chmod(0o755)
    (stack.home / "auth").mkdir(parents=True)
    (stack.home / "logs").mkdir()
    for own in ("spool", "home"):
        (stack.folder / own).mkdir()
    for shared in ("dags", "plugins"):
        (stack.home / shared).symlink_to(CHECKOUT / shared)
    stack.include.mkdir()
    for shared in ("email", "report", "sql", "expectations"):
        (stack.include / shared).symlink_to(CHECKOUT / "include" / shared)
    (stack.include / "targets").mkdir()
    schedules = "\nschedule:\n  backup: null\n  check: null\n  drill: null\n  probe: null\n"
    (stack.include / "defaults.yaml").write_text(own_defaults() + schedules, encoding="utf-8")
    _tell_connections_where_the_servers_are(stack)


def _tell_connections_where_the_servers_are(stack: ComposeStack) -> None:
    ports: Mapping[str, int] = {"summary-app-db": stack.servers.postgres.port, "mailpit": stack.servers.mail.port}
    for name in ("airflow_connections.json", "airflow_store_connections.json"):
        file = stack.secrets / name
        connections = json.loads(file.read_text())
        for connection in connections.values():
            if connection.get("host") in ports:
                connection |= {"port": ports[connection["host"]], "host": "127.0.0.1"}
        connections["aws_default"]["extra_dejson"]["endpoint_url"] = stack.servers.s3.endpoint_url
        file.write_text(json.dumps(connections))


def _is_healthy(stack: ComposeStack) -> bool:
    gone = [name for name, daemon in stack.daemons.items() if not daemon.is_running()]
    assert not gone, f"{gone[0]} has ended:\n{stack.daemons[gone[0]].log_tail(30)}"
    with closing(stack.servers.api()) as api:
        return not api.unhealthy_parts()
