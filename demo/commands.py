"""The command line of the demo. Exit status: 0 done; 1 it could not be done, and one sentence on stderr says why."""

from __future__ import annotations

import argparse
import errno
import signal
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType

from rich.console import Console

from demo import airflow_server, environment
from demo.errors import DemoError
from demo.existing import existing, running
from demo.stack import CHECKOUT, PORTS, Stack, locked
from demo.state import DemoState
from demo.summary import print_access

FOLDER = CHECKOUT / ".demo"

_PLAIN_WIDTH = 160


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the demo keeps its state (default: .demo)")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("up", help="start the stack, and run a whole night of jobs through Airflow")
    start.add_argument("--scale", type=float, default=1.0, help="size of the sample data; 1 is about 50 MB")
    start.add_argument("--dags", type=Path, help="another folder of DAGs")
    commands.add_parser("break", help="break the sample and its newest backup on purpose, and show who notices")
    commands.add_parser("mend", help="put right what was broken, and show it green")
    commands.add_parser("status", help="say what runs")
    commands.add_parser("stop", help="stop it and keep its data")
    commands.add_parser("clean", help="stop it and delete its data")
    commands.add_parser("env", help="print export lines for your own tools")
    chosen = parser.parse_args(arguments)
    folder: Path = chosen.folder.resolve()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    # A background job of a shell starts with SIGINT ignored, and would hand that on to servers that are stopped by it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _execute(chosen, folder, console)
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. `make demo-status` shows what runs, `make demo` goes on.", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}:
            raise
        print(
            f"\n{error.filename or folder}: {error.strerror}. Make it possible to write there, or use another disk.",
            file=sys.stderr,
        )
        return 1


def _execute(chosen: argparse.Namespace, folder: Path, console: Console) -> int:
    match chosen.command:
        case "up":
            from demo.up import up

            up(folder, console, scale=chosen.scale, dags=chosen.dags and chosen.dags.resolve())
        case "break":
            from demo.breaking import break_on_purpose

            environment.clean_own()
            stack = running(folder)
            with locked(folder):
                break_on_purpose(stack, console)
        case "mend":
            from demo.mending import mend

            environment.clean_own()
            stack = running(folder)
            with locked(folder):
                mend(stack, console)
        case "status":
            return _status(folder, console)
        case "stop":
            _stop(folder, console)
        case "clean":
            _clean(folder, console)
        case "env":
            _env(folder)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _status(folder: Path, console: Console) -> int:
    stack = existing(folder)
    servers = stack.running()
    api = stack.api()
    unhealthy = api.unhealthy_parts() if servers["Airflow"] else []
    api.close()
    for name, runs in servers.items():
        lacking = f", but not yet healthy: {', '.join(unhealthy)}" if name == "Airflow" and unhealthy else ""
        console.print(f"{name:<16} {'runs' if runs else 'does not run'}{lacking}")
    if not all(servers.values()) or unhealthy:
        console.print("\n`make demo` starts what does not run.")
        return 1
    print_access(console, url=stack.url, page=stack.page, users=stack.users, roles=airflow_server.USERS)
    return 0


def _stop(folder: Path, console: Console) -> None:
    if not (folder / "state.json").exists():
        console.print("Nothing runs: there is no demo here.")
        return
    with locked(folder):
        existing(folder).stop()
    console.print("Stopped. The data are kept: `make demo` goes on with them, `make demo-clean` removes them.")


def _clean(folder: Path, console: Console) -> None:
    if not folder.exists():
        console.print("Nothing to remove: there is no demo here.")
        return
    with locked(folder):
        try:
            state = DemoState.load(folder / "state.json") or DemoState.generate()
        except DemoError:
            state = DemoState.generate()  # what runs is found by its process records all the same
        Stack(folder, replace(state, ports=dict.fromkeys(PORTS, 0) | state.ports)).destroy()
    console.print("Stopped and removed.")


def _env(folder: Path) -> None:
    stack = running(folder)
    print(environment.export_lines(stack.exports(), path=stack.programs()))
