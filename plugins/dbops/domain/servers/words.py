"""Server words: which of a server's error messages are repeated, as a program of PostgreSQL's has written them.

An error may come from a function that somebody has written, which may say anything, or from the value of a row. A
program does not tell an error's SQLSTATE, so that only known sentences are repeated, of which docs/verification.md
shows some. Of all others it is told that there was one, and where it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SERVERS_ERROR = re.compile(r"(?:ERROR|FATAL|PANIC|FEHLER|ERREUR):\s+(.*)$")
"""How a program hands on what a server says, in the languages that we have met; the group is the server's sentence."""
NOT_REPEATED = "the server's words are not repeated here, for they may quote a row; its log has them"

_NAME = r'"[^"]{1,200}"'
_THING = rf"""(?:{_NAME}|[^\s"':]+(?:\([^"':]*\))?)"""
_REASON = r"(?:: [A-Z][a-z]+(?:[ /-][A-Za-z]+)*)?"  # as strerror says it
_FILE = r'"(?:base|global|pg_[a-z]+)/[\w./]{1,100}"'
_WORDS = r"[A-Za-z ,/_-]+"
_KIND = (
    r"(?:access method|aggregate|cast|collation|column|constraint|conversion|data type|database|domain|event trigger|"
    r"extension|foreign table|foreign-data wrapper|function|index|language|large object|materialized view|"
    r"operator(?: class| family)?|policy|procedure|publication|relation|role|routine|rule|schema|sequence|server|"
    r"statistics object|subscription|table|tablespace|text search \w+|trigger|type|user mapping|view)"
)

# What is said of a value, which ends the sentence and is cut off, or is cut out.
_VALUE = re.compile(r": (?:\"|'|0x).*$")
_QUOTED_VALUE = re.compile(r'^value ".*" is out of range for type ([a-z ]+)$')
_BYTES = re.compile(r"^character with byte sequence (?:0x[0-9a-f]{2} ?)+ in encoding ")
_PLACE = re.compile(r" at character \d+$")

# Sentences that name at most what the server has in its catalog, whatever statement or row they are about.
_FIXED = tuple(
    re.compile(words)
    for words in (
        rf"duplicate key value violates unique constraint {_NAME}",
        rf"conflicting key value violates exclusion constraint {_NAME}",
        rf"could not create (?:unique index|exclusion constraint) {_NAME}",
        rf"(?:insert or update|update or delete) on table {_NAME} violates foreign key constraint {_NAME}"
        rf"(?: on table {_NAME})?",
        rf"new row for relation {_NAME} violates (?:check constraint {_NAME}|partition constraint)",
        rf"(?:check|partition) constraint (?:{_NAME} )?of relation {_NAME} is violated by some row",
        rf"column {_NAME} of (?:relation|table) {_NAME} contains "
        r"(?:null values|values that violate the new constraint)",
        rf"null value in column {_NAME}(?: of relation {_NAME})? violates not-null constraint",
        rf"value for domain \S+ violates check constraint {_NAME}|domain \S+ does not allow null values",
        rf"no partition of relation {_NAME} found for row",
        rf"(?:invalid input syntax|value out of range) for type [a-z0-9_ ]+|invalid input value for enum {_THING}",
        r"(?:smallint|integer|bigint|oid|timestamp|interval|date|value) out of range|numeric field overflow",
        r"date/time field value out of range|time zone displacement out of range|division by zero",
        r"value too long for type character(?: varying)?\(\d+\)|malformed (?:array|range|multirange|record) literal",
        rf"missing data for column {_NAME}|extra data after last expected column",
        rf"invalid byte sequence for encoding {_NAME}|unsupported Unicode escape sequence",
        rf"character in encoding {_NAME} has no equivalent in encoding {_NAME}",
        rf"index row size \d+ exceeds \w+(?: version \d+)? maximum,? \d+,? for index {_NAME}",
        r"index row requires \d+ bytes, maximum size is \d+|row is too big: size \d+, maximum size \d+",
        rf"could not (?:access|create|extend|fsync|open|read|resize|stat|write)(?: to| from)? (?:\w+ )*"
        rf"(?:file|directory|segment) {_FILE}(?: to \d+ bytes)?{_REASON}",
        rf"could not read blocks? \d+(?:\.\.\d+)? in file {_FILE}: (?:read only \d+ of \d+ bytes|[A-Z][A-Za-z/ -]+)",
        r'invalid page in block \d+ of relation "?(?:base|global|pg_tblspc)/[\w./]{1,100}"?',
        r"(?:missing|unexpected) chunk number \d+ (?:\(expected \d+\) )?for toast value \d+ in pg_toast_\d+",
        r"compressed (?:pglz|lz4) data is corrupt|invalid memory alloc request size \d+",
        r"could not access status of transaction \d+|cache lookup failed for [a-z ]+ \d+",
        rf"could not open relation with OID \d+|could not obtain lock on relation {_NAME}",
        rf"query would be affected by row-level security policy for table {_NAME}",
        r"cannot access temporary or unlogged relations during recovery",
        rf"snapshot {_NAME} does not exist|invalid snapshot identifier|could not import the requested snapshot",
        r"(?:could not \w+ [a-z ]+: )?(?:No space left on device|Disk quota exceeded|Input/output error|"
        r"Read-only file system)",
        r"out of memory|out of shared memory|cannot allocate memory|deadlock detected",
        rf"could not fork [a-z ]+{_REASON}",
        rf"could not resize shared memory segment {_NAME} to \d+ bytes{_REASON}",
        rf"canceling (?:statement|autovacuum task) due to {_WORDS}|terminating connection due to {_WORDS}",
        rf"the database system is {_WORDS}|sorry, too many clients already",
        rf"too many connections(?: for (?:role|database) {_NAME})?",
        rf"remaining connection slots are reserved for {_WORDS}",
        rf"password authentication failed for user {_NAME}",
        rf"no pg_hba\.conf entry for host {_NAME}, user {_NAME}, database {_NAME}(?:, [\w ]+)?",
        r"cannot execute [A-Z ]+ (?:in a read-only transaction|during recovery)",
        rf"could not connect to server {_NAME}|could not establish connection",
        r"password (?:or GSSAPI delegated credentials required|is required)",
        rf"user mapping not found for (?:user )?{_THING}(?:, server {_NAME})?",
        rf"materialized view {_NAME} has not been populated",
        r"can only create extension in database \S+|ICU is not supported in this build",
        rf"extension {_NAME} must be preloaded|unsupported (?:XML feature|LZ4 [a-z ]+)",
        rf"[\w .-]+ must be loaded via {_NAME}|[\w .-]+ must be loaded via shared_preload_libraries",
        rf"must be (?:owner|member) of (?:{_KIND} )?{_THING}|must be superuser(?: to {_WORDS}(?:{_NAME})?)?",
        rf"must be able to SET ROLE {_NAME}|only (?:superusers?|roles with) {_WORDS}(?:{_NAME})?(?:{_WORDS})?",
        rf"permission denied for {_KIND} {_THING}|permission denied: {_NAME} is a system catalog",
        rf"permission denied to {_WORDS}(?:{_NAME})?",
    )
)

# Sentences whose name a row may have written, by a cast to regclass or in a statement that a function has put together.
_NAMING = tuple(
    re.compile(words)
    for words in (
        rf"{_KIND} {_THING}(?: (?:of|for|on|in) (?:[a-z -]+ )?{_THING})? (?:does not exist|already exists)"
        rf"(?: for access method {_NAME}|(?: in|,) {_WORDS})?",
        rf"operator does not exist: {_THING} \S+ {_THING}",
        rf"extension {_NAME} (?:is not available|has no installation script nor update path for version {_NAME})",
        rf'could not open extension control file "/[^"]+"{_REASON}',
        rf"""could not load library "[^"]+": [^"']{{1,200}}|could not access file "[^"]+"{_REASON}""",
        rf"could not find function {_NAME} in file {_NAME}",
        rf"unrecognized configuration parameter {_NAME}|invalid value for parameter {_NAME}",
        rf"could not create locale {_NAME}{_REASON}|invalid locale(?: name)?:? {_NAME}|"
        rf"could not open collator for locale {_NAME}.*",
        rf"syntax error at (?:or near {_NAME}|end of input)|no schema has been selected to create in",
        rf"multiple primary keys for table {_NAME} are not allowed",
        rf"foreign key constraint {_NAME} cannot be implemented",
        rf"there is no unique constraint matching given keys for referenced table {_NAME}",
        r"functions in index (?:expression|predicate) must be marked IMMUTABLE|generation expression is not immutable",
        rf"{_NAME} is (?:not )?an? {_WORDS}|unacceptable schema name {_NAME}",
    )
)

# What stands below an error: where a name stands in a statement, and in which function the server was.
_POSITION = re.compile(r"^LINE \d+: ")
_IN_FUNCTION = re.compile(r"(?:SQL|PL/\w+) function |\bPL/\w+ |inline_code_block")
_OTHERS_WORDS = re.compile(r"\bPL/(?!pgSQL )\w+|PL/pgSQL .* at (?:RAISE|ASSERT|OPEN|RETURN QUERY|.*EXECUTE)")


# Statements that have no expression which could meet a row.
_OF_NO_ROWS = re.compile(
    r"^(?:ALTER (?:TABLE|DOMAIN) [^']* OWNER TO |ALTER (?!TABLE |DOMAIN )|CREATE (?!UNIQUE INDEX |INDEX )|COMMENT |"
    r"GRANT |REVOKE |SET |DROP )"
)


def reads_rows(statement: str) -> bool:
    """Whether a statement of a dump reads rows, or may; it begins like this."""
    return not _OF_NO_ROWS.match(statement)


def repeatable(sentence: str, below: Iterable[str] = (), *, of_rows: bool = True) -> str | None:
    """The server's sentence without the value it ends with, where it is known to quote no row; None elsewhere.

    ``below`` are the lines that follow it, and ``of_rows`` says whether its statement reads rows, or may.
    """
    known = _QUOTED_VALUE.sub(r"value out of range for type \1", _BYTES.sub("character in encoding ", sentence))
    known = _VALUE.sub("", _PLACE.sub("", known)).rstrip(".")
    more = tuple(below)
    if not known.isprintable() or any(_OTHERS_WORDS.search(line) for line in more):
        return None
    if is_fixed(known):
        return known
    may_be_of_a_row = of_rows or any(_IN_FUNCTION.search(line) for line in more)
    if may_be_of_a_row and not any(_POSITION.match(line) for line in more[:1]):
        return None
    return known if any(words.fullmatch(known) for words in _NAMING) else None


def is_fixed(sentence: str) -> bool:
    """Whether it is one of the sentences that no value of a row can be in, but from a function's own words."""
    return any(words.fullmatch(sentence) for words in _FIXED)
