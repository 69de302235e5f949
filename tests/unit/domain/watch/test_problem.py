"""Promise: a problem keeps its key as long as it is the same one, and says whose it is."""

from __future__ import annotations

from dbops.domain.fault import Fault
from dbops.domain.watch.problem import ProblemKind, fault_problem, paused_problem, problem_of
from dbops.domain.watch.retired import retired_problem
from tests.unit.samples import NOW, target


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


def test_a_problem_of_a_target_is_told_from_others_of_its_kind_by_its_detail_alone() -> None:
    shop = target("shop")
    plain = problem_of(shop, ProblemKind.LATE, "It is late.", "Look.", since=NOW)
    assert (plain.key, plain.target, plain.since) == (f"shop: {ProblemKind.LATE}", "shop", NOW)
    assert (plain.sentence, plain.remedy) == ("It is late.", "Look.")
    one, other = (problem_of(shop, ProblemKind.LATE, "", "", detail=detail) for detail in ("a", "b"))
    assert (one.key, other.key) == (f"shop: {ProblemKind.LATE}: a", f"shop: {ProblemKind.LATE}: b")


def test_what_is_wrong_with_the_list_of_the_retired_is_no_target_without_backups() -> None:
    fault = Fault("retired.yaml", 2, "unknown key shpo")
    retired, other = retired_problem(fault), fault_problem(fault)
    assert retired.key != other.key
    assert (retired.kind, retired.target, retired.sentence) == (ProblemKind.FAULT, None, other.sentence)
    assert retired.remedy == "Correct that file; until then the loss of a target's file may not be noticed."
    assert other.remedy.endswith("until then its target has no DAGs, no backups, and is not watched.")
