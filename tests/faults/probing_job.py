"""A run of probes in a process of its own, to be killed: ``python -m tests.faults.probing_job URL lingering|pool``."""

from __future__ import annotations

import signal
import sys

from dbops.domain.probes import Probe
from dbops.domain.servers.address import DatabaseAddress
from dbops.gateways.probing import measure
from tests.probing_measure import options, probe


def writing() -> tuple[Probe, ...]:
    """One of each way to write; the delete cascades."""
    users = {"any": "SELECT id FROM app_user ORDER BY id"}
    return (
        probe("create", "INSERT INTO item (id, owner) SELECT 100000 + %(id)s, %(id)s", writes=True, draw=users),
        probe("update", "UPDATE app_user SET email = email || '.org' WHERE id = %(id)s", writes=True, draw=users),
        probe("delete", "DELETE FROM app_user WHERE id = %(id)s", writes=True, draw=users),
        probe("all", "UPDATE item SET name = 'x'", "DELETE FROM note", "DELETE FROM app_user", writes=True),
        probe("pool", "DELETE FROM app_user WHERE id = %(id)s", writes=True, draw=users, connections=4),
        probe("failing", "DELETE FROM note", "SELECT 1 / count(*) FROM note", writes=True),
    )


def lingering() -> Probe:
    """Deletes everything, and stays in its transaction while somebody else has the lock."""
    return probe("lingering", "DELETE FROM app_user", "SELECT pg_advisory_xact_lock(50)", writes=True)


def pool() -> Probe:
    """Three connections that take long."""
    return probe("pool", "SELECT pg_sleep(9)", connections=3)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started us may have had it ignored
    chosen = {"lingering": lingering, "pool": pool}[sys.argv[2]]()
    measure(DatabaseAddress.from_url(sys.argv[1]), [chosen], options(lock_timeout="20s"))
