"""A schema's restore in a process of its own: ``python -m tests.faults.schema_steps REQUEST.json``.

Prints what its verification came to; or the error, and ends with 3, as the shell does.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbops.domain.backups.backup import BackupId
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.errors import DbopsError
from dbops.gateways.archive import open_archive
from dbops.gateways.environment import open_bucket
from dbops.jobs.restores.restore_schema import RestoredSchema, restore_schema
from tests.clock import now


@dataclass(frozen=True)
class SchemaRequest:
    """What to bring back under which name, and where everything is but the store, which the environment names."""

    target: dict[str, Any]
    url: str
    backup: str
    schema: str
    new_name: str
    programs: str


def run(request: SchemaRequest) -> RestoredSchema:
    """What it came to."""
    target = Target.model_validate(request.target)
    bucket = open_bucket(target)
    return restore_schema(
        target,
        DatabaseAddress.from_url(request.url),
        bucket,
        open_archive(bucket, target, BackupId(request.backup)),
        schema=request.schema,
        new_name=request.new_name,
        run="test",
        clock=now,
        programs=Path(request.programs),
    )


def main(written: Path) -> int:
    """Do what the file asks for."""
    try:
        restored = run(SchemaRequest(**json.loads(written.read_bytes())))
    except DbopsError as error:
        sys.stdout.write(json.dumps({"error": error.what, "remedy": error.remedy}))
        return 3
    sys.stdout.write(json.dumps({"ok": restored.verification.ok, "rows": restored.verification.rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
