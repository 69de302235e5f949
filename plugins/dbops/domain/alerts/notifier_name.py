"""NotifierName: how a notifier is called in include/notifiers.yaml, and by the targets that use it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

MAIL = "_mail"
"""Stands where else a notifier's name does, and no notifier may be called so."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)


def is_notifier_name(text: str) -> bool:
    """Whether a notifier may be called so."""
    return _NAME.fullmatch(text) is not None


def _notifier_name(value: str) -> str:
    if not is_notifier_name(value):
        raise ValueError("a notifier is named by lower-case letters, digits and _, beginning with a letter")
    return value


NotifierName = Annotated[str, AfterValidator(_notifier_name)]
