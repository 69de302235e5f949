"""How fuzz tests run: always the same few examples, so that CI is the same twice; `make fuzz` feeds many others."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

EXAMPLES_VARIABLE = "DBOPS_FUZZ"
"""How many examples each fuzz test tries, from a seed of their own; without it a few that never change."""


def fuzzed(examples: int) -> settings:
    """So many examples in CI; a busy machine breaks no promise."""
    asked = int(os.environ.get(EXAMPLES_VARIABLE) or 0)
    unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck))
    if asked:
        return settings(unhurried, max_examples=asked, print_blob=True)
    return settings(
        unhurried,
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )
