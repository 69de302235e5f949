"""main: one command line in, one exit status out."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from dbops.cli.arguments import read_arguments
from dbops.cli.screen import Screen
from dbops.errors import DbopsError, InvalidRequest
from dbops.gateways.files.target_files import FOLDER_VARIABLE, include_folder

if TYPE_CHECKING:
    from dbops.cli.surroundings import Surroundings

DEBUG_VARIABLE = "DBOPS_DEBUG"

_WRONG_REQUEST, _COULD_NOT = 2, 3
_STOPPED = 128  # plus the signal's number, as shells count
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_IMPATIENCE = 3


class Stopped(BaseException):
    """A signal asks the program to stop; not an Exception, so that nothing but clean-up catches it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(argv: Sequence[str] | None = None, around: Surroundings | None = None) -> int:
    """Run ``python -m dbops`` with these arguments and return its exit status; only --help raises SystemExit."""
    given = sys.argv[1:] if argv is None else list(argv)
    _take_any_text()
    screen = Screen(as_json="--json" in given)
    debug = "--debug" in given or bool(os.environ.get(DEBUG_VARIABLE))
    try:
        with _stopping_at_signals(screen):
            return _run(given, around, screen)
    except Stopped as stopped:
        name = "Ctrl-C" if stopped.number == signal.SIGINT else signal.Signals(stopped.number).name
        screen.error(DbopsError(f"Stopped by {name}.", "It can be started again at once."))
        return _STOPPED + stopped.number
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does; the interpreter must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except InvalidRequest as error:
        screen.error(error)
        return _WRONG_REQUEST
    except DbopsError as error:
        screen.error(error)
        return _COULD_NOT
    except Exception as error:  # noqa: BLE001 - the last line of defence: people get a sentence, not a traceback
        _tell_unexpected(error, screen, debug=debug)
        return _COULD_NOT


def _take_any_text() -> None:
    """Write out what a terminal cannot show, in words that somebody else chose, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _run(given: list[str], around: Surroundings | None, screen: Screen) -> int:
    _refuse_what_is_no_text(given)
    asked = read_arguments(given)
    if asked.include is not None:
        if not Path(asked.include).is_dir():
            raise InvalidRequest(f"--include {asked.include} is not a folder.", "Name the folder that holds targets/.")
        os.environ[FOLDER_VARIABLE] = str(Path(asked.include).resolve())
    from dbops.cli.surroundings import Surroundings
    from dbops.cli.verbs import run_verb

    result = run_verb(asked, around or Surroundings(include_folder()), screen)
    screen.show_result(result)
    return result.status


def _refuse_what_is_no_text(given: list[str]) -> None:
    """A reason, say, is kept in the bucket, which holds UTF-8."""
    try:
        "".join(given).encode()
    except UnicodeEncodeError:
        raise InvalidRequest("An argument is not UTF-8 text.", "Type it in a terminal that is set to UTF-8.") from None


def _tell_unexpected(error: Exception, screen: Screen, *, debug: bool) -> None:
    # Its own text is shown only where asked for: what we did not write ourselves may carry a credential.
    screen.error(
        DbopsError(
            f"An unexpected {type(error).__name__}: this is a bug in dbops itself.",
            "Run it again with --debug to see where it comes from, and report it.",
        )
    )
    if debug:
        traceback.print_exception(error, file=sys.stderr)


@contextmanager
def _stopping_at_signals(screen: Screen) -> Iterator[None]:
    """Let the first signal raise Stopped, out of whatever runs, and let no second one disturb the clean-up."""
    count = 0

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count == 1:
            raise Stopped(number)
        if count >= _IMPATIENCE:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        screen.tell("Still cleaning up. Press again to quit at once; what is left then is swept a day later.")

    # One that is ignored stays ignored: that is how `nohup` works.
    numbers = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
