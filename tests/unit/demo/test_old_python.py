from __future__ import annotations

import runpy
import sys

import pytest


def test_a_too_old_python_is_a_sentence_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("demo", run_name="__main__")

    assert ended.value.code == "Python 3.11 or newer is needed, and this is 3.9."
