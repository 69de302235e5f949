"""What a command of the demo ends with: the mails that were caught, and how to go on from here."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.caught_mails import CaughtMail


def print_facts(console: Console, facts: Mapping[str, str]) -> None:
    """One fact a line."""
    console.print()
    console.print(_facts(facts), soft_wrap=True)


def print_mails(console: Console, folder: Path, mails: Sequence[CaughtMail], *, in_full: bool = False) -> None:
    """The subject line of each mail with the file that has it; `in_full`: and what it says to do."""
    if not mails:
        return
    print_facts(console, {"Mails": str(folder)})
    for mail in mails:
        if in_full:
            console.print()
        console.print(Text(f"  {mail.file.name}  {mail.subject}"), soft_wrap=True)
        if in_full:
            console.print()
            console.print(Text(textwrap.indent(mail.advice, "    ")), soft_wrap=True)


def print_access(console: Console, *, url: str, page: str, users: Mapping[str, str], roles: Mapping[str, str]) -> None:
    """Where Airflow's UI is with the page in it, and who may look at it."""
    print_facts(console, {"Airflow": url, "Database Ops": page})
    table = Table.grid(padding=(0, 2))
    for user, password in users.items():
        table.add_row(f"  {user}", password, roles[user])
    console.print(table)
    console.print()
    console.print(
        "The stack keeps running. make demo-break: break something, and see who notices; make demo-mend: mend it;\n"
        "make demo-status: what runs; make demo-env: variables for your own tools;\n"
        "make demo-stop: stop it, keep the data; make demo-clean: remove it with its data.",
        style="dim",
        soft_wrap=True,
    )


def _facts(facts: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(name, Text(value))
    return table
