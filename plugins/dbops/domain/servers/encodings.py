"""Encodings: what Python calls the one that PostgreSQL names."""

from __future__ import annotations

import codecs
import re

# Python has others, some of which make another text of ASCII letters.
_POSTGRES = re.compile(
    r"UTF8|LATIN\d{1,2}|ISO_8859_[5-8]|WIN(?:\d{3,4})?|ALT|KOI8[RU]?|EUC_(?:JP|CN|KR|TW|JIS_2004)"
    r"|SJIS|SHIFT_JIS_2004|BIG5|GBK|UHC|GB18030|JOHAB"
)
_PYTHON_NAMES = {
    "WIN": "cp1251", "ALT": "cp866", "UHC": "cp949", "KOI8": "koi8_r", "KOI8R": "koi8_r", "KOI8U": "koi8_u",
}  # fmt: skip
_WITHOUT_A_CODEC = frozenset({"SQL_ASCII", "MULE_INTERNAL"})


def is_encoding(name: str) -> bool:
    """Whether PostgreSQL writes the name of an encoding so; it reads others too, such as sjis and mskanji for SJIS."""
    return name in _WITHOUT_A_CODEC or _POSTGRES.fullmatch(name) is not None


def python_codec(encoding: str) -> str:
    """Python's name for one of PostgreSQL's encodings; UTF-8 for SQL_ASCII, what Python lacks, and what is none."""
    if not _POSTGRES.fullmatch(encoding):
        return "utf-8"
    name = _PYTHON_NAMES.get(encoding, encoding)
    try:
        return codecs.lookup(f"cp{name[3:]}" if name.startswith("WIN") else name).name
    except LookupError:
        return "utf-8"
