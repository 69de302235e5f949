"""Hypothesis' strategies for SQL texts: quotes and comments with whatever could mislead whoever splits them."""

from __future__ import annotations

import re

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
HOSTILE = st.text(st.sampled_from(list(";'\"$-/*:%\\()[]\nEe aA1_")), max_size=12)
CONTENT = TEXT | HOSTILE


def in_dollars(content: str) -> str:
    """The content in a dollar quote whose tag does not stand in it."""
    tag = next(tag for tag in ("", "x", "xx", "xxx", "xxxx") if f"${tag}$" not in f"{content}$")
    return f"${tag}${content}${tag}$"


def nested(content: str) -> str:
    plain = content.replace("/", "").replace("*", "")
    return f"/* {plain} /* ; ' */ {plain} */"


QUOTED = st.one_of(
    CONTENT.map(lambda content: "'" + content.replace("'", "''") + "'"),
    CONTENT.map(lambda content: "E'" + content.replace("\\", "\\\\").replace("'", "\\'") + "'"),
    CONTENT.map(lambda content: "E'a\\''  -- '\n '" + content.replace("\\", "\\\\").replace("'", "''") + "'"),
    CONTENT.map(lambda content: '"' + content.replace('"', '""') + '"'),
    CONTENT.map(in_dollars),
)
COMMENT = st.one_of(CONTENT.map(lambda content: "-- " + re.sub(r"[\r\n]", " ", content) + "\n"), CONTENT.map(nested))
WORD = st.sampled_from(["a", "SELECT", "type_e", "a1", "a$b", "7", "+", "a::text", "x[1:2]", "f(1, 2)", "||"])
# With commas between: an E'' that a comment and a line end separate from the next text would go on there.
STATEMENT = st.tuples(WORD, st.lists(QUOTED | COMMENT | WORD, max_size=6), WORD).map(
    lambda parts: " , ".join([parts[0], *parts[1], parts[2]])
)
