"""ArchiveUpload: sends what pg_dump writes into the spool to the bucket, while pg_dump is still writing it.

The main thread watches the spool; a follower thread a file reads it once; sender threads store its parts. When the
spool reaches its cap, pg_dump is paused until the store has taken enough.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from dbops.domain.backups.backup import FileEntry, TableEntry
from dbops.domain.backups.storage import Storage
from dbops.domain.options.backup import BackupOptions
from dbops.domain.words.progress import Progress
from dbops.errors import BucketError, DumpFailed
from dbops.gateways.archive.back_pressure import BackPressure
from dbops.gateways.archive.backlog import Backlog
from dbops.gateways.archive.contents import ArchiveContents
from dbops.gateways.archive.encryption import ArchiveEncryption
from dbops.gateways.archive.file_upload import FileUpload
from dbops.gateways.archive.growing_file import GrowingFile
from dbops.gateways.dump.copy_rows import RowCounter
from dbops.gateways.dump.dump import TOC, Counted, Dump, DumpFile
from dbops.gateways.dump.pg_dump import table_took_too_long
from dbops.gateways.dump.silence import Silence
from dbops.gateways.dump.spool import Abandoned, Spool
from dbops.gateways.dump.throttle import Throttle
from dbops.gateways.store.bucket import Bucket

log = logging.getLogger(__name__)

_TICK = 0.05
_PROGRESS_EVERY = 5.0
_LAST_WORDS = 3.0
_IN_LINE = 8  # files on their way for each follower: none of them waits for the next look into the spool


@dataclass(frozen=True)
class UploadedArchive:
    """What the bucket holds of an archive. ``clear`` are the sha256 of what was encrypted, by its name before."""

    files: tuple[FileEntry, ...]
    tables: tuple[TableEntry, ...]
    clear: dict[str, str]


class ArchiveUpload:
    """One archive on its way. ``sizes`` are the tables' bytes on the server, for the estimate of what is left.

    With an ``encryption`` every file is encrypted on its way, in a spool of that one's own.
    """

    def __init__(
        self,
        dump: Dump,
        spool: Spool,
        bucket: Bucket,
        folder: str,
        *,
        storage: Storage,
        options: BackupOptions,
        sizes: Mapping[tuple[str, str], int],
        on_progress: Callable[[Progress], None],
        encryption: ArchiveEncryption | None = None,
    ) -> None:
        self._encryption = encryption
        self._dump, self._spool, self._bucket, self._folder = dump, spool, bucket, folder
        self._storage, self._options = storage, options
        self._contents = ArchiveContents(sizes)
        self._on_progress = on_progress
        self._back_pressure, self._silence = BackPressure(dump, options), Silence(dump, options)
        self._began = time.monotonic()
        self._next_progress = self._began + _PROGRESS_EVERY
        self._abandoned = threading.Event()
        self._throttle = Throttle(options.bandwidth_limit, sleep=self._abandoned.wait)
        self._failure: BaseException | None = None
        self._held = self._landed = 0
        self._counted: dict[str, Counted] = {}
        self._uploads: dict[str, FileUpload] = {}
        self._active: dict[str, FileUpload] = {}
        self._results: dict[str, Future[FileEntry]] = {}
        # A worker of pg_dump holds at most two files open; followers beyond that make sure that finished files move on.
        followers = 2 * options.jobs + 2
        self._followers = ThreadPoolExecutor(followers, "follower")
        self._backlog = Backlog(_IN_LINE * followers)
        self._senders = ThreadPoolExecutor(storage.parallelism, "sender")

    def run(self) -> UploadedArchive:
        """Send everything and return when it is stored; raises the first error after leaving nothing half-sent."""
        try:
            while not self._is_complete():
                self._balance()
                self._tell_progress()
                time.sleep(_TICK)
        except BaseException:
            self._give_up()
            raise
        self._followers.shutdown()
        self._senders.shutdown()
        return self._outcome()

    def _is_complete(self) -> bool:
        status = self._dump.status()  # asked before looking into the spool: what ended has written all
        self._discover()
        stored = not self._backlog and all(self._results[name].done() for name in self._active)  # before: did one fail
        if status:
            raise self._dump.failure(status)
        if self._failure is not None:
            raise self._cause_of(self._failure)
        return status == 0 and stored

    def _cause_of(self, failure: BaseException) -> BaseException:
        """Where a data file is not whole, pg_dump is about to say why: a killed worker leaves such a file first."""
        if not isinstance(failure, DumpFailed):
            return failure
        self._dump.resume()
        try:
            status = self._dump.wait(_LAST_WORDS)
        except TimeoutError:
            return failure
        return self._dump.failure(status) if status else failure

    def _discover(self) -> None:
        for name in [name for name, upload in self._active.items() if upload.done]:
            self._landed += self._active.pop(name).file.written
        files = self._dump.files()
        new = [file for file in files if file.name not in self._uploads]
        for file in self._backlog.choose(new, len(self._active)):
            if file.name == TOC:
                self._contents.read(file.path)
            self._follow(file)
        for file in files:
            if file.is_closed and file.name in self._active:
                self._active[file.name].file.finish()

    def _follow(self, file: DumpFile) -> None:
        counter = None
        if file.counted is not None:
            self._counted[file.name] = file.counted
        elif self._contents.table_of(file.name):
            self._counted[file.name] = counter = RowCounter(file.name)
        encrypted = self._encryption.begin(file.name) if self._encryption else None
        name = file.name if encrypted is None else encrypted.name
        upload = FileUpload(
            GrowingFile(file.path, self._abandoned),
            self._bucket,
            self._folder + name,
            name,
            senders=self._senders,
            first_part=self._storage.part_size,
            throttle=self._throttle,
            punchable=self._spool.can_punch,
            abandoned=self._abandoned,
            on_failure=self._fail,
            counter=counter,
            encrypted=encrypted,
        )
        self._uploads[file.name] = self._active[file.name] = upload
        self._results[file.name] = self._followers.submit(self._run, upload)

    def _run(self, upload: FileUpload) -> FileEntry:
        try:
            return upload.run()
        except BaseException as error:
            self._fail(error)
            raise

    def _fail(self, error: BaseException) -> None:
        """Keep the first error; the main thread raises it."""
        if self._failure is None and not isinstance(error, Abandoned):
            self._failure = error

    def _balance(self) -> None:
        """See that pg_dump writes, and neither faster than the store takes nor longer than it may."""
        held, waiting = self._backlog.held, 0
        written = self._landed + held + sum(upload.file.written for upload in self._active.values())
        self._silence.look(written, self._being_read())
        for name, upload in self._active.items():
            self._check_time(name, upload)
            held += upload.held
            waiting += upload.waiting
        self._held = held
        self._back_pressure.look(held, waiting)

    def _being_read(self) -> list[str]:
        unfinished = [name for name, upload in self._active.items() if not upload.file.is_finished]
        return [f"{entry.schema}.{entry.name}" for name in unfinished if (entry := self._contents.table_of(name))]

    def _check_time(self, name: str, upload: FileUpload) -> None:
        limit = self._options.statement_timeout
        entry = self._contents.table_of(name)
        if limit is None or entry is None or upload.file.is_finished:
            return
        if time.monotonic() - upload.file.seen > limit.total_seconds():
            raise table_took_too_long(f"{entry.schema}.{entry.name}", self._options)

    def _tell_progress(self) -> None:
        if time.monotonic() < self._next_progress:
            return
        self._next_progress += _PROGRESS_EVERY
        self._on_progress(self.progress())

    def progress(self) -> Progress:
        """How far it is."""
        read = 0
        for name, counted in self._counted.items():
            if entry := self._contents.table_of(name):
                size = self._contents.size_of(entry)
                read += size if self._uploads[name].done else min(size, counted.bytes)
        taken = sum(upload.file.position for upload in self._uploads.values())
        stored = sum(upload.stored for upload in self._uploads.values())
        return Progress(
            tables_done=sum(self._uploads[name].done for name in self._counted),
            tables=self._contents.tables_with_data,
            bytes_read=taken,
            bytes_uploaded=stored,
            elapsed=timedelta(seconds=time.monotonic() - self._began),
            fraction=read / (self._contents.size or 1) * min(1.0, stored / (taken or 1)),
            spooled=self._held,
            paused=self._dump.paused_for > 0,
        )

    def _give_up(self) -> None:
        self._abandoned.set()
        self._dump.stop()
        for result in self._results.values():
            result.cancel()
        self._abort_uploads()  # wakes what waits to try again
        self._senders.shutdown(cancel_futures=True)
        self._followers.shutdown(cancel_futures=True)
        self._abort_uploads()  # those that were begun in between
        for upload in self._uploads.values():
            upload.close()

    def _abort_uploads(self) -> None:
        try:
            for upload in self._uploads.values():
                upload.abort()
        except BucketError as error:  # the store is gone, and the first error is the one to tell
            log.warning("An unfinished upload stays until the next backup aborts it: %s", error)

    def _outcome(self) -> UploadedArchive:
        files = sorted((result.result() for result in self._results.values()), key=lambda file: file.name)
        clear = {} if self._encryption is None else {name: each.clear_sha256 for name, each in self._uploads.items()}
        return UploadedArchive(tuple(files), self._contents.tables(self._counted), clear)
