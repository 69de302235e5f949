"""Alerts: what is told to whom, and by which way."""
