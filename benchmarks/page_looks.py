"""`python -m benchmarks.page_looks BUCKET RUNS FILE`: what looking at the page takes; ``page.py`` prepares and asks.

A process of its own: Airflow reads its environment when it is imported, and the CPU time of all threads counts. It is a
request of a user who is logged in, through an app of Airflow's own kind with its auth manager and its database; what is
left out is the socket between the browser and the server.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from benchmarks.page import AGAIN, ANEW, PLAIN, SHARED, SINGLY, WAYS
from dbops.domain.backups.layout import Layout
from dbops.domain.watch.dag_state import own_dags
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops_airflow.connections import open_bucket
from dbops_airflow.page.buckets import Buckets, load_client
from dbops_airflow.page.set_aside import set_aside_what_is_loaded
from tests.airflow.page_airflow import PLACE, client_of, serving

if TYPE_CHECKING:
    from starlette.testclient import TestClient

_THREADS = 16
_PATIENCE = 120.0  # the page itself would show after 12 seconds what has come until then
_BUNDLE = "page"
_FRESH = 10.5  # seconds, and a moment: see dbops_airflow.page.readings


def main() -> None:
    """One round that is not counted, then those that are, each way in turn; writes [seconds, CPU seconds] a run."""
    bucket, runs, said = sys.argv[1:]
    from airflow.utils.db import upgradedb

    upgradedb()
    targets = list(read_targets(include_folder()).targets.values())
    _know({dag_id for one in targets for dag_id in own_dags(one.name)})
    load_client()
    open_bucket(targets[0])  # imports more, for seconds
    layouts = [Layout(one.root) for one in targets]
    rounds = [_round(bucket, layouts) for _ in range(int(runs) + 1)][1:]
    Path(said).write_text(json.dumps({way: [one[way] for one in rounds] for way in WAYS}))


def _round(bucket: str, layouts: Sequence[Layout]) -> dict[str, tuple[float, float]]:
    keys = [layout.index for layout in layouts]
    with _page() as client, _without(bucket, layouts[0].index_bundle):
        looks = {SINGLY: _timed(lambda: _look(client, len(keys)))}
    with _page() as client:
        looks[ANEW] = _timed(lambda: _look(client, len(keys)))
        looks[SHARED] = _timed(lambda: _look(client, len(keys)))
        time.sleep(_FRESH)  # until then nobody reads again
        looks[AGAIN] = _timed(lambda: _look(client, len(keys), "?again=1"))
    return looks | {PLAIN: _timed(lambda: _read(bucket, keys))}


@contextmanager
def _page() -> Iterator[TestClient]:
    """One that has read nothing yet, and has no client of the store."""
    from dbops_airflow.page.sight import Sight

    with serving(Sight(buckets=Buckets(patience=_PATIENCE), patience=_PATIENCE)) as app:
        client = client_of(app, "viewer")
        set_aside_what_is_loaded()  # as the plugin does when it has made the page
        yield client


@contextmanager
def _without(bucket: str, key: str) -> Iterator[None]:
    client = boto3.client("s3")
    body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    client.delete_object(Bucket=bucket, Key=key)
    try:
        yield
    finally:
        client.put_object(Bucket=bucket, Key=key, Body=body)
        client.close()


def _look(client: TestClient, targets: int, query: str = "") -> None:
    answer = client.get(f"{PLACE}/{query}")
    green = answer.text.count('<tr class="green"')
    if green != targets:
        why = re.findall(r'<tr class="(?!green).*?title="(.*?)"', answer.text, re.DOTALL)[:1]
        raise SystemExit(f"The page answered {answer.status_code}, and {green} of {targets} targets are safe: {why}")


def _read(bucket: str, keys: Collection[str]) -> None:
    client = boto3.client("s3", config=Config(max_pool_connections=_THREADS))
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(lambda key: client.get_object(Bucket=bucket, Key=key)["Body"].read(), keys))
    client.close()


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu


def _know(dag_ids: Collection[str]) -> None:
    """Let Airflow know these DAGs, each with a run that has succeeded; it has them from the last time, maybe."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    now = datetime.now(UTC)
    with create_session() as session:
        session.query(DagRun).delete()
        session.query(DagModel).delete()
        session.merge(DagBundleModel(name=_BUNDLE))
        session.flush()
        for dag_id in dag_ids:
            session.add(
                DagModel(  # type: ignore[no-untyped-call]
                    dag_id=dag_id,
                    bundle_name=_BUNDLE,
                    is_paused=False,
                    is_stale=False,
                    next_dagrun_create_after=now + timedelta(hours=5),
                )
            )
        session.flush()
        for dag_id in dag_ids:
            run = DagRun(
                dag_id=dag_id,
                run_id="scheduled",
                run_after=now,
                run_type=DagRunType.SCHEDULED,
                triggered_by=DagRunTriggeredByType.TIMETABLE,
                state=DagRunState.SUCCESS,
            )
            run.end_date = now
            session.add(run)


if __name__ == "__main__":
    main()
