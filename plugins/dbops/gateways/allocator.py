"""The C library's allocator, and how much of what we have freed it keeps for itself."""

from __future__ import annotations

import ctypes

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h


def share_one_heap() -> None:
    """Let the threads that begin from now on share one heap; does nothing where the C library is not glibc.

    By default it makes one for each of them, up to eight a core, and every heap keeps what its thread once used: a
    megabyte or more of buffers a thread, for as long as the process lives. Nothing waits for the one heap: our threads
    work in few large buffers, and the interpreter lets one of them allocate at a time.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        libc.mallopt(ctypes.c_int(_ARENA_MAX), ctypes.c_int(1))
