"""Health: what a server's latency depends on, judged one thing a module."""
