"""Steps of a restore in a process of their own: ``python -m tests.faults.restore_steps REQUEST.json``.

Prints the restore's record and the most memory the process has had; or the error, and ends with 3, as the shell does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbops.domain.restores.record import RestoreRecord
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DbopsError
from dbops.gateways.s3 import S3Bucket, connect
from dbops.jobs.restores.analyze_restore import analyze_restore
from dbops.jobs.restores.restore import restore
from dbops.jobs.restores.restore_place import RestorePlace
from dbops.jobs.restores.restore_run import RestoreRun
from dbops.jobs.restores.swap import swap
from dbops.jobs.restores.verify_restore import verify_restore
from tests.clock import now


@dataclass(frozen=True)
class StepsRequest:
    """What to do, and where everything is."""

    target: dict[str, Any]
    url: str
    run: str
    steps: list[str]
    endpoint_url: str
    region: str
    access_key: str
    secret_key: str
    programs: str


def run_steps(request: StepsRequest) -> RestoreRecord:
    """Run the steps one after the other and return the record of the last."""
    target = Target.model_validate(request.target)
    options = target.storage.s3
    client = connect(
        options=options,
        endpoint_url=request.endpoint_url,
        region=request.region,
        access_key=request.access_key,
        secret_key=request.secret_key,
    )
    address = DatabaseAddress.from_url(request.url)
    bucket = S3Bucket(client, target.storage.bucket, options)
    run = RestoreRun(target, RestorePlace(address, address), bucket, request.run, now, Path(request.programs))
    steps: dict[str, Callable[[], RestoreRecord]] = {
        "load": lambda: restore(run),
        "analyze": lambda: analyze_restore(run),
        "verify": lambda: verify_restore(run),
        "swap": lambda: swap(run),
    }
    return [steps[step]() for step in request.steps][-1]


def _most_memory() -> int:
    """Bytes; what the kernel tells of children would count our parent's memory as well."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024


def _answer(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document))


def main(request: Path) -> int:
    """Run what the file asks for."""
    try:
        record = run_steps(StepsRequest(**json.loads(request.read_bytes())))
    except DbopsError as error:
        _answer({"kind": type(error).__name__, "error": error.what, "remedy": error.remedy})
        return 3
    _answer({"record": json.loads(record.to_json()), "memory": _most_memory()})
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
