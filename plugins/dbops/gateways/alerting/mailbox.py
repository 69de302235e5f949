"""SmtpMailbox: the mail server to which alerts are handed over."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

from dbops.errors import MailFailed

Encryption = Literal["none", "starttls", "tls"]

# Airflow kills a failed task's process 20 s after the failure (core.task_success_overtime), the alert being mailed
# included: a mail server that does not answer must be given up on, and named in the log, before that.
_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class SmtpMailbox:
    """A mail server. ``timeout`` is in seconds, for each step of the conversation."""

    host: str
    port: int
    encryption: Encryption = "starttls"
    verify: bool = True
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = _TIMEOUT_SECONDS

    def send(self, message: EmailMessage) -> None:
        """Hand the message over for everyone in its To header; raises MailFailed if even one of them was refused."""
        try:
            with self._connect() as server:
                if self.login:
                    server.login(self.login, self.password or "")
                refused = server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailFailed(
                f"The mail server {self.host}:{self.port} did not accept the message: {_reason(error)}.",
                "Check the mail server's address, port, encryption and login (Airflow: the connection smtp_default).",
            ) from None  # the original may repeat what was said to the server
        if refused:
            raise MailFailed(
                f"The mail server {self.host}:{self.port} refused {', '.join(sorted(refused))} and accepted the "
                "others.",
                "Correct the address under alerts: recipients:, or let the mail server accept it.",
            )

    def _connect(self) -> smtplib.SMTP:
        if self.encryption == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self._context())
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        if self.encryption == "starttls":
            try:
                server.starttls(context=self._context())
            except BaseException:
                server.close()
                raise
        return server

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refused the login ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refused {', '.join(sorted(error.recipients))}"
    if isinstance(error, smtplib.SMTPResponseException):
        answer = str(error.smtp_error)
        with suppress(AttributeError, UnicodeDecodeError):
            answer = error.smtp_error.decode()  # type: ignore[union-attr]
        return f"it answered {error.smtp_code} {' '.join(answer.split())[:200]}"
    # smtplib wraps a time-out in the middle of the conversation, keeping nothing but its words.
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "it did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
