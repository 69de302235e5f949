"""Backup: what its manifest says, and what its claim says.

docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.servers.major_version import major_version
from dbops.domain.words.recorded import Moment, Real, Whole
from dbops.domain.words.start_id import StartId
from dbops.errors import InvalidRequest

_RECORD = ConfigDict(extra="ignore")
_ENCRYPTED = ".age"
_FILE_NAME = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")


class BackupId(StartId):
    """The UTC start time of a backup to the second, as in ``20261122T020000Z``; raises ValueError on anything else."""

    __slots__ = ()
    _WHAT = "a backup id"


def read_backup_id(text: str) -> BackupId:
    """What a person wrote as a backup's id; raises InvalidRequest."""
    try:
        return BackupId(text)
    except ValueError as error:
        raise InvalidRequest(f"{error}.", "`python -m dbops backups <target>` lists them.") from None


class UnsafeFileName(ValueError):
    """A manifest names a file as no backup calls one: by a path, say, which leads out of its folder."""


@dataclass(frozen=True, config=_RECORD)
class FileEntry:
    """One file of the archive, exactly as it lies in the bucket: encrypted, where the backup is."""

    name: str
    bytes: Whole
    sha256: str

    @property
    def clear_name(self) -> str:
        """Its name in pg_dump's archive: without the ending that it has while it is encrypted."""
        return self.name.removesuffix(_ENCRYPTED)


def encrypted_name(clear_name: str) -> str:
    """The name in the bucket of a file that is encrypted; the one that `age` gives it, too."""
    return clear_name + _ENCRYPTED


@dataclass(frozen=True, config=_RECORD)
class TableEntry:
    """One table of the archive. ``rows`` is None and ``bytes`` 0 where its data was left out.

    ``rows`` are counted in the archive itself while it streams by; ``bytes`` are those of its COPY text.
    """

    schema: str
    name: str
    rows: Whole | None
    bytes: Whole


@dataclass(frozen=True, config=_RECORD)
class ReplicaNote:
    """That the server was a replica, as it was when the backup began.

    ``lag_seconds`` is how far it was behind its primary, None where that could not be known, and ``newest_change`` when
    the last transaction was committed there that it showed. ``unlogged`` are tables whose rows no replica has.
    """

    lag_seconds: Real | None
    newest_change: Moment | None
    unlogged: tuple[str, ...] = ()


@dataclass(frozen=True, config=_RECORD)
class BackupManifest:
    """The object that is written last: a backup exists if and only if its manifest does.

    ``lacks`` names what the role that made it could not read, though it could read every table.
    ``pg_dump_warnings`` are what pg_dump and pg_dumpall warned of though they ended well, see ``dump_warnings``.
    ``system_identifier`` is the cluster's, None where nobody knows it.
    """

    target: str
    backup_id: BackupId
    started: Moment
    finished: Moment
    server_version: str
    pg_dump_version: str
    pg_dump_options: tuple[str, ...]
    database: str
    database_bytes: Whole
    files: tuple[FileEntry, ...]
    tables: tuple[TableEntry, ...]
    extensions: tuple[str, ...]
    tool_version: str
    lsn: str | None = None
    encryption_recipients: tuple[str, ...] = ()
    replica: ReplicaNote | None = None
    lacks: tuple[str, ...] = ()
    pg_dump_warnings: tuple[str, ...] = ()
    system_identifier: str | None = None
    format: Literal[1, 2] = 1  # 2 where it is encrypted: who does not know of that would take its files for missing

    @property
    def is_encrypted(self) -> bool:
        """Whether its files can be read only by its recipients."""
        return bool(self.encryption_recipients)

    @property
    def server_major(self) -> int:
        """The major version of the server that was dumped."""
        return major_version(self.server_version)

    @property
    def pg_dump_major(self) -> int:
        """The major version of the program that did it."""
        return major_version(self.pg_dump_version)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows or 0 for table in self.tables)

    @property
    def stored_bytes(self) -> int:
        """Bytes of all files, as stored."""
        return sum(file.bytes for file in self.files)

    @property
    def duration(self) -> timedelta:
        """From the claim of the id to the last file."""
        return self.finished - self.started

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _MANIFEST.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> BackupManifest:
        """Read a manifest; raises ValueError where it is not one of format 1 or 2. Unknown fields are ignored.

        Raises UnsafeFileName where a file's name is more than letters, digits and underscores with dots in between.
        """
        manifest = _MANIFEST.validate_json(body)
        if not all(_FILE_NAME.fullmatch(file.name) for file in manifest.files):
            raise UnsafeFileName("a file has a name that no file of a backup has")
        return manifest


@dataclass(frozen=True, config=_RECORD)
class Claim:
    """``started.json``: who makes the backup of this id, and when it was last known to be alive."""

    target: str
    backup_id: BackupId
    run: str
    host: str
    pid: Whole
    renewed: Moment
    tool_version: str
    format: Literal[1] = 1

    def is_live(self, now: datetime, *, within: timedelta) -> bool:
        """Whether its backup may still be running: renewed less than ``within`` ago (a clock ahead counts as live)."""
        return now - self.renewed < within

    def to_json(self) -> bytes:
        """The object's body."""
        return _CLAIM.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> Claim:
        """Read a claim; raises ValueError where it is not one."""
        return _CLAIM.validate_json(body)


_MANIFEST = TypeAdapter(BackupManifest)
_CLAIM = TypeAdapter(Claim)
