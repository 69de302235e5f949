"""Section: what every part of a target file is made of, and the values that several parts share."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from dbops.domain.options.secret_keys import refuse_secret_key

_CONNECTION_ID = re.compile(r"[\w.\-]{1,250}")


def _connection_id(value: str) -> str:
    """The id; raises ValueError, and repeats nothing of what may be a secret: an id is told in logs and mails."""
    refuse_secret_key(value, "here the id of the Airflow connection whose password it is, never a URL")
    if not _CONNECTION_ID.fullmatch(value):
        raise ValueError(
            "a connection is the id of an Airflow connection, never a URL: no credential belongs in a file"
        )
    return value


ConnectionId = Annotated[str, AfterValidator(_connection_id)]


class Section(BaseModel):
    """A part of a target file: immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
