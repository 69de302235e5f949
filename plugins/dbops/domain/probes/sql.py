"""What may stand in a probe: the application's own statements, inside a transaction that is ours."""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.probes.parameters import misnamed, parameters
from dbops.domain.sql.statements import SqlFault, SqlStatement, statements
from dbops.domain.words.suggestion import did_you_mean

READING = ("SELECT", "WITH", "VALUES", "TABLE")
WRITING = ("INSERT", "UPDATE", "DELETE", "MERGE")

_SESSION = "it changes the session, in which other probes run too; remove it"
_TRANSACTION = "the transaction is ours, and is always rolled back; remove it"
_SCHEMA = "it changes the schema, which is for a migration to do; remove it"
_HIDING = "it hides what it executes, and could end the transaction, which is ours; write the statements themselves"
_UPKEEP = "it is maintenance, not an operation of the application; remove it"
_CURSOR = "it takes a cursor that outlives the statement; write the query itself"
# By the word that a statement begins with, why it may not.
_REFUSED = {
    **dict.fromkeys(("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"), _TRANSACTION),
    **dict.fromkeys(("SAVEPOINT", "RELEASE", "PREPARE"), _TRANSACTION),
    **dict.fromkeys(("CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "REFRESH", "REASSIGN"), _SCHEMA),
    **dict.fromkeys(("IMPORT", "SECURITY"), _SCHEMA),
    **dict.fromkeys(("SET", "RESET", "DISCARD", "LOAD", "DEALLOCATE", "LISTEN", "UNLISTEN", "NOTIFY"), _SESSION),
    **dict.fromkeys(("CALL", "DO", "EXECUTE"), _HIDING),
    **dict.fromkeys(("VACUUM", "ANALYZE", "ANALYSE", "CLUSTER", "REINDEX", "CHECKPOINT"), _UPKEEP),
    **dict.fromkeys(("DECLARE", "FETCH", "MOVE", "CLOSE"), _CURSOR),
    "COPY": "it carries rows into or out of the server, which no rollback takes back; remove it",
    "EXPLAIN": "what is too slow is explained in the report anyway; write the statement itself",
    "LOCK": "the application would wait for the lock; remove it",
    "TRUNCATE": "it locks the whole table against the application; write DELETE with a condition",
}
_ADVISORY = "its lock outlives the rollback, and the application may wait for it; use pg_advisory_xact_lock"
_OTHER_SESSION = "it works in a session of its own, which our rollback does not reach; remove it"
_INTERRUPTING = "it interrupts the sessions of others; remove it"
# Functions whose effect neither a rollback takes back nor a read-only session prevents.
_ESCAPING = {
    "set_config": _SESSION,
    **dict.fromkeys(("pg_advisory_lock", "pg_advisory_lock_shared"), _ADVISORY),
    **dict.fromkeys(("pg_try_advisory_lock", "pg_try_advisory_lock_shared"), _ADVISORY),
    **dict.fromkeys(
        ("dblink", "dblink_exec", "dblink_connect", "dblink_connect_u", "dblink_send_query"), _OTHER_SESSION
    ),
    **dict.fromkeys(("pg_terminate_backend", "pg_cancel_backend", "pg_reload_conf", "pg_switch_wal"), _INTERRUPTING),
}
_ROW_LOCKS = (("UPDATE",), ("NO", "KEY", "UPDATE"), ("SHARE",), ("KEY", "SHARE"))
_FAR_AS_SET = 10  # tokens: UPDATE ONLY "public"."User" * AS u SET


def objections(statement: SqlStatement, *, writes: bool) -> Iterator[tuple[int, str]]:
    """Why a statement may not stand in a probe that ``writes`` or only reads: each reason with its line."""
    refused = _first_word_refused(statement)
    if refused:
        yield statement.line, refused
        return
    yield from _anywhere(statement)
    if not writes:
        for number, what in _changes(statement):
            line = statement.line_of(statement.tokens[number])
            yield line, f"it has {what}; write writes: true in the header, and it is rolled back each time"
    for token in misnamed(statement):
        line = statement.line_of(token)
        yield line, f'the parameter ":{token.text}" must be lower case letters, digits and _, as in :user_id'


def may_write(statement: SqlStatement) -> bool:
    """Whether it writes, or calls a function by its schema: that is one of the application's own, and may write."""
    return any(_changes(statement)) or any(
        statement.has(number, ".") and statement.has(number + 2, "(") and not _is_builtin(statement, number - 1)
        for number in range(len(statement.tokens))
    )


def draw_objection(query: str) -> str:
    """Why parameters cannot be drawn by this query; empty where they can."""
    try:
        found = statements(query)
    except SqlFault as fault:
        return fault.sentence
    if len(found) != 1:
        return f"parameters are drawn by one query, and it has {len(found) or 'none'}; write one SELECT"
    (one,) = found
    if used := parameters(one):
        return f'it uses the parameter ":{used[0].text}", and has none to draw it from; write the value itself'
    if _first_word(one) in WRITING:
        return f"it is {_named(_first_word(one))}, but parameters are drawn by a query that only reads; write a SELECT"
    refused = _first_word_refused(one) or next((sentence for _, sentence in _anywhere(one)), "")
    if refused:
        return refused
    changes = [what for _, what in _changes(one)]
    return f"it has {changes[0]}, but parameters are drawn by a query that only reads; remove it" if changes else ""


def _first_word_refused(statement: SqlStatement) -> str:
    word = _first_word(statement)
    if word in (*READING, *WRITING):
        return ""
    if word in _REFUSED:
        return f"{word} may not stand in a probe: {_REFUSED[word]}"
    near = did_you_mean(word, (*READING, *WRITING)) if word else ""
    first = word or statement.tokens[0].text
    return f'a statement cannot begin with "{first}". {near or "It begins with " + ", ".join((*READING, *WRITING))}'


def _first_word(statement: SqlStatement) -> str:
    """The word it begins with, parentheses left out."""
    number = next((number for number in range(len(statement.tokens)) if not statement.has(number, "(")), 0)
    return statement.keyword(number)


def _anywhere(statement: SqlStatement) -> Iterator[tuple[int, str]]:
    """What may stand in no statement, wherever it does."""
    for number, token in enumerate(statement.tokens):
        line, word = statement.line_of(token), statement.keyword(number)
        if word == "INTO" and statement.keyword(number - 1) not in {"INSERT", "MERGE"}:
            yield line, f"SELECT ... INTO may not stand in a probe: it makes a table; {_SCHEMA}"
        name = token.text[1:-1] if token.kind == "name" else token.text.lower()
        if token.kind in {"word", "name"} and name in _ESCAPING and statement.has(number + 1, "("):
            yield line, f"{name}() may not stand in a probe: {_ESCAPING[name]}"
        following = statement.tokens[number + 1] if number + 1 < len(statement.tokens) else None
        if token.kind == "any" and token.text == "$" and following is not None and following.text.isdigit():
            yield line, f"${following.text} has no value here; write a named parameter, as in :user_id"


def _changes(statement: SqlStatement) -> Iterator[tuple[int, str]]:
    """What a session that only reads would refuse: each by the number of its token, and what it is."""
    for number in range(len(statement.tokens)):
        word = statement.keyword(number)
        if word in WRITING and _begins(statement, number):
            yield number, _named(word)
        if word == "FOR":
            for lock in _ROW_LOCKS:
                if all(statement.keyword(number + 1 + step) == part for step, part in enumerate(lock)):
                    yield number, f"a FOR {' '.join(lock)}"


def _begins(statement: SqlStatement, number: int) -> bool:
    """Whether such a word begins a statement, and is not the name of a column: none of them is reserved."""
    if number == 0:
        return True
    if not statement.has(number - 1, "()"):
        return False
    word = statement.keyword(number)
    if word == "UPDATE":
        return any(statement.keyword(number + step) == "SET" for step in range(1, _FAR_AS_SET))
    return statement.keyword(number + 1) == ("FROM" if word == "DELETE" else "INTO")


def _is_builtin(statement: SqlStatement, number: int) -> bool:
    return number >= 0 and statement.tokens[number].text.strip('"').lower() == "pg_catalog"


def _named(word: str) -> str:
    return f"{'an' if word[0] in 'IU' else 'a'} {word}"
