"""What tests of drills share: a ground on which the backups of a loader are drilled, and ways to disturb a load."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dbops.domain.backups.drill_report import DrillReport
from dbops.domain.backups.layout import Layout
from dbops.domain.target import Target
from dbops.gateways.s3 import S3Bucket
from dbops.jobs.backups.drill import drill
from tests.clock import now
from tests.loading import Loader
from tests.processes import descendants_of, processes_with


class Ground:
    """Drills the backups of a loader; the data of their servers lie in ``place``."""

    def __init__(self, loader: Loader, place: Path) -> None:
        self.loader, self.place = loader, place
        self.programs = loader.desk.programs.folder
        self.bucket: S3Bucket = loader.bucket

    @property
    def target(self) -> Target:
        options = self.loader.target.drill.model_copy(update={"directory": str(self.place)})
        return self.loader.target.model_copy(update={"drill": options})

    def drill(self, *, run: str = "test", target: Target | None = None, **asked: Any) -> DrillReport:
        return drill(
            target or self.target,
            self.bucket,
            run=run,
            clock=now,
            programs=self.programs,
            identities=self.loader.identities,
            **asked,
        )

    def disturb(self, accident: Callable[[], object]) -> None:
        """Let that happen once, when the first bytes of the largest data file are asked for."""
        largest = max(self.loader.open().data_files, key=lambda file: file.bytes)
        self.bucket = DisturbedBucket(self.bucket, largest.name, accident)

    def verdicts(self) -> list[str]:
        """The keys of all verifications."""
        return [stored.key for stored in self.bucket.list(Layout(self.target.root).verifications)]

    def servers(self) -> list[int]:
        """The processes of throw-away servers, by the folder of their data."""
        return processes_with(str(self.place))

    def expect_nothing_left(self) -> None:
        assert self.servers() == []
        assert list(self.place.iterdir()) == []


class DisturbedBucket(S3Bucket):
    """A bucket in which something happens once, while a file is read."""

    def __init__(self, real: S3Bucket, name: str, accident: Callable[[], object]) -> None:
        self.__dict__ = dict(real.__dict__)
        self._disturbed, self._accident = name, accident
        self._is_over = False

    def read(self, key: str, offset: int, length: int) -> bytes:
        if key.endswith(f"/{self._disturbed}") and not self._is_over:
            self._is_over = True
            self._accident()
        return super().read(key, offset, length)


@contextmanager
def public_folder(mode: int = 0o755) -> Iterator[Path]:
    """A folder that the account of a server may enter too; pytest's own are for their user alone."""
    folder = Path(tempfile.mkdtemp(prefix="dbops-test-"))
    folder.chmod(mode)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def kill_programs(*words: str) -> None:
    """Kill what this test has started and has all these words in its command line, but not the guardians.

    Tests in other workers run programs that are called the same.
    """
    for pid in set(processes_with(*words)) & set(descendants_of(os.getpid())):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has followed one that was killed before it
            if not Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").startswith("python"):
                os.kill(pid, signal.SIGKILL)
