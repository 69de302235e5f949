"""Digest: the checksum sent beside a body, so that the store refuses bytes that changed on their way.

We compute it and send it as a header: botocore would, over TLS, append it to a chunked body, which many stores other
than AWS do not accept. A store that knows none of S3's checksums ("none") gets the Content-MD5 that every store has
always known. The hash inside the signature is no substitute: SeaweedFS, for one, does not compare it.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import importlib.util
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Literal, TypedDict

from dbops.errors import InvalidRequest

Algorithm = Literal["CRC32", "CRC32C", "CRC64NVME", "SHA256", "none"]

_BLOCK = 256 * 1024


class Digest(TypedDict, total=False):
    """One checksum, under its name as an argument of boto3's requests."""

    ContentMD5: str
    ChecksumCRC32: str
    ChecksumCRC32C: str
    ChecksumCRC64NVME: str
    ChecksumSHA256: str


def require_algorithm(algorithm: Algorithm) -> None:
    """Raise InvalidRequest where this Python lacks the package that computes it."""
    if algorithm in {"CRC32C", "CRC64NVME"} and importlib.util.find_spec("awscrt") is None:
        raise InvalidRequest(
            f"storage.s3.checksum is {algorithm}, which needs the Python package awscrt, and it is not installed.",
            "Install boto3[crt], or set storage.s3.checksum to CRC32, which needs nothing more.",
        )


def digest_of(body: bytes | BinaryIO, algorithm: Algorithm) -> Digest:
    """The checksum of the whole body; of a file no more than 1 MiB is in memory at a time."""
    match algorithm:
        case "none":
            md5 = hashlib.md5(usedforsecurity=False)
            for block in _blocks(body):
                md5.update(block)
            return {"ContentMD5": _base64(md5.digest())}
        case "CRC32":
            crc = 0
            for block in _blocks(body):
                crc = zlib.crc32(block, crc)
            return {"ChecksumCRC32": _base64(crc.to_bytes(4, "big"))}
        case "SHA256":
            sha256 = hashlib.sha256()
            for block in _blocks(body):
                sha256.update(block)
            return {"ChecksumSHA256": _base64(sha256.digest())}
    checksums = importlib.import_module("awscrt.checksums")
    crc = 0
    if algorithm == "CRC32C":
        for block in _blocks(body):
            crc = checksums.crc32c(block, crc)
        return {"ChecksumCRC32C": _base64(crc.to_bytes(4, "big"))}
    for block in _blocks(body):
        crc = checksums.crc64nvme(block, crc)
    return {"ChecksumCRC64NVME": _base64(crc.to_bytes(8, "big"))}


def _blocks(body: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    body.seek(0)
    while block := body.read(_BLOCK):
        yield block


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
