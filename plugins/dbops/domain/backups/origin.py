"""Origin: of which database, on which cluster, a backup is, and whether the ones before it were of another.

A target that has moved looks like one whose connection leads to a wrong place by mistake; only people know which.
"""

from __future__ import annotations

from collections.abc import Iterable

from dbops.domain.backups.backup import BackupManifest
from dbops.domain.words.printable import printable


def origin_warnings(new: BackupManifest, previous: Iterable[BackupManifest]) -> tuple[str, ...]:
    """A sentence where ``new`` is of another database, or on another cluster, than the backup before it.

    ``previous`` are older backups in any order, of which the newest counts, whatever became of it: so it is told once,
    by the first backup of the other origin. Of clusters the newest counts whose cluster is known; where none is, or the
    new one's is not, nothing is said of them.
    """
    older = sorted((one for one in previous if one.backup_id < new.backup_id), key=lambda one: one.backup_id)
    if not older:
        return ()
    last = older[-1]
    known = next((one for one in reversed(older) if one.system_identifier is not None), None)
    differs = []
    if new.database != last.database:
        differs.append(f"of the database {printable(new.database)}, and {last.backup_id} of {printable(last.database)}")
    if known and new.system_identifier is not None and new.system_identifier != known.system_identifier:
        differs.append(
            f"on another cluster than {known.backup_id}: its system identifier is {printable(new.system_identifier)}, "
            f"and was {printable(known.system_identifier or '')}, as after a new server or pg_upgrade"
        )
    if not differs:
        return ()
    return (
        f"This backup is {', and '.join(differs)}. If nobody has moved or renamed the database, the connection leads "
        f"to the wrong place: find out where, and hold {last.backup_id} before retention lets it go, `python -m "
        f'dbops hold {new.target} {last.backup_id} --reason "of the right database"`. '
        "This is reported once; the next backup is compared with this one.",
    )
