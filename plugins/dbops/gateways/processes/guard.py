"""Guard: the job's end of a guardian, which starts programs, stops them, and tells how they ended."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dbops.errors import DumpFailed
from dbops.gateways.processes.token_file import TokenFile

_GUARDIAN = Path(__file__).with_name("guardian.py")
STDERR_LINES = 40
ERRORS_LINES = 20_000
"""As many are kept where errors are looked for: one comes before its details and its statement, which may be long."""
_PATIENCE = 15.0  # three times the guardian's own
_BLOCK = 65536


class Guard:
    """A guardian for these commands, none of which runs before ``start``. ``env`` is added to a minimal environment.

    ``lines`` is how many of its last lines on stderr are kept of each, ``cwd`` the folder they run in. Where there is a
    ``token``, each of their connections finds what it gives at that time. Raises DumpFailed where it cannot be started.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        env: Mapping[str, str],
        *,
        lines: int = STDERR_LINES,
        cwd: Path | None = None,
        token: Callable[[], str] | None = None,
    ) -> None:
        self._token = TokenFile(token)
        answers, *said = [os.pipe() for _ in range(1 + len(commands))]
        arguments: list[str] = []
        for command, (_, end) in zip(commands, said, strict=True):
            arguments += [str(end), str(len(command)), *command]
        try:
            self._guardian = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_GUARDIAN), *arguments],
                stdin=subprocess.PIPE,
                stdout=answers[1],
                stderr=said[0][1],
                pass_fds=[*(end for _, end in said), *self._token.descriptors],
                env={**inherited_environment(), **env, **self._token.environment},
                process_group=0,
                bufsize=0,
                cwd=cwd,
            )
        except OSError as error:
            self._token.close()
            for ours, _ in (answers, *said):
                os.close(ours)
            name = Path(commands[0][0]).name
            raise DumpFailed(f"{name} could not be started: {error.strerror}.") from None
        finally:
            for _, end in (answers, *said):
                os.close(end)
        self.pid = self._guardian.pid
        self.commands = [list(command) for command in commands]
        self._pids: dict[int, int] = {}
        self._statuses: dict[int, int] = {}
        self._is_over = False
        self._news = threading.Condition()
        self._answers = _Lines(answers[0], None)
        self._said = [_Lines(ours, lines) for ours, _ in said]
        self._listener = threading.Thread(target=self._listen, name="guardian", daemon=True)
        self._listener.start()

    def start(self, number: int) -> int:
        """Start that command and return its pid; 0 where that cannot be done, and ``stderr`` says why."""
        self._ask(f"start {number}")
        with self._news:
            self._news.wait_for(lambda: number in self._pids or self.status(number) is not None)
        return self._pids.get(number, 0)

    def status(self, number: int) -> int | None:
        """The exit status, 128 + the signal's number where one ended it, -1 where the guardian died; None before."""
        return self._statuses.get(number, -1 if self._is_over else None)

    def wait(self, number: int, timeout: float | None) -> int | None:
        """Wait for the end, no longer than ``timeout`` seconds, and return the status."""
        with self._news:
            self._news.wait_for(lambda: self.status(number) is not None, timeout)
        return self.status(number)

    def stderr(self, number: int) -> str:
        """The last lines the program wrote for people; all that it wrote once it has a status."""
        return "\n".join(list(self._said[number].last))

    def stop(self, number: int) -> None:
        """End that program and its workers, and wait until they are gone; with an only one the guardian ends, too."""
        if len(self.commands) > 1 and self.status(number) is None:
            self._ask(f"stop {number}")
            self.wait(number, _PATIENCE)
        if len(self.commands) == 1 or number not in self._statuses:  # the guardian hangs, or was killed
            self.close()

    def close(self) -> None:
        """End everything, and wait until it is gone."""
        assert self._guardian.stdin is not None  # noqa: S101 - it was asked for
        self._guardian.stdin.close()
        try:
            self._guardian.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._guardian.kill()
            self._guardian.wait()
        if self._guardian.returncode < 0:  # the guardian was killed: do its work
            for number in self._pids.keys() - self._statuses.keys():
                with suppress(ProcessLookupError):
                    os.killpg(self._pids[number], signal.SIGKILL)
                self._statuses[number] = -1  # once: its number may soon be somebody else's
        self._listener.join(timeout=5)

    def _ask(self, request: str) -> None:
        assert self._guardian.stdin is not None  # noqa: S101 - it was asked for
        with suppress(OSError, ValueError):  # it has ended, as its status tells
            self._guardian.stdin.write(f"{request}\n".encode())

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for lines in (self._answers, *self._said):
                selector.register(lines.pipe, selectors.EVENT_READ, lines)
            while selector.get_map():
                for key, _ in selector.select():
                    if not key.data.read():
                        selector.unregister(key.fd)
                        os.close(key.fd)
                self._note()
        self._token.close()
        self._guardian.wait()  # else it would stay in the list of processes until somebody closes it

    def _note(self) -> None:
        while self._answers.last:
            verb, number, value = self._answers.last.popleft().split()
            if verb == "ended":
                self._said[int(number)].read()  # whoever asks why it ended shall hear all of it
            with self._news:
                (self._statuses if verb == "ended" else self._pids)[int(number)] = int(value)
                self._news.notify_all()
        if self._answers.has_ended and not self._is_over:
            with self._news:
                self._is_over = True
                self._news.notify_all()


class _Lines:
    """The last lines that came out of a pipe, ``most`` of them, or all."""

    def __init__(self, pipe: int, most: int | None) -> None:
        os.set_blocking(pipe, False)
        self.pipe = pipe
        self.last: deque[str] = deque(maxlen=most)
        self.has_ended = False
        self._begun = b""

    def read(self) -> bool:
        """Take what is there; whether there may be more one day."""
        while not self.has_ended:
            try:
                block = os.read(self.pipe, _BLOCK)
            except BlockingIOError:
                return True
            self.has_ended = not block
            *whole, self._begun = (self._begun + block).split(b"\n")
            if self.has_ended and self._begun:
                whole.append(self._begun)
            self.last += [line.decode(errors="replace").rstrip() for line in whole]
        return False


def inherited_environment() -> dict[str, str]:
    """What a program needs of ours: never the worker's own PG* variables, nor its other secrets."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TZ", "LD_LIBRARY_PATH") if name in os.environ}
