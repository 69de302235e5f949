"""Promises of an archive of very many files: few of them are open at a time, and none is forgotten."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from dbops.domain.backups.storage import Storage
from dbops.domain.options.backup import BackupOptions
from dbops.errors import DbopsError, DumpFailed
from dbops.gateways.archive.upload import ArchiveUpload
from dbops.gateways.dump.dump import DumpFile
from dbops.gateways.dump.spool import Spool
from dbops.gateways.store.memory_bucket import InMemoryBucket
from tests.unit.samples import Clock

FILES = 300
FEW = 100


_ZERO, _ONE, _NONE = b"\0\0\0\0\0", b"\0\1\0\0\0", b"\1\1\0\0\0"  # as pg_dump writes integers, and texts that are empty
# A table of contents with one entry, which is nothing and depends on nothing.
_TOC = b"PGDMP\1\x10\0\4\x08\3\0" + 10 * _ZERO + _ONE + 16 * _ZERO + _NONE + _ZERO


class WrittenDump:
    """A dump that has ended before anybody looked, as that of many small tables has while the first one is stored.

    The last of its files grew until then: nobody knew that it is whole.
    """

    paused_for = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder, self._looks = folder, 0

    def status(self) -> int | None:
        return 0 if self._looks > 1 else None

    def files(self) -> list[DumpFile]:
        self._looks += 1
        names = sorted(path.name for path in self._folder.iterdir())
        growing = names[-1] if self._looks == 1 else None
        return [DumpFile(self._folder / name, name, name != growing) for name in names]

    def failure(self, status: int) -> DbopsError:
        return DumpFailed(f"It ended with status {status}.")

    def said(self) -> str:
        return ""

    def work(self) -> int:
        return 0

    def wait(self, timeout: float) -> int:  # noqa: ARG002 - the protocol's
        return 0

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def stop(self) -> None:
        pass


class WatchfulBucket(InMemoryBucket):
    """Looks, whenever it is given an object, how many files of the spool are open."""

    def __init__(self, folder: Path) -> None:
        super().__init__("vault", Clock())
        self._folder, self._looking = str(folder), threading.Lock()
        self.most_open = 0

    def put(self, key: str, body: object) -> None:
        links = [_link(path) for path in Path("/proc/self/fd").iterdir()]
        with self._looking:
            self.most_open = max(self.most_open, sum(link.startswith(self._folder) for link in links))
        super().put(key, body)  # type: ignore[arg-type]  # whatever it is given


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:  # closed in between
        return ""


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path, "shop")


def test_of_hundreds_of_files_few_are_open_at_a_time_and_all_are_stored(spool: Spool) -> None:
    with spool:
        folder = spool.path / "archive"
        folder.mkdir()
        for number in range(FILES):
            (folder / f"{number:03}.dat.zst").write_bytes(b"%d" % number)
        (folder / "toc.dat").write_bytes(_TOC)
        bucket = WatchfulBucket(folder)
        upload = ArchiveUpload(
            WrittenDump(folder),
            spool,
            bucket,
            "backup/",
            storage=Storage(bucket="vault"),
            options=BackupOptions(),
            sizes={},
            on_progress=lambda _progress: None,
        )
        archive = upload.run()
        left = list(folder.iterdir())

    assert [(file.name, file.bytes) for file in archive.files] == [
        *((f"{number:03}.dat.zst", len(str(number))) for number in range(FILES)),
        ("toc.dat", len(_TOC)),
    ]
    assert bucket.get("backup/299.dat.zst") == b"299"
    assert left == []
    assert bucket.most_open < FEW
