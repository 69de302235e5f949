"""Schedules: when each job of a target runs."""

from __future__ import annotations

from dbops.domain.options.cron import Cron
from dbops.domain.options.section import Section


class Schedules(Section):
    """Cron expressions in the target's time zone; null means "only when started by hand".

    That of the probes is one of ``Target.probe_schedule`` where nobody has chosen another.
    """

    backup: Cron | None = "0 2 * * *"
    drill: Cron | None = "0 5 * * *"
    check: Cron | None = "0 4 * * *"
    probe: Cron | None = "0 6 * * 0"
