"""The checkout's defaults.yaml, as a team has it that has named who is woken."""

from __future__ import annotations

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[1]
_SHIPPED = "  # recipients: []"
RECIPIENT = "dba@shop.internal"


def own_defaults(checkout: Path = _CHECKOUT) -> str:
    """Its text, with RECIPIENT written where it says to write one."""
    shipped = (checkout / "include" / "defaults.yaml").read_text(encoding="utf-8")
    assert shipped.count(_SHIPPED) == 1
    return shipped.replace(_SHIPPED, f"  recipients: [{RECIPIENT}]")
