"""The environment in which a stack's servers are started, and which is not that of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from demo import environment
from demo.stack import MARK
from demo.state import DemoState


@contextmanager
def own_environment(state: DemoState) -> Iterator[None]:
    """Nothing of another Airflow's settings for the servers, and the mark by which they are found again."""
    kept = dict(os.environ)
    environment.clean_own()
    os.environ[MARK] = state.id
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
