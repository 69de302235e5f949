"""Migrations: what one would do, whether it may, and what came of it."""
