"""The table of contents of a pg_dump archive: which data file holds which table.

Reads ``toc.dat`` of a directory archive, formats 1.14 (PostgreSQL 14) to 1.16 (17 and 18), as pg_backup_archiver.c
writes it. ``pg_restore --list`` shows the same but cannot be read back safely: names with spaces are ambiguous in it.
Names are in the archive's encoding, which is the database's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.servers.encodings import python_codec
from dbops.errors import DumpFailed

_OLDEST, _NEWEST = (1, 14), (1, 16)
_LONGEST_ID = 10
_ENCODING = re.compile(rb"SET client_encoding = '([A-Za-z0-9_]+)'")


def read_toc(path: Path) -> list[TocEntry]:
    """Read the entries in the order of the archive; raises DumpFailed where it is not an archive of a known format."""
    return parse_toc(path.read_bytes())


def parse_toc(body: bytes) -> list[TocEntry]:
    """The same of a toc.dat that was read already."""
    try:
        return _Reader(body).entries()
    except IndexError as error:
        raise DumpFailed(f"The archive's toc.dat cannot be read: {error}.") from None


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._stream = BytesIO(body)
        if self._take(5) != b"PGDMP":
            raise DumpFailed("The archive's toc.dat does not begin with PGDMP: it was not written by pg_dump.")
        self._version = (self._byte(), self._byte())
        self._byte()  # revision
        if not _OLDEST <= self._version <= _NEWEST:
            raise DumpFailed(
                f"The archive has format {self._version[0]}.{self._version[1]}, which this dbops does not know.",
                "Use the pg_dump of PostgreSQL 16 to 18, or a newer dbops.",
            )
        self._int_size = self._byte()
        self._byte()  # size of offsets
        self._byte()  # format of the archive
        if self._version >= (1, 15):
            self._byte()  # compression algorithm
        else:
            self._integer()  # compression level
        for _ in range(7):
            self._integer()  # when it was made
        for _ in range(3):
            self._text()  # database, server version, pg_dump version

    def entries(self) -> list[TocEntry]:
        raw = [self._entry() for _ in range(self._integer())]
        encoding = "utf-8"
        for entry in raw:
            if entry.kind == b"ENCODING" and (match := _ENCODING.search(entry.definition)):
                encoding = python_codec(match[1].decode())
        return [entry.decoded(encoding) for entry in raw]

    def _entry(self) -> _RawEntry:
        dump_id = self._integer()
        self._integer()  # had a dumper
        self._text()  # table oid
        self._text()  # oid
        name = self._text()
        kind = self._text()
        self._integer()  # section
        definition = self._text()
        drop_statement = self._text()
        copy_statement = self._text()
        schema = self._text()
        for _ in range(2):
            self._text()  # tablespace, table access method
        if self._version >= (1, 16):
            self._integer()  # kind of relation
        owner = self._text()
        self._text()  # with oids
        depends_on = []
        while (other := self._text()) is not None:
            if not other.isdigit() or len(other) > _LONGEST_ID:
                raise IndexError("a dependency is no number")
            depends_on.append(int(other))
        file = self._text()
        return _RawEntry(
            dump_id=dump_id,
            kind=kind or b"",
            schema=schema or b"",
            name=name or b"",
            owner=owner or b"",
            definition=definition or b"",
            drop_statement=drop_statement or b"",
            copy_statement=copy_statement or b"",
            file=file or b"",
            depends_on=tuple(depends_on),
        )

    def _take(self, length: int) -> bytes:
        taken = self._stream.read(length)
        if len(taken) != length:
            raise IndexError("it ends too early")
        return taken

    def _byte(self) -> int:
        return self._take(1)[0]

    def _integer(self) -> int:
        negative = self._byte()
        value = int.from_bytes(self._take(self._int_size), "little")
        return -value if negative else value

    def _text(self) -> bytes | None:
        length = self._integer()
        text = None if length < 0 else self._take(length)
        if text and b"\0" in text:
            raise IndexError("a text has a NUL in it")  # where it would end for pg_restore, and not for us
        return text


@dataclass(frozen=True)
class _RawEntry:
    dump_id: int
    kind: bytes
    schema: bytes
    name: bytes
    owner: bytes
    definition: bytes
    drop_statement: bytes
    copy_statement: bytes
    file: bytes
    depends_on: tuple[int, ...]

    def decoded(self, encoding: str) -> TocEntry:
        def text(raw: bytes, encoding: str = encoding) -> str:
            return raw.decode(encoding, errors="backslashreplace")

        return TocEntry(
            dump_id=self.dump_id,
            kind=text(self.kind, "ascii"),
            schema=text(self.schema),
            name=text(self.name),
            owner=text(self.owner),
            definition=text(self.definition),
            drop_statement=text(self.drop_statement),
            copy_statement=text(self.copy_statement),
            file=text(self.file, "ascii") or None,
            depends_on=self.depends_on,
        )
