"""A file's upload ends when the backup is given up, whatever it is waiting for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dbops.gateways.archive.file_upload import FileUpload
from dbops.gateways.archive.growing_file import GrowingFile
from dbops.gateways.dump.throttle import Throttle
from dbops.gateways.store.memory_bucket import InMemoryBucket
from tests.unit.samples import Clock


def test_parts_that_were_cancelled_while_they_queued_keep_nobody_waiting(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(bytes(1000))
    abandoned, is_sending, may_send = threading.Event(), threading.Event(), threading.Event()
    senders = ThreadPoolExecutor(1)

    def hold(_seconds: float) -> None:
        is_sending.set()
        may_send.wait()

    throttle = Throttle(1, sleep=hold)  # the second part of this process waits for the rate; all others queue behind it
    file = GrowingFile(tmp_path / "data", abandoned)
    upload = FileUpload(
        file,
        InMemoryBucket("vault", Clock()),
        "folder/data",
        "data",
        senders=senders,
        first_part=100,
        throttle=throttle,
        punchable=False,
        abandoned=abandoned,
        on_failure=lambda _error: None,
        counter=None,
    )
    ended = threading.Event()

    def follow() -> None:
        try:
            upload.run()
        except BaseException:  # noqa: BLE001 - how it ends does not matter here, only that it does
            ended.set()

    file.finish()
    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    assert is_sending.wait(10)
    abandoned.set()
    senders.shutdown(wait=False, cancel_futures=True)
    may_send.set()
    assert ended.wait(10)
    follower.join()
    upload.abort()
    file.close()
