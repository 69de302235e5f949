"""Promise: what a server's account may not enter is known before the server is started."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from dbops.gateways.processes.account import can_reach, closed_folder, server_account


def stranger() -> pwd.struct_passwd:
    """An account that owns nothing here."""
    return pwd.struct_passwd(("stranger", "x", 60123, 60123, "", "/", "/bin/false"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that everybody may enter, as far as the tests can see to it."""
    inner = tmp_path / "inner"
    inner.mkdir(mode=0o755)
    for each in (inner, *inner.parents):
        if each.stat().st_uid == os.geteuid() and not each.stat().st_mode & 0o001:
            each.chmod(each.stat().st_mode | 0o011)
    return inner


def test_a_folder_that_everybody_may_enter_is_open(folder: Path) -> None:
    assert closed_folder(folder, stranger()) is None
    assert can_reach(folder, stranger())


def test_the_outermost_closed_folder_is_named(folder: Path) -> None:
    deep = folder / "deep"
    deep.mkdir(mode=0o700)
    folder.chmod(0o750)

    assert closed_folder(deep, stranger()) == folder
    assert not can_reach(deep, stranger())


def test_a_folder_that_may_be_entered_but_not_read_is_out_of_reach(folder: Path) -> None:
    folder.chmod(0o711)

    assert closed_folder(folder, stranger()) is None
    assert not can_reach(folder, stranger())


def test_the_owner_and_the_group_have_bits_of_their_own(folder: Path) -> None:
    found = folder.stat()
    owner = pwd.struct_passwd(("owner", "x", found.st_uid, 60123, "", "/", "/bin/false"))
    member = pwd.struct_passwd(("member", "x", 60123, found.st_gid, "", "/", "/bin/false"))
    folder.chmod(0o710)

    assert closed_folder(folder, owner) is None
    assert closed_folder(folder, member) is None
    assert closed_folder(folder, stranger()) == folder


def test_only_root_needs_another_account() -> None:
    account = server_account()

    assert (account is None) == (os.geteuid() != 0)
    assert account is None or account.pw_uid != 0
