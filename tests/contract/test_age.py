"""What the program `age` and our encryption make of each other's files and keys."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from dbops.domain.options.encryption import Encryption
from dbops.gateways.age import Identities, Recipients
from tests import age_program
from tests.age_program import new_key

CLEAR = bytes(range(256)) * 1000


def ssh_key(folder: Path, kind: str) -> tuple[str, str]:
    """The public and the secret half of an SSH key, as files hold them."""
    path = folder / kind
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "me at home", "-f", path], check=True)
    return path.with_suffix(".pub").read_text(encoding="utf-8"), path.read_text(encoding="utf-8")


def test_age_decrypts_what_we_encrypt(tmp_path: Path) -> None:
    first, second = new_key(), new_key()
    encrypted = Recipients([first.public, second.public]).encrypt_bytes(CLEAR)
    for key in (first, second):
        assert age_program.decrypt(encrypted, key.secret, tmp_path) == CLEAR


def test_we_decrypt_what_age_encrypts() -> None:
    key = new_key()
    assert Identities.read({"key": key.secret}).decrypt_bytes(age_program.encrypt(CLEAR, key.public)) == CLEAR


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_ssh_keys_serve_both(tmp_path: Path, kind: str) -> None:
    public, secret = ssh_key(tmp_path, kind)
    (recipient,) = Encryption(recipients=(public,)).recipients
    encrypted = Recipients([recipient]).encrypt_bytes(CLEAR)
    assert age_program.decrypt(encrypted, secret, tmp_path) == CLEAR
    assert Identities.read({"key": secret}).decrypt_bytes(age_program.encrypt(CLEAR, public.strip())) == CLEAR


def test_the_keys_that_age_makes_are_recipients_and_mistyped_ones_are_what_age_refuses_too() -> None:
    key = new_key().public
    assert Encryption(recipients=(key,)).recipients == (key,)
    for place in range(4, len(key), 6):
        mistyped = key[:place] + ("q" if key[place] != "q" else "p") + key[place + 1 :]
        with pytest.raises(ValidationError):
            Encryption(recipients=(mistyped,))
        with pytest.raises(subprocess.CalledProcessError):
            age_program.encrypt(CLEAR, mistyped)
