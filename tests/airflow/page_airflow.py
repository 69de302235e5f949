"""An Airflow API server in this process with the page in it, and what its tests put into the bucket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.target_index.target_index import (
    IndexedBackup,
    IndexedChecks,
    IndexedProbes,
    IndexedProof,
    TargetIndex,
)
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.words.start_id import StartId
from dbops.gateways.store.memory_bucket import InMemoryBucket
from tests.clock import now

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from dbops.domain.target import Target
    from dbops_airflow.page.sight import Sight

PLACE = "/database_ops"


def index_of(name: str, *, ago: timedelta = timedelta(hours=3), **more: Any) -> TargetIndex:
    """Of a target with three nightly backups, the newest proven, and nothing wrong."""
    backups = []
    for nights in (2, 1, 0):
        finished = now() - ago - timedelta(days=nights)
        backups.append(
            IndexedBackup(
                backup_id=BackupId.at(finished - timedelta(minutes=3)),
                finished=finished,
                rows=1000,
                tables=3,
                stored_bytes=5 * 1024**2,
                database_bytes=40 * 1024**2,
                verified=True if nights == 0 else None,
                recovery_seconds=42.0 if nights == 0 else None,
            )
        )
    proof = IndexedProof(backup_id=backups[-1].backup_id, ok=True, kind="drill", finished=now(), recovery_seconds=42.0)
    settings: dict[str, Any] = {
        "backups": tuple(backups),
        "last_proof": proof,
        "last_verdict": proof,
        "checks": checks_of(),
        "probes": IndexedProbes(
            probe_id=StartId.at(now()), finished=now(), total=16, well=16, p95=12.0, slowest="a", worst=(), page=""
        ),
        **more,
    }
    return TargetIndex(target=name, written=now(), **settings)


def checks_of(*, failed: int = 0, worst: tuple[str, ...] = ()) -> IndexedChecks:
    return IndexedChecks(
        check_id=StartId.at(now()),
        finished=now(),
        full=False,
        passed=142,
        failed=failed,
        unknown=0,
        warnings=0,
        worst=worst,
        docs="",
    )


class Store:
    """A bucket for all targets; it hangs as long as ``may_answer`` is not set, and counts its openings."""

    def __init__(self) -> None:
        self.bucket = InMemoryBucket("backups", clock=now)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.opened = 0
        self.failure: Exception | None = None

    def open(self, _target: Target) -> InMemoryBucket:
        self.opened += 1
        assert self.may_answer.wait(60)
        if self.failure is not None:
            raise self.failure
        return self.bucket

    def put(self, index: TargetIndex) -> None:
        self.bucket.put(Layout(f"{index.target}/").index, index.to_json())


def sight_of(store: Store, *, patience: float = 120.0, **settings: Any) -> Sight:
    """What the page sees with this store, however much the machine has to do meanwhile, and no watch remembers."""
    from dbops_airflow.page.buckets import Buckets
    from dbops_airflow.page.sight import Sight

    return Sight(buckets=Buckets(store.open), patience=patience, **{"known": KnownTargets, **settings})


def be_picky(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have Airflow know users who may see one DAG and not another; their passwords go into the folder."""
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(folder / "passwords.json"))
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", "tests.airflow.picky_auth.PickyAuthManager")


@contextmanager
def serving(sight: Sight) -> Iterator[FastAPI]:
    """An app of Airflow's own kind, with its auth manager, that has the page where the plugin mounts it."""
    from airflow.api_fastapi.app import init_auth_manager
    from airflow.api_fastapi.core_api.app import init_middlewares
    from fastapi import FastAPI

    from dbops_airflow.page.app import make_app

    app = FastAPI()
    app.get("/ping")(_ping)
    app.mount(PLACE, make_app(sight))
    init_auth_manager(app)
    init_middlewares(app)
    try:
        yield app
    finally:
        sight.close()


@contextmanager
def serving_shop(
    store: Store, add_target: Callable[..., None], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Iterator[FastAPI]:
    """The page of target shop, all of whose DAGs Airflow has not parsed yet, for users as ``be_picky`` has them."""
    be_picky(monkeypatch, folder)
    add_target("shop")
    store.put(index_of("shop"))
    # Airflow's own database may know runs of another test's shop.
    with serving(sight_of(store, states=lambda _ids: {})) as app:
        yield app


async def _ping() -> str:
    return "here"


def headers_of(role: str, name: str = "alice") -> Mapping[str, str]:
    """What a browser of somebody who is logged in sends."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=name, role=role))
    return {"Authorization": f"Bearer {token}"}


def client_of(app: FastAPI, role: str | None, name: str = "alice") -> TestClient:
    """A browser of somebody with that role; None: of somebody who is not logged in."""
    from starlette.testclient import TestClient

    headers = dict(headers_of(role, name)) if role else {}
    return TestClient(app, headers=headers, raise_server_exceptions=False)
