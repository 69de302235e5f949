"""A file that a row has named is no server's file, and is not repeated; the server's own are."""

from __future__ import annotations

import psycopg2
import pytest

from dbops.gateways.server.refusals import harmless_line, said


class Refused(psycopg2.OperationalError):
    """An error of the server with a code, as the driver would raise it."""

    pgcode = "58P01"


@pytest.mark.parametrize(
    "line",
    [
        'could not open file "base/5/16400": No such file or directory',
        'could not open file "card4111" for reading: No such file or directory',
        'could not open file "/tmp/card4111": No such file or directory',
    ],
)
def test_of_the_systems_errors_only_those_about_the_servers_own_files_are_repeated(line: str) -> None:
    told = line if "base/" in line else None
    assert harmless_line(Refused(line)) == told
    assert said(Refused(line)) == (told or "undefined file (58P01)")


def test_a_file_that_may_not_be_read_is_not_repeated_either() -> None:
    class Denied(psycopg2.ProgrammingError):
        pgcode = "42501"

    assert harmless_line(Denied('could not open file "/tmp/card4111" for reading: Permission denied')) is None
    assert harmless_line(Denied("permission denied for table t")) == "permission denied for table t"
