"""SQL: its tokens and statements, and the names of what they are about."""
