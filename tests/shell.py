"""`python -m dbops` as its own process, in a shell that knows one target; what is typed stands ready at a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

from dbops.domain.target import Target
from demo.seaweed import SeaweedS3

REPOSITORY = Path(__file__).resolve().parents[1]


class Shell:
    """One verb, asked of the target, whose file it writes; the SQL texts below ``include`` are the caller's."""

    def __init__(
        self, verb: str, target: Target, *, url: str, include: Path, programs: Path, s3_server: SeaweedS3
    ) -> None:
        self._words = (verb, target.name)
        (include / "targets").mkdir(parents=True)
        (include / "defaults.yaml").write_text("{}\n")
        document = target.model_dump(mode="json", exclude={"name"}, exclude_unset=True)
        (include / f"targets/{target.name}.yaml").write_text(json.dumps(document))
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY / "plugins"),
            "DBOPS_INCLUDE": str(include),
            "DBOPS_PG_BIN": str(programs),
            f"AIRFLOW_CONN_{target.name.upper()}": url,
            "AWS_ENDPOINT_URL": s3_server.endpoint_url,
            "AWS_ACCESS_KEY_ID": s3_server.access_key,
            "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
            "AWS_DEFAULT_REGION": s3_server.region,
        }

    def set(self, **variables: str) -> None:
        """Set variables of the environment."""
        self._environment |= variables

    def run(self, *argv: str, typed: str | None = None) -> tuple[int, str, str]:
        """Status, stdout and stderr; without anything typed there is no terminal."""
        ends = pty.openpty() if typed is not None else ()
        try:
            if ends:
                os.write(ends[0], f"{typed}\n".encode())
            done = subprocess.run(
                [sys.executable, "-m", "dbops", *self._words, *argv],
                cwd="/",
                env=self._environment,
                stdin=ends[1] if ends else subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
        finally:
            for end in ends:
                os.close(end)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    def document(self, *argv: str) -> tuple[int, Any]:
        """Status, and the one JSON document."""
        status, out, err = self.run(*argv, "--json")
        assert out.count("\n") == 1, err
        return status, json.loads(out)
