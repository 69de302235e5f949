"""Servers: where a PostgreSQL server is, what it is, and what it says of itself and of its errors."""
