"""Where the page is within Airflow's UI: the path that leads there, and the frame that it is in."""

from __future__ import annotations

from demo import stack

PAGE = f"/plugin/{stack.PAGE}"
FRAME = "Database Ops"
