"""ArchivePipes: an archive that looks like a directory to pg_restore, and whose data files are named pipes.

Each pipe is filled by a download that begins when pg_restore opens it. So pg_restore loads while the store still sends,
only what it asks for is fetched, and nothing but the table of contents lies on the disk.

pg_restore starts the largest of the tables that are ready first, and goes by the sizes of their files, which pipes do
not have: it takes them in the order of the table of contents instead.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dbops.domain.backups.backup import FileEntry
from dbops.errors import BackupUnusable
from dbops.gateways.archive.file_download import FileDownload
from dbops.gateways.archive.large_object_list import LargeObjectList
from dbops.gateways.archive.stored import FORGED, Archive, place_of
from dbops.gateways.processes.pipe_size import enlarge
from dbops.gateways.store.bucket import Bucket

_POLL = 0.01


class ArchivePipes:
    """Fills the pipes below ``folder`` from the moment it is entered as a context manager, until it is left.

    ``files`` are the names of those that pg_restore will open, ``openers`` how many of them at a time at most.
    """

    def __init__(
        self,
        bucket: Bucket,
        archive: Archive,
        folder: Path,
        files: Collection[str],
        *,
        openers: int,
        parallelism: int,
    ) -> None:
        self._bucket, self._archive, self.folder = bucket, archive, folder
        self._wanted = {file.clear_name: file for file in archive.data_files if file.clear_name in files}
        self._lists = archive.large_object_lists
        self._done: set[str] = set()
        self._loaded = 0
        self._failure: BaseException | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._fetchers = ThreadPoolExecutor(parallelism, "fetch")
        self._fillers = ThreadPoolExecutor(openers, "fill")
        self._doorman = threading.Thread(target=self._wait_for_openings, name="pipes")

    def __enter__(self) -> ArchivePipes:
        (self.folder / "toc.dat").write_bytes(self._archive.toc)
        for name in self._wanted:
            os.mkfifo(self.folder / name, 0o600)
        self._doorman.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End all downloads. Whoever reads the pipes must be gone by now, or they would seem to be whole."""
        self._over.set()
        self._doorman.join()
        self._fillers.shutdown(cancel_futures=True)
        self._fetchers.shutdown(cancel_futures=True)

    @property
    def failure(self) -> BaseException | None:
        """What went wrong first."""
        return self._failure

    @property
    def size(self) -> int:
        """Bytes of all files that are wanted."""
        return sum(file.bytes for file in self._wanted.values())

    @property
    def loaded(self) -> int:
        """Bytes handed over so far."""
        return self._loaded

    @property
    def files(self) -> int:
        """How many files are wanted."""
        return len(self._wanted)

    @property
    def unread(self) -> list[str]:
        """The files that were not handed over to their end."""
        return sorted(self._wanted.keys() - self._done)

    def _wait_for_openings(self) -> None:
        waiting = set(self._wanted)
        while waiting and not self._over.wait(_POLL):
            for name in list(waiting):
                if (end := _open_if_wanted(self.folder / name)) is not None:
                    waiting.discard(name)
                    self._fillers.submit(self._fill, name, end)

    def _fill(self, name: str, end: int) -> None:
        try:
            self._hand_over(self._wanted[name], end)
            with self._lock:
                self._done.add(name)
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            if isinstance(error, BrokenPipeError):
                return  # pg_restore has died, and is asked why
            if self._failure is None:
                self._failure = error
            self._over.wait()  # closed now, the file would seem to be whole
        finally:
            os.close(end)

    def _hand_over(self, file: FileEntry, end: int) -> None:
        if file.clear_name not in self._lists:
            self._fetch(file, lambda piece: _write(end, piece))
            return
        listed = LargeObjectList(lambda piece: _write(end, piece))
        self._fetch(file, listed.take)
        if not listed.is_genuine:
            where = place_of(self._bucket, self._archive.folder + file.name)
            raise BackupUnusable(f"{where} is no list of large objects as pg_dump writes it.", FORGED)

    def _fetch(self, file: FileEntry, take: Callable[[bytes], None]) -> None:
        pieces = self._counted(FileDownload(self._bucket, self._archive.folder, file, self._fetchers))
        if self._archive.key is None:
            for piece in pieces:
                take(piece)
        else:
            where = place_of(self._bucket, self._archive.folder + file.name)
            self._archive.key.decrypt(file, where, pieces, take)

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            with self._lock:
                self._loaded += len(piece)


def _write(end: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(end, left) :]


def _open_if_wanted(pipe: Path) -> int | None:
    """The writing end of a pipe that somebody has opened to read; None where nobody has."""
    try:
        end = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return None
        raise
    os.set_blocking(end, True)
    enlarge(end)
    return end
