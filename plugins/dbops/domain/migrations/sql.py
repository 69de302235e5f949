"""What may stand in migration.sql and down.sql: statements that run whole or not at all, in a transaction that is ours.

The exception is a statement with CONCURRENTLY, which is alone in its file. What else is wrong, the scratch database
finds, before anything live is touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbops.domain.sql.statements import SqlFault, SqlStatement, statements
from dbops.domain.sql.text import Token, tokens

_TRANSACTION = "may not stand here: the transaction is ours, and the file takes effect whole or not at all; remove it"
_ELSEWHERE = "may not stand here: it takes no part in a transaction, and changes more than this schema; run it by hand"
_COPY = "is followed by rows that only psql sends; write INSERT, or load the rows by hand"
_MARK = "the file begins with a byte order mark, which PostgreSQL takes for a part of a word; save it as UTF-8 without"
_WORKER = (
    "may not stand here: it reaches beyond the database, to files and programs of the server, which is the "
    "worker's own where a plan tries it; do it by hand"
)
_FILES = frozenset({
    "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "pg_file_write", "lo_import", "lo_export",
})  # fmt: skip
_UNTRUSTED = frozenset({
    "c", "internal", "plpythonu", "plpython2u", "plpython3u", "plperlu", "pltclu", "file_fdw", "adminpack",
})  # fmt: skip
# By the words that a statement begins with, why it may not.
_REFUSED: dict[tuple[str, ...], str] = {
    **dict.fromkeys((("BEGIN",), ("START",), ("COMMIT",), ("END",), ("ROLLBACK",), ("ABORT",)), _TRANSACTION),
    **dict.fromkeys((("SAVEPOINT",), ("RELEASE",), ("PREPARE", "TRANSACTION")), _TRANSACTION),
    **dict.fromkeys((("VACUUM",), ("ALTER", "SYSTEM")), _ELSEWHERE),
    **dict.fromkeys((("CREATE", "DATABASE"), ("DROP", "DATABASE")), _ELSEWHERE),
    **dict.fromkeys((("CREATE", "TABLESPACE"), ("DROP", "TABLESPACE")), _ELSEWHERE),
    ("LOAD",): _WORKER,
}


def objections(sql: str) -> tuple[tuple[int, str], ...]:
    """Why a text may not be a migration or take one back: each reason with its line, in order. A comment alone may."""
    if sql.startswith("\ufeff"):
        return ((1, _MARK),)
    try:
        found = statements(sql)
    except SqlFault as fault:
        copies = [(line, f"COPY ... FROM STDIN {_COPY}") for line in _copies(sql) if line <= fault.line]
        return tuple(copies) or ((fault.line, fault.sentence),)
    own = tuple(_without_bodies(found))
    return tuple(reason for statement in own for reason in _objections(statement, alone=len(found) == 1))


def runs_alone(sql: str) -> bool:
    """Whether a text without objections is one statement with CONCURRENTLY, for which no transaction may be open."""
    found = statements(sql)
    return len(found) == 1 and bool(_concurrent(found[0]))


def _objections(statement: SqlStatement, *, alone: bool) -> Iterator[tuple[int, str]]:
    found = tuple(statement.keywords)
    for words, sentence in _REFUSED.items():
        if found[: len(words)] == words:
            yield statement.line, f"{' '.join(words)} {sentence}"
    if found[:1] == ("COPY",) and statement.has_keywords("FROM", "STDIN"):
        yield statement.line, f"COPY ... FROM STDIN {_COPY}"
    for token, beyond in _beyond(statement):
        yield statement.line_of(token), f"{beyond} {_WORKER}"
    what = _concurrent(statement)
    if what and not alone:
        yield (
            statement.line,
            f"{what} is not alone in its file, and no transaction may be open around it; move it into a folder of its "
            "own",
        )
    if what == "CREATE INDEX CONCURRENTLY" and not _has_name(statement):
        yield (
            statement.line,
            f"{what} names no index, so that what an interrupted build leaves could not be told; write its name",
        )


def _beyond(statement: SqlStatement) -> Iterator[tuple[Token, str]]:
    """What of it reaches files or programs, as far as that can be seen, in bodies too."""
    found = statement.tokens
    for number, token in enumerate(found):
        word, after = statement.keyword(number), found[number + 1] if number + 1 < len(found) else None
        if after is not None and statement.keyword(0) == "COPY" and word in {"TO", "FROM"}:
            if after.text.upper() == "PROGRAM":
                yield token, "COPY with a PROGRAM"
            elif after.kind in {"text", "escaped", "dollar"}:
                yield token, "COPY with a file of the server"
        if after is not None and word in {"LANGUAGE", "EXTENSION", "EXISTS"} and _plain(after) in _UNTRUSTED:
            yield token, f"{_plain(after)}, which is not trusted,"
        yield from _files(token, found[number + 1 : number + 2])


def _files(token: Token, after: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    if token.kind == "dollar":
        inner = [one for one in tokens(token.quoted) if one.kind != "comment" and not one.text.isspace()]
        for number, one in enumerate(inner):
            yield from ((token, what) for _, what in _files(one, inner[number + 1 : number + 2]))
    elif _plain(token) in _FILES and token.kind in {"word", "name"} and [one.text for one in after] == ["("]:
        yield token, f"{_plain(token)}()"


def _plain(token: Token) -> str:
    return token.text.strip("'\"").lower()


def _concurrent(statement: SqlStatement) -> str:
    """What it is called where no transaction may be open around it; else empty."""
    if not statement.has_keywords("CONCURRENTLY"):
        return ""
    first, second = statement.keyword(0), statement.keyword(1)
    if first == "CREATE" and (second == "INDEX" or (second, statement.keyword(2)) == ("UNIQUE", "INDEX")):
        return "CREATE INDEX CONCURRENTLY" if statement.has_keywords("INDEX", "CONCURRENTLY") else ""
    if (first, second) == ("DROP", "INDEX"):
        return "DROP INDEX CONCURRENTLY" if statement.keyword(2) == "CONCURRENTLY" else ""
    if first == "REINDEX":
        return "REINDEX CONCURRENTLY"
    if (first, second) == ("ALTER", "TABLE") and statement.has_keywords("DETACH", "PARTITION"):
        return "DETACH PARTITION CONCURRENTLY" if statement.keyword(len(statement.tokens) - 1) == "CONCURRENTLY" else ""
    return ""


def _has_name(statement: SqlStatement) -> bool:
    """Whether a CREATE INDEX CONCURRENTLY says how the index is called: else ON follows at once."""
    return statement.keyword(statement.keywords.index("CONCURRENTLY") + 1) != "ON"


def _without_bodies(found: Sequence[SqlStatement]) -> Iterator[SqlStatement]:
    """The statements of the file itself: those between BEGIN ATOMIC and its END are a function's body."""
    inside = False
    for statement in found:
        if inside:
            inside = statement.keyword(0) != "END"
            continue
        yield statement
        inside = statement.has_keywords("BEGIN", "ATOMIC")


def _copies(sql: str) -> Iterator[int]:
    """The lines of COPY ... FROM STDIN in a text that cannot be taken apart because of the rows that follow."""
    begun = 0
    words: list[str] = []
    for token in tokens(sql):
        if token.kind == "comment" or token.text.isspace():
            continue
        if token.text == ";":
            words = []
            continue
        if not words:
            begun = sql.count("\n", 0, token.start) + 1
        words.append(token.text.upper())
        if words[0] == "COPY" and words[-2:] == ["FROM", "STDIN"]:
            yield begun
