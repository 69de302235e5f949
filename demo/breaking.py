"""`python -m demo break`: break the sample and its newest backup on purpose, and show who notices, and what to do."""

from __future__ import annotations

from contextlib import closing

from rich.console import Console

from demo.breakage import Breakage, DamagedBackup, DroppedIndex, Orphans
from demo.caught_mails import mails_about, wait_for_mails
from demo.dag_run import play, together
from demo.display import Display
from demo.errors import DemoError
from demo.night import Night
from demo.records import Records
from demo.stack import Stack
from demo.summary import print_facts, print_mails

_MAILED_WITHIN = 60.0


def breakages(stack: Stack, records: Records) -> tuple[Breakage, ...]:
    """What can be broken, and mended again, in this order."""
    return Orphans(stack.sample_url, records), DroppedIndex(stack.sample_url, records), DamagedBackup(records)


def break_on_purpose(stack: Stack, console: Console) -> None:
    """Break what is not broken yet, and let checks and a drill look at it; DemoError where one of them did not notice.

    Where all of it is broken and was noticed before, it is said, shown again, and nothing is done.
    """
    with closing(stack.s3.client()) as client, closing(stack.api("alice")) as api:
        records = Records.of(stack, client)
        backup_id = records.newest_backup()
        if backup_id is None:
            raise DemoError("There is no backup to corrupt: `make demo` makes one.")
        every = breakages(stack, records)
        with Display(console) as display:
            is_new = [_broken(breakage, display) for breakage in every]
            if any(is_new) or not all(breakage.finding() for breakage in every):
                night = Night(api, records, display)
                play(together(night.checks(), night.drill(backup_id)))
                play(wait_for_mails(stack.mail.mail, night.failed_runs, seconds=_MAILED_WITHIN))
            else:
                display.note("All of it is broken already, and was noticed: nothing was done.")
        findings = {breakage.name: breakage.finding() for breakage in every}
        runs = [found["run"] for found in (records.newest_check(), records.verdict(backup_id)) if found]
    print_facts(console, {name: finding or "NOT NOTICED" for name, finding in findings.items()})
    print_mails(console, stack.mail.mail, mails_about(stack.mail.mail, runs), in_full=True)
    unnoticed = [name for name, finding in findings.items() if not finding]
    if unnoticed:
        raise DemoError(f"Nobody has noticed: {', '.join(unnoticed)}. Look at the runs of the jobs at {stack.url}.")
    print_facts(console, {"Database Ops": stack.page, "Next": "make demo-mend does what the mails say"})


def _broken(breakage: Breakage, display: Display) -> bool:
    """Whether it had to be broken."""
    if breakage.is_there():
        display.done(breakage.name, "was there before")
        return False
    display.working(breakage.name, "breaking")
    display.done(breakage.name, breakage.make())
    return True
