"""What a mail says, as tests read it."""

from __future__ import annotations

from email.message import EmailMessage


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    """Its plain or html part; the test fails where there is none."""
    body = mail.get_body((kind,))
    assert body is not None, f"{mail['Subject']} has no {kind} part"
    return str(body.get_content())


def page_of(mail: EmailMessage) -> str:
    """Where it says that the page shows what it is about."""
    lines = text_of(mail).splitlines()
    assert "DATABASE OPS" in lines, f"{mail['Subject']} leads to no page"
    return lines[lines.index("DATABASE OPS") + 1]
