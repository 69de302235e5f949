"""Role blockers: what of an archive the role that restores cannot bring, though it may create the database.

PostgreSQL refuses most of it after the last row was loaded: grants, policies, publications, event triggers come last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dbops.domain.archives.roles import ROLE, grantees_of, is_grant
from dbops.domain.archives.toc_entry import TocEntry
from dbops.domain.restores.live_facts import ServerFacts
from dbops.domain.sql.object_names import folded
from dbops.domain.words.quantities import listed

_ANY_NAME = re.compile(ROLE)
_GRANTOR = re.compile(rf"^SET SESSION AUTHORIZATION ({ROLE});$", re.MULTILINE)
_POLICY = re.compile(
    rf"^CREATE POLICY {ROLE} ON (?:{ROLE}\.)?{ROLE}(?: AS \w+)?(?: FOR \w+)?"
    rf" TO ({ROLE}(?:, {ROLE})*)(?: USING| WITH CHECK|;)"
)
_MAPPED = re.compile(rf"^CREATE USER MAPPING FOR ({ROLE}) SERVER ")
_ALL_TABLES = re.compile(r"^CREATE PUBLICATION .* FOR ALL TABLES", re.MULTILINE)
_FORCED = re.compile(r"^ALTER TABLE ONLY .* FORCE ROW LEVEL SECURITY;$", re.MULTILINE)
_PSEUDO = {"public", "current_user", "session_user", "current_role", "user"}

# What pg_restore gives away by ALTER ... OWNER TO; everything else belongs to whom its table belongs to.
_OWNED = {
    "AGGREGATE", "BLOB", "BLOB METADATA", "COLLATION", "CONVERSION", "DEFAULT ACL", "DOMAIN", "EVENT TRIGGER",
    "FOREIGN DATA WRAPPER", "FOREIGN TABLE", "FUNCTION", "MATERIALIZED VIEW", "OPERATOR", "OPERATOR CLASS",
    "OPERATOR FAMILY", "PROCEDURAL LANGUAGE", "PROCEDURE", "PUBLICATION", "SCHEMA", "SEQUENCE", "SERVER", "STATISTICS",
    "SUBSCRIPTION", "TABLE", "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY", "TYPE", "VIEW",
}  # fmt: skip
_OF_THE_DATABASE = {"DATABASE", "DATABASE PROPERTIES"}  # not restored: what belongs to the name follows by a swap
NEARLY_SUPERUSERS = frozenset((
    "alloydbsuperuser", "azure_pg_admin", "cloudsqlsuperuser", "neon_superuser", "rds_superuser", "supabase_admin",
))  # fmt: skip
"""Managed servers give to these what PostgreSQL keeps for superusers, each another part of it: only trying tells."""
_SUPERUSER = "Name a superuser under restore.connection for this restore, or restore chosen schemas beside"
_SHOWN = 5


def role_blockers(entries: Iterable[TocEntry], server: ServerFacts, *, owners: bool) -> tuple[str, ...]:
    """Each as a sentence that says what to do; without ``owners``, owners and grants are left out of the restore."""
    brought = [entry for entry in entries if entry.kind not in _OF_THE_DATABASE and not _is_of_the_database(entry)]
    found = [*_missing_roles(brought, server, owners=owners)]
    if not server.is_superuser:
        found += [
            *(_foreign_owners(brought, server) if owners else ()),
            *_for_superusers(brought, server, owners=owners),
            *_hidden_rows(brought, server),
        ]
    return tuple(found)


def _is_of_the_database(entry: TocEntry) -> bool:
    return entry.kind in {"ACL", "COMMENT", "SECURITY LABEL"} and entry.name.startswith("DATABASE ")


def _missing_roles(entries: Sequence[TocEntry], server: ServerFacts, *, owners: bool) -> Iterator[str]:
    always = {name for entry in entries for name in _named(entry)}
    given = {name for entry in entries for name in _given_to(entry)} if owners else set()
    if missing := (always | given) - server.roles - _PSEUDO:
        without = "" if missing & always else ", or set restore.owners: false, which leaves owners and grants out"
        yield (
            f"The server lacks roles that the backup needs: {_list(missing)}. Create them first (the backup's "
            f"globals.sql has them){without}."
        )


def _foreign_owners(entries: Sequence[TocEntry], server: ServerFacts) -> Iterator[str]:
    wanted = {entry.owner for entry in entries if entry.kind in _OWNED} - {"", "pg_database_owner"}
    if foreign := (wanted & server.roles) - server.memberships:
        yield (
            f"The role {server.role} is not a member of roles that own what the backup holds: {_list(foreign)}. GRANT "
            f"them to it, or set restore.owners: false, which makes {server.role} the owner of everything."
        )


def _for_superusers(entries: Sequence[TocEntry], server: ServerFacts, *, owners: bool) -> Iterator[str]:
    kinds: list[tuple[str, set[str]]] = []
    if not server.memberships & NEARLY_SUPERUSERS:
        kinds += [
            ("event triggers", {entry.name for entry in entries if entry.kind == "EVENT TRIGGER"}),
            (
                "publications of all tables or of schemas",
                {
                    entry.name
                    for entry in entries
                    if entry.kind == "PUBLICATION" and _ALL_TABLES.search(entry.definition)
                }
                | {entry.name for entry in entries if entry.kind == "PUBLICATION TABLES IN SCHEMA"},
            ),
        ]
        if "pg_create_subscription" not in server.memberships:
            kinds.append(("subscriptions", {entry.name for entry in entries if entry.kind == "SUBSCRIPTION"}))
    if owners:
        grantors = {name for entry in entries if is_grant(entry) for name in _names(_GRANTOR, entry)}
        kinds.append(("grants by roles that are not the owner", grantors - {"default", server.role}))
    for kind, names in kinds:
        if names:
            without = ", or set restore.owners: false, which leaves grants out" if kind.startswith("grants") else ""
            yield (
                f"The backup holds {kind}, which only a superuser may restore, and {server.role} is not one: "
                f"{_list(names)}. {_SUPERUSER}{without}."
            )


def _hidden_rows(entries: Sequence[TocEntry], server: ServerFacts) -> Iterator[str]:
    if server.bypasses_rls:
        return
    enabled = {(entry.schema, entry.name) for entry in entries if entry.kind == "ROW SECURITY"}
    forced = {
        (entry.schema, entry.name) for entry in entries if entry.kind == "TABLE" and _FORCED.search(entry.definition)
    }
    if hidden := {".".join(table) for table in enabled & forced}:
        yield (
            f"FORCE ROW LEVEL SECURITY hides rows of the restored tables from {server.role}, so nothing could be "
            f"proven: {_list(hidden)}. ALTER ROLE ... BYPASSRLS, or name a role that has it under restore.connection."
        )


def _named(entry: TocEntry) -> set[str]:
    """The roles of which an entry speaks whether or not owners are restored."""
    if entry.kind == "POLICY" and (match := _POLICY.match(entry.definition.strip())):
        return {folded(name) for name in _ANY_NAME.findall(match[1])}
    return _names(_MAPPED, entry) if entry.kind == "USER MAPPING" else set()


def _given_to(entry: TocEntry) -> set[str]:
    owner = {entry.owner} - {""} if entry.kind in _OWNED else set()
    return owner | grantees_of(entry)


def _names(pattern: re.Pattern[str], entry: TocEntry) -> set[str]:
    return {folded(name) for name in pattern.findall(entry.definition)}


def _list(names: Iterable[str]) -> str:
    return listed(sorted(names), named=_SHOWN)
