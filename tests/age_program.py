"""The program `age` itself, as a person has it who knows nothing of dbops, and keys that it has made."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass(frozen=True)
class AgeKey:
    """A key pair of age."""

    public: str
    secret: str = field(repr=False)


def new_key() -> AgeKey:
    """A key pair, made by age-keygen."""
    lines = run("age-keygen").decode().splitlines()
    (secret,) = (line for line in lines if not line.startswith("#"))
    (public,) = (line.removeprefix("# public key: ") for line in lines if line.startswith("# public key: "))
    return AgeKey(public, secret)


def encrypt(clear: bytes, *recipients: str) -> bytes:
    """What age makes of it."""
    return run("age", *(argument for recipient in recipients for argument in ("--recipient", recipient)), given=clear)


def decrypt(encrypted: bytes, identity: str, place: Path) -> bytes:
    """What age makes of it, with an identity file of that content in the folder ``place``."""
    file = place / "identity"
    file.write_text(identity, encoding="utf-8")
    file.chmod(0o600)
    return run("age", "--decrypt", "--identity", str(file), given=encrypted)


def run(program: str, *arguments: str, given: bytes = b"") -> bytes:
    """Run one of its programs on a standard input, and give its standard output."""
    path = shutil.which(program)
    if path is None:
        pytest.fail(f"These tests need {program}, which is not here: apt-get install age", pytrace=False)
    return subprocess.run([path, *arguments], input=given, capture_output=True, check=True).stdout
