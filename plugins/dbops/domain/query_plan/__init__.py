"""Query plan: how PostgreSQL executes a statement, what that asks of tables and indexes, and what would be faster."""

from __future__ import annotations

from dbops.domain.query_plan.plan import Plan, PlanTrigger, joined_shape, shapes_before

__all__ = ["Plan", "PlanTrigger", "joined_shape", "shapes_before"]
