"""Databases and servers that are made to be thrown away: for drills, and to try migrations."""
