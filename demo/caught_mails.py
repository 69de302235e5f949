"""The mails about runs of DAGs, as the mail catcher keeps them."""

from __future__ import annotations

import email
import email.policy
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_FACTS = "\nFACTS\n"


@dataclass(frozen=True)
class CaughtMail:
    """One mail: its file, its subject line, and its plain text."""

    file: Path
    subject: str
    text: str

    @classmethod
    def read(cls, file: Path) -> CaughtMail:
        """What is in a .eml file."""
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain",))
        return cls(file, str(message["Subject"]), str(body.get_content()).replace("\r\n", "\n") if body else "")

    @property
    def advice(self) -> str:
        """What is wrong, what to do, and where the log is: the text without its first line and its facts."""
        _, _, told = self.text.partition("\n")
        return told.partition(_FACTS)[0].strip("\n")


def mails_about(folder: Path, runs: Collection[str]) -> list[CaughtMail]:
    """The mails about these runs, run by run in order of arrival; each names its run among its facts."""
    mails = [CaughtMail.read(file) for file in sorted(folder.glob("*.eml"))]
    return [mail for run in runs for mail in mails if _is_about(mail, run)]


def wait_for_mails(folder: Path, runs: Collection[str], *, seconds: float) -> Iterator[None]:
    """Wait until there is one about each of these runs, or the time is over: a failed task is mailed after its end."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(not mails_about(folder, [run]) for run in runs):
        yield


def _is_about(mail: CaughtMail, run: str) -> bool:
    return any(line.split() == ["Run", run] for line in mail.text.splitlines())
