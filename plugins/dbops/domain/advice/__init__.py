"""Advice: what would make a slow operation faster, read from its plans."""
