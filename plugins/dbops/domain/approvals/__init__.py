"""Approvals: the question about a plan, the answer, and what it is worth."""
