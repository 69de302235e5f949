"""Plan, apply and revert migrations."""
