"""Promises of the growing file and the spool: nothing is missed, nothing is kept, nobody waits for ever."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from dbops.gateways.archive.growing_file import GrowingFile
from dbops.gateways.dump.spool import Abandoned, Spool, SpoolPart, punch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "1.dat.zst"
    path.touch()
    return path


def test_a_reader_gets_everything_written_before_the_file_was_closed(path: Path) -> None:
    file = GrowingFile(path, threading.Event())

    def write() -> None:
        with path.open("ab", buffering=0) as writer:
            for number in range(200):
                writer.write(b"%05d" % number)
        file.finish()

    writer = threading.Thread(target=write)
    writer.start()
    taken = bytearray()
    buffer = bytearray(64)
    while length := file.readinto(memoryview(buffer)):
        taken += buffer[:length]
    writer.join()
    assert bytes(taken) == b"".join(b"%05d" % number for number in range(200))
    assert file.position == file.written == 1000
    file.discard()
    assert not path.exists()


def test_a_reader_that_waits_ends_when_the_backup_is_abandoned(path: Path) -> None:
    abandoned = threading.Event()
    file = GrowingFile(path, abandoned)
    threading.Timer(0.05, abandoned.set).start()
    with pytest.raises(Abandoned):
        file.readinto(memoryview(bytearray(10)))
    file.close()


def test_a_part_reads_as_a_file_of_its_own_and_again_after_a_rewind(path: Path) -> None:
    path.write_bytes(bytes(range(100)))
    descriptor = os.open(path, os.O_RDONLY)
    part = SpoolPart(descriptor, 10, 20, threading.Event())
    assert part.read() == bytes(range(10, 30))
    assert part.read() == b""
    part.seek(5)
    assert part.read(3) == bytes(range(15, 18))
    assert part.seek(0, os.SEEK_END) == 20
    os.close(descriptor)


def test_a_part_is_not_sent_for_a_backup_that_was_abandoned(path: Path) -> None:
    path.write_bytes(b"x")
    abandoned = threading.Event()
    abandoned.set()
    descriptor = os.open(path, os.O_RDONLY)
    with pytest.raises(Abandoned):
        SpoolPart(descriptor, 0, 1, abandoned).read(1)
    os.close(descriptor)


def test_the_spool_of_a_killed_process_is_removed_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    dead = tmp_path / f"dbops-a-{gone.pid}-x"
    other = tmp_path / f"dbops-b-{gone.pid}-x"
    for left in (dead, other):
        left.mkdir()
        (left / "1.dat").touch()
    with Spool(tmp_path, "a") as living, Spool(tmp_path, "a"):
        assert living.path.exists()
        assert not dead.exists()
        assert other.exists()


def test_punched_space_is_given_back_and_the_file_keeps_its_size(tmp_path: Path) -> None:
    with Spool(tmp_path, "a") as spool:
        assert spool.can_punch
        file = spool.path / "1.dat"
        file.write_bytes(os.urandom(1024 * 1024))
        before = file.stat().st_blocks
        with file.open("r+b") as opened:
            assert punch(opened.fileno(), 0, 512 * 1024)
        assert file.stat().st_size == 1024 * 1024
        assert file.stat().st_blocks <= before - 512 * 1024 // 512
    assert list(tmp_path.iterdir()) == []
