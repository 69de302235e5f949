"""ApprovalRules: the section ``approvals`` of a target's file."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from dbops.domain.options.section import Section
from dbops.domain.words.quantities import Duration


class ApprovalRules(Section):
    """Who must say yes to what. ``four_eyes`` null means: for production.

    ``valid_for`` is how long an answer counts, ``wait`` how long the question stands before it counts as no.
    """

    approve: frozenset[Literal["restore", "swap", "migrate"]] = frozenset({"swap", "migrate"})
    approvers: tuple[str, ...] = ()
    four_eyes: bool | None = None
    valid_for: Duration = timedelta(hours=4)
    wait: Duration = timedelta(hours=24)
