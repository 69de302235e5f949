"""session_options: settings that a session is to begin with, as libpq hands them to the server, at no round trip."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dbops.domain.servers.database_settings import Setting

_BREAKS = re.compile(r"[ \t\n\r\f\v\\]")  # what ends an option for the server, and what keeps it from that


def session_options(settings: Iterable[Setting]) -> str:
    r"""How libpq's ``options`` says them: ``-c name=value``, a backslash before each space and backslash."""
    return " ".join("-c " + _BREAKS.sub(r"\\\g<0>", f"{each.name}={each.value}") for each in settings)
