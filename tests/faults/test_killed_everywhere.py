"""Promise: wherever kill -9 hits a job, what was good is untouched, nothing goes on, and the next attempt succeeds.

Each job is killed at every boundary there is (boundaries.py), and begun anew on what the attempt before has left.
"""

from __future__ import annotations

import re
import time

import pytest

from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.check_runs import read_check_runs
from dbops.jobs.checks.baseline import baseline
from tests.approving import BY
from tests.backups import NAME, execute, opened
from tests.clock import now
from tests.faults.dying import Dying, Nursery
from tests.faults.job import wait_until, working_in
from tests.faults.restore_scene import VISITORS, RestoreScene
from tests.faults.scene import YESTERDAY, Scene
from tests.faults.scratch import drop_scratch_databases

pytestmark = pytest.mark.timeout(900)  # as many runs of a job as it has steps, on a machine that may be busy

RULE = """
table: public.visitors
expectations:
  - type: expect_rows_to_satisfy
    kwargs: {condition: 'id > 0'}
    meta: {description: a visitor has a number}
"""


def expect_nothing_goes_on(scene: Scene) -> None:
    wait_until(lambda: not working_in(scene.spool), "every process of the job has ended", 15)
    wait_until(lambda: scene.sessions() == [], "every session of the job has ended", 15)


def test_a_backup_and_then_an_expire(small_scene: Scene, births: Nursery) -> None:
    scene = small_scene
    good = scene.back_up(ago=YESTERDAY)
    good_keys = scene.objects()
    wanted = scene.target(jobs=1)
    environment = scene.environment(wanted)
    backup = Dying(births, "dbops", ["backup", NAME, "--json"], environment, scene.place)
    for boundary in backup.attempts():
        expect_nothing_goes_on(scene)
        assert scene.objects(good) == good_keys
        # It is only when it is whole that it is a backup, and then it is one although nobody was told.
        assert len(scene.manifests()) == (2 if "_indexes/" in boundary else 1)
    steps = {boundary.rpartition("/")[2] or boundary for boundary in backup.died_at}
    assert {"started.json #1", "toc.dat #1", "globals.sql #1", "manifest.json #1", f"{NAME}.json #1"} <= steps, steps
    assert {"start pg_dump #1", "pg_dump has started #1"} <= steps, steps
    uploading = {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"}
    assert uploading <= {boundary.split()[0] for boundary in backup.died_at}
    expect_nothing_goes_on(scene)
    assert scene.uploads() == []
    assert list(scene.spool.iterdir()) == []

    # All but the newest two are to go, and what all those attempts have left.
    options = wanted.retention.model_copy(
        update={"last": 2, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1}
    )
    sparing = wanted.model_copy(update={"retention": options})
    with opened(wanted, scene.store) as bucket:
        before = read_catalog(bucket, wanted)
        expire = Dying(births, "expire", [sparing.model_dump_json(), "2"], environment, scene.place)
        for _ in expire.attempts():
            assert read_catalog(bucket, wanted).entries[-2:] == before.entries[-2:]
        after = read_catalog(bucket, wanted)
    assert len(before.entries) == 3
    assert len(before.leftovers) >= len(backup.died_at) - 3
    files = {boundary.rpartition("/")[2] for boundary in expire.died_at}
    assert {"manifest.json #1", "started.json #1", "started.json #2", "toc.dat #1", f"{NAME}.json #1"} <= files, files
    assert after.entries == before.entries[-2:]
    assert after.leftovers == ()


@pytest.mark.parametrize("approve", [(), ("restore", "swap")], ids=["unasked", "approved"])
def test_a_restore_from_its_load_to_its_swap(
    restore_scene: RestoreScene, births: Nursery, approve: tuple[str, ...]
) -> None:
    """Each attempt but the first finds a yes that was used, and of which nothing came."""
    scene = restore_scene
    scene.restoring.approve = approve
    plan = scene.restoring.plan(mode="swap")
    for action in approve:
        scene.approve(action, plan.digest)
    asked = str(scene.asked("load", "analyze", "verify", "swap"))
    dying = Dying(births, "restore", [asked], scene.environment, scene.place)
    for _ in dying.attempts():
        wait_until(lambda: not working_in(scene.spool), "every process of the job has ended", 15)
        scene.expect_quiet()
        found = scene.databases()
        if found[scene.live] == scene.live_oid:
            scene.expect_live_untouched()
        else:  # it was killed before it could write down that it is done
            record = scene.record()
            assert found[scene.live] == record.oid
            assert scene.visitors() == VISITORS
            assert scene.live_oid in found.values()
    assert {"start pg_restore #1", "pg_restore has started #1", "start vacuumdb #1", "COMMIT #1"} <= set(dying.died_at)
    renames = [step for step in dying.died_at if step.startswith("ALTER DATABASE") and " RENAME TO " in step]
    assert len(renames) == 2, dying.died_at
    used = [step for step in dying.died_at if re.search(r"PutObject .*/approvals/.*\.consumed", step)]
    assert len(used) == len(approve), dying.died_at
    scene.expect_swapped(scene.record())
    assert scene.record().approved_by == (BY if approve else None)
    scene.restoring.post_check()


def test_a_drill_on_a_scratch_server(small_scene: Scene, births: Nursery) -> None:
    scene = small_scene
    execute(scene.url, "DROP TABLE films")
    good = scene.back_up()
    good_keys = scene.objects(good)
    options = scene.target().drill.model_copy(update={"connection": "scratch"})
    environment = scene.environment(scene.target().model_copy(update={"drill": options}))
    environment["AIRFLOW_CONN_SCRATCH"] = scene.server.url()
    # Its programs die with it wherever it is killed: test_drill.py.
    dying = Dying(births, "dbops", ["drill", NAME, "--json"], environment, scene.place, spared="start |.* has started")
    try:
        for boundary in dying.attempts():
            expect_nothing_goes_on(scene)
            assert scene.objects(good) == good_keys
            assert len(scene.verdicts()) == ("/_indexes/" in boundary)
        steps = " ".join(dying.died_at)
        assert all(step in steps for step in ("CREATE DATABASE", "DROP DATABASE", "/verifications/")), dying.died_at
        assert len(scene.verdicts()) == 1
    finally:
        drop_scratch_databases(scene.server)


def test_a_check(small_scene: Scene, births: Nursery) -> None:
    scene = small_scene
    include = scene.place / "include"
    wanted = scene.target()
    environment = scene.environment(wanted)
    baseline(wanted, DatabaseAddress.from_url(scene.url), include=include, clock=now)
    for starter in (include / "expectations" / NAME).glob("*.yaml"):
        if starter.name != "schema.yaml":
            starter.unlink()
    (include / "expectations" / NAME / "visitors.yaml").write_text(RULE)
    with opened(wanted, scene.store) as bucket:
        # The files of a page that nothing leads to yet are all the same.
        check = Dying(
            births, "dbops", ["check", NAME, "--json"], environment, scene.place, spared=r".*/docs/.*(?<!index.html) #"
        )
        for boundary in check.attempts():
            expect_nothing_goes_on(scene)
            is_kept = "/_indexes/" in boundary
            assert len(read_check_runs(bucket, wanted, 10)) == is_kept
            if is_kept:
                time.sleep(1)  # runs are named by the second, and the next one takes less
        assert any("/checks/" in step for step in check.died_at), check.died_at
        assert [run.is_red for run in read_check_runs(bucket, wanted, 10)] == [False] * 2
