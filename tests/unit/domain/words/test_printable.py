"""What somebody else has named can be shown, mailed and stored."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.fault import Fault
from dbops.domain.words.printable import printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"shop", "shop"),
        ("Größe 日本 😀".encode(), "Größe 日本 😀"),
        (b"caf\xe9", r"caf\udce9"),  # Latin-1, which is no UTF-8
        (b"a\nb", r"a\nb"),
        ("Größe\n".encode(), r"Größe\n"),
        (b"\x1b[2J", r"\x1b[2J"),
    ],
)
def test_a_name_that_can_be_shown_is_shown_as_it_is_and_any_other_in_words(name: bytes, shown: str) -> None:
    assert printable(os.fsdecode(name)) == shown


@given(st.text(st.characters()))
def test_any_text_becomes_one_line_that_can_be_encoded(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode()
    assert printable(shown) == shown


def test_a_fault_can_be_stored_whatever_its_file_is_called() -> None:
    fault = Fault("targets/caf\udce9.yaml", None, "the name\nis odd")
    assert str(fault) == r"targets/caf\udce9.yaml: the name\nis odd"
    str(fault).encode()
