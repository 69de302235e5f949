"""A caught mail as a mail program shows it: its headers, and below them the HTML part, in a frame of its own."""

from __future__ import annotations

from email.message import EmailMessage
from html import escape
from pathlib import Path

from tests.mail_text import text_of

FRAME = "mail"

_PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<title>{subject}</title>
<style>
  body {{ margin: 0; font: 15px/21px "DejaVu Sans", sans-serif; color: #16191d; }}
  header {{ display: grid; grid-template-columns: 40px 1fr; gap: 0 12px; padding: 14px 16px;
    border-bottom: 1px solid #d5d9de; }}
  h1 {{ grid-column: 1 / -1; margin: 0 0 6px; font-size: 18px; line-height: 24px; font-weight: 600; }}
  .sender {{ grid-row: span 2; display: grid; place-content: center; width: 40px; height: 40px; border-radius: 50%;
    background: #3b5787; color: #fff; font-size: 18px; }}
  .to {{ color: #5b6470; font-size: 13px; }}
  iframe {{ display: block; width: 100%; height: 4000px; border: 0; }}
</style>
<header>
<h1>{subject}</h1>
<span class="sender">d</span><span>{sender}</span><span class="to">to {to}</span>
</header>
<iframe title="{frame}" sandbox="allow-same-origin" srcdoc="{html}"></iframe>
"""

HEIGHT = (
    "document.querySelector('header').offsetHeight"
    " + document.querySelector('iframe').contentDocument.querySelector('body > table').offsetHeight"
)
"""What the page's own script gets for its height: that of all that is written."""


def write_page(mail: EmailMessage, file: Path) -> str:
    """Write a page that shows it, and return the page's address."""
    shown = {
        "subject": mail["Subject"],
        "sender": mail["From"],
        "to": mail["To"],
        "html": text_of(mail, "html"),
        "frame": FRAME,
    }
    file.write_text(_PAGE.format(**{name: escape(str(value)) for name, value in shown.items()}), encoding="utf-8")
    return file.as_uri()
