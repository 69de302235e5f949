"""A token file always holds one whole token, the newest there is, in no directory, and for nobody else."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from dbops.errors import DatabaseError
from dbops.gateways.processes import token_file
from dbops.gateways.processes.token_file import TokenFile


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_file, "RENEWED_EVERY", 0.001)


def lines(file: TokenFile) -> list[str]:
    """What a program that was started with it reads."""
    command = ["/bin/cat", file.environment["PGPASSFILE"]]
    done = subprocess.run(command, pass_fds=file.descriptors, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.split("\n") if line]


def taken(file: TokenFile) -> str:
    """The line that libpq takes: the first that is no comment."""
    return next(line for line in lines(file) if not line.startswith("#"))


def wait_for(file: TokenFile, line: str) -> None:
    deadline = time.monotonic() + 30
    while taken(file) != line:
        assert time.monotonic() < deadline, lines(file)


def test_a_program_reads_each_new_token_as_soon_as_there_is_one() -> None:
    token = ["first"]
    with TokenFile(lambda: token[0]) as file:
        assert taken(file) == "*:*:*:*:first"
        for each in ("second", "a third, which is longer", "4"):
            token[0] = each
            wait_for(file, f"*:*:*:*:{each}")


def test_what_has_a_meaning_in_such_a_file_is_escaped() -> None:
    with TokenFile(lambda: r"db.example.com:5432/?Action=connect\:") as file:
        assert taken(file) == r"*:*:*:*:db.example.com\:5432/?Action=connect\\\:"


def test_nobody_ever_reads_half_a_token() -> None:
    tokens = [letter * length for letter, length in zip("abcdefgh", range(3000, 800, -270), strict=False)]
    whole = {f"*:*:*:*:{token}" for token in tokens}
    turn = iter(range(10**9))
    with TokenFile(lambda: tokens[next(turn) % len(tokens)]) as file:
        descriptor = file.descriptors[0]
        seen: set[str] = set()
        deadline = time.monotonic() + 30
        while len(seen) < len(whole) and time.monotonic() < deadline:
            body = os.pread(descriptor, 1 << 20, 0).decode()
            seen.add(next(line for line in body.split("\n") if line and not line.startswith("#")))
        assert seen == whole


def test_only_its_owner_may_read_it_and_it_lies_in_no_directory() -> None:
    with TokenFile(lambda: "word") as file:
        status = os.fstat(file.descriptors[0])
        assert stat.S_IMODE(status.st_mode) == 0o600  # else libpq would ignore it
        assert stat.S_ISREG(status.st_mode)
        assert status.st_nlink == 0
        assert not os.get_inheritable(file.descriptors[0])


def test_a_token_that_cannot_be_renewed_leaves_the_one_before_and_is_asked_for_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def tokens() -> Iterator[str]:
        yield "first"
        yield "second"

    given, refusals = tokens(), [ConnectionError("s3cr3t"), DatabaseError("No token was given.", "Wait.")]
    failed = threading.Event()

    def token() -> str:
        if failed.is_set() and refusals:
            raise refusals.pop()
        failed.set()
        return next(given, "second")

    with TokenFile(token) as file:
        wait_for(file, "*:*:*:*:second")
    said = [record.getMessage() for record in caplog.records]
    assert any("No token was given." in line for line in said)
    assert "s3cr3t" not in "".join(said)


def test_a_first_token_that_cannot_be_had_is_raised() -> None:
    def token() -> str:
        raise DatabaseError("No token was given.", "Wait.")

    with pytest.raises(DatabaseError):
        TokenFile(token)


def test_without_a_token_there_is_no_file() -> None:
    with TokenFile(None) as file:
        assert (file.environment, list(file.descriptors)) == ({}, [])


def test_closed_twice_it_closes_nothing_of_somebody_else() -> None:
    file = TokenFile(lambda: "word")
    file.close()
    reading, writing = os.pipe()
    file.close()
    os.write(writing, b"still open")
    assert os.read(reading, 20) == b"still open"
    os.close(reading)
    os.close(writing)
