"""What a person reads of a page."""

from __future__ import annotations

import re
from html import unescape


def text_of(html: str) -> str:
    """Without the tags, and with the spaces that a browser shows."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html[html.index("<body") :])).split())
