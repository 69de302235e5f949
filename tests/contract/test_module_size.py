"""Promise: no module of dbops grows until it holds two ideas unnoticed.

One of more than 250 lines asks a person whether it is to be parted, by concept; some are one idea all the same. The one
that had grown beyond 300 held four.
"""

from __future__ import annotations

from pathlib import Path

MOST = 300
PLUGINS = Path(__file__).parents[2] / "plugins"


def test_no_module_is_longer_than_one_idea_needs() -> None:
    lines = {
        str(path.relative_to(PLUGINS)): len(path.read_text(encoding="utf-8").splitlines())
        for path in PLUGINS.rglob("*.py")
    }
    assert len(lines) > MOST, "these are not the modules of dbops"
    assert {name: count for name, count in lines.items() if count > MOST} == {}, "part them, by concept"
