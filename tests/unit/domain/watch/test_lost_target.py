"""A target whose file has disappeared is still told of, as the watch tells of it, until it is retired."""

from __future__ import annotations

import pytest

from dbops.domain.watch.included_names import IncludedNames
from dbops.domain.watch.known_targets import KnownTargets
from dbops.domain.watch.light import LIGHTS
from dbops.domain.watch.lost_target import LostTarget, lost_targets
from dbops.domain.watch.problem import ProblemKind
from tests.unit.samples import NOW

KNOWN = KnownTargets(ours={"shop": NOW, "crm": NOW, "blog": NOW}, strangers={"theirs": NOW})


def lost(*named: str, retired: frozenset[str] | None = frozenset()) -> list[LostTarget]:
    return lost_targets(IncludedNames(frozenset(named), retired), KNOWN)


def test_it_is_what_the_watch_mails_and_has_its_light() -> None:
    [crm, shop] = lost("blog", "art")
    assert [crm.problem, shop.problem] == KNOWN.missing({"blog"})
    assert (crm.name, shop.name) == ("crm", "shop")
    assert shop.light is LIGHTS[ProblemKind.NO_FILE]
    [reason] = shop.reasons
    assert reason.startswith("shop has backups, and no file below include/targets/ any more")
    assert "Put include/targets/shop.yaml back." in reason
    assert "include/retired.yaml" in reason


def test_one_that_was_retired_and_one_that_is_another_airflows_are_nobodys_loss() -> None:
    assert [one.name for one in lost("blog", retired=frozenset({"crm"}))] == ["shop"]


@pytest.mark.parametrize("names", [IncludedNames(None, frozenset()), IncludedNames(frozenset(), None)])
def test_while_nobody_can_know_which_have_a_file_or_are_retired_none_is_missed(names: IncludedNames) -> None:
    assert lost_targets(names, KNOWN) == []


def test_where_no_watch_has_looked_yet_none_is_missed() -> None:
    assert lost_targets(IncludedNames(frozenset(), frozenset()), KnownTargets()) == []
