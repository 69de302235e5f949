"""Promise: a problem keeps its key as long as it is the same one, and says whose it is."""

from __future__ import annotations

import pytest

from dbops.domain.fault import Fault
from dbops.domain.watch.problem import ProblemKind, fault_problem, key_of, paused_problem, problem_of, read_key
from dbops.domain.watch.retired import retired_problem
from tests.unit.samples import NOW, target


def test_an_unreadable_file_is_a_problem_that_names_file_line_and_sentence() -> None:
    problem = fault_problem(Fault("targets/blog.yaml", 3, "unknown key retentoin"))
    assert problem.sentence == "targets/blog.yaml:3: unknown key retentoin"
    assert problem.target is None


def test_each_file_and_each_thing_that_is_wrong_with_it_is_a_problem_of_its_own() -> None:
    faults = [Fault(f"targets/{name}.yaml", 3, said) for name in ("blog", "shop") for said in ("unknown key", "empty")]
    keys = [fault_problem(fault).key for fault in faults]
    assert len(set(keys)) == len(keys)
    assert keys[0] == "targets/blog.yaml: file cannot be read: unknown key"


def test_a_fault_that_only_moves_to_another_line_is_the_same_problem() -> None:
    one, other = (fault_problem(Fault("targets/blog.yaml", line, "unknown key")) for line in (3, 4))
    assert one.key == other.key


def test_a_paused_dag_is_a_problem_of_its_target() -> None:
    problem = paused_problem("backup__shop")
    assert problem.target == "shop"
    assert problem.sentence == "backup__shop is paused in Airflow: it does not run."
    assert problem.remedy == (
        "Unpause it on its page in Airflow; to stop a job for good, set its schedule to null instead."
    )


def test_a_paused_dag_of_all_targets_is_nobodys_and_has_no_schedule_to_set() -> None:
    problem = paused_problem("restore")
    assert problem.target is None
    assert problem.remedy == (
        "Unpause it on its page in Airflow: until then whatever is started of it waits without a word."
    )


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


@pytest.mark.parametrize("kind", ProblemKind)
@pytest.mark.parametrize("detail", ["", "backup__shop", "a: b"])
def test_what_a_watch_remembers_by_its_key_alone_is_known_again(kind: ProblemKind, detail: str) -> None:
    what = f"{kind}: {detail}" if detail else str(kind)
    assert read_key(key_of("shop", kind, detail)) == ("shop", what, kind)


@pytest.mark.parametrize("what", ["a kind of yesterday", f"{ProblemKind.LATE} and more", "", "PAUSED"])
def test_what_no_watch_of_today_tells_is_of_no_kind(what: str) -> None:
    assert read_key(f"shop: {what}") == ("shop", what, None)


def test_what_is_wrong_with_the_list_of_the_retired_is_no_target_without_backups() -> None:
    fault = Fault("retired.yaml", 2, "unknown key shpo")
    retired, other = retired_problem(fault), fault_problem(fault)
    assert retired.key == "retired.yaml: retired: unknown key shpo"
    assert retired.key != other.key
    assert (retired.kind, retired.target, retired.sentence) == (ProblemKind.FAULT, None, other.sentence)
    assert retired.remedy == "Correct that file; until then the loss of a target's file may not be noticed."
    assert other.remedy.endswith("until then its target has no DAGs, no backups, and is not watched.")
