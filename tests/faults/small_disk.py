"""SmallDiskPostgres: a PostgreSQL server that has one small disk besides its own."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

from demo.postgres import EmbeddedPostgres


class SmallDiskPostgres(EmbeddedPostgres):
    """Mounts a disk of ``disk_size`` bytes at ``disk``, in a namespace of its own: it ends with the server."""

    disk_size = 40 * 1024**2

    @property
    def disk(self) -> Path:
        """Where a tablespace may lie, as the server sees it."""
        return self.home / "small-disk"

    def fill_up(self, left: int) -> None:
        """Leave only so many bytes."""
        (postmaster, *_) = (self.data_directory / "postmaster.pid").read_text().splitlines()
        disk = Path(f"/proc/{postmaster}/root{self.disk}")
        usage = os.statvfs(disk)
        with (disk / "somebody else's").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, usage.f_bavail * usage.f_frsize - left)

    def _server_programs(self) -> Path:
        """Programs of which the server mounts the disk first; ordinary users may in a user namespace of their own."""
        real = super()._server_programs()
        folder = self.home / "programs"
        if not folder.exists():
            folder.mkdir(mode=0o755)
            self.disk.mkdir()
            (folder / "initdb").symlink_to(real / "initdb")
            postgres, disk = shlex.quote(str(real / "postgres")), shlex.quote(str(self.disk))
            who = self._account
            if who:
                options, owner = "--mount", f",uid={who.pw_uid},gid={who.pw_gid}"
                become = f"setpriv --reuid={who.pw_uid} --regid={who.pw_gid} --clear-groups"
            else:
                options, owner, become = (
                    "--mount --map-root-user",
                    "",
                    "unshare --user --map-user=1000 --map-group=1000",
                )
            mount = f"mount -t tmpfs -o size={self.disk_size},mode=0700{owner} tmpfs {disk}"
            inner = f'{mount} && exec {become} {postgres} "$@"'
            script = folder / "postgres"
            script.write_text(f'#!/bin/sh\nexec unshare {options} sh -c {shlex.quote(inner)} postgres "$@"\n')
            script.chmod(0o755)
        return folder

    def _as_account(self) -> dict[str, Any]:
        """Root mounts the disk, and steps down after that."""
        return {} if self.data_directory.exists() else super()._as_account()
