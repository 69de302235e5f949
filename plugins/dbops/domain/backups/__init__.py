"""Backups: what a bucket holds of a target, what stays and what goes, and what was proven of it."""
