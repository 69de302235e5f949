"""Views: what people are shown of all targets, of one, and of its backups."""
