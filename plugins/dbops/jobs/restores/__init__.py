"""Plan, load, verify and swap a restore."""
