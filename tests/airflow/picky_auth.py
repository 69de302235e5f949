"""An auth manager that knows users who may see one DAG and not another, as those for production do."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser


class PickyAuthManager(SimpleAuthManager):
    """A user called ``not:a,b`` may not see the DAGs a and b; one called ``only:a,b`` only these."""

    def is_authorized_dag(
        self, *, method: Any, user: SimpleAuthManagerUser, access_entity: Any = None, details: Any = None
    ) -> bool:
        allowed = super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details)
        kind, _, names = user.username.partition(":")
        is_named = details is not None and details.id in names.split(",")
        return allowed and {"not": not is_named, "only": is_named}.get(kind, True)

    def is_authorized_view(self, *, access_view: Any, user: SimpleAuthManagerUser) -> bool:
        return super().is_authorized_view(access_view=access_view, user=user) and ":" not in user.username
