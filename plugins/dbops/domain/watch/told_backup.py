"""ToldBackup: that people have been told what is odd about a backup, by the task that has made it.

The watch finds that it is too small as well: it repeats it a day later, and not within the hour. Kept in the bucket
until the watch has seen it. docs/backup-format.md is the public copy of this file; change both together.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from dbops.domain.backups.backup import BackupId
from dbops.domain.watch.problem import ProblemKind, key_of
from dbops.domain.words.recorded import Moment


@dataclass(frozen=True, config=ConfigDict(extra="ignore"), kw_only=True)
class ToldBackup:
    """``moment`` is when people had been told of that backup."""

    backup_id: BackupId
    moment: Moment
    format: Literal[1] = 1

    def key_of(self, target: str) -> str:
        """The key of the problem that the watch need not tell: no other, for who writes here is to silence nothing."""
        return key_of(target, ProblemKind.SHRUNK, self.backup_id)

    def to_json(self) -> bytes:
        """The object's body; ``from_json`` reads it back equal."""
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, body: bytes) -> ToldBackup:
        """Read one; raises ValueError where it is not one of format 1."""
        return _ADAPTER.validate_json(body)


_ADAPTER = TypeAdapter(ToldBackup)
