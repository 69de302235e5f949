"""Recipient: the public key of somebody who can decrypt a backup, as `age-keygen` prints it, or an SSH public key.

Read letter by letter, without any cryptography: a mistyped key would otherwise be found in the night of a backup.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator

from dbops.domain.options.secret_keys import refuse_secret_key

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"  # of Bech32, in the order of their values
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6
_HUMAN = "age"
_KEY_LENGTH = 52  # letters of 5 bits, for 32 bytes
_PADDING = 0b1111
_SSH_TYPES = ("ssh-ed25519", "ssh-rsa")
_SSH_ED25519 = 32
_SMALLEST_RSA = 2048


def _recipient(value: str) -> str:
    """The recipient without blanks and comment; raises ValueError, and repeats nothing of what may be a secret."""
    text = value.strip()
    refuse_secret_key(text, "its public key here, which begins with age1")
    if text.startswith("ssh-"):
        return _ssh(text)
    if not text.startswith(f"{_HUMAN}1"):
        raise ValueError("a recipient is an age public key, as in age1ql3z7h..., or one of ssh-ed25519 or ssh-rsa")
    if text.rpartition("1")[0] != _HUMAN:
        raise ValueError("this recipient needs a plugin or a newer age; make an ordinary one with age-keygen")
    if not _is_key(text):
        raise ValueError("this is not an age public key: a letter is wrong, missing or too many; copy it again")
    return text


Recipient = Annotated[str, AfterValidator(_recipient)]


def _is_key(text: str) -> bool:
    letters = text[len(_HUMAN) + 1 :]
    if len(letters) != _KEY_LENGTH + _CHECKSUM or any(letter not in _LETTERS for letter in letters):
        return False
    values = [_LETTERS.index(letter) for letter in letters]
    human = [ord(letter) >> 5 for letter in _HUMAN] + [0] + [ord(letter) & 31 for letter in _HUMAN]
    return _polymod(human + values) == 1 and not values[_KEY_LENGTH - 1] & _PADDING


def _polymod(values: list[int]) -> int:
    """Bech32's checksum, which is 1 where nothing was mistyped (BIP 173)."""
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATORS):
            checksum ^= generator if top >> place & 1 else 0
    return checksum


def _ssh(text: str) -> str:
    kind, _, rest = text.partition(" ")
    body = rest.strip().partition(" ")[0]
    if kind not in _SSH_TYPES:
        raise ValueError(f"age encrypts for SSH keys of type {' and '.join(_SSH_TYPES)} only")
    try:
        fields = _ssh_fields(base64.b64decode(body, validate=True))
    except (binascii.Error, IndexError):
        fields = []
    if not fields or fields[0] != kind.encode():
        raise ValueError("this is not a whole SSH public key: copy the line of the .pub file again")
    if kind == "ssh-rsa" and int.from_bytes(fields[-1], "big").bit_length() < _SMALLEST_RSA:
        raise ValueError(f"this SSH key is too short: age wants RSA keys of at least {_SMALLEST_RSA} bits")
    if kind == "ssh-ed25519" and [len(field) for field in fields[1:]] != [_SSH_ED25519]:
        raise ValueError("this is not a whole SSH public key: copy the line of the .pub file again")
    return f"{kind} {body}"


def _ssh_fields(blob: bytes) -> list[bytes]:
    fields = []
    while blob:
        end = 4 + int.from_bytes(blob[:4], "big")
        if end > len(blob):
            raise IndexError("it ends too early")
        fields.append(blob[4:end])
        blob = blob[end:]
    return fields
