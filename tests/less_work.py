"""Less work: what Python and boto3 do over and over in a process of tests, and what comes to the same done once.

Nothing of ours behaves otherwise for it.
"""

from __future__ import annotations

import gc
from functools import cache
from typing import Any

import pytest


def look_for_garbage_less_often() -> None:
    """Every 50,000 new objects, not every 700: a sixth of all computing went there while Airflow was tested."""
    gc.set_threshold(50_000, 20, 100)


def set_aside_what_is_loaded() -> None:
    """Let whoever asks for a collection, as each measuring does, have it pass over the modules of all tests."""
    from hypothesis.internal.entropy import deterministic_PRNG

    with deterministic_PRNG():  # Hypothesis looks once for who holds its numbers, and must still find that
        pass
    gc.collect()
    gc.freeze()


def read_files_of_boto3_once(patch: pytest.MonkeyPatch) -> None:
    """Each session reads a megabyte of JSON anew, and in Airflow whoever looks at a store makes a session."""
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader.load_file
    kept = cache(lambda path: read(JSONFileLoader(), path))

    def load_file(_loader: JSONFileLoader, file_path: str) -> Any:
        return kept(file_path)

    patch.setattr(JSONFileLoader, "load_file", load_file)
