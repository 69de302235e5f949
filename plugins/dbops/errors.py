"""The exceptions of dbops.

Every one carries two sentences: ``what`` happened and where, and the ``remedy``: what to do next.
Neither ever contains a credential or a row's values.

    DbopsError
    ├── InvalidRequest            the request, or a file below include/, is wrong; nothing was touched
    │   ├── InvalidTarget         a target file cannot be used
    │   ├── InvalidConnection     a connection cannot be understood, found, or used for this job
    │   ├── SchemaFileFault       a schema.yaml cannot be used; gateways/files/baseline_files.py
    │   ├── ReplayFailed          a migration does not run on a scratch database; gateways/scratch/scratch_session.py
    │   └── UnknownTarget         no target of that name
    ├── PreflightFailed           a condition for the work is not met; nothing was touched
    │   └── IdentityMissing       the backup is encrypted, and no key at hand opens it; it may well be whole
    ├── DatabaseError             the PostgreSQL server could not be reached, or refused
    ├── DumpFailed                pg_dump or pg_dumpall failed, was killed, or its output is not what it should be
    ├── BackupUnusable            the backup asked for is unknown, unfinished, damaged, or of an unknown format
    ├── RestoreFailed             pg_restore failed, was killed, or what it loaded is not what the archive holds
    │   └── ArchiveRefused        a healthy server refused what the archive holds: the backup itself is at fault
    ├── MigrationFailed           the server refused a migration, or it could not be finished; says what became of it
    ├── PlanChanged               what would be done now is not what was shown and approved; nothing was done
    ├── ApprovalMissing           nobody said yes to this plan, or not in time, or not somebody who may
    ├── ChecksFailed              the schema or the data of a database is not what its rules say
    ├── ProbesFailed              an operation that the application lives from does not work
    ├── SwapFailed                the databases could not be renamed; both are what they were
    ├── ServerFailed              a throw-away PostgreSQL server could not be made or started
    ├── BucketError               the object store could not be reached, or refused
    │   ├── ObjectMissing         no object under that key
    │   ├── ObjectRefused         an object that the store will not hand out, however often it is asked
    │   └── ObjectExists          an object is already there, and was to be created
    ├── SpoolError                the spool directory cannot be used, or its disk is full
    ├── StoreTooSlow              the store did not take what pg_dump made within ``max_stall``
    ├── ExpireFailed              some objects could not be deleted; the others were
    ├── HeartbeatFailed           the heartbeat's address could not be reached, or refused
    └── MailFailed                the mail server could not be reached, or refused
"""

from __future__ import annotations


class DbopsError(Exception):
    """Anything dbops can say about what went wrong; ``str()`` is both sentences.

    Where several things are wrong, each has a line of its own after the first one of ``what``.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def say_first(self, what: str, remedy: str) -> None:
        """Put before its own words what matters more to whoever reads them."""
        self.what = f"{what}: {self.what}"
        self.remedy = f"{remedy} {self.remedy}".rstrip()

    def __str__(self) -> str:
        between = "\n" if "\n" in self.what else " "
        return f"{self.what}{between}{self.remedy}".strip()


class InvalidRequest(DbopsError):
    """The request, or a file below include/, is wrong; nothing was touched."""


class InvalidTarget(InvalidRequest):
    """A target file cannot be used."""


class InvalidConnection(InvalidRequest):
    """A connection cannot be understood, found, or used for this job."""


class UnknownTarget(InvalidRequest):
    """No target has that name."""


class PreflightFailed(DbopsError):
    """A condition for the work is not met; nothing was touched."""


class IdentityMissing(PreflightFailed):
    """The backup is encrypted, and no key at hand opens it; it may well be whole."""


class DatabaseError(DbopsError):
    """The PostgreSQL server could not be reached, or refused."""


class DumpFailed(DbopsError):
    """pg_dump or pg_dumpall failed, was killed, or its output is not what it should be."""


class BackupUnusable(DbopsError):
    """The backup asked for is unknown, unfinished, damaged, or of an unknown format."""


class RestoreFailed(DbopsError):
    """pg_restore failed, was killed, or what it loaded is not what the archive holds."""


class ArchiveRefused(RestoreFailed):
    """A healthy server refused what the archive holds: the backup itself is at fault."""


class MigrationFailed(DbopsError):
    """The server refused a migration, or it could not be finished; the sentences say what became of it.

    ``code`` is the SQLSTATE, None where no server has said why; ``said`` what it said, without details.
    ``left`` is what it has left behind all the same, in a sentence; empty where it has taken no effect.
    """

    def __init__(self, what: str, remedy: str = "", *, code: str | None = None, said: str = "", left: str = "") -> None:
        super().__init__(what, remedy)
        self.code, self.said, self.left = code, said or what, left


class PlanChanged(DbopsError):
    """What would be done now is not what was shown and approved; nothing was done."""


class ApprovalMissing(DbopsError):
    """Nobody said yes to this plan, or not in time, or not somebody who may."""


class ChecksFailed(DbopsError):
    """The schema or the data of a database is not what its rules say."""


class ProbesFailed(DbopsError):
    """An operation that the application lives from does not work."""


class SwapFailed(DbopsError):
    """The databases could not be renamed; both are what they were.

    ``is_certain`` is false where a yes to it stays used up: the line was lost at the very end, so that only their names
    tell, or it could not be given back.
    """

    def __init__(self, what: str, remedy: str = "", *, is_certain: bool = True) -> None:
        super().__init__(what, remedy)
        self.is_certain = is_certain


class ServerFailed(DbopsError):
    """A throw-away PostgreSQL server could not be made or started."""


class BucketError(DbopsError):
    """The object store could not be reached, or refused."""


class ObjectMissing(BucketError):
    """There is no object under that key."""


class ObjectRefused(BucketError):
    """The store will not hand out an object, however often it is asked: its class, its key or its owner forbids it.

    ``place`` is the object's address, ``why`` the reason in words that are the same at each asking. ``is_its_own`` is
    true where the answer can only be about that object; otherwise it may as well be about every one.
    """

    def __init__(self, what: str, remedy: str = "", *, place: str, why: str, is_its_own: bool) -> None:
        super().__init__(what, remedy)
        self.place, self.why, self.is_its_own = place, why, is_its_own


class ObjectExists(BucketError):
    """An object is already there, and was to be created."""


class SpoolError(DbopsError):
    """The spool directory cannot be used, or its disk is full."""


class StoreTooSlow(DbopsError):
    """The store did not take what pg_dump made within ``max_stall``."""


class ExpireFailed(DbopsError):
    """Some objects could not be deleted; the others were."""


class HeartbeatFailed(DbopsError):
    """The heartbeat's address could not be reached, or refused."""


class MailFailed(DbopsError):
    """The mail server could not be reached, or refused."""
