"""apply_migration in a process of its own: ``python -m tests.faults.migrate_steps REQUEST.json``.

Prints the record's state; or the error, and ends with 3, as the shell does. SIGTERM ends
it as it ends a task.
"""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DbopsError
from dbops.gateways.s3 import S3Bucket, connect
from dbops.jobs.migrations.apply_migration import apply_migration


@dataclass(frozen=True)
class ApplyRequest:
    """What to apply, and where everything is."""

    target: dict[str, Any]
    url: str
    scratch_url: str
    include: str
    run: str
    endpoint_url: str
    region: str
    access_key: str
    secret_key: str
    programs: str


def run(request: ApplyRequest) -> str:
    """The state that was reached."""
    target = Target.model_validate(request.target)
    options = target.storage.s3
    client = connect(
        options=options,
        endpoint_url=request.endpoint_url,
        region=request.region,
        access_key=request.access_key,
        secret_key=request.secret_key,
    )
    record = apply_migration(
        target,
        DatabaseAddress.from_url(request.url),
        S3Bucket(client, target.storage.bucket, options),
        include=Path(request.include),
        run=request.run,
        clock=lambda: datetime.now(UTC),
        programs=Path(request.programs),
        scratch=DatabaseAddress.from_url(request.scratch_url),
    )
    return record.state


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit("stopped by SIGTERM")


def main(path: Path) -> int:
    """Do what the file asks for."""
    request = ApplyRequest(**json.loads(path.read_bytes()))
    signal.signal(signal.SIGTERM, _stop)
    try:
        state = run(request)
    except DbopsError as error:
        sys.stdout.write(json.dumps({"kind": type(error).__name__, "error": error.what, "remedy": error.remedy}))
        return 3
    sys.stdout.write(json.dumps({"state": state}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
