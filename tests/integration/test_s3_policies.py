"""The policies of docs/access.md, by their text: each key can do what it is for, and what it may not is said.

The store evaluates policies as AWS does, and its users are made through IAM's protocol, as on AWS.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from dbops.domain.backups.backup import BackupId
from dbops.domain.backups.layout import Layout
from dbops.domain.report import Verdict
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.domain.watch.notification import Notification
from dbops.errors import BucketError, ExpireFailed
from dbops.gateways.s3 import S3Bucket, connect
from dbops.gateways.store.catalogs import read_catalog
from dbops.gateways.store.check_runs import put_docs
from dbops.gateways.store.notifications import put_notification
from dbops.jobs.backups.back_up import back_up
from dbops.jobs.backups.drill import drill
from dbops.jobs.backups.expire import expire
from dbops.jobs.backups.holds import hold, release
from dbops.jobs.watch.forget_alerts import forget_alerts
from dbops.jobs.watch.lost_alerts import lost_alerts
from dbops.jobs.watch.read_left import read_left
from demo.seaweed import SeaweedS3
from tests.backups import Programs, counted_rows, download, execute, target
from tests.clock import now
from tests.drills import public_folder
from tests.servers import empty_and_delete

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PAGE = (Path(__file__).parents[2] / "docs/access.md").read_text("utf-8")
BUCKET = "dbops-backups"
KEEPS_ONE = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0, "minimum_redundancy": 1}
SHOP = (
    "CREATE TABLE orders (id serial PRIMARY KEY, total numeric)",
    "INSERT INTO orders (total) SELECT n FROM generate_series(1, 300) n",
)


def policies() -> dict[str, Any]:
    """Those of the page, by the name of the key in its table: in the table's order."""
    names = re.findall(r"^\| `(dbops-\w+)` \|", PAGE, re.MULTILINE)
    blocks = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return {name: json.loads(block) for name, block in zip(names, blocks, strict=True)}


@dataclass(frozen=True)
class Store:
    """The bucket of the page, and what opens it with each of the page's keys."""

    owner: S3Bucket
    open: Callable[[str], S3Bucket]
    programs: Programs

    @property
    def target(self) -> Target:
        document = target(BUCKET).model_dump(mode="json", exclude_unset=True)
        return Target.model_validate({**document, "retention": KEEPS_ONE, "checks": {"keep_docs": 1}})

    @property
    def layout(self) -> Layout:
        return Layout(self.target.root)

    def back_up(self, name: str, url: str, *, ago: timedelta = timedelta()) -> BackupId:
        report = back_up(
            self.target, DatabaseAddress.from_url(url), self.open(name), run="test",
            clock=lambda: now() - ago, programs=self.programs.folder,
        )  # fmt: skip
        return BackupId(report.backup_id)

    def everything(self) -> dict[str, int]:
        return {stored.key: stored.bytes for stored in self.owner.list("")}

    def good(self) -> list[BackupId]:
        return [entry.backup_id for entry in read_catalog(self.owner, self.target).entries]


@pytest.fixture(scope="module")
def clients(s3_server: SeaweedS3) -> Iterator[dict[str, S3Client]]:
    """A client for the owner and for each key of the page, whose user has its policy and nothing else."""
    s3_server.create_bucket(BUCKET)
    keys = {"access_key": s3_server.access_key, "secret_key": s3_server.secret_key}
    iam = boto3.client(
        "iam", endpoint_url=s3_server.endpoint_url, region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key, aws_secret_access_key=s3_server.secret_key,
    )  # fmt: skip
    given = {"owner": keys}
    for name, policy in policies().items():
        iam.create_user(UserName=name)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        arn = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(policy))["Policy"]["Arn"]
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
        given[name] = {"access_key": made["AccessKeyId"], "secret_key": made["SecretAccessKey"]}
    options = target(BUCKET).storage.s3
    opened = {
        name: connect(options=options, endpoint_url=s3_server.endpoint_url, region=s3_server.region, **pair)
        for name, pair in given.items()
    }
    yield opened
    empty_and_delete(opened["owner"], BUCKET)
    for client in opened.values():
        client.close()


@pytest.fixture
def store(clients: dict[str, S3Client], programs: Programs) -> Iterator[Store]:
    options = target(BUCKET).storage.s3
    opened = {name: S3Bucket(client, BUCKET, options) for name, client in clients.items()}
    made = Store(opened["owner"], opened.__getitem__, programs)
    yield made
    for stored in made.owner.list(""):
        made.owner.delete(stored.key)


@pytest.fixture
def shop(empty_database: str) -> str:
    execute(empty_database, *SHOP)
    return empty_database


def test_the_policies_are_what_aws_takes_for_one_and_no_two_are_the_same() -> None:
    found = policies()
    assert list(found) == ["dbops-writes", "dbops-expires", "dbops-reads"]
    for policy in found.values():
        assert policy["Version"] == "2012-10-17"
        for statement in policy["Statement"]:
            assert set(statement) == {"Effect", "Action", "Resource"}
            actions, resources = (
                [value] if isinstance(value, str) else value for value in (statement["Action"], statement["Resource"])
            )
            assert all(re.fullmatch(r"s3:[A-Z]\w+", action) for action in actions), "no action is left open"
            of_bucket = all(action.startswith("s3:ListBucket") for action in actions)
            pattern = r"arn:aws:s3:::dbops-backups" if of_bucket else r"arn:aws:s3:::dbops-backups/team/\S+"
            assert all(re.fullmatch(pattern, resource) for resource in resources)
    assert len({json.dumps(policy) for policy in found.values()}) == len(found)


def test_the_key_that_writes_backs_up_and_drills_and_keeps_only_so_many_reports(
    store: Store, shop: str, tmp_path: Path
) -> None:
    first = store.back_up("dbops-writes", shop)
    assert store.good() == [first]
    with public_folder() as place:
        wanted = store.target.model_copy(
            update={"drill": store.target.drill.model_copy(update={"directory": str(place)})}
        )
        report = drill(wanted, store.open("dbops-writes"), run="test", clock=now, programs=store.programs.folder)
    assert report.verdict is Verdict.OK
    (tmp_path / "index.html").write_text("docs")
    for check_id in ("20260101T000000Z", "20260102T000000Z"):
        put_docs(store.open("dbops-writes"), store.target, check_id, tmp_path)
    assert [key for key in store.everything() if "/docs/" in key] == [f"{store.layout.docs}20260102T000000Z/index.html"]


def test_the_key_that_writes_keeps_no_longer_what_a_notifier_has_heard_or_what_was_told_for_a_week(
    store: Store,
) -> None:
    told = store.target.model_copy(update={"alerts": store.target.alerts.model_copy(update={"notify": ("oncall",)})})
    for ago in (timedelta(days=8), timedelta(hours=1)):
        lost = Notification(
            target=told.name,
            notifier="oncall",
            moment=now() - ago,
            subject=f"[dbops] FAILED backup of {told.name} (development)",
            run="test",
            refusal="It answered 500.",
        )
        put_notification(store.open("dbops-writes"), told, lost)
    left = read_left([told], lambda _: store.open("dbops-writes"))
    [lost_lately] = lost_alerts(left, lambda _: store.open("dbops-writes"), now())
    assert list(store.everything()) == [store.layout.notification("oncall", lost.moment)]
    assert lost_lately.notifications == (lost,)
    forget_alerts(lost_lately, told, lambda _: store.open("dbops-writes"))
    assert store.everything() == {}


def test_expire_with_the_key_that_writes_says_what_it_may_not_and_nothing_is_lost(store: Store, shop: str) -> None:
    old = store.back_up("dbops-writes", shop, ago=timedelta(days=3))
    new = store.back_up("dbops-writes", shop)
    before = store.everything()

    with pytest.raises(ExpireFailed, match=rf"refused 1 object while .*backups/{old}/manifest\.json") as refused:
        expire(store.target, store.open("dbops-writes"), clock=now)

    assert "these credentials may not do that (AccessDenied, HTTP 403" in refused.value.what
    assert "Look at the credentials' permissions" in refused.value.remedy
    after = store.everything()
    assert before.items() <= {**after, Layout(store.target.root).index: before[Layout(store.target.root).index]}.items()
    assert store.good() == [old, new]

    report = expire(store.target, store.open("dbops-expires"), clock=now)
    assert (list(report.kept), list(report.expired), store.good()) == ([new], [old], [new])
    assert not [key for key in store.everything() if f"/{old}/" in key]


@pytest.mark.parametrize("name", ["dbops-writes", "dbops-reads"])
def test_no_other_key_deletes_a_backup_a_hold_or_a_verdict(store: Store, shop: str, name: str) -> None:
    backup_id = store.back_up("dbops-expires", shop)
    hold(store.target, store.open("dbops-expires"), backup_id, until=None, reason="audit", by="eve")
    store.owner.put(store.layout.verification(backup_id), b"{}")
    before = store.everything()
    for key in before:
        with pytest.raises(BucketError, match="refused to delete") as refused:
            store.open(name).delete(key)
        assert refused.value.remedy.startswith("Grant s3:DeleteObject to the user or role")
    assert store.everything() == before


def test_a_hold_is_released_by_the_key_that_expires_alone(store: Store, shop: str) -> None:
    backup_id = store.back_up("dbops-writes", shop)
    hold(store.target, store.open("dbops-writes"), backup_id, until=None, reason="audit", by="eve")
    with pytest.raises(BucketError, match="Grant s3:DeleteObject"):
        release(store.target, store.open("dbops-writes"), backup_id, clock=now)
    release(store.target, store.open("dbops-expires"), backup_id, clock=now)
    assert read_catalog(store.owner, store.target).entries[0].hold is None


def test_the_key_that_reads_lists_and_fetches_a_backup_and_can_begin_none(
    store: Store, shop: str, clients: dict[str, S3Client], restored_database: str, tmp_path: Path
) -> None:
    backup_id = store.back_up("dbops-writes", shop)
    assert [entry.backup_id for entry in read_catalog(store.open("dbops-reads"), store.target).entries] == [backup_id]
    assert expire(store.target, store.open("dbops-reads"), clock=now, dry_run=True).expired == {}
    download(clients["dbops-reads"], BUCKET, store.layout.folder(backup_id), tmp_path / "fetched")
    store.programs.restore(tmp_path / "fetched", restored_database)
    assert counted_rows(restored_database) == {("public", "orders"): 300}

    before = store.everything()
    with pytest.raises(BucketError, match=r"refused to create .*started\.json") as refused:
        store.back_up("dbops-reads", shop)
    assert refused.value.remedy.startswith("Grant s3:PutObject to the user or role of the storage connection")
    assert store.everything() == before


def test_one_manifest_that_is_denied_stops_no_backup_no_hold_and_no_expire(
    store: Store, shop: str, clients: dict[str, S3Client]
) -> None:
    denied = store.back_up("dbops-writes", shop, ago=timedelta(days=9))
    old = store.back_up("dbops-writes", shop, ago=timedelta(days=3))
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/{store.layout.manifest(denied)}",
        },
    }
    clients["owner"].put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    try:
        new = store.back_up("dbops-writes", shop)
        hold(store.target, store.open("dbops-writes"), denied, until=None, reason="audit", by="eve")
        report = expire(store.target, store.open("dbops-expires"), clock=now)
    finally:
        clients["owner"].delete_bucket_policy(Bucket=BUCKET)

    assert (list(report.kept), list(report.expired)) == ([new], [old])
    assert [f"{store.layout.manifest(denied)} is there, and the store will not" in one for one in report.warnings] == [
        True
    ]
    assert store.good() == [denied, new]


@pytest.mark.parametrize("name", ["dbops-writes", "dbops-expires", "dbops-reads"])
def test_no_key_reaches_beyond_its_folder_and_bucket(store: Store, clients: dict[str, S3Client], name: str) -> None:
    store.owner.put("other-team/secret", b"x")
    bucket = store.open(name)
    for attempt in (
        lambda: bucket.get("other-team/secret"),
        lambda: bucket.put("other-team/mine", b"y"),
        lambda: bucket.delete("other-team/secret"),
    ):
        with pytest.raises(BucketError, match="AccessDenied"):
            attempt()
    other = f"test-{secrets.token_hex(6)}"
    clients["owner"].create_bucket(Bucket=other)
    try:
        with pytest.raises(BucketError, match="AccessDenied"):
            list(S3Bucket(clients[name], other, store.target.storage.s3).list(""))
    finally:
        clients["owner"].delete_bucket(Bucket=other)
