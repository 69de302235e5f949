"""A dump while it is written: pg_dump, the spool that it writes into, and what holds it back or ends it."""
