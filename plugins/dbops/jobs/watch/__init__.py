"""Watch over all targets, and over the alerts themselves."""
