"""Probing: executes the application's critical operations for real, leaving no trace, and times them.

``require_runnable`` asks the server whether all of them can be executed, ``read_escapes`` says what a rollback will not
take back, ``measure`` executes them again and again, ``execute_once`` just once, and ``draw_parameters`` gives their
parameters to whoever executes them otherwise.
"""

from __future__ import annotations

from dbops.gateways.probing.escapes import read_escapes
from dbops.gateways.probing.measuring import measure
from dbops.gateways.probing.once import Tried, execute_once
from dbops.gateways.probing.parameters import draw_parameters
from dbops.gateways.probing.runnable import require_runnable
from dbops.gateways.probing.session import WHY_DIRECT

__all__ = ["WHY_DIRECT", "Tried", "draw_parameters", "execute_once", "measure", "read_escapes", "require_runnable"]
