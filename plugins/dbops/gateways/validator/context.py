"""Great Expectations' context for one validation: in memory, silent, and without a word to the network."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SITE = "docs"


@contextmanager
def working_context(docs: Path | None) -> Iterator[Any]:
    """A context whose data docs go into the folder ``docs``; afterwards nothing of it stays in the process."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from great_expectations.validator import validation_graph

    defaults = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(
        store_backend_defaults=defaults,
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        data_docs_sites={} if docs is None else {SITE: _site(docs)},
    )
    # A metric that the server refused is refused again: three scans until a time-out would be two too many.
    tries, validation_graph.MAX_METRIC_COMPUTATION_RETRIES = validation_graph.MAX_METRIC_COMPUTATION_RETRIES, 1
    logger = logging.getLogger("great_expectations")
    level = logger.level
    # What it logs repeats statements, and what a server said of a row; the results say all of it without.
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield gx.get_context(mode="ephemeral", project_config=config)
    finally:
        logger.setLevel(level)
        validation_graph.MAX_METRIC_COMPUTATION_RETRIES = tries


def _site(folder: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
