"""Promise: wherever the watch is killed, no alert is lost, no backup is touched, and no heartbeat tells of health."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.watch.notification import LostAlerts, Notification
from dbops.gateways.files.target_files import read_targets
from dbops.gateways.s3.bucket import S3Bucket
from dbops.gateways.store.left_by_tasks import left_by_tasks
from dbops.gateways.store.notifications import put_notification
from dbops.gateways.store.target_indexes import read_index
from dbops.jobs.watch.lost_alerts import lost_alerts
from dbops.jobs.watch.read_left import read_left
from tests.backups import NAME, opened
from tests.clock import now
from tests.faults.dying import Dying, Nursery
from tests.faults.scene import Scene
from tests.heartbeats import Switch, running_switch

LOST = (timedelta(hours=1), timedelta(hours=2))
OUTDATED = (timedelta(days=8), timedelta(days=9))  # people have been told of them for a week


@pytest.fixture
def switch() -> Iterator[Switch]:
    with running_switch() as server:
        yield server


NOTIFIERS = "oncall:\n  class: airflow.providers.http.notifications.http.HttpNotifier\n"
YAML = {
    "alerts": {"notify": ["oncall"], "late_after": "3d"},
    "schedule": {"drill": None, "check": None, "probe": None},
}


@dataclass
class Watched:
    """Two targets that are well but for the alerts that their notifier has not taken."""

    scene: Scene
    environment: dict[str, str]
    targets: list[Target]
    bucket: S3Bucket

    @classmethod
    def beside(cls, scene: Scene, bucket: S3Bucket, heartbeat: str) -> Watched:
        environment = scene.environment(scene.target())
        include = Path(environment["DBOPS_INCLUDE"])
        (include / "notifiers.yaml").write_text(NOTIFIERS)
        document = json.loads((include / f"targets/{NAME}.yaml").read_text()) | YAML
        document["alerts"] = document["alerts"] | {"heartbeat_url": heartbeat}
        for name, more in ((NAME, {}), ("attic", {"allow": ["same_database"]})):
            (include / f"targets/{name}.yaml").write_text(json.dumps(document | more))
        targets = list(read_targets(include).targets.values())
        for target in targets:
            for ago in (*LOST, *OUTDATED):
                put_notification(bucket, target, notification(target, ago))
        return cls(scene, environment, targets, bucket)

    def dying(self, births: Nursery, job: str, *arguments: str) -> Dying:
        return Dying(births, job, list(arguments), self.environment, self.scene.place)

    def kept(self) -> list[tuple[str, timedelta]]:
        """Which alerts are kept, by target and age in hours."""
        alerts = [alert for target in self.targets for alert in left_by_tasks(self.bucket, target).alerts]
        found = [(alert.target, now() - alert.moment) for alert in alerts]
        return sorted((name, timedelta(hours=age // timedelta(hours=1))) for name, age in found)

    def lost(self) -> list[LostAlerts]:
        """As the watch finds it; what is outdated is deleted."""
        return lost_alerts(read_left(self.targets, lambda _: self.bucket), lambda _: self.bucket, now())


def notification(target: Target, ago: timedelta) -> Notification:
    return Notification(
        target=target.name,
        notifier="oncall",
        moment=now() - ago,
        subject=f"[dbops] FAILED backup of {target.name}",
        run="test",
        refusal="It answered 500.",
    )


@pytest.fixture
def watched(small_scene: Scene, switch: Switch) -> Iterator[Watched]:
    scene = small_scene
    scene.good_backup()
    with opened(scene.target(), scene.store) as bucket:
        made = Watched.beside(scene, bucket, f"{switch.url}/200/well")
        # The second one's backup is the first one's, under its name.
        attic = next(target for target in made.targets if target.name == "attic")
        for stored in list(bucket.list(Layout(scene.target().root).backups)):
            body = bucket.get(stored.key).replace(f'"{NAME}"'.encode(), b'"attic"')
            bucket.put(stored.key.replace(scene.target().root, attic.root, 1), body)
        yield made


def test_killed_at_any_step_no_alert_is_lost_and_no_heartbeat_tells_of_health_too_early(
    watched: Watched, births: Nursery, switch: Switch
) -> None:
    before = watched.scene.objects()
    backups = [key for key in before if "/backups/" in key]
    watch = watched.dying(births, "dbops", "watch", "--heartbeat", "--json")
    watch.ends_with = 1  # it tells of the alerts
    lost = sorted((target.name, ago) for target in watched.targets for ago in LOST)
    for boundary in watch.attempts():
        assert [key for key in watched.scene.objects() if "/backups/" in key] == backups
        assert set(lost) <= set(watched.kept())
        assert switch.requested == []
        written = [target.name for target in watched.targets if read_index(watched.bucket, target)]
        if boundary.startswith("heartbeat"):
            assert len(written) == len(watched.targets)
    steps = watch.died_at
    assert "DeleteObject" in {step.split()[0] for step in steps}, steps  # as many as the threads come to
    assert {f"PutObject {Layout(target.root).index} #1" for target in watched.targets} <= set(steps), steps
    assert steps[-1] == "heartbeat #1"
    assert switch.requested == [("GET", "/200/well")]
    assert watched.kept() == lost
    assert watch.outcome is not None
    kinds = {problem["kind"] for problem in watch.outcome.report["problems"]}
    assert kinds == {"alert was not taken"}, watch.outcome.report
    assert [key for key in watched.scene.objects() if "/backups/" in key] == backups


def test_killed_while_it_forgets_what_it_has_told_the_rest_is_told_again(watched: Watched, births: Nursery) -> None:
    watched.lost()  # deletes the outdated ones: not what dies here
    forgetting = watched.dying(births, "forget", watched.environment["DBOPS_INCLUDE"])
    left = sorted((target.name, ago) for target in watched.targets for ago in LOST)
    for boundary in forgetting.attempts():
        found = [alert for alert in watched.kept() if alert[1] in LOST]
        assert set(found) <= set(left)
        assert len(left) - len(found) <= 1, boundary
        told = watched.lost()
        assert sum(len(each.notifications) for each in told) == len(found)
        left = found
    assert {step.split()[0] for step in forgetting.died_at} == {"DeleteObject"}
    assert watched.kept() == []
