"""Refusal: what a store's error means, in sentences for people, and whether asking again may help.

Nothing of a request but its action, bucket, key and endpoint enters a sentence: headers hold credentials.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore import exceptions as boto
from botocore.exceptions import ClientError

from dbops.errors import BucketError, ObjectExists, ObjectMissing, ObjectRefused

Foreign = (boto.BotoCoreError, ClientError)

_TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
_TRANSIENT_CODES = frozenset(
    {
        "BadDigest",
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",
        "IncompleteBody",
        "InternalError",
        "KMS.DependencyTimeoutException",
        "KMS.KMSInternalException",
        "KMS.KeyUnavailableException",
        "KMS.ThrottlingException",
        "OperationAborted",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "XAmzContentChecksumMismatch",
        "XAmzContentSHA256Mismatch",
    }
)
# What a store answers of the object that is read, and of no other one: its storage class, or the key of its encryption.
_OF_ITS_OWN = frozenset(
    {
        "InvalidObjectState",
        "KMS.DisabledException",
        "KMS.InvalidKeyUsageException",
        "KMS.KMSInvalidStateException",
        "KMS.NotFoundException",
    }
)
_OF_ONE_OR_ALL = frozenset({"AccessDenied", "InvalidRequest"})  # the latter where a customer's own key is wanted
_TRANSIENT = (
    boto.EndpointConnectionError,
    boto.ConnectTimeoutError,
    boto.ReadTimeoutError,
    boto.ConnectionClosedError,
    boto.ProxyConnectionError,
    boto.ResponseStreamingError,
    boto.IncompleteReadError,
    boto.FlexibleChecksumError,
    boto.MetadataRetrievalError,
    boto.CredentialRetrievalError,
)
_CODE_OF_STATUS = {
    301: "PermanentRedirect",
    302: "PermanentRedirect",
    307: "PermanentRedirect",
    401: "AccessDenied",
    403: "AccessDenied",
    501: "NotImplemented",
}

_CREDENTIALS = "Check the keys of {connection}, and that they belong to this endpoint."
_REGION = (
    "Set the region of {connection} to the bucket's; where the store knows no regions, check the endpoint: "
    "it may be https instead of http."
)
_DIFFERENT = (
    "If every upload fails like this, the store counts checksums in another way: set storage.s3.checksum to none. "
    "Otherwise look for a faulty network device or proxy on the way."
)
_BUSY = "Run it again later; if it happens often, lower storage.parallelism or raise storage.s3.attempts."
_FULL = "Free or add space in the store, or raise its quota; then run it again."
_MEANINGS: dict[str, tuple[str, str]] = {
    "NoSuchBucket": ("there is no such bucket", "Create it, or correct storage.bucket of the target."),
    "AccessDenied": (
        "these credentials may not do that",
        "Grant {permission} to the user or role of {connection}; a lock on the object or a policy of the "
        "bucket can also be what refuses.",
    ),
    "InvalidAccessKeyId": ("it does not know the access key", _CREDENTIALS),
    "SignatureDoesNotMatch": ("the secret key does not belong to the access key", _CREDENTIALS),
    "InvalidToken": ("the session token is not valid", _CREDENTIALS),
    "ExpiredToken": ("the session token has expired", "Renew it, or use credentials that renew themselves."),
    "RequestTimeTooSkewed": (
        "this machine's clock differs too much from the store's",
        "Synchronise the clock of this machine (NTP), then run it again.",
    ),
    "NoSuchUpload": (
        "the upload no longer exists",
        "Somebody, or a lifecycle rule of the bucket, aborted it. Run it again; let such a rule wait some days.",
    ),
    "PermanentRedirect": ("the bucket lives somewhere else", _REGION),
    "AuthorizationHeaderMalformed": ("the request was signed for another region", _REGION),
    "IllegalLocationConstraintException": ("the bucket lives in another region", _REGION),
    "NotImplemented": (
        "the store does not know something the request asks for",
        "Set storage.s3.checksum to none or storage.s3.conditional_writes to false, as its documentation tells.",
    ),
    "InvalidObjectState": (
        "it lies in an archive class, from which nothing is read before it is thawed",
        "Thaw it (aws s3api restore-object) and copy it into a class that answers at once. Then change the lifecycle "
        "rule of the bucket that moved it: S3 Glacier Instant Retrieval is the coldest class that dbops can read.",
    ),
    "EntityTooLarge": ("a part is larger than the store takes", "Set a smaller storage.part_size."),
    "EntityTooSmall": ("a part is smaller than the store takes", "Set a larger storage.part_size."),
    "BadDigest": ("the bytes that arrived are not those that were sent", _DIFFERENT),
    "XAmzContentChecksumMismatch": ("the bytes that arrived are not those that were sent", _DIFFERENT),
    "XAmzContentSHA256Mismatch": ("the bytes that arrived are not those that were sent", _DIFFERENT),
    "QuotaExceeded": ("its quota is used up", _FULL),
    "XMinioStorageFull": ("it is full", _FULL),
    "InsufficientStorage": ("it is full", _FULL),
    "SlowDown": ("it is overloaded", _BUSY),
    "ServiceUnavailable": ("it is not available", _BUSY),
    "InternalError": ("it failed inside", "Look at the store's own log and state, then run it again."),
}
_SILENCES: dict[tuple[type[Exception], ...], tuple[str, str]] = {  # the first that fits
    (boto.NoCredentialsError, boto.PartialCredentialsError): (
        "there are no credentials for the store",
        "Set both keys in {connection}; a shell reads it from {variable}.",
    ),
    (boto.MetadataRetrievalError, boto.CredentialRetrievalError, boto.TokenRetrievalError): (
        "the credentials could not be fetched",
        "Check the role or profile of {connection}.",
    ),
    (boto.SSLError,): (
        "no TLS connection to {endpoint} could be made",
        "Check the endpoint's certificate and that this machine trusts it, and whether it speaks TLS at all.",
    ),
    (boto.ProxyConnectionError,): (
        "the HTTP proxy did not connect",
        "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY of this process.",
    ),
    (boto.EndpointConnectionError, boto.ConnectTimeoutError): (
        "{endpoint} cannot be reached",
        "Check the endpoint of {connection}, that the store runs, and the network between.",
    ),
    (boto.ReadTimeoutError,): (
        "{endpoint} gave no answer in time",
        "Check the store and the network between; where that is merely slow, storage.s3.read_timeout lets jobs wait.",
    ),
    (boto.ConnectionClosedError, boto.ResponseStreamingError, boto.IncompleteReadError): (
        "{endpoint} cut the connection",
        "Check the store, the network and any proxy between, and whether the endpoint wants https.",
    ),
    (boto.FlexibleChecksumError,): (
        "the bytes that arrived are not those that are stored",
        "Check the network and the store's disks.",
    ),
    (boto.ParamValidationError,): (
        "the bucket's name or the key is not valid",
        "Correct storage.bucket and storage.prefix.",
    ),
    (boto.HTTPClientError,): (
        "the request could not be built",
        "Look for a blank or a line end inside the keys or the token of {connection}.",
    ),
}
_SECRETS = re.compile(r"\S*(?:credential|signature|token|secret|key)\S*\s*[:=]\s*\S+", re.IGNORECASE)
_LONGEST_QUOTE = 200


@dataclass(frozen=True)
class Action:
    """Something done to a bucket: in people's words, and as the permission that AWS asks for."""

    verb: str
    permission: str
    reads: bool = False


@dataclass(frozen=True)
class Place:
    """Where it was done; ``endpoint`` is without user, password and path.

    ``connection_id`` is that of the Airflow connection behind it, empty where nobody said.
    """

    bucket: str
    key: str
    endpoint: str
    connection_id: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def put_into(self, words: str, **more: str) -> str:
        """A sentence of this module, with what is meant in the place of the names in braces."""
        connection = f"the storage connection {self.connection_id}".rstrip()
        variable = f"AIRFLOW_CONN_{self.connection_id.upper() or '<ID>'}"
        return words.format(endpoint=self.endpoint, connection=connection, variable=variable, **more)


def bare_endpoint(url: str) -> str:
    """The endpoint as it may be shown: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def code_of(error: Exception) -> str:
    """S3's error code, also where an answer without a body leaves only the status; "" where no store answered."""
    if not isinstance(error, ClientError):
        return ""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return _CODE_OF_STATUS.get(_status_of(error), code) if code.isdigit() or not code else code


def is_transient(error: Exception) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, ClientError):
        return _status_of(error) in _TRANSIENT_STATUS or code_of(error) in _TRANSIENT_CODES
    if isinstance(error, boto.SSLError):
        return "certificate" not in str(error).lower()
    return isinstance(error, _TRANSIENT)


def explain(error: Exception, action: Action, place: Place, *, attempts: int) -> BucketError:
    """The same as a BucketError: what was asked where, why not, and what to do."""
    tried = f" after {attempts} attempts" if attempts > 1 else ""
    if isinstance(error, ClientError):
        return _refusal(error, action, place, tried)
    reason, remedy = next(
        (meaning for kinds, meaning in _SILENCES.items() if isinstance(error, kinds)),
        (type(error).__name__, "Check {connection}."),
    )
    reason = place.put_into(reason)
    return BucketError(f"Could not {action.verb} {place}{tried}: {reason}.", place.put_into(remedy))


def _refusal(error: ClientError, action: Action, place: Place, tried: str) -> BucketError:
    code, status = code_of(error), _status_of(error)
    if code in {"PreconditionFailed", "ConditionalRequestConflict"}:
        return object_exists(place)
    if code == "NoSuchKey":
        return object_missing(place)
    if code not in _MEANINGS and status in _TRANSIENT_STATUS:
        code = "SlowDown" if status == 429 else "ServiceUnavailable"  # noqa: PLR2004 - Too Many Requests
    if code.startswith("KMS"):
        meaning = (
            "the encryption key cannot be used",
            "Enable that key, or cancel its deletion, and allow these credentials to use that key.",
        )
    else:
        meaning = _MEANINGS.get(code) or (_quote(error), "Look the error code up in the store's documentation.")
    reason, remedy = meaning
    request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
    facts = ", ".join(filter(None, (code_of(error), f"HTTP {status}", f"request {request_id}" if request_id else "")))
    what = f"{place.endpoint} refused to {action.verb} {place}{tried}: {reason} ({facts})."
    advice = place.put_into(remedy, permission=action.permission)
    if action.reads and _is_of_objects(error):
        why = f"{reason} ({code_of(error)})"
        return ObjectRefused(what, advice, place=str(place), why=why, is_its_own=code in _OF_ITS_OWN)
    return BucketError(what, advice)


def _is_of_objects(error: ClientError) -> bool:
    """Whether that may be about one object alone, and stays so."""
    code = code_of(error)
    return not is_transient(error) and (code in _OF_ITS_OWN | _OF_ONE_OR_ALL or code.startswith("KMS"))


def object_exists(place: Place) -> ObjectExists:
    """There is one already."""
    return ObjectExists(f"{place} already exists, and was to be created.", "Nothing was overwritten.")


def object_missing(place: Place) -> ObjectMissing:
    """There is none."""
    return ObjectMissing(f"There is no object {place}.", "It was deleted, or never written.")


def _status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _quote(error: ClientError) -> str:
    """The store's own words on one line, without anything that looks like a credential."""
    words = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())
    return _SECRETS.sub("...", words)[:_LONGEST_QUOTE].rstrip(".") or "it gave no reason"
