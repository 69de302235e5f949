"""Events: what of boto3's own behaviour an S3Bucket does without."""

from __future__ import annotations

from typing import Any


def ask_once(model: Any, context: dict[str, Any], **_event: Any) -> None:
    """Handles botocore's event before-parameter-build: a HeadBucket is not asked for the region of its own redirection.

    botocore would ask for ever where a HeadBucket is redirected as well, as by a proxy that wants https.
    """
    if model.name == "HeadBucket":
        context["s3_redirect"]["redirected"] = True


def read_no_date(response_dict: dict[str, Any], **_event: Any) -> None:
    """Handles botocore's event before-parse: of an object that is read, nobody asks when it was written.

    To read that date takes a tenth of the time that a small object takes, of which a page reads hundreds.
    """
    response_dict["headers"].pop("Last-Modified", None)
