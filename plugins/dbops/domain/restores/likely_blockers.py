"""Likely blockers: what refuses no plan, for it may be gone by then or a provider may see to it, and ends most.

A plan warns of it; a rehearsal, for which there is time to put it right, counts it with what stands in the way.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbops.domain.restores.blockers import RestoreConditions
from dbops.domain.restores.role_blockers import NEARLY_SUPERUSERS
from dbops.domain.servers.database_settings import quote_name
from dbops.domain.words.quantities import listed

_SIGNALS = "pg_signal_backend"


def likely_blockers(found: RestoreConditions) -> tuple[str, ...]:
    """Each as a sentence that says what to do; a superuser has none."""
    if found.server.is_superuser:
        return ()
    return (*_extensions(found), *(_sessions(found) if found.request.mode == "swap" else ()))


def _extensions(found: RestoreConditions) -> Iterator[str]:
    if found.server.is_managed or found.server.memberships & NEARLY_SUPERUSERS or found.request.takes_over is not None:
        return
    if untrusted := sorted(set(found.extensions) & found.server.untrusted):
        yield (
            f"The backup holds extensions that only a superuser may create, and {found.server.role} is not one: "
            f"{listed(untrusted)}. Name a superuser under restore.connection for a restore, or have them created in "
            "an empty database and restore into that."
        )


def _sessions(found: RestoreConditions) -> Iterator[str]:
    if found.live is None or _SIGNALS in found.server.memberships:
        return
    if others := sorted({group.role for group in found.live.sessions if not group.may_end}):
        yield (
            f"The role {found.server.role} may not end the connections of {listed(others)}, which a swap has to do: "
            f"GRANT {_SIGNALS} TO {quote_name(found.server.role)}."
        )
