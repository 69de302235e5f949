"""Processes: PostgreSQL's own programs and others, found, started under a guardian, and ended."""
