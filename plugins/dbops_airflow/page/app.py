"""The page's app: its addresses, each for who is logged in and may see what it shows."""

from __future__ import annotations

import re
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException

from dbops.domain.backups.backup import BackupId
from dbops.domain.views.overview import OverviewRow
from dbops.domain.watch.dag_state import own_dags
from dbops.domain.watch.faulty_target import FaultyTarget, faulty_targets
from dbops.domain.watch.light import Light
from dbops.domain.watch.lost_target import LostTarget
from dbops.domain.words.start_id import StartId
from dbops.gateways.clock import utc_now
from dbops_airflow.links import base_path
from dbops_airflow.page.actions import RESTORE, actions_on, actions_on_backup
from dbops_airflow.page.notices import cannot_be_shown, failed, not_answered, not_understood, refused
from dbops_airflow.page.on_first_request import AsgiApp
from dbops_airflow.page.permissions import Permissions
from dbops_airflow.page.permitted import permitted_row, permitted_view
from dbops_airflow.page.places import rendering
from dbops_airflow.page.readings import NotAnswered
from dbops_airflow.page.rendering import newest_good, searched, static_files
from dbops_airflow.page.security_headers import KEPT_PAGE_POLICY, SecurityHeaders
from dbops_airflow.page.sight import Sight, started_by_hand

ROWS = 300
"""Targets on one page of the overview."""
BACKUPS = 60
"""Backups on a target's page, unless all are asked for."""
RULES = 500
"""Rules that hold on the page of a run of the checks, unless all are asked for."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_Id = TypeVar("_Id", bound=StartId)
_PARTS = ("backups", "checks", "probes", "migrations", "restores", "audit")
_FOR_EVER = "private, max-age=31536000, immutable"  # where another version has another address
_FOR_AN_HOUR = "private, max-age=3600"  # Airflow's navigation asks for the icons without a version


def make_app(sight: Sight | None = None) -> AsgiApp:
    """The app, which Airflow mounts below its own; ``sight`` is how it sees."""
    app = FastAPI(title="Database Ops", docs_url=None, redoc_url=None, openapi_url=None)
    _Pages(sight or Sight()).serve(app)
    return SecurityHeaders(app)


class _Pages:
    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    def serve(self, app: FastAPI) -> None:
        app.get("/", response_class=HTMLResponse)(self.overview)
        app.get("/targets/{name}", response_class=HTMLResponse)(self.target)
        app.get("/targets/{name}/backups/{backup_id}", response_class=HTMLResponse)(self.backup)
        app.get("/targets/{name}/checks/{check_id}", response_class=HTMLResponse)(self.check)
        app.get("/targets/{name}/probes/{probe_id}", response_class=HTMLResponse)(self.probe)
        app.get("/static/{file}")(self.static)
        app.exception_handler(AnyHTTPException)(refused)
        app.exception_handler(RequestValidationError)(not_understood)
        app.exception_handler(NotAnswered)(not_answered)
        app.exception_handler(Exception)(failed)

    async def overview(
        self,
        request: Request,
        user: GetUserDep,
        q: Annotated[str, Query(max_length=200)] = "",
        show: str = "",
        page: int = 1,
        *,
        again: bool = False,
    ) -> HTMLResponse:
        reading = await self._sight.overview(again=again)

        def draw() -> str:
            overview, permissions, now = reading.value, Permissions(user), utc_now()
            ids = [dag_id for row in overview.rows for dag_id in own_dags(row.target.name)]
            unusable: list[FaultyTarget | LostTarget] = [*faulty_targets(overview.faults), *overview.lost]
            readable = permissions.readable([*(_backup_dag(one.name) for one in unusable), *ids, RESTORE])
            rows = [seen for row in overview.rows if (seen := permitted_row(row, readable, now)) is not None]
            unusable = [one for one in unusable if _backup_dag(one.name) in readable]
            may_see: list[OverviewRow | FaultyTarget | LostTarget] = [*unusable, *rows]
            may_see.sort(key=lambda row: list(Light).index(row.light))
            found = [row for row in may_see if _has(row, q)]
            shown = [row for row in found if show in ("", row.light.name.lower())]
            last_page = max(1, -(-len(shown) // ROWS))
            number = min(max(page, 1), last_page)
            may_see_faults = bool(overview.faults) and permissions.may_see_faults()
            return rendering(request, now).page(
                "overview",
                overview=overview,
                reading=reading,
                faults=overview.faults if may_see_faults else (),
                untold=() if may_see_faults else [fault for fault in overview.faults if fault.target is None],
                rows=shown[(number - 1) * ROWS : number * ROWS],
                totals={light: sum(row.light is light for row in found) for light in Light},
                all=len(found),
                q=q,
                show=show,
                page=number,
                last_page=last_page,
            )

        return HTMLResponse(await self._sight.work(draw))

    async def target(
        self, request: Request, user: GetUserDep, name: str, everything: Annotated[bool, Query(alias="all")] = False
    ) -> HTMLResponse:
        await self._require_visible(name, user)
        reading = await self._sight.target(name)

        def draw() -> str | None:
            if reading.value is None:
                return None
            permissions, now = Permissions(user), utc_now()
            if isinstance(reading.value, FaultyTarget):
                return _unusable(request, _told(reading.value, permissions), now)
            if isinstance(reading.value, LostTarget):
                return _unusable(request, reading.value, now)
            readable = permissions.readable(started_by_hand(own_dags(name)))
            permitted = permitted_view(reading.value, readable, now)
            if permitted is None:
                return None
            view, hidden = permitted
            known = [state.dag_id for state in view.dags.values()]
            triggerable = permissions.triggerable([each for each in started_by_hand(known) if each in readable])
            newest = newest_good(view.row)
            return rendering(request, now).page(
                "target",
                view=view,
                target=view.target,
                reading=reading,
                shown=[part for part in _PARTS if getattr(view, part) is not None],
                hidden=hidden,
                actions=actions_on(view.target, newest.backup_id if newest else None, triggerable, base_path()),
                limit=None if everything else BACKUPS,
            )

        return _found(await self._sight.work(draw))

    async def backup(self, request: Request, user: GetUserDep, name: str, backup_id: str) -> HTMLResponse:
        await self._require_visible(name, user)
        reading = await self._sight.backup(name, _id(BackupId, backup_id))

        def draw() -> str | None:
            view = reading.value
            if view is None:
                return None
            permissions = Permissions(user)
            wanted = started_by_hand([f"drill__{name}"])
            triggerable = permissions.triggerable(permissions.readable(wanted))
            manifest = view.manifest
            tables = [] if isinstance(manifest, str) else sorted(manifest.tables, key=lambda one: -one.bytes)
            return rendering(request, utc_now()).page(
                "backup",
                view=view,
                target=view.target,
                reading=reading,
                tables=tables,
                actions=actions_on_backup(view.target, view.backup_id, triggerable, base_path()),
            )

        return _found(await self._sight.work(draw))

    async def check(
        self,
        request: Request,
        user: GetUserDep,
        name: str,
        check_id: str,
        everything: Annotated[bool, Query(alias="all")] = False,
    ) -> HTMLResponse:
        await self._require_visible(name, user, f"check__{name}")
        reading = await self._sight.check(name, _id(StartId, check_id))

        def draw() -> str | None:
            view = reading.value
            if view is None:
                return None
            limit = None if everything else RULES
            return rendering(request, utc_now()).page(
                "check", view=view, target=view.target, reading=reading, limit=limit
            )

        return _found(await self._sight.work(draw))

    async def probe(self, request: Request, user: GetUserDep, name: str, probe_id: str) -> HTMLResponse:
        """The report as it was kept: a page of its own, which is shown and may do nothing."""
        await self._require_visible(name, user, f"probe__{name}")
        report = (await self._sight.probe_report(name, _id(StartId, probe_id))).value
        if isinstance(report, str):
            return cannot_be_shown(request, report)
        if report is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(report, headers={"Content-Security-Policy": KEPT_PAGE_POLICY})

    async def static(self, request: Request, user: GetUserDep, file: str) -> Response:  # noqa: ARG002 - user: else 401
        found = static_files().get(file)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        kept = _FOR_EVER if request.url.query == found.version else _FOR_AN_HOUR
        return Response(found.body, media_type=found.type, headers={"Cache-Control": kept})

    async def _require_visible(self, name: str, user: Any, *parts: str) -> None:
        """Before anything is read for somebody who may not see it: the target, and the DAGs of these ``parts``."""
        if not _NAME.fullmatch(name):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        needed = {_backup_dag(name), *parts}
        readable = await self._sight.work(lambda: Permissions(user).readable(needed))
        if not needed <= readable:
            raise HTTPException(HTTPStatus.NOT_FOUND)


def _told(target: FaultyTarget, permissions: Permissions) -> FaultyTarget:
    """Its own faults for whoever may see the target; those of files that others share as Airflow's import errors."""
    own = [fault for fault in target.faults if fault.target == target.name]
    return FaultyTarget(name=target.name, faults=target.faults if permissions.may_see_faults() else tuple(own))


def _unusable(request: Request, target: FaultyTarget | LostTarget, now: datetime) -> str:
    return rendering(request, now).page("unusable_target", target=target)


def _found(body: str | None) -> HTMLResponse:
    if body is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return HTMLResponse(body)


def _id(kind: type[_Id], text: str) -> _Id:
    try:
        return kind(text)
    except ValueError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None


def _backup_dag(name: str) -> str:
    """Whoever may read it may see the target."""
    return f"backup__{name}"


def _has(row: OverviewRow | FaultyTarget | LostTarget, words: str) -> bool:
    text = searched(row)
    return all(word in text for word in words.lower().split())
