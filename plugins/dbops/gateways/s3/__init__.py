"""S3: buckets of Amazon S3, or of any store that speaks its protocol."""

from __future__ import annotations

from dbops.gateways.s3.bucket import S3Bucket
from dbops.gateways.s3.client import client_config, connect

__all__ = ["S3Bucket", "client_config", "connect"]
