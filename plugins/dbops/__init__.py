"""dbops: backups, checks, probes and migrations of PostgreSQL databases. No Airflow in here."""

__version__ = "0.1.0"
