"""Spool: the small directory that pg_dump writes into and that is emptied while it writes."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import io
import os
import shutil
import tempfile
import threading
from pathlib import Path
from types import TracebackType

from dbops.errors import SpoolError

_KEEP_SIZE, _PUNCH_HOLE = 0x01, 0x02
_libc = ctypes.CDLL(None, use_errno=True)


class Spool:
    """A private temporary directory (mode 0700); a context manager that removes it with all that is in it.

    It is locked as long as its process lives, so that the next spool of the target finds and removes what a killed
    one has left behind. ``setting`` is the key of the target's file that says where ``parent`` is. Raises SpoolError.
    """

    def __init__(self, parent: Path | None, target: str, setting: str = "backup.spool") -> None:
        folder = parent or Path(tempfile.gettempdir())
        _remove_the_dead(folder, f"dbops-{target}-")
        try:
            self.path = Path(tempfile.mkdtemp(prefix=f"dbops-{target}-{os.getpid()}-", dir=folder))
            self._lock = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as error:
            raise SpoolError(
                f"No spool directory can be made in {folder}: {error.strerror}.",
                f"Set {setting} of the target to a directory that the worker may write to.",
            ) from None
        self.can_punch = self._probe()

    def _probe(self) -> bool:
        """Whether the file system gives space back from the middle of a file; some network file systems do not."""
        probe = self.path / ".probe"
        try:
            with probe.open("w+b") as file:
                file.write(bytes(8192))
                file.flush()
                return punch(file.fileno(), 0, 4096)
        except OSError:
            return False
        finally:
            probe.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """What the disk below still takes."""
        usage = os.statvfs(self.path)
        return usage.f_bavail * usage.f_frsize

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_the_dead(folder: Path, prefix: str) -> None:
    """Remove the spools whose process is gone. One that is just being made is not locked yet, but its process lives."""
    for left in folder.glob(f"{prefix}*-*"):
        pid = left.name.removeprefix(prefix).partition("-")[0]
        try:
            descriptor = os.open(left, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # gone in between, or not ours
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_uid == os.geteuid() and pid.isdigit() and not Path(f"/proc/{pid}").exists():
                shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:  # in use
            continue
        finally:
            os.close(descriptor)


def punch(descriptor: int, offset: int, length: int) -> bool:
    """Give ``length`` bytes at ``offset`` back to the disk; the file keeps its size. False where it cannot be done."""
    failed = _libc.fallocate(
        ctypes.c_int(descriptor), ctypes.c_int(_PUNCH_HOLE | _KEEP_SIZE), ctypes.c_int64(offset), ctypes.c_int64(length)
    )
    if failed and ctypes.get_errno() not in {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EPERM}:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return not failed


def spool_is_full(folder: Path) -> SpoolError:
    """What to say where the disk below ``folder``, which lies in a spool directory, takes no more."""
    return SpoolError(
        f"The disk below the spool directory {folder.parent} is full.",
        "Free space there, or set backup.spool to a directory with more; it takes about backup.spool_cap.",
    )


class Abandoned(Exception):
    """The backup has failed elsewhere; whoever still reads from its spool stops."""


class SpoolPart(io.RawIOBase):
    """A part of a spool file as a seekable file of its own: read when it is sent, and again when it is sent again.

    Once ``abandoned`` is set, reading raises Abandoned, so that nobody goes on sending for a backup that has failed.
    """

    def __init__(self, descriptor: int, offset: int, length: int, abandoned: threading.Event) -> None:
        super().__init__()
        self._abandoned = abandoned
        self._descriptor, self._offset, self._length = descriptor, offset, length
        self._position = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move within the part."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """Where we are within the part."""
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed's Buffer has no length
        """Read what fits."""
        if self._abandoned.is_set():
            raise Abandoned
        length = min(len(buffer), self._length - self._position)
        if length <= 0:
            return 0
        taken = os.preadv(self._descriptor, [memoryview(buffer)[:length]], self._offset + self._position)
        self._position += taken
        return taken
