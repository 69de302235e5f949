"""One stack for all tests of this folder: a standalone Airflow with everything around it, started once."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.e2e.browser import Browser, chromium
from tests.e2e.rest import Rest, Run
from tests.e2e.running_stack import RunningStack, running
from tests.e2e.scheduler import Scheduler

HERE = Path(__file__).parent
_STARTING = 600  # seconds: whichever test comes first waits for Airflow's start, a minute or two


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_STARTING))
    if all(HERE in item.path.parents for item in items):
        # First: its own Airflow is gone before the other one starts, and neither waits for the other's processors.
        items.sort(key=lambda item: item.path != HERE / "test_compose.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the browser showed when its test failed."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if report.when == "call" and report.failed and isinstance(browser, Browser):
        report.sections.append(("the browser's window", str(browser.screenshot("failed"))))
    return report


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The whole stack; it is gone when the session ends, however it ends."""
    with running(tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest.fixture(scope="session")
def scheduler(stack: RunningStack) -> Iterator[Scheduler]:
    """The scheduler, to be killed; one that is started in its place serves all tests that follow."""
    scheduler = Scheduler(stack)
    yield scheduler
    scheduler.end()


@pytest.fixture(scope="session")
def alice(stack: RunningStack) -> Iterator[Rest]:
    """Airflow's REST API as alice, who may trigger."""
    rest = stack.rest("alice")
    yield rest
    rest.close()


@pytest.fixture(scope="session")
def bob(stack: RunningStack) -> Iterator[Rest]:
    """Airflow's REST API as bob, who may trigger and answer like alice."""
    rest = stack.rest("bob")
    yield rest
    rest.close()


@pytest.fixture
def viewer(stack: RunningStack) -> Iterator[Rest]:
    """Airflow's REST API as viewer, who may only look."""
    rest = stack.rest("viewer")
    yield rest
    rest.close()


@pytest.fixture
def browser(stack: RunningStack, tmp_path: Path) -> Iterator[Browser]:
    """A browser that has never seen Airflow; its screenshots are in the test's folder."""
    with chromium() as chrome:
        yield Browser(chrome, stack.demo.url, stack.demo.users, tmp_path)


@pytest.fixture(scope="session")
def backed_up(stack: RunningStack, alice: Rest) -> Run:
    """A run of the sample database's DAG that has ended well, triggered by alice."""
    run = alice.trigger("backup__summary_app")
    run.wait("success")
    return run
