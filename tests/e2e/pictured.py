"""What the pictures show: a few targets, each in another state, as people have them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import yaml

from demo.breakage import DroppedIndex, Orphans
from demo.records import Records
from tests.e2e import orders, pushed
from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack
from tests.e2e.targets import write_file
from tests.e2e.waiting import eventually

SAMPLE = "summary_app"
"""The target whose database is broken, and restored."""

PATIENCE = 300.0  # seconds

_NIGHTLY = {"schedule": {"check": "30 3 * * *"}}
_TARGETS: dict[str, dict[str, Any]] = {
    SAMPLE: {"connection": SAMPLE, "description": "AI summaries of videos", **_NIGHTLY},
    "billing": {"connection": "unreachable", "description": "invoices and payments"},
    "accounts": {"connection": pushed.NAME, "description": "who may log in", **_NIGHTLY},
    "shop": {"connection": "orders", "description": "the web shop", **_NIGHTLY},
    "shop_staging": {"connection": "orders_typed", "environment": "staging", "description": "where releases are tried"},
    "warehouse": {"connection": "heavy", "description": "came yesterday"},
}
_BACKUPS = {"accounts": 2, "shop": 6, "shop_staging": 3}
"""How many backups those have that were backed up from a shell; their databases grow in between."""

_DAG_FILES = ("backup.py", "check.py", "drill.py", "probe.py", "restore.py")


def furnish(stack: RunningStack, alice: Rest) -> None:
    """Have these targets in place of the tests' own, and a night behind them: most are well, some are not."""
    for file in (stack.include / "targets").glob("*.yaml"):
        file.unlink()
    for name, keys in _TARGETS.items():
        write_file(stack.include, f"{name}.yaml", yaml.safe_dump(keys))
    for file_name in _DAG_FILES:
        stack.touch(file_name)
    wanted = {f"backup__{name}" for name in _TARGETS}
    eventually(lambda: wanted <= alice.dag_ids(), f"the DAGs {wanted}", seconds=PATIENCE)
    parts: list[Callable[[], object]] = [
        lambda: _night(stack, alice),
        *(lambda n=n: _shell(stack, n) for n in _BACKUPS),
    ]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(part) for part in parts]:
            done.result()
    alice.trigger(f"probe__{SAMPLE}").wait("success", seconds=PATIENCE)  # it measures, and therefore is alone
    alice.pause("backup__accounts", True)


def break_sample(stack: RunningStack, alice: Rest) -> Run:
    """What `make demo-break` does to the database, and the checks that notice it: a run that has failed."""
    records = Records.of(stack.demo, stack.s3)
    Orphans(stack.demo.sample_url, records).make()
    DroppedIndex(stack.demo.sample_url, records).make()
    checks = alice.trigger(f"check__{SAMPLE}")
    checks.wait("failed", seconds=PATIENCE)
    eventually(lambda: stack.mails(checks.run_id), "the mail about the checks")
    return checks


def _night(stack: RunningStack, alice: Rest) -> None:
    """Of the sample, through Airflow; the backup of another cannot be made at all."""
    unreached = alice.trigger("backup__billing")
    alice.trigger(f"backup__{SAMPLE}").wait("success", seconds=PATIENCE)
    runs = [alice.trigger(f"drill__{SAMPLE}"), alice.trigger(f"check__{SAMPLE}")]
    for attempt in (1, 2):
        eventually(lambda: unreached.states()["back_up"] == "up_for_retry", f"attempt {attempt} at billing")
        stack.pass_retry_delay(unreached)
        eventually(lambda: unreached.states()["back_up"] != "up_for_retry", f"the attempt after {attempt}")
    for run in runs:
        run.wait("success", seconds=PATIENCE)
    unreached.wait("failed", seconds=PATIENCE)


def _shell(stack: RunningStack, name: str) -> None:
    """Backups, a drill and checks of one of the others, from a shell: that is quicker, and as good."""
    connections = {**orders.connections(stack.demo), **pushed.connections(stack.demo)}

    def dbops(verb: str, *words: str) -> None:
        orders.dbops(stack.demo, connections, verb, name, *words)

    database = str(_TARGETS[name]["connection"])
    for _ in range(_BACKUPS[name]):
        dbops("backup")
        _grow(stack, database)
    dbops("drill")
    dbops("baseline")
    dbops("check")


def _grow(stack: RunningStack, database: str) -> None:
    if database not in {"orders", "orders_typed"}:
        return
    rows = 300 + secrets.randbelow(200)
    stack.ask(
        database,
        "INSERT INTO orders (customer, placed) SELECT 1 + n %% 20, now() FROM generate_series(1, %s) n RETURNING id",
        rows,
    )
