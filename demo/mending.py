"""`python -m demo mend`: do what the mails about the broken sample say, and show that all is well again."""

from __future__ import annotations

from contextlib import closing

from rich.console import Console

from demo.breaking import breakages
from demo.caught_mails import mails_about
from demo.dag_run import play, together
from demo.display import Display
from demo.night import Night
from demo.records import Records
from demo.stack import Stack
from demo.summary import print_facts, print_mails


def mend(stack: Stack, console: Console) -> None:
    """Mend what is broken, make a backup, which is drilled, and run the checks; RunFailed where one of them is red."""
    with closing(stack.s3.client()) as client, closing(stack.api("alice")) as api:
        records = Records.of(stack, client)
        every = breakages(stack, records)
        broken = [breakage for breakage in every if breakage.is_there()]
        if not broken and not any(breakage.finding() for breakage in every):
            console.print("Nothing is broken: `make demo-break` breaks something.")
            return
        with Display(console) as display:
            for breakage in broken:
                display.working(breakage.name, "mending")
                display.done(breakage.name, breakage.mend())
            night = Night(api, records, display)
            play(together(night.backup_and_drill(), night.checks()))
    print_mails(console, stack.mail.mail, mails_about(stack.mail.mail, list(night.runs.values())), in_full=True)
    print_facts(console, {"Database Ops": stack.page})
    night.require_success()
