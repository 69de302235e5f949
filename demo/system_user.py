"""The account PostgreSQL runs as when the demo is started by root, which PostgreSQL refuses."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.errors import DemoError

NAME = "dbops-demo"
ROOT = Path("/var/lib/dbops-demo")


def ensure() -> pwd.struct_passwd:
    """The account, created when it is missing; DemoError when the system has no program that creates one."""
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        raise DemoError(
            f"PostgreSQL refuses to run as root, and this system has no useradd to create the account {NAME} for it: "
            f"create that account, or run this as an ordinary user."
        )
    made = subprocess.run(
        [program, "--system", "--user-group", "--no-create-home", f"--home-dir={ROOT}", "--shell=/bin/false", NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return pwd.getpwnam(NAME)  # also when a parallel start created it first
    except KeyError:
        raise DemoError(
            f"PostgreSQL refuses to run as root, and the account {NAME} could not be created for it "
            f"({made.stderr.strip()}): create that account, or run this as an ordinary user."
        ) from None


def home_for(directory: Path, account: pwd.struct_passwd) -> Path:
    """A folder of the account's own that stands for `directory`, which may lie where the account cannot look."""
    with _nobody_else():
        ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
        home = ROOT / hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:16]
        home.mkdir(mode=0o700, exist_ok=True)
        os.chown(home, account.pw_uid, account.pw_gid)
    return home


def forget(home: Path) -> None:
    """Delete such a folder, and the programs that were copied for the account when it was the last one."""
    shutil.rmtree(home, ignore_errors=True)
    with _nobody_else():
        if ROOT.exists() and all(other.name.startswith("programs-") for other in ROOT.iterdir()):
            shutil.rmtree(ROOT, ignore_errors=True)


@contextmanager
def _nobody_else() -> Iterator[None]:
    """Whoever else makes or forgets such a folder meanwhile waits: what the last one deletes another may have begun."""
    above = os.open(ROOT.parent, os.O_RDONLY)
    try:
        fcntl.flock(above, fcntl.LOCK_EX)
        yield
    finally:
        os.close(above)  # which ends the lock


def can_reach(path: Path) -> bool:
    """Whether any account may enter `path` and read what is in it."""
    resolved = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (resolved, *resolved.parents)) and bool(
        resolved.stat().st_mode & 0o004
    )
