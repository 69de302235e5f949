"""Promise: grants that build on others are given in the archive's order, and nothing is left out or done twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbops.domain.archives.load_passes import LoadPass, load_passes
from dbops.domain.archives.toc_entry import TocEntry

CHAINED = "SET SESSION AUTHORIZATION ann;\nGRANT SELECT ON TABLE s.t TO bob;\nRESET SESSION AUTHORIZATION;\n"


def entry(dump_id: int, kind: str, definition: str = "", depends_on: tuple[int, ...] = ()) -> TocEntry:
    return TocEntry(
        dump_id=dump_id, kind=kind, schema="s", name=f"n{dump_id}", definition=definition, depends_on=depends_on
    )


ARCHIVE = [
    entry(1, "SCHEMA"),
    entry(2, "TABLE"),
    entry(3, "TABLE DATA"),
    entry(4, "ACL", "GRANT USAGE ON SCHEMA s TO ann WITH GRANT OPTION;"),
    entry(5, "ACL", CHAINED),
    entry(6, "MATERIALIZED VIEW DATA"),
    entry(7, "EVENT TRIGGER"),
    entry(8, "COMMENT", depends_on=(7,)),
    entry(9, "COMMENT", depends_on=(2,)),
]


def test_grants_and_what_follows_them_come_last_over_one_connection() -> None:
    assert load_passes(ARCHIVE, None, jobs=4) == (
        LoadPass(frozenset({1, 2, 3, 9}), 4),
        LoadPass(frozenset({4, 5, 6, 7, 8}), 1),
    )


def test_without_such_grants_everything_comes_at_once() -> None:
    plain = [one for one in ARCHIVE if one.dump_id != 5]
    assert load_passes(plain, None, jobs=4) == (LoadPass(None, 4),)
    assert load_passes(ARCHIVE, None, jobs=1) == (LoadPass(None, 1),)
    assert load_passes(ARCHIVE, {1, 2, 4}, jobs=4) == (LoadPass(frozenset({1, 2, 4}), 4),)


@given(st.sets(st.integers(1, 9)), st.integers(1, 8))
def test_what_was_chosen_is_loaded_once(chosen: set[int], jobs: int) -> None:
    passes = load_passes(ARCHIVE, chosen, jobs=jobs)
    loaded = [dump_id for each in passes for dump_id in each.dump_ids or ()]
    assert sorted(loaded) == sorted(chosen)
