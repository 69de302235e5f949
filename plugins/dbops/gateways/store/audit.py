"""Audit: one object for each thing that was deleted, replaced, asked or allowed. It is written once and never again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any

from dbops.domain.approvals.audit_entry import AuditEntry
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.domain.words.start_id import StartId
from dbops.errors import ObjectExists, ObjectMissing
from dbops.gateways.store.bucket import Bucket
from dbops.gateways.store.newest_objects import Newest, newest_by_name, read_newest


def write_audit(bucket: Bucket, target: Target, moment: datetime, action: str, facts: Mapping[str, Any]) -> str:
    """Write what was done to a target at that moment, and answer with the key; raises BucketError.

    ``facts`` are values of JSON. Of two actions in one second both are kept: the later one's key is a second on.
    """
    layout = Layout(target.root)
    record = {"action": action, "target": target.name, **facts}
    body = json.dumps(record, indent=1, ensure_ascii=False).encode()
    while True:
        key = layout.audit(moment, action)
        try:
            bucket.create(key, body)
        except ObjectExists:
            moment += timedelta(seconds=1)
        else:
            return key


def write_run_audit(
    bucket: Bucket, target: Target, moment: datetime, action: str, facts: Mapping[str, Any], *, since: datetime
) -> str:
    """The same of what a run has done once, however often this is called: an attempt may have written it, and no more.

    ``facts`` name the ``run``, which began at ``since``.
    """
    written = _audit_of_run(bucket, Layout(target.root).audit_trail, action, run=facts["run"], since=since)
    return written or write_audit(bucket, target, moment, action, facts)


def _audit_of_run(bucket: Bucket, folder: str, action: str, *, run: str, since: datetime) -> str | None:
    """The key of the run's entry; one that cannot be read is nobody's."""
    oldest = f"{folder}{StartId.at(since)}"
    for key in (key for key in newest_by_name(bucket, folder) if key.endswith(f"Z-{action}.json")):
        if key < oldest:
            return None
        try:
            entry = json.loads(bucket.get(key))
        except (ObjectMissing, ValueError, RecursionError):
            continue
        if isinstance(entry, dict) and entry.get("run") == run:
            return key
    return None


def newest_audit(bucket: Bucket, target: Target, *, last: int, readers: Executor) -> Newest[AuditEntry]:
    """The last things that were done to a target, newest first; raises BucketError."""
    folder = Layout(target.root).audit_trail

    def read(key: str, body: bytes) -> AuditEntry:
        moment, _, action = key.removeprefix(folder).removesuffix(".json").partition("-")
        try:
            record = json.loads(body)
            json.dumps(record, ensure_ascii=False).encode()  # half a character can be read, and not be shown
        except RecursionError:  # nested too deeply
            raise ValueError(key) from None
        if not isinstance(record, dict) or record.get("target") != target.name:
            raise ValueError(key)
        return AuditEntry.of(StartId(moment).time, action, record)

    keys = newest_by_name(bucket, folder)
    return read_newest(bucket, keys, read, last=last, what="an entry of the audit trail", readers=readers)
