"""What the installed wheel must do. Run by an environment's own Python, which has nothing else of this repository.

That is told of an empty AIRFLOW_HOME, of the connections ``shop``, a database, and ``store``, whose BUCKET exists, and
of where PostgreSQL's programs are. Each promise that is kept is a line; the first that is not ends it.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from argparse import Namespace
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HOME = Path(os.environ["AIRFLOW_HOME"])
TARGET = "shop"
DAGS = ["backup__shop", "drill__shop", "migrate", "rehearse", "restore", "watch"]


def main() -> None:
    """Raises AssertionError where a promise is broken."""
    gc.set_threshold(50_000)  # of what it computes, a part would be looking for garbage that imports do not leave
    import dbops

    place = Path(dbops.__file__)
    require(place.is_relative_to(sys.prefix) and "plugins" not in place.parts, f"dbops comes from {place}")
    project = place.parent / "project"
    shutil.copytree(project / "dags", HOME / "dags")
    shutil.copytree(project / "include", HOME / "include", ignore=shutil.ignore_patterns("email", "report", "sql"))
    (HOME / "plugins").mkdir(exist_ok=True)
    targets = HOME / "include" / "targets"
    targets.mkdir()
    target = {
        "connection": TARGET,
        "storage": {"bucket": os.environ["BUCKET"], "connection": "store"},
        "alerts": {"recipients": ["dba@shop.internal"]},  # what is shipped names nobody
    }
    (targets / f"{TARGET}.yaml").write_text(json.dumps(target), encoding="utf-8")
    tell(f"dbops {version('dbops-airflow')} in Airflow {version('apache-airflow')}, Python {sys.version.split()[0]}")

    the_shell_answers()
    the_plugin_is_loaded_once()
    the_dags_run()
    a_backup_comes_back()
    the_checks_are_green()


def the_shell_answers() -> None:
    """Both ways to call it."""
    program = str(Path(sys.executable).with_name("dbops"))
    for command in ([program], [sys.executable, "-m", "dbops"]):
        said = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True).stdout
        require("backup" in said and "restore" in said, f"{command} --help says {said}")
    tell("the shell answers, as dbops and as python -m dbops")


def the_plugin_is_loaded_once() -> None:
    """By entry point, or, where a checkout's plugins/ lie in Airflow's home as well, from there, and not twice."""
    from airflow import plugins_manager

    require(bool(entry_points(group="airflow.plugins", name="database_ops")), "the entry point is missing")
    ours = [one for one in plugins_manager.get_plugin_info() if one["name"] == "database_ops"]
    require(len(ours) == 1, f"the plugin is there {len(ours)} times")
    require(len(ours[0]["external_views"]) == 1, "the navigation does not show it once")
    require(len(ours[0]["listeners"]) == 1, "it does not listen once")
    tell(f"the plugin is loaded once, from {ours[0]['source']}")


def the_dags_run() -> None:
    """The DAG files are read without an error; a backup, a drill and a watch run through Airflow's task runner."""
    from airflow.utils.db import upgradedb

    upgradedb()
    moved = find_spec("airflow.dag_processing.dagbag")  # since Airflow 3.2
    if not moved:  # Airflow 3.1 runs only what its database knows
        tell_the_database_the_dags()
    dag_bag = import_module("airflow.dag_processing.dagbag" if moved else "airflow.models.dagbag").DagBag
    bag = dag_bag(HOME / "dags")
    require(not bag.import_errors, f"DAG files with errors: {bag.import_errors}")
    require(sorted(bag.dags) == DAGS, f"the DAGs are {sorted(bag.dags)}")
    tell(f"the DAG files make {', '.join(DAGS)}")
    one_api_for_all_tasks()
    for dag_id in ("backup__shop", "drill__shop", "watch"):
        run = bag.dags[dag_id].test()
        states = {task.task_id: str(task.state) for task in run.get_task_instances()}
        require(set(states.values()) == {"success"}, f"{dag_id} ended as {states}")
        tell(f"{dag_id} has run: {', '.join(states)}")


def tell_the_database_the_dags() -> None:
    """`airflow dags reserialize`, here: a process of its own would import Airflow again, which takes seconds."""
    from airflow.cli.commands.dag_command import dag_reserialize

    dag_reserialize(Namespace(bundle_name=None))


def one_api_for_all_tasks() -> None:
    """As in Airflow 3.3 and on a real one: older ones make it anew for each task of a test, which takes seconds."""
    supervisor: Any = import_module("airflow.sdk.execution_time.supervisor")
    supervisor.in_process_api_server = cache(supervisor.in_process_api_server)


def a_backup_comes_back() -> None:
    """The shell sees the backup that the DAG made, proven by the drill, and restores it beside the live database."""
    [backup] = shell("backups", TARGET)["backups"]
    require(backup["verified"] is True, f"the drill has left {backup}")
    # A warning where the server is older than pg_restore, of whose settings it does not know one.
    report = shell("restore", TARGET, with_warnings=True)
    record = report["record"]
    require(record["state"] == "verified", f"the restore says {report}")
    tell(f"{backup['backup_id']} is proven, and restored as {record['database']}: {report['verdict']}")


def the_checks_are_green() -> None:
    """Great Expectations, by the rules that a baseline writes."""
    shell("baseline", TARGET)
    report = shell("check", TARGET)
    require(report["verdict"] == "ok", f"the checks say {report}")
    tell("the checks are green")


def shell(verb: str, target: str, *, with_warnings: bool = False) -> Any:
    """The one document that a verb answers with; exit status 1 is that it has warnings, or worse."""
    done = subprocess.run(
        [sys.executable, "-m", "dbops", verb, target, "--json"], capture_output=True, text=True, check=False
    )
    require(done.returncode <= int(with_warnings), f"{verb} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def require(kept: bool, otherwise: str) -> None:
    """Not ``assert``: this must also say no under ``python -O``."""
    if not kept:
        raise AssertionError(otherwise)


def tell(promise: str) -> None:
    """One line on stdout, apart from what Airflow logs."""
    sys.stdout.write(f"KEPT {promise}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
