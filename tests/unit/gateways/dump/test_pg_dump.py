"""Promise: what pg_dump says at its end becomes a sentence with a remedy that fits every cause it may have had."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbops.errors import SpoolError
from dbops.gateways.dump.pg_dump import dump_failure

FOLDER = Path("/spool/shop-1")


@pytest.mark.parametrize(
    ("said", "remedies"),
    [
        ('could not obtain lock on relation "public.seats"', ["A migration of that table", "the server went away"]),
        ("query failed: ERROR: canceling statement\nquery was: LOCK TABLE public.seats", ["lock_wait_timeout"]),
        (
            "query failed: ERROR:  out of shared memory\nHINT:  You might need to increase "
            '"max_locks_per_transaction".\nquery was: LOCK TABLE public.t00001, public.t00002 IN ACCESS SHARE MODE',
            ["max_locks_per_transaction times max_connections", "a lock on every table"],
        ),
        ("permission denied for table seats", ["pg_read_all_data"]),
        ("", ["The server's log says more"]),
    ],
)
def test_every_cause_of_what_it_says_has_its_remedy(said: str, remedies: list[str]) -> None:
    failure = dump_failure("pg_dump", 1, said, FOLDER)
    assert "pg_dump failed with status 1" in failure.what
    assert [words for words in remedies if words not in failure.remedy] == []


def test_a_full_spool_names_the_folder_and_not_the_database() -> None:
    failure = dump_failure("pg_dump", 1, "could not write to output file: No space left on device", FOLDER)
    assert isinstance(failure, SpoolError)
    assert "/spool is full" in failure.what


def test_a_signal_is_told_by_its_number() -> None:
    assert "was ended by signal 9" in dump_failure("pg_dump", 137, "", FOLDER).what
