"""The size of a pipe: a large one takes many rows at once, and few switches between its two ends."""

from __future__ import annotations

import fcntl

_SET_PIPE_SIZE = 1031
_PIPE_SIZE = 1024 * 1024


def enlarge(pipe: int) -> None:
    """Let the pipe hold a MiB, where this user may have so much: otherwise it is slower, nothing else."""
    try:
        fcntl.fcntl(pipe, _SET_PIPE_SIZE, _PIPE_SIZE)
    except OSError:
        return
