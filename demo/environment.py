"""Environments: what a shell is told by `make demo-env`, and what the demo's servers are not told."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

_STRANGERS = ("AIRFLOW_", "AWS_", "PG", "DBOPS_", "PYTHONPATH", "PYTHONHOME", "DATABASE_URL", "VIRTUAL_ENV")
_LOOPBACK = "127.0.0.1,localhost"


def export_lines(variables: Mapping[str, str], *, path: str) -> str:
    """One `export` line a variable, quoted for any POSIX shell; `path` goes before the shell's own PATH."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    lines.append(f'export PATH={shlex.quote(path)}:"$PATH"')
    return "\n".join(lines)


def clean(inherited: Mapping[str, str]) -> dict[str, str]:
    """`inherited` without the settings of some other Airflow, AWS account or database; no proxy for loopback."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(_STRANGERS)}
    for name in ("no_proxy", "NO_PROXY"):
        kept[name] = f"{kept[name]},{_LOOPBACK}" if kept.get(name) else _LOOPBACK
    return kept


def clean_own() -> None:
    """Do the same to this process, and so to every server it starts."""
    kept = clean(os.environ)
    os.environ.clear()
    os.environ.update(kept)
