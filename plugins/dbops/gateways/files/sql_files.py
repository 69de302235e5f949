"""Reads the SQL texts below include/sql/: every statement that runs against a target can be reviewed there."""

from __future__ import annotations

from dbops.errors import InvalidRequest
from dbops.gateways.files.shipped import shipped
from dbops.gateways.files.target_files import include_folder


def catalog_sql(name: str) -> str:
    """The text of ``include/sql/catalog/<name>.sql``; raises InvalidRequest where it cannot be read."""
    path = shipped(include_folder(), f"sql/catalog/{name}.sql")
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(
            f"{path} cannot be read: {error.strerror}.",
            "Deploy the include/ folder with dbops, and point DBOPS_INCLUDE at it where it lies elsewhere.",
        ) from None
