"""Audit: one object for each thing that was deleted, replaced, asked or allowed. It is written once and never again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dbops.domain.layout import Layout
from dbops.domain.target import Target
from dbops.errors import ObjectExists
from dbops.gateways.bucket import Bucket


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
