"""A PostgreSQL server: sessions, and what is asked of it and done to its databases."""
