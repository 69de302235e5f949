"""Permissions: what a user may see and do on the page is what Airflow lets the same user see and do elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser


class Permissions:
    """One user's; each question is put to Airflow's auth manager, which may ask a database or a server of its own."""

    def __init__(self, user: BaseUser) -> None:
        self._user = user

    def readable(self, dag_ids: Collection[str]) -> frozenset[str]:
        """Those of the DAGs that the user may read, whether Airflow has parsed them yet or not."""
        from airflow.api_fastapi.app import get_auth_manager

        by_team: dict[str | None, set[str]] = {}
        teams = _teams(dag_ids)
        for dag_id in dag_ids:
            by_team.setdefault(teams.get(dag_id), set()).add(dag_id)
        found: set[str] = set()
        for team, ids in by_team.items():
            its_team = {"team_name": team} if team else {}  # Airflow 3.1 has no teams, and does not take the keyword
            found |= get_auth_manager().filter_authorized_dag_ids(
                dag_ids=ids, user=self._user, method="GET", **its_team
            )
        return frozenset(found)

    def triggerable(self, dag_ids: Collection[str]) -> frozenset[str]:
        """Those of the DAGs of which the user may start a run."""
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails

        teams = _teams(dag_ids)
        return frozenset(
            dag_id
            for dag_id in dag_ids
            if get_auth_manager().is_authorized_dag(
                method="POST",
                access_entity=DagAccessEntity.RUN,
                details=DagDetails(id=dag_id, team_name=teams.get(dag_id)),
                user=self._user,
            )
        )

    def may_see_faults(self) -> bool:
        """Whether the user may see Airflow's import errors, which tell the same."""
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.models.resource_details import AccessView

        return bool(get_auth_manager().is_authorized_view(access_view=AccessView.IMPORT_ERRORS, user=self._user))


def _teams(dag_ids: Collection[str]) -> dict[str, str | None]:
    """The team of each DAG, where Airflow has teams."""
    from airflow.configuration import conf

    if not conf.getboolean("core", "multi_team", fallback=False):
        return {}
    from airflow.models.dag import DagModel

    found: dict[str, str | None] = DagModel.get_dag_id_to_team_name_mapping(list(dag_ids))
    return found
