"""The guardian: a small process between a job and pg_dump that lets nothing of pg_dump outlive the job.

It is run as a script by an isolated interpreter (``python -I -S guardian.py PROGRAM ARGS...``), so it imports nothing
of dbops. It starts the program as the leader of a process group of its own, in the *same session* as the job, prints
``started PID`` and waits for whichever comes first:

- the program ends: whatever is left of its group is killed (the workers of a pg_dump that was itself killed);
- the guardian's standard input closes, because the job closed it or died in whatever way: the group is continued
  (a stopped process cannot act on a signal), asked to stop so that it cancels its queries on the server, and killed
  after GRACE seconds.

Its exit status is the program's, or 128 + the signal that ended it.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

GRACE = 5.0
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


def main(command: list[str]) -> int:
    """Run ``command`` under guard and return its exit status."""
    wake, woken = os.pipe()
    for end in (wake, woken):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    nowhere = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    ]
    try:  # not subprocess: that alone would make this process a third larger, and there is one beside each program
        program = os.posix_spawnp(
            command[0], command, os.environ, file_actions=nowhere, setpgroup=0, setsigdef=_IGNORED_BY_PYTHON
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127
    sys.stdout.write(f"started {program}\n")
    sys.stdout.flush()
    os.close(sys.stdout.fileno())  # the job reads to its end; nobody but us may hold it open

    while not _has_ended(program):
        ready, _, _ = select.select([sys.stdin, wake], [], [])
        if sys.stdin in ready or _asked_to_stop(wake):
            _signal(program, signal.SIGCONT)
            _signal(program, signal.SIGTERM)
            deadline = time.monotonic() + GRACE
            while not _has_ended(program) and time.monotonic() < deadline:
                time.sleep(0.05)
            break
    _signal(program, signal.SIGKILL)  # before it is reaped, while the group's number cannot be anybody else's
    status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    return status if status >= 0 else 128 - status


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _asked_to_stop(wake: int) -> bool:
    try:
        numbers = os.read(wake, 64)
    except BlockingIOError:
        return False
    return any(number != signal.SIGCHLD for number in numbers)


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
