"""Restores: what one would do, whether it can, and how far it is."""
