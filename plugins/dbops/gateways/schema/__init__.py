"""A schema, read out of a catalog or by pg_dump, and copied under another name."""
