"""The support matrix: the wheel in environments with each Airflow, Python and PostgreSQL that docs/support.md names."""
