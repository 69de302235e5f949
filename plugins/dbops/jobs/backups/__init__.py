"""Back up, expire, hold, verify and drill."""
