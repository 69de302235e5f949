"""Checks: the rules that a database must obey, and what came of asking."""
