"""Probe a database, explain what is slow, and load it."""
