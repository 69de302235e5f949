"""Backups of the database heavy: what shows that one is being made, and what must hold after it was ended or made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tests.e2e.rest import Run
from tests.e2e.running_stack import HEAVY_ROWS, RunningStack
from tests.e2e.waiting import eventually


@dataclass(frozen=True)
class Begun:
    """A backup that is being made, and the folder it is going to fill."""

    run: Run
    folder: str

    @classmethod
    def when_it_uploads(cls, stack: RunningStack, run: Run, before: Collection[str], *, seconds: float = 60.0) -> Begun:
        """Wait for an upload beside those there were before the run."""
        [key] = eventually(
            lambda: set(stack.uploads("heavy/")) - set(before), "an upload of its table", seconds=seconds
        )
        assert stack.dump_processes()
        return cls(run, key.rsplit("/", 1)[0] + "/")


def nothing_runs(stack: RunningStack) -> None:
    eventually(lambda: not stack.dump_processes(), "the end of pg_dump and its guardian", seconds=60)
    eventually(lambda: stack.sessions("heavy") == 0, "the end of their sessions on the server", seconds=60)


def must_be_whole(stack: RunningStack, run: Run) -> None:
    manifest = stack.read_json(f"heavy/backups/{run.xcoms('back_up')['return_value']}/manifest.json")
    assert [(table["name"], table["rows"]) for table in manifest["tables"]] == [("ballast", HEAVY_ROWS)]
    assert stack.uploads("heavy/") == []
