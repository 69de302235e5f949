"""Load passes: in what order an archive has to be loaded, where pg_restore's own order would be left to chance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dbops.domain.archives.toc_entry import TocEntry

_GRANTS = {"ACL", "ACL LANGUAGE", "DEFAULT ACL"}
# pg_restore makes these after the grants, for they may need them.
_AFTER_GRANTS = {"EVENT TRIGGER", "MATERIALIZED VIEW DATA"}
_ABOUT = {"COMMENT", "SECURITY LABEL"}
_GRANTED_ON = "SET SESSION AUTHORIZATION"


@dataclass(frozen=True)
class LoadPass:
    """The entries that one run of pg_restore brings, None for all, and over how many connections."""

    dump_ids: frozenset[int] | None
    jobs: int


def load_passes(entries: Sequence[TocEntry], chosen: Collection[int] | None, *, jobs: int) -> tuple[LoadPass, ...]:
    """One pass, or two where somebody granted on who is not the owner and several jobs would do it in any order.

    Such a grant needs the grants of its schema first, of which pg_restore's dependencies know nothing: it hands grants
    to whichever job is free. One job gives them in the archive's order. ``chosen`` None means: all entries.
    """
    ids = frozenset(entry.dump_id for entry in entries) if chosen is None else frozenset(chosen)
    brought = [entry for entry in entries if entry.dump_id in ids]
    if jobs == 1 or not any(entry.kind in _GRANTS and _GRANTED_ON in entry.definition for entry in brought):
        return (LoadPass(None if chosen is None else ids, jobs),)
    late = {entry.dump_id for entry in brought if entry.kind in _GRANTS | _AFTER_GRANTS}
    late |= {entry.dump_id for entry in brought if entry.kind in _ABOUT and late.intersection(entry.depends_on)}
    return (LoadPass(ids - late, jobs), LoadPass(frozenset(late), 1))
