"""What can go wrong in the demo.

DemoError                one sentence that says what happened and what to do; `python -m demo` prints it and exits 1
└── ComponentFailed      a server of the stack did not start; carries the end of its log
"""

from __future__ import annotations


class DemoError(Exception):
    """A failure the person at the keyboard can act on; its text is one clear sentence without credentials."""


class ComponentFailed(DemoError):
    """A server of the stack exited or stayed silent while it was being started."""

    def __init__(self, sentence: str, log_tail: str = "") -> None:
        super().__init__(f"{sentence}\n{log_tail}" if log_tail else sentence)
        self.log_tail = log_tail
