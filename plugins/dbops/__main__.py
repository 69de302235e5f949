"""``python -m dbops``: every job without Airflow, for the day Airflow is down."""

from __future__ import annotations

import sys

from dbops.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
