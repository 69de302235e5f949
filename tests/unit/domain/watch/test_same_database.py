"""Promise: two targets of one database are told, each of them, until one of the two accepts it."""

from __future__ import annotations

from typing import Any

import pytest

from dbops.domain.target_index.target_index import IndexedOrigin
from dbops.domain.watch import same_database
from dbops.domain.watch.problem import Problem, ProblemKind, read_key
from dbops.domain.watch.same_database import Seen, same_database_problems
from tests.unit.samples import target

CLUSTER = "7588"
ACCEPTING: dict[str, Any] = {"allow": ["same_database"]}


def seen(name: str, database: str | None = "shop", cluster: str | None = CLUSTER, **settings: Any) -> Seen:
    origin = None if database is None else IndexedOrigin(database=database, system_identifier=cluster)
    return target(name, **settings), origin


def told(*all_seen: Seen) -> list[str | None]:
    return [problem.target for problem in same_database_problems(all_seen)]


def problem_of_two(*all_seen: Seen) -> Problem:
    first, second = same_database_problems(all_seen)
    assert (first.kind, second.kind) == (ProblemKind.SAME_DATABASE,) * 2
    return first


def test_each_is_told_with_the_database_the_cluster_and_what_to_do() -> None:
    found = problem_of_two(seen("crm"), seen("shop"))

    assert found.key == "crm: another target has the same database"
    assert found.sentence == (
        "crm has backups of the same database as shop: shop, on the cluster 7588. So the database that it, or one of "
        "them, was intended for may have no backup."
    )
    assert found.remedy == (
        "Look at the line connection in their files, and where that connection leads; once fixed, this ends with the "
        "next backup. If it is intended, as for two copies in two buckets, or if one server is a physical copy of "
        "the other, write allow: [same_database] into the file of all but one."
    )


def test_a_copied_connection_is_told_by_its_id() -> None:
    found = problem_of_two(seen("crm", connection="shop"), seen("shop"))

    assert found.sentence.startswith("crm has the same connection as shop, shop. So the")


@pytest.mark.parametrize("other", [seen("crm", "crm"), seen("crm", cluster="7712")])
def test_another_database_or_another_cluster_is_another_database(other: Seen) -> None:
    assert told(seen("shop"), other) == []


@pytest.mark.parametrize("unknown", [{"database": None}, {"cluster": None}], ids=["no backup", "no identifier"])
def test_where_the_cluster_is_not_known_one_connection_is_one_database(unknown: dict[str, Any]) -> None:
    assert told(seen("shop"), seen("crm", connection="shop", **unknown)) == ["shop", "crm"]
    assert told(seen("shop", **unknown), seen("crm", connection="shop", **unknown)) == ["shop", "crm"]
    assert told(seen("shop"), seen("crm", **unknown)) == []
    assert told(seen("shop", **unknown), seen("crm", **unknown)) == []


def test_where_the_clusters_are_known_the_backups_decide_and_not_the_file() -> None:
    assert told(seen("shop"), seen("crm", "crm", connection="shop")) == []


@pytest.mark.parametrize("accepting", ["shop", "crm"])
def test_it_is_enough_that_one_of_two_accepts_it(accepting: str) -> None:
    assert told(*(seen(name, **(ACCEPTING if name == accepting else {})) for name in ("shop", "crm"))) == []


def test_of_three_two_that_do_not_accept_it_are_told_of_each_other() -> None:
    first, second = same_database_problems([seen("shop"), seen("crm"), seen("copy", **ACCEPTING)])

    assert "database as crm:" in first.sentence
    assert "database as shop:" in second.sentence


def test_where_the_connection_does_not_tell_of_all_of_them_the_database_is_named() -> None:
    shop, *_ = same_database_problems([seen("shop"), seen("copied", connection="shop"), seen("crm")])

    assert shop.sentence.startswith("shop has backups of the same database as copied, crm: shop, on the cluster 7588.")


def test_of_forty_a_few_are_named() -> None:
    forty = [seen(f"t{number}", connection="shop") for number in range(40)]

    (first, *others) = same_database_problems(forty)

    assert len(others) == 39
    assert "and 3" in first.sentence
    assert "more, shop." in first.sentence


def test_a_name_that_a_manifest_brings_is_shown_and_never_obeyed() -> None:
    assert "as shop: s\\nhop, on" in problem_of_two(seen("crm", "s\nhop"), seen("shop", "s\nhop")).sentence


def test_its_key_is_known_from_those_of_one_target_alone() -> None:
    assert read_key(problem_of_two(seen("crm"), seen("shop")).key)[2] is ProblemKind.SAME_DATABASE
    assert read_key(f"shop: {ProblemKind.LATE}")[2] is not ProblemKind.SAME_DATABASE


def test_thousands_that_share_nothing_are_not_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def is_same(one: Seen, other: Seen) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr(same_database, "_is_same", is_same)

    assert same_database_problems(seen(f"t{number}", None) for number in range(1000)) == []
    assert len(compared) == 1000  # each with itself
