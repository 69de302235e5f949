"""Promise: what pg_dump says at its end becomes a sentence with a remedy that fits every cause it may have had."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbops.errors import DumpFailed, SpoolError
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


def test_a_full_disk_of_the_server_is_none_of_the_spool() -> None:
    said = (
        'pg_dump: error: Dumping the contents of table "seats" failed: PQgetResult() failed.\npg_dump: detail: Error '
        'message from server: ERROR:  could not write to file "base/pgsql_tmp/pgsql_tmp7.0": No space left on device\n'
    )
    failure = dump_failure("pg_dump", 1, said, FOLDER)
    assert isinstance(failure, DumpFailed)
    assert 'could not write to file "base/pgsql_tmp/pgsql_tmp7.0": No space left on device' in failure.what


def test_what_a_row_may_have_said_is_not_repeated_and_its_table_is() -> None:
    said = (
        'pg_dump: error: Dumping the contents of table "seats" failed: PQgetResult() failed.\n'
        "pg_dump: detail: Error message from server: ERROR:  card 4111 is not known\nDETAIL:  Row (4111).\n"
        "pg_dump: detail: Command was: COPY public.seats (card) TO stdout;\n"
    )
    failure = dump_failure("pg_dump", 1, said, FOLDER)
    assert "4111" not in str(failure)
    assert "public.seats" in failure.what
    assert "the server's words are not repeated here" in failure.what


def test_a_signal_is_told_by_its_number() -> None:
    assert "was ended by signal 9" in dump_failure("pg_dump", 137, "", FOLDER).what
