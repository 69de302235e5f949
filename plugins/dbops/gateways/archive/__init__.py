"""Archive: a backup's files, on their way into the bucket, as they lie there, and on their way into a database."""

from __future__ import annotations

from dbops.gateways.archive.encryption import CLEAR_SUMS, ArchiveEncryption, write_sums
from dbops.gateways.archive.load import Loaded, load_archive
from dbops.gateways.archive.small_files import put_file
from dbops.gateways.archive.source_settings import SourceSettings, as_the_source
from dbops.gateways.archive.stored import Archive, open_archive, read_globals
from dbops.gateways.archive.upload import ArchiveUpload, UploadedArchive

__all__ = [
    "CLEAR_SUMS",
    "Archive",
    "ArchiveEncryption",
    "ArchiveUpload",
    "Loaded",
    "SourceSettings",
    "UploadedArchive",
    "as_the_source",
    "load_archive",
    "open_archive",
    "put_file",
    "read_globals",
    "write_sums",
]
