"""Rules know no machine: its time zone, which is UTC on most servers, is a strange one here."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def _a_zone_of_nobody() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as machine:
        machine.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        yield
    time.tzset()
