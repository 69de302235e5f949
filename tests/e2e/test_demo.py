"""`make demo`, `make demo-break` and `make demo-mend`, as somebody types them who has just cloned this."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.mail_catcher import MailFolder
from demo.stack import CHECKOUT
from demo.state import DemoState
from tests.mail_text import text_of

_PATIENCE = 1200  # seconds: a start and a night, beside whatever else the machine does
pytestmark = pytest.mark.timeout(3 * _PATIENCE)

_FAILED_CHECK = "[dbops] FAILED check of summary_app (production)"
_FAILED_DRILL = "[dbops] FAILED drill of summary_app (production)"
_RECOVERED = "[dbops] RECOVERED check of summary_app (production)"


class Demo:
    """The commands, and the mails that came of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "demo", "--folder", str(self.folder), *command],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in MailFolder(self.folder / "mail").messages()]

    def subjects_of_jobs(self) -> list[str]:
        """Without those of the watch, which comes every hour and also sees what is broken."""
        mails = MailFolder(self.folder / "mail").messages()
        return [str(mail["Subject"]) for mail in mails if "/dags/watch/runs/" not in text_of(mail)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo of this module's own, gone when it has ended."""
    demo = Demo(tmp_path_factory.mktemp("demo") / "state")
    yield demo
    demo("clean")
    assert not demo.folder.exists()


@pytest.fixture(scope="module")
def night(demo: Demo) -> str:
    """What `make demo` prints."""
    return _well(demo("up", "--scale", "0.1"))


@pytest.fixture(scope="module")
def broken(demo: Demo, night: str) -> str:
    """What `make demo-break` prints."""
    return _well(demo("break"))


@pytest.fixture(scope="module")
def mended(demo: Demo, broken: str) -> str:
    """What `make demo-mend` prints."""
    return _well(demo("mend"))


def _well(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def _row(told: str, name: str) -> str:
    """How a row of the display has ended: its mark, and what it came to."""
    [found] = re.findall(rf"^([✓!✗]) {name} \([\d.]+ s\)(.*)$", told, re.MULTILINE)
    return "".join(found)


def test_a_whole_night_is_run_and_each_job_says_what_it_came_to(night: str) -> None:
    backup_id, rows = re.findall(r"(\d{8}T\d{6}Z): ([\d,]+ rows of 9 tables)", _row(night, "backup"))[0]
    drill = _row(night, "drill")
    assert drill.startswith(f"✓  {backup_id} is proven: recovery took ")
    assert rows in drill
    assert re.fullmatch(r"!  \d+ rules passed, 2 warnings", _row(night, "checks"))
    assert re.match(r"[✓!]  \d+ of 16 operations within budget", _row(night, "probes"))
    assert _row(night, "watch") == "✓  Every promise of 1 target is kept."


def test_it_ends_with_the_mails_the_page_and_the_users(demo: Demo, night: str) -> None:
    state = DemoState.load(demo.folder / "state.json")
    assert state is not None
    assert f"http://127.0.0.1:{state.ports['airflow']}/plugin/database_ops" in night
    for user in ("admin", "alice", "bob", "viewer"):
        assert f"{user}  {state.secrets[user]}" in re.sub(" +", "  ", night)
    assert "[dbops] WARNING check of summary_app (production)" in night
    assert all(subject in night for subject in demo.subjects())


def test_what_is_broken_is_noticed_and_the_mails_say_what_to_do(demo: Demo, broken: str) -> None:
    assert _row(broken, "checks").startswith("✗  5 rules of summary_app are broken")
    assert "FAILED its drill" in _row(broken, "drill")
    assert "public.ShareLink: a link leads to a summary: 3 rows break it" in broken
    assert "the index public.Summary.Summary_videoId_idx is missing" in broken
    _, _, mails = broken.partition("\nMails")
    assert mails.index(_FAILED_CHECK) < mails.index(_FAILED_DRILL)
    assert {_FAILED_CHECK, _FAILED_DRILL} <= set(demo.subjects())
    assert 'CREATE INDEX CONCURRENTLY "Summary_videoId_idx"' in broken
    assert broken.count("WHAT TO DO") == 2
    assert "Make a new backup now, hold an older good one" in broken


def test_breaking_twice_does_nothing_and_says_so(demo: Demo, broken: str) -> None:
    before = demo.subjects_of_jobs()

    again = _well(demo("break"))

    assert [_row(again, name) for name in ("orphans", "dropped index", "corrupted backup")] == [
        "✓  was there before"
    ] * 3
    assert "nothing was done" in again
    assert _FAILED_CHECK in again
    assert demo.subjects_of_jobs() == before


def test_what_was_mended_is_green_and_mailed_as_recovered(demo: Demo, mended: str) -> None:
    backup_id = _row(mended, "backup").split()[1].rstrip(":")
    assert _row(mended, "drill").startswith(f"✓  {backup_id} is proven")
    assert re.fullmatch(r"!  \d+ rules passed, 2 warnings", _row(mended, "checks"))
    assert _RECOVERED in mended
    assert demo.subjects().count(_RECOVERED) == 1
    assert re.search(r"WELL AGAIN\n(?:.*\n)*?.*- public\.ShareLink: a link leads to a summary", mended)


def test_mending_what_is_not_broken_does_nothing_and_says_so(demo: Demo, mended: str) -> None:
    assert _well(demo("mend")) == "Nothing is broken: `make demo-break` breaks something.\n"
