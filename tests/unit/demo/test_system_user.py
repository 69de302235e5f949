"""Servers that come and go at the same time, as those of several test sessions do, keep each other's folders."""

from __future__ import annotations

import os
import pwd
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from demo import system_user


def test_the_last_one_to_leave_takes_nobodys_folder_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_user, "ROOT", tmp_path / "root")
    account = pwd.getpwuid(os.getuid())

    def come_and_go(name: str) -> None:
        for _ in range(300):
            home = system_user.home_for(tmp_path / name, account)
            (home / "data").mkdir()
            system_user.forget(home)

    with ThreadPoolExecutor(3) as sessions:
        list(sessions.map(come_and_go, ["one", "another", "a third"]))
    assert list(tmp_path.iterdir()) == []
