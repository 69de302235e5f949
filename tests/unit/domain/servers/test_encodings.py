"""Promise: Python reads a server's text as the encoding that PostgreSQL names says, and never as another one."""

from __future__ import annotations

import pytest

from dbops.domain.servers.encodings import python_codec


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("UTF8", "utf-8"),
        ("LATIN1", "iso8859-1"),
        ("LATIN10", "iso8859-16"),
        ("ISO_8859_5", "iso8859-5"),
        ("WIN1252", "cp1252"),
        ("WIN866", "cp866"),
        ("WIN874", "cp874"),
        ("WIN", "cp1251"),
        ("ALT", "cp866"),
        ("KOI8", "koi8-r"),
        ("KOI8R", "koi8-r"),
        ("KOI8U", "koi8-u"),
        ("EUC_JP", "euc_jp"),
        ("EUC_JIS_2004", "euc_jis_2004"),
        ("SJIS", "shift_jis"),
        ("BIG5", "big5"),
        ("GBK", "gbk"),
        ("UHC", "cp949"),
        ("GB18030", "gb18030"),
        ("JOHAB", "johab"),
    ],
)
def test_each_encoding_of_postgresql_has_its_own_codec(encoding: str, codec: str) -> None:
    assert python_codec(encoding) == codec


@pytest.mark.parametrize(
    "encoding", ["SQL_ASCII", "MULE_INTERNAL", "EUC_TW", "WIN9999", "rot13", "utf_16", "UTF16", ""]
)
def test_what_python_lacks_and_what_is_no_encoding_of_postgresql_is_read_as_utf_8(encoding: str) -> None:
    assert python_codec(encoding) == "utf-8"
