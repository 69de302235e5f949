"""Load: what a server does under more and more connections, and which pools follow."""
