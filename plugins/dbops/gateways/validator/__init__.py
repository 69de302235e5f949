"""Validator: proves on Great Expectations that a database obeys its rules. Importing this imports nothing of it."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbops.domain.checks.suite import CheckResult, TableSuite
from dbops.domain.options.checks import CheckOptions
from dbops.domain.schema.baseline import SchemaBaseline
from dbops.domain.servers.address import DatabaseAddress
from dbops.domain.sql.object_names import TableName

# Each tells at INFO of what it registers while it is imported: 216 lines above what a check found.
_REGISTRIES = ("great_expectations._docs_decorators", "great_expectations.expectations.registry")


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What came of validating: ``results`` the schema's differences, then one a rule, in the order of the files.

    ``row_counts`` are those of every table that was scanned, ``statements`` how many were sent that read data, and
    ``docs`` the folder with the built data docs, an index.html among them.
    """

    results: tuple[CheckResult, ...]
    row_counts: Mapping[TableName, int]
    statements: int
    docs: Path | None


def validate(
    address: DatabaseAddress,
    suites: Sequence[TableSuite],
    *,
    options: CheckOptions,
    full: bool,
    folder: Path | None,
    sql_folder: Path,
    baseline: SchemaBaseline | None = None,
) -> Validation:
    """Ask every rule, in a read-only session; a rule that cannot be asked says why and hides no other.

    ``full`` executes what the catalog proves, too. ``folder`` receives the data docs, ``sql_folder`` holds the queries
    of ``expect_query_to_return_no_rows``. With a ``baseline`` the schema is compared too.
    Raises DatabaseError where the server cannot be reached.
    """
    import_great_expectations()
    from dbops.gateways.validator import run

    return run.validate(
        address, suites, options=options, full=full, folder=folder, baseline=baseline, sql_folder=sql_folder
    )


def import_great_expectations() -> None:
    """Import Great Expectations, which takes seconds, without its analytics, its warnings and its list of itself."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    for registry in _REGISTRIES:
        logging.getLogger(registry).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations.expectations  # noqa: F401
