"""The schema: what a database is known to be, and where the live one differs."""
