"""Look at targets and their backups for people, and keep what makes that quick."""
