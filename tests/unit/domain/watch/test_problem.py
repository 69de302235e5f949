"""Promise: a problem keeps its key as long as it is the same one, and says whose it is."""

from __future__ import annotations

from dbops.domain.fault import Fault
from dbops.domain.watch.problem import ProblemKind, fault_problem, paused_problem


def test_an_unreadable_file_is_a_problem_that_names_file_line_and_sentence() -> None:
    problem = fault_problem(Fault("targets/blog.yaml", 3, "unknown key retentoin"))
    assert problem.sentence == "targets/blog.yaml:3: unknown key retentoin"
    assert problem.target is None


def test_a_fault_that_only_moves_to_another_line_is_the_same_problem() -> None:
    one, other = (fault_problem(Fault("targets/blog.yaml", line, "unknown key")) for line in (3, 4))
    assert one.key == other.key


def test_a_paused_dag_is_a_problem_of_its_target() -> None:
    problem = paused_problem("backup__shop")
    assert problem.target == "shop"
    assert problem.sentence == "backup__shop is paused in Airflow: it does not run."
    assert paused_problem("restore").target is None


def test_every_paused_dag_is_a_problem_of_its_own_that_stays_the_same() -> None:
    keys = [paused_problem(dag_id).key for dag_id in ("backup__shop", "drill__shop", "restore")]
    assert keys == [f"{of}: {ProblemKind.PAUSED}: {dag_id}" for of, dag_id in (
        ("shop", "backup__shop"), ("shop", "drill__shop"), ("restore", "restore"))]  # fmt: skip
