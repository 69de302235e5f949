"""A proposed index as a migration folder, ready to be reviewed: one statement forward, one back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dbops.domain.query_plan.advice import IndexProposal
from dbops.domain.words.quantities import format_moment

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ODD = re.compile(r"[^a-z0-9]+")
_LONGEST = 200  # a ledger holds 255 characters


def migration_folder(proposal: IndexProposal, started: datetime, number: int = 0) -> tuple[str, Mapping[str, str]]:
    """The folder's name and its files. ``number`` is the proposal's place in its run, each a second after the other."""
    moment = started.astimezone(UTC) + timedelta(seconds=number)
    name = _ODD.sub("_", _HUMP.sub("_", proposal.name).lower()).strip("_")[:_LONGEST] or "index"
    comment = _comment(
        f"Proposed by the probes of {format_moment(started)} for {', '.join(proposal.probes)}. "
        "It is unproven: nobody has tested it yet. Try it on a restored copy of the database first.",
        proposal.why,
    )
    return f"{moment:%Y%m%d%H%M%S}_{name}", {
        "migration.sql": f"{comment}{proposal.statement};\n",
        "down.sql": f"{_comment(f'Takes back what migration.sql makes: {proposal.name}.')}{proposal.revert};\n",
    }


def _comment(*sentences: str) -> str:
    return "".join(f"-- {' '.join(sentence.split())}\n" for sentence in sentences)
