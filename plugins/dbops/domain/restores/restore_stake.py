"""What a yes to a restore or a swap does, in a few facts: see ``domain/words/stake.py``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dbops.domain.backups.retention import age_of
from dbops.domain.restores.live_facts import LiveDatabase
from dbops.domain.restores.row_changes import row_changes
from dbops.domain.words.quantities import format_count, format_moment
from dbops.domain.words.stake import Stake, stake_of

if TYPE_CHECKING:  # a plan writes itself with these facts
    from dbops.domain.restores.plan import RestorePlan


def restore_stake(plan: RestorePlan) -> Stake:
    """What becomes live or is loaded and how old that is, its proof, what is lost by it, and the way back."""
    return stake_of(_facts(plan))


def _facts(plan: RestorePlan) -> Iterator[tuple[str, str]]:
    backup = plan.manifest.backup_id
    is_swap = plan.request.mode == "swap"
    yield (
        "Goes live" if is_swap else "Is loaded",
        f"backup {backup}: the data of {format_moment(backup.time)}, {age_of(backup, plan.looked)} old",
    )
    yield "Verified", _verified(plan)
    if is_swap:
        yield from _swap(plan)
        return
    made = f"the schema {plan.schema}" if plan.schema else f"the database {plan.database}"
    yield "What is live", f"gets {made}; no table that is there is touched" if plan.schema else "is not touched"
    yield "To go back", f"drop {made}"


def _verified(plan: RestorePlan) -> str:
    if plan.proven is not None:
        return f"the loaded copy passed at {format_moment(plan.proven)}"
    again = "; it is verified when it is loaded" if plan.request.takes_over is None else ", and is verified again"
    return f"{'the backup passed at ' + format_moment(plan.verified) if plan.verified else 'never'}{again}"


def _swap(plan: RestorePlan) -> Iterator[tuple[str, str]]:
    live = plan.live
    if live is None:
        yield "Rows lost", f"none: there is no database {plan.live_name}"
        yield "To go back", f"drop or rename {plan.live_name}: there is no old database"
        return
    yield from _rows(plan, live)
    yield "Cut off", _sessions(live)
    yield "The old one", f"stays as {plan.before} until somebody drops it; dbops drops none"
    yield (
        "To go back",
        "two renames, given in the report in the log; anything written after the swap is not carried over",
    )


def _rows(plan: RestorePlan, live: LiveDatabase) -> Iterator[tuple[str, str]]:
    if not live.counted:
        yield "Rows lost", "not known: the live database cannot be read"
        return
    changes = row_changes(plan.manifest.tables, live.tables)
    yield "Rows lost", f"{changes.told(changes.lost)}; rows that were changed are not counted"
    yield "Rows back", changes.told(changes.back)


def _sessions(live: LiveDatabase) -> str:
    told = format_count(sum(group.count for group in live.sessions), "connection")
    kept = sum(group.count for group in live.sessions if not group.may_end)
    return f"{told}; we may not end {kept:,} of them: the swap fails while one is open" if kept else told
