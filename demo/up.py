"""`python -m demo up`: start what does not run, load the sample data once, and run a whole night of jobs on them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path

from rich.console import Console

from demo import airflow_server, disk, environment, system_user, target
from demo.abandoned import Watch
from demo.caught_mails import mails_about, wait_for_mails
from demo.dag_run import play
from demo.display import Display
from demo.errors import ComponentFailed, DemoError
from demo.night import Night
from demo.records import Records
from demo.stack import MARK, Stack, locked, settle
from demo.state import DemoState
from demo.summary import print_access, print_mails

_RESTART_AFTER = 60.0
_HEALTHY_WITHIN = 420.0
_MAILED_WITHIN = 30.0


def up(folder: Path, console: Console, *, scale: float = 1.0, dags: Path | None = None) -> None:
    """Start the stack and run one night; DemoError when it cannot be started, RunFailed when a job fails."""
    with locked(folder):
        places = (folder, system_user.ROOT) if os.geteuid() == 0 else (folder,)
        for place in places:
            disk.require_space(place)
        state = DemoState.load(folder / "state.json") or DemoState.generate()
        environment.clean_own()
        os.environ[MARK] = state.id
        stack, sentences = settle(folder, state, dags=dags)
        with Display(console) as display, Watch(folder) as watch:
            for sentence in sentences:
                display.note(sentence)
            try:
                start(stack, display, scale=scale)
            except BaseException as error:
                full = "".join(map(disk.explain_if_full, places))
                display.note("Stopping what was started ...")
                stop_completely(stack)
                watch.dismiss()
                if isinstance(error, KeyboardInterrupt):
                    raise DemoError("Interrupted: everything that was started has been stopped again.") from error
                if full and isinstance(error, DemoError | OSError):
                    raise DemoError(f"{full}{error}") from error
                raise
            watch.dismiss()
    _night(stack, console)


def _night(stack: Stack, console: Console) -> None:
    """Run every job once, and end with where to look; RunFailed when one of them fails."""
    try:
        with closing(stack.s3.client()) as client, closing(stack.api("alice")) as api, Display(console) as display:
            night = Night(api, Records.of(stack, client), display)
            play(night.whole())
            play(wait_for_mails(stack.mail.mail, night.failed_runs, seconds=_MAILED_WITHIN))
    except KeyboardInterrupt as error:
        raise DemoError(
            f"Interrupted: the stack runs on, and so does what was begun; watch it at {stack.url}."
        ) from error
    print_mails(console, stack.mail.mail, mails_about(stack.mail.mail, list(night.runs.values())))
    print_access(console, url=stack.url, page=stack.page, users=stack.users, roles=airflow_server.USERS)
    night.require_success()


def stop_completely(stack: Stack) -> None:
    """Stop the stack twice: a start that runs in another thread may have added a server during the first time."""
    stack.stop()
    stack.stop()


def start(stack: Stack, display: Display, *, scale: float) -> None:
    """Start what does not run and load the sample data once; after an error nothing runs any more."""
    airflow_began = time.monotonic()

    def databases() -> None:
        _timed(display, "PostgreSQL", stack.postgres.start, f"127.0.0.1:{stack.postgres.port}")
        create_databases(stack)

    def objects() -> None:
        def start() -> None:
            stack.s3.start()
            stack.s3.create_bucket(stack.storage.bucket)

        _timed(display, "SeaweedFS (S3)", start, f"{stack.s3.endpoint_url}, bucket {stack.storage.bucket}")

    def mail() -> None:
        _timed(display, "mail catcher", stack.mail.start, f"127.0.0.1:{stack.mail.port}, messages in {stack.mail.mail}")

    with ThreadPoolExecutor(max_workers=4) as pool:
        try:
            first = [pool.submit(work) for work in (databases, objects, mail)]
            first[0].result()
            _start_airflow(stack, display)
            sample = pool.submit(_load_sample, stack, display, scale)
            health = pool.submit(_wait_until_healthy, stack, display)
            for future in as_completed([*first, sample, health]):
                future.result()
        except BaseException:
            stop_completely(stack)  # ends what the other threads wait for
            raise
    display.done("Airflow", f"{stack.url}, healthy after {time.monotonic() - airflow_began:.0f} s")


def _start_airflow(stack: Stack, display: Display) -> None:
    display.working("Airflow", "starting")
    if stack.airflow.is_running():
        if not stack.airflow.runs_as_configured():
            display.working("Airflow", "restarting: its ports or passwords have changed")
            stack.airflow.stop()
        elif not _is_healthy_within(stack, _RESTART_AFTER):
            display.working("Airflow", "restarting: a part of it has stopped")
            stack.airflow.stop()
    if not stack.airflow.is_running():
        stack.airflow.start()


def _is_healthy_within(stack: Stack, seconds: float) -> bool:
    api = stack.api()
    deadline = time.monotonic() + seconds
    try:
        while api.unhealthy_parts():
            if time.monotonic() > deadline:
                return False
            time.sleep(1)
    finally:
        api.close()
    return True


def _timed(display: Display, name: str, work: Callable[[], None], detail: str) -> None:
    display.working(name, "starting")
    work()
    display.done(name, detail)


def create_databases(stack: Stack) -> None:
    """Make those of Airflow and of the sample application, each with the role that owns it, where they are missing."""
    for name, secret in (("airflow", "airflow_database"), (target.NAME, "summary_app_database")):
        stack.postgres.create_role(name, stack.state.secrets[secret], create_databases=name == target.NAME)
        stack.postgres.create_database(name, owner=name)


def _load_sample(stack: Stack, display: Display, scale: float) -> None:
    row = "sample database"
    if stack.state.sample_loaded:
        display.done(row, "loaded before")
        return
    from demo.summary_app import generate

    display.working(row, "creating")
    stack.postgres.drop_database(target.NAME)  # what a load that was killed half way has left
    stack.postgres.create_database(target.NAME, owner=target.NAME)
    generate.create(stack.sample_url)
    counts = generate.generate(
        stack.sample_url, scale=scale, seed=1, progress=lambda *what: display.working(row, " ".join(map(str, what)))
    )
    stack.state.sample_loaded = True
    stack.state.save(stack.folder / "state.json")
    display.done(row, f"{sum(counts.values()):,} rows in {len(counts)} tables")


def _wait_until_healthy(stack: Stack, display: Display) -> None:
    api = stack.api()
    secrets = list(stack.state.secrets.values())
    try:

        def healthy() -> bool:
            parts = api.unhealthy_parts()
            said = airflow_server.last_words(stack.airflow.daemon.log, secrets=secrets)
            display.working("Airflow", f"waiting for {', '.join(parts)}: {said}" if parts else "healthy")
            if parts:
                time.sleep(0.5)
            return not parts

        stack.airflow.daemon.wait_ready(healthy, seconds=_HEALTHY_WITHIN, secrets=secrets)
    except ComponentFailed:
        display.failed("Airflow")
        raise
    finally:
        api.close()
