"""Look at targets and their backups, for people."""
