"""One hour of the DAG `rehearse` in a process of its own, without Airflow: `python -m benchmarks.rehearsing`.

Run by ``scale_rehearsals``, which tells it in one JSON argument where the databases are: those of the ``dead`` targets
behind another port. It writes how many requests it sent to the store, by kind, into the file ``said``.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from botocore.httpsession import URLLib3Session

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.clock import utc_now
from dbops.gateways.environment import open_bucket
from dbops.gateways.files.target_files import include_folder, read_targets
from dbops.jobs.restores.rehearse_due import rehearse_due
from dbops.jobs.restores.restore_place import RestorePlace

_WITHIN = timedelta(minutes=10)  # as the DAG's task


def main() -> None:
    """Rehearse what is due, as the task would."""
    told: dict[str, Any] = json.loads(sys.argv[1])
    requests = _counting_requests()

    def place(target: Target) -> RestorePlace:
        port = told["dead_port"] if target.name in told["dead"] else told["port"]
        address = DatabaseAddress(target.name, "127.0.0.1", port, "postgres", os.environ["PGPASSWORD"])
        return RestorePlace(address, address)

    targets = read_targets(include_folder()).targets.values()
    lines = rehearse_due(
        targets, lambda target: open_bucket(target.hurried), place, clock=utc_now, within=_WITHIN
    )  # fmt: skip
    Path(told["said"]).write_text(json.dumps({"lines": lines, "requests": requests}))


def _counting_requests() -> Counter[str]:
    requests: Counter[str] = Counter()
    send = URLLib3Session.send

    def counted(session: URLLib3Session, request: Any) -> Any:
        requests["LIST" if "list-type" in request.url else request.method] += 1
        return send(session, request)

    URLLib3Session.send = counted  # type: ignore[assignment,method-assign]  # each client makes its own: nowhere else are all
    return requests


if __name__ == "__main__":
    main()
