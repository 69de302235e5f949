"""Target files that come and go while Airflow runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.browser import Browser
from tests.e2e.rest import Rest
from tests.e2e.running_stack import RunningStack
from tests.e2e.targets import write_file
from tests.e2e.waiting import eventually


@pytest.fixture
def no_blog(stack: RunningStack, alice: Rest) -> Iterator[None]:
    """Whatever the test has said about the target blog is forgotten afterwards."""
    yield
    (stack.include / "targets" / "blog.yaml").unlink(missing_ok=True)
    eventually(lambda: not alice.import_errors(), "the end of every import error")


@pytest.mark.usefixtures("no_blog")
def test_a_bad_file_is_one_red_import_error_that_says_where_and_takes_no_other_dag_down(
    stack: RunningStack, alice: Rest, browser: Browser
) -> None:
    before = alice.dag_ids()
    write_file(stack.include, "blog.yaml", "connection: blog\nstorage:\n  buckett: backups\n")
    stack.touch("target_faults.py")
    [error] = eventually(alice.import_errors, "an import error")
    assert error["filename"] == "target_faults.py"
    assert 'targets/blog.yaml:3: "buckett" is not a key below storage. Did you mean "bucket"?' in error["stack_trace"]
    assert alice.dag_ids() == before

    browser.open("/")
    browser.log_in("alice")
    browser.click("button", "1\nDag Import Error")
    browser.click("button", "target_faults.py")
    browser.see("targets/blog.yaml:3", 'Did you mean "bucket"?', "The DAGs of every other target are not affected.")
    browser.screenshot("import-error")

    (stack.include / "targets" / "blog.yaml").unlink()
    stack.touch("target_faults.py")
    eventually(lambda: not alice.import_errors(), "the end of the import error")
    assert alice.dag_ids() == before


@pytest.mark.usefixtures("no_blog")
def test_a_new_file_is_a_new_dag_that_makes_backups(stack: RunningStack, alice: Rest) -> None:
    write_file(stack.include, "blog.yaml", "connection: summary_app\ndescription: The blog\n")
    # By itself, when Airflow parses its files again.
    eventually(lambda: alice.ask("GET", "dags/backup__blog").is_success, "the DAG backup__blog", seconds=300)
    assert alice.get("dags/backup__blog")["is_paused"] is False
    run = alice.trigger("backup__blog")
    run.wait("success")
    assert f"blog/backups/{run.xcoms('back_up')['return_value']}/manifest.json" in stack.keys("blog/")
