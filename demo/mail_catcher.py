"""A mail server that delivers nothing: it keeps each message as one .eml file."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import email
import email.policy
import itertools
import os
import signal
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from demo import ports
from demo.errors import DemoError
from demo.processes import Daemon


class MailFolder:
    """A folder of .eml files whose names sort by arrival; also what aiosmtpd hands each message to."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Keep one message; its envelope's addresses are added as X-Envelope headers."""
        content = envelope.original_content or b""
        headers = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        name = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}-{next(self._numbers):04}"
        unfinished = self.directory / f"{name}.unfinished"
        unfinished.write_bytes(headers.encode() + content)
        unfinished.rename(self.directory / f"{name}.eml")  # a reader never sees half a message
        return "250 OK"

    def messages(self) -> list[EmailMessage]:
        """Every message, in order of arrival."""
        return [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in sorted(self.directory.glob("*.eml"))
        ]


class MailCatcher:
    """The mail server as a background process; messages go to `mail`, and survive a restart."""

    def __init__(self, directory: Path, *, port: int, mail: Path | None = None, log: Path | None = None) -> None:
        self.directory = directory
        self.port = port
        self.mail = mail or directory / "mail"
        self._daemon = Daemon("mail catcher", directory, log or directory / "mail-catcher.log")

    def is_running(self) -> bool:
        """Whether the server process runs."""
        return self._daemon.is_running()

    def start(self, *, seconds: float = 30.0) -> None:
        """Start it and wait until it answers; ComponentFailed says why it could not."""
        if self.is_running():
            return
        if not ports.is_free(self.port):
            raise DemoError(f"Port {self.port} of 127.0.0.1, meant for the mail catcher, is in use by another program.")
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        argv = [sys.executable, "-m", "demo.mail_catcher", "--port", str(self.port), "--dir", str(self.mail)]
        checkout = Path(__file__).resolve().parents[1]
        try:
            self._daemon.start(argv, env=os.environ, cwd=checkout)
            self._daemon.wait_ready(self._answers, seconds=seconds)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; no error when it does not run."""
        self._daemon.stop()

    def messages(self) -> list[EmailMessage]:
        """Every message it has caught, in order of arrival."""
        return MailFolder(self.mail).messages()

    def _answers(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as client:
                client.noop()
        except (OSError, smtplib.SMTPException):
            return False
        return True


async def serve(port: int, directory: Path) -> None:
    """Catch mail on 127.0.0.1 until SIGTERM or SIGINT."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    folder = MailFolder(directory)
    server = await loop.create_server(lambda: SMTP(folder, hostname="localhost", loop=loop), "127.0.0.1", port)
    async with server:
        await stopped.wait()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.mail_catcher", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port of 127.0.0.1 to listen on")
    parser.add_argument("--dir", type=Path, required=True, help="folder that takes the .eml files")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.dir))


if __name__ == "__main__":
    main()
