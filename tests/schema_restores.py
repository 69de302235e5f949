"""What tests of a restored schema share: a folder for the throw-away server, and what a database looks like."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.target import Target
from dbops.gateways.archive import Archive
from dbops.jobs.restores.restore_schema import RestoredSchema, restore_schema
from tests.backups import Programs
from tests.loading import Loader


class Repair:
    """Brings schemas of a loader's backup back into live databases; the throw-away server's data lie in a folder."""

    def __init__(self, loader: Loader, place: Path) -> None:
        self.loader, self.place = loader, place
        place.mkdir()
        place.chmod(0o755)
        for folder in place.parents:  # the server's account has to get through, where the tests run as root
            if os.geteuid() == 0 and folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o011)

    @property
    def programs(self) -> Programs:
        return self.loader.desk.programs

    @property
    def target(self) -> Target:
        options = self.loader.target.drill.model_copy(update={"directory": str(self.place)})
        return self.loader.target.model_copy(update={"drill": options})

    def restore(
        self, url: str, schema: str, new_name: str, *, archive: Archive | None = None, **options: Any
    ) -> RestoredSchema:
        return restore_schema(
            self.target,
            DatabaseAddress.from_url(url),
            self.loader.bucket,
            archive or self.loader.open(),
            schema=schema,
            new_name=new_name,
            run="test",
            clock=lambda: datetime.now(UTC),
            programs=self.programs.folder,
            **options,
        )

    def others(self, url: str, new_name: str) -> list[str]:
        """All of a database but one schema, as the lines of an SQL script."""
        pattern = '"' + new_name.replace('"', '""') + '"'
        return self.programs.run("pg_dump", url, "--restrict-key=test", f"--exclude-schema={pattern}").split("\n")

    def expect_nothing_left(self) -> None:
        assert list(self.place.iterdir()) == []


def schema_script(programs: Programs, url: str, schema: str, *options: str) -> list[str]:
    """One schema as the lines of an SQL script."""
    return programs.run("pg_dump", url, "--restrict-key=test", f'--schema="{schema}"', *options).split("\n")


def copied_rows(script: list[str]) -> dict[str, list[str]]:
    """The rows of each table in a script, by its COPY statement."""
    found: dict[str, list[str]] = {}
    rows: list[str] | None = None
    for line in script:
        if rows is None and line.startswith("COPY ") and line.endswith(" FROM stdin;"):
            rows = found.setdefault(line, [])
        elif line == "\\.":
            rows = None
        elif rows is not None:
            rows.append(line)
    return found
