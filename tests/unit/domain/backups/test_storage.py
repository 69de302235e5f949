"""Promise: somebody who waits is told within seconds that a store is silent; else it is asked as configured."""

from __future__ import annotations

from datetime import timedelta

from dbops.domain.backups.storage import S3Options, Storage


def test_a_store_is_asked_twice_within_seconds_where_somebody_waits() -> None:
    options = S3Options().hurried

    assert (options.connect_timeout, options.read_timeout) == (timedelta(seconds=2), timedelta(seconds=3))
    assert options.attempts == 2


def test_a_store_that_has_less_time_anyway_keeps_it() -> None:
    strict = S3Options(connect_timeout=timedelta(seconds=1), read_timeout=timedelta(seconds=1), attempts=1)

    assert strict.hurried == strict


def test_all_else_of_the_store_is_as_configured() -> None:
    storage = Storage(bucket="vault", prefix="team", s3=S3Options(addressing_style="path", sse="AES256"))

    assert storage.hurried.bucket == "vault"
    assert storage.hurried.prefix == "team"
    assert storage.hurried.s3 == storage.s3.hurried
    assert (storage.hurried.s3.addressing_style, storage.hurried.s3.sse) == ("path", "AES256")
