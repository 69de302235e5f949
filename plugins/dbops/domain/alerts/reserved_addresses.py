"""Reserved addresses: e-mail addresses that stand in examples, and at which nobody can ever read anything.

The names are those of RFC 2606 but for ``localhost``, where a mailbox may be.
"""

from __future__ import annotations

_TOP_LEVEL = frozenset({"example", "invalid", "test"})
_SECOND_LEVEL = frozenset({"example.com", "example.net", "example.org"})


def is_reserved(address: str) -> bool:
    """Whether no mail to the address can arrive, whatever mail server takes it."""
    labels = address.rpartition("@")[2].lower().rstrip(".").split(".")
    return labels[-1] in _TOP_LEVEL or ".".join(labels[-2:]) in _SECOND_LEVEL
