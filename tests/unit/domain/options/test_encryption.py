"""Promises of the recipients: what cannot be encrypted for is found where it is written, and no secret is told."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dbops.domain.options.encryption import Encryption
from dbops.domain.target import Target

KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
OTHER = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def ssh_key(kind: str, *fields: bytes) -> str:
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in (kind.encode(), *fields))
    return f"{kind} {base64.b64encode(blob).decode()}"


ED25519 = ssh_key("ssh-ed25519", bytes(range(32)))
RSA = ssh_key("ssh-rsa", b"\1\0\1", b"\0" + b"\xff" * 256)


def refusal(recipient: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        Encryption(recipients=(recipient,))
    return str(refused.value.errors()[0]["msg"])


@pytest.mark.parametrize("recipient", [KEY, OTHER, ED25519, RSA])
def test_a_whole_key_is_taken(recipient: str) -> None:
    assert Encryption(recipients=(recipient,)).recipients == (recipient,)


@pytest.mark.parametrize("recipient", [f" {KEY}\n", f"{ED25519} me@laptop", f"{RSA}  me at home"])
def test_blanks_and_comments_are_left_out(recipient: str) -> None:
    assert Encryption(recipients=(recipient,)).recipients == (" ".join(recipient.split()[:2]),)


@given(place=st.integers(4, len(KEY) - 1), letter=st.sampled_from(LETTERS + "bio1A"))
def test_every_wrong_letter_is_noticed(place: int, letter: str) -> None:
    mistyped = KEY[:place] + letter + KEY[place + 1 :]
    if mistyped != KEY:
        assert "recipient" in refusal(mistyped) or "is not an age public key" in refusal(mistyped)


@given(length=st.integers(5, len(KEY) - 1))
def test_a_key_that_was_cut_off_is_noticed(length: int) -> None:
    assert "a letter is wrong, missing or too many" in refusal(KEY[:length])
    assert "a letter is wrong, missing or too many" in refusal(KEY + KEY[4 : length + 1])


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        ("", "a recipient is an age public key"),
        ("dba@example.com", "a recipient is an age public key"),
        (KEY.upper(), "a recipient is an age public key"),
        (KEY.replace("age1", "age1yubikey1"), "needs a plugin or a newer age"),
        ("ssh-dss AAAA", "SSH keys of type ssh-ed25519 and ssh-rsa only"),
        ("ssh-ed25519", "not a whole SSH public key"),
        (ED25519[:-8], "not a whole SSH public key"),
        (f"{ED25519[:20]}!{ED25519[20:]}", "not a whole SSH public key"),
        (ED25519.replace("ssh-ed25519 ", "ssh-rsa "), "not a whole SSH public key"),
        (ssh_key("ssh-ed25519", bytes(31)), "not a whole SSH public key"),
        (ssh_key("ssh-rsa", b"\1\0\1", b"\x7f" + b"\xff" * 127), "too short"),
    ],
)
def test_what_cannot_be_encrypted_for_is_refused_with_the_reason(recipient: str, words: str) -> None:
    assert words in refusal(recipient)


@pytest.mark.parametrize(
    "secret", ["AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQ", "age-secret-key-1qyqszqgpq", "-----BEGIN OPENSSH PRIVATE KEY-----"]
)
def test_a_secret_key_is_refused_and_not_repeated(secret: str) -> None:
    told = refusal(secret)
    assert "secret key" in told
    assert "write its public key here" in told
    assert "QYQSZQGPQ" not in told.upper()


@pytest.mark.parametrize("secret", ["AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQ", "age-secret-key-pq-1qyqszqgpq"])
def test_a_secret_key_in_place_of_the_connection_that_holds_it_is_refused_and_not_repeated(secret: str) -> None:
    fields = {"name": "shop", "connection": "shop", "storage": {"bucket": "backups"}}
    places: list[dict[str, Any]] = [
        {"encryption": {"recipients": [KEY], "identities": ["old", secret]}},
        {"connection": secret},
    ]
    for place in places:
        with pytest.raises(ValidationError) as refused:
            Target.model_validate(fields | place)
        told = [error["msg"] for error in refused.value.errors() if "secret key" in error["msg"]]
        assert len(told) == 1
        assert "the id of the Airflow connection whose password it is" in told[0]
        assert "QYQSZQGPQ" not in told[0].upper()


def test_a_recipient_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="there twice"):
        Encryption(recipients=(KEY, f"{KEY} "))


def test_a_section_without_recipients_is_refused_and_none_can_be_asked_for() -> None:
    with pytest.raises(ValidationError):
        Encryption.model_validate({"identities": ["old"]})
    assert Encryption.model_validate({"recipients": [], "identities": ["old"]}).recipients == ()


def test_a_target_is_not_encrypted_until_somebody_asks_for_it() -> None:
    fields = {"name": "shop", "connection": "shop", "environment": "staging", "storage": {"bucket": "backups"}}
    assert Target.model_validate(fields).encryption.recipients == ()
