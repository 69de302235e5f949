"""Encryption by the store itself: what is asked for with every object, and whether the store says that it does it.

A store that does not know these headers may leave them out without a word, and would keep the objects in clear.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbops.domain.backups.storage import S3Options
from dbops.errors import BucketError
from dbops.gateways.s3.refusals import Action, Place

_CANNOT_ENCRYPT = {"InternalError", "InvalidArgument", "InvalidRequest", "NotImplemented"}
_WRITES = "s3:PutObject"
_USES_THE_KEY = (_WRITES, "s3:GetObject")

Asked = dict[str, Any]  # keywords of put_object and create_multipart_upload


def encryption_asked(options: S3Options) -> Asked:
    """What goes with every new object; the parts of an upload follow its beginning."""
    if options.sse == "none":
        return {}
    asked: Asked = {"ServerSideEncryption": options.sse}
    if options.kms_key_id is not None:
        asked["SSEKMSKeyId"] = options.kms_key_id
    if options.bucket_key:
        asked["BucketKeyEnabled"] = True
    return asked


def require_encrypted(answer: Mapping[str, object], options: S3Options, place: Place) -> None:
    """Raises BucketError where the store does not say that it has encrypted what it was sent."""
    done = answer.get("ServerSideEncryption", "none")
    if options.sse not in {"none", done}:
        raise BucketError(
            f"{place.endpoint} took {place} but does not confirm that it encrypted it as storage.s3.sse asks, with "
            f"{options.sse}: it says {done}.",
            "Use a store that can, or set storage.s3.sse to none and encrypt here: encryption.recipients.",
        )


def with_doubt(refusal: BucketError, code: str, action: Action, sse: str) -> BucketError:
    """The refusal, with what to do where encryption may be its reason: neither stores nor AWS have a word for that."""
    if sse == "aws:kms" and code == "AccessDenied" and action.permission.startswith(_USES_THE_KEY):
        refusal.remedy = (
            f"{refusal.remedy} As storage.s3.sse asks for aws:kms, it can also be the key: grant "
            f"kms:GenerateDataKey and kms:Decrypt on it."
        )
    elif sse != "none" and action.permission == _WRITES and code in _CANNOT_ENCRYPT:
        refusal.remedy = (
            f"It may be unable to encrypt with {sse}, as storage.s3.sse asks: configure what it needs (SeaweedFS: "
            f"WEED_S3_SSE_KEK, and it knows no aws:kms), or set storage.s3.sse to none. Otherwise: {refusal.remedy}"
        )
    return refusal
