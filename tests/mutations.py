"""Hypothesis' strategies for what is almost right: bytes and JSON documents with a few wounds."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

HOSTILE_TEXTS = st.sampled_from(
    [
        *(
            "",
            " ",
            "\0",
            "\ud800",
            "\u202e",
            "\ufeff",
            "x" * 5000,
            "a\nb",
            "a\r\nb: c",
            "|",
            "`",
            "%s",
            "{}",
            "{{ 1/0 }}",
        ),
        *(
            "../../etc/passwd",
            "/etc/passwd",
            "..",
            ".",
            "a/b",
            "s3://other/key",
            "C:\\x",
            "~root",
            "$(reboot)",
            "--help",
        ),
        *("<script>alert(1)</script>", "</textarea>", "&amp;", "'; DROP TABLE x; --", "$$", "$a$", "é", "日本", "😀"),
        *("NaN", "Infinity", "1e999", "-0", "0x10", "1_000", "\uff19", "true", "null", "~", "yes", "2026-02-30", "26h"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"),
        *("2026-11-22T12:00:00", "-271821-04-20T00:00:00Z", "1969-12-31T23:59:59.999999Z", "99999999999999999999"),
        *("20261122T020000Z", "00010101T000000Z", "99991231T235959Z", "20260230T000000Z", "\uff120261122T020000Z"),
    ]
)
HOSTILE_NUMBERS = st.sampled_from(
    [
        0,
        -1,
        1,
        2**31,
        2**63,
        2**64,
        -(2**63) - 1,
        10**30,
        10**400,
        0.5,
        -0.0,
        1e308,
        float("nan"),
        float("inf"),
        float("-inf"),
    ]
)
ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    HOSTILE_NUMBERS,
    st.integers(),
    st.floats(),
    HOSTILE_TEXTS,
    st.text(max_size=20),
    st.just([]),
    st.just({}),
)
VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE_TEXTS, inner, max_size=3)
)

Path = tuple[str | int, ...]


def paths(document: Any, above: Path = ()) -> list[Path]:
    """The place of every value in it."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [above, *(path for key, value in items for path in paths(value, (*above, key)))]


@st.composite
def wounded(draw: st.DrawFn, document: Any, most: int = 3) -> Any:
    """The document with up to so many values replaced, left out, doubled, or put a level deeper."""
    whole = [copy.deepcopy(document)]
    for _ in range(draw(st.integers(1, most))):
        path = draw(st.sampled_from(paths(whole)[1:]))
        _wound(draw, whole, path)
    return whole[0]


def _wound(draw: st.DrawFn, whole: Any, path: Path) -> None:
    holder = whole
    for step in path[:-1]:
        holder = holder[step]
    last: Any = path[-1]
    how = draw(st.sampled_from(["replace", "replace", "replace", "leave out", "rename", "wrap", "double"]))
    if how == "leave out" and len(path) > 1:
        del holder[last]
    elif how == "rename" and isinstance(holder, dict):
        holder[draw(HOSTILE_TEXTS)] = holder.pop(last)
    elif how == "wrap":
        holder[last] = draw(st.sampled_from([[holder[last]], {"x": holder[last]}]))
    elif how == "double" and isinstance(holder[last], list):
        holder[last] = [*holder[last], *copy.deepcopy(holder[last])]
    else:
        holder[last] = draw(VALUES)


GARBAGE = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            *(
                b"",
                b"null",
                b"[]",
                b"{}",
                b'""',
                b"0",
                b"NaN",
                b"\xff\xfe{\x00}\x00",
                b"\xef\xbb\xbf{}",
                b"{" * 5000,
            ),
            *(
                b"[" * 5000,
                b'{"a":' * 5000,
                b"1" * 5000,
                b'{"ok": 1}',
                b'{"ok": "true"}',
                b"<Error/>",
                b"\0" * 100,
            ),
        ]
    ),
)
"""What is no JSON document of ours, whatever is done to it."""


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """The bytes, cut short, with some of them changed, left out, put in or doubled."""
    for _ in range(draw(st.integers(1, 3))):
        at, length = draw(st.integers(0, len(body))), draw(st.integers(0, 40))
        how = draw(st.sampled_from(["cut", "change", "leave out", "put in", "double"]))
        before, touched, behind = body[:at], body[at : at + length], body[at + length :]
        match how:
            case "cut":
                body = before
            case "change":
                body = before + draw(st.binary(min_size=len(touched), max_size=len(touched))) + behind
            case "leave out":
                body = before + behind
            case "put in":
                body = before + draw(st.binary(max_size=20) | HOSTILE_TEXTS.map(_encoded)) + touched + behind
            case _:
                body = before + touched + touched + behind
    return body


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@st.composite
def almost(draw: st.DrawFn, body: bytes) -> bytes:
    """A JSON document as somebody might have left it."""
    how = draw(st.sampled_from(["wounded", "wounded", "wounded", "damaged", "garbage", "encoded"]))
    if how == "garbage":
        return draw(GARBAGE)
    if how == "damaged":
        return draw(damaged(body))
    document = draw(wounded(json.loads(body)))
    text = json.dumps(document, ensure_ascii=draw(st.booleans()))
    if how == "encoded":
        return text.encode(draw(st.sampled_from(["utf-16", "utf-8-sig", "utf-7"])), "replace")
    return text.encode("utf-8", "surrogatepass")
