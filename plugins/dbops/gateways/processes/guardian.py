"""The guardian: a small process between a job and PostgreSQL's programs that lets nothing of them outlive the job.

It is run as a script by an isolated interpreter (``python -I -S guardian.py``), so it imports nothing of dbops. Its
arguments are the programs that the job may want: of each a file descriptor for what it says, how many words its command
has, and the command. The job asks by lines on standard input and hears by lines on standard output; N counts from 0:

- ``start N``: the program is started as the leader of a process group of its own, in the *same session* as the job,
  and answered with ``started N PID``;
- ``stop N``: its group is continued (a stopped process cannot act on a signal), asked to stop so that it cancels its
  queries on the server, and killed after GRACE seconds;
- a program ends: whatever is left of its group is killed (the workers of a pg_dump that was itself killed), and then
  ``ended N STATUS`` is told, 128 + the signal's number where one ended it;
- standard input closes, because the job closed it or died in whatever way: all of them are stopped.

It ends when all of its programs have.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

GRACE = 5.0
_NOT_STARTED = 127
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
_STDIN, _STDERR = 0, 2


class Program:
    """One program: to be started, running, or ended."""

    def __init__(self, number: int, said: int, command: list[str]) -> None:
        self.number, self._said, self._command = number, said, command
        self.pid: int | None = None
        self.has_ended = False
        self._killed_at: float | None = None
        os.set_inheritable(said, False)

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.pid is not None and not self.has_ended

    @property
    def seconds_left(self) -> float | None:
        """Until it is killed; None where nobody has asked it to stop."""
        return None if self._killed_at is None else max(0.0, self._killed_at - time.monotonic())

    def start(self) -> None:
        """Start it, unless that was done."""
        if self.pid is not None or self.has_ended:
            return
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, self._said, 2),
        ]
        try:  # not subprocess: that alone would make this process a third larger
            self.pid = os.posix_spawnp(
                self._command[0],
                self._command,
                os.environ,
                file_actions=files,
                setpgroup=0,
                setsigdef=_IGNORED_BY_PYTHON,
            )
        except OSError as error:
            os.write(self._said, f"{self._command[0]}: {error.strerror}\n".encode())
            self._end(_NOT_STARTED)
            return
        os.close(self._said)
        tell(f"started {self.number} {self.pid}")

    def stop(self) -> None:
        """Ask it to stop, once."""
        if self.is_running and self._killed_at is None:
            self._signal(signal.SIGCONT)
            self._signal(signal.SIGTERM)
            self._killed_at = time.monotonic() + GRACE

    def look(self) -> None:
        """Notice its end, and bring it about where it has had its time."""
        if not self.is_running:
            return
        if self.seconds_left == 0:
            self._signal(signal.SIGKILL)
        assert self.pid is not None  # noqa: S101 - it is running
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return
        self._signal(signal.SIGKILL)  # before it is reaped, while the group's number cannot be anybody else's
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self._end(status if status >= 0 else 128 - status)

    def _end(self, status: int) -> None:
        self.has_ended = True
        tell(f"ended {self.number} {status}")

    def _signal(self, number: int) -> None:
        assert self.pid is not None  # noqa: S101 - it is running
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return


def main(arguments: list[str]) -> int:
    """Start what is asked for, and guard it until all has ended."""
    wake, woken = os.pipe()
    for end in (wake, woken):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    programs = _programs(arguments)
    watched, request = [_STDIN, wake], b""
    while not all(program.has_ended for program in programs):
        ready, _, _ = select.select(watched, [], [], _patience(programs))
        is_over = wake in ready and _asked_to_stop(wake)
        if _STDIN in ready:
            request += (more := os.read(_STDIN, 4096))
            *whole, request = request.split(b"\n")
            for line in whole:
                _obey(line.decode(), programs)
            is_over = is_over or not more
        if is_over:
            watched = [wake]
            for program in programs:
                program.stop()
                program.has_ended = program.has_ended or program.pid is None
        for program in programs:
            program.look()
    return 0


def _programs(arguments: list[str]) -> list[Program]:
    programs: list[Program] = []
    rest = arguments
    while rest:
        end = 2 + int(rest[1])
        programs.append(Program(len(programs), int(rest[0]), rest[2:end]))
        rest = rest[end:]
    # What Python has to say before this comes out beside the first program's words, and afterwards nowhere.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    return programs


def _obey(request: str, programs: list[Program]) -> None:
    verb, number = request.split()
    if verb == "start":
        programs[int(number)].start()
    else:
        programs[int(number)].stop()


def _patience(programs: list[Program]) -> float | None:
    left = [program.seconds_left for program in programs if program.is_running]
    return min((seconds for seconds in left if seconds is not None), default=None)


def _asked_to_stop(wake: int) -> bool:
    try:
        numbers = os.read(wake, 64)
    except BlockingIOError:
        return False
    return any(number != signal.SIGCHLD for number in numbers)


def tell(line: str) -> None:
    """Tell the job; where it is gone, that is noticed by standard input."""
    try:
        os.write(1, f"{line}\n".encode())
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
