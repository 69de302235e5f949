"""Stoppable: a task that a SIGTERM ends in good order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk import BaseOperator


class StoppableOperator(BaseOperator):
    """Ends what stands inside ``self.stoppable()`` when Airflow asks the task to stop.

    Airflow asks with SIGTERM - the task was marked or cleared in the UI, or its worker shuts down - and answers the
    signal by calling ``on_kill``, nothing else: unless that raises, the job works on until the SIGKILL 5 s later.
    """

    _stops_at_signal = False

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """Let SIGTERM raise SystemExit in here, once: what cleans up after it is not to be interrupted again."""
        self._stops_at_signal = True
        try:
            yield
        finally:
            self._stops_at_signal = False

    def on_kill(self) -> None:
        """Raise in the main thread, out of whatever the job is doing, so that its own clean-up runs."""
        if self._stops_at_signal:
            self._stops_at_signal = False
            raise SystemExit("stopped by SIGTERM: marked or cleared in the UI, or the worker shuts down")
