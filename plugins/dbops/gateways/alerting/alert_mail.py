"""Alert mail: an Alert as an e-mail, HTML and plain text, from the templates in include/email."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path

from dbops.domain.alerts.alert import Alert, Severity
from dbops.domain.alerts.picture import Picture
from dbops.gateways.files.templates import environment

# The bar and the button: readable with white text on it, and told apart in grey as well by the words beside them.
_COLOURS = {
    Severity.FAILED: "#b42318",
    Severity.MISSING: "#b42318",
    Severity.WARNING: "#b54708",
    Severity.APPROVAL: "#175cd3",
    Severity.APPROVED: "#067647",
    Severity.REJECTED: "#b42318",
    Severity.BREAK_GLASS: "#b42318",
    Severity.DONE: "#067647",
    Severity.RECOVERED: "#067647",
    Severity.DIGEST: "#475467",
}


def alert_mail(
    alert: Alert,
    *,
    sender: str,
    recipients: Sequence[str],
    sent: datetime,
    templates: Path,
    picture: Picture | None = None,
) -> EmailMessage:
    """Write the mail; ``sent`` is aware, and ``picture`` is shown in its HTML part.

    Raises ValueError where an address is none, jinja2's errors for a template.
    """
    message = EmailMessage()
    message["Subject"] = _one_line(alert.subject)
    message["From"] = _one_line(sender)
    message["To"] = ", ".join(_one_line(recipient) for recipient in recipients)
    message["Date"] = format_datetime(sent)
    message["Message-ID"] = make_msgid(domain=_domain(sender))
    # Says to out-of-office robots and ticket systems that nobody reads an answer (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    words = environment(templates)
    content_id = make_msgid(domain=_domain(sender)) if picture else ""
    facts = {
        "alert": alert,
        "colour": _COLOURS[alert.severity],
        "sent": sent,
        "picture": picture,
        "content_id": content_id.strip("<>"),
    }
    message.set_content(words.get_template("alert.txt.j2").render(facts), cte="quoted-printable")
    message.add_alternative(words.get_template("alert.html.j2").render(facts), subtype="html", cte="quoted-printable")
    if picture:
        _attach(message, picture, content_id)
    return message


def _attach(message: EmailMessage, picture: Picture, content_id: str) -> None:
    """Beside the HTML and in no part of the plain text: mail programs load nothing from outside unless asked to."""
    html = message.get_body(("html",))
    if isinstance(html, EmailMessage):
        html.add_related(
            picture.png, maintype="image", subtype="png", cid=content_id, disposition="inline", filename="picture.png"
        )


def _one_line(text: str) -> str:
    """A header's value: a line break in a name must not begin another header."""
    return " ".join(text.split())


def _domain(sender: str) -> str:
    """The sender's own domain, for the message id: asking the machine for its name may wait for a name server."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
