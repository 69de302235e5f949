"""An index that schema.yaml wishes for is there by its name, or by what it is, and nothing else is it."""

from __future__ import annotations

import pytest

from dbops.domain.schema.baseline import Signature
from dbops.domain.schema.recommended_indexes import RecommendedIndex

WISH = RecommendedIndex.of("wish", 'CREATE INDEX CONCURRENTLY "wish" ON "User" ("plan") WHERE (note = \'a USING b\')')
MADE = "CREATE INDEX other ON public.\"User\" USING btree (plan) WHERE (note = 'a USING b')"


def index(name: str, definition: str, table: str = "User") -> Signature:
    return Signature("index", "public", table, name, definition)


@pytest.mark.parametrize(
    "made",
    [
        index("other", MADE),
        index("other", f"{MADE} INVALID"),
        index("wish", 'CREATE INDEX wish ON public."User" USING hash (id)'),
    ],
)
def test_what_has_its_name_or_its_definition_is_it(made: Signature) -> None:
    assert WISH.is_made_by(made)


@pytest.mark.parametrize(
    "made",
    [
        index("other", MADE.replace("CREATE INDEX", "CREATE UNIQUE INDEX")),
        index("other", MADE.replace("(plan)", "(plan DESC)")),
        index("other", MADE.replace("b')", "c')")),
        index("wish", MADE, table="Order"),
        Signature("constraint", "public", "User", "wish", "UNIQUE (plan)"),
        Signature("trigger", "public", "User", "wish", "x"),
    ],
)
def test_what_is_another_index_or_none_is_not(made: Signature) -> None:
    assert not WISH.is_made_by(made)
