"""Archives: what pg_dump wrote, entry by entry, what it does and what it needs where it is restored."""
