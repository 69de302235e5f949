"""Notices: what is said instead of a page, each with what to do; none of them ever shows a trace or a secret."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse

from dbops.gateways.clock import utc_now
from dbops_airflow.links import base_path
from dbops_airflow.page.places import rendering


async def refused(request: Request, refusal: Any) -> HTMLResponse:
    """Not logged in, not allowed, or not there: of the last two nobody is told which."""
    if refusal.status_code == HTTPStatus.UNAUTHORIZED:
        facts = {
            "title": "You are not logged in",
            "sentence": "Log in to Airflow; you will return to this page.",
            "link": _login(request),
            "link_to": "Log in",
            "outside": True,
        }
    elif refusal.status_code == HTTPStatus.NOT_FOUND:
        facts = {
            "title": "Nothing to see here",
            "sentence": "There is nothing at this address, or you are not allowed to see it.",
            "link": f"{request.scope['root_path']}/",
            "link_to": "All databases",
        }
    else:
        facts = {"title": "Request refused", "sentence": "Airflow refused this request. Log in again."}
    return _notice(request, refusal.status_code, refusal.headers, **facts)


async def not_understood(request: Request, _error: Exception) -> HTMLResponse:
    """An address whose parameters make no sense."""
    return _notice(
        request,
        HTTPStatus.BAD_REQUEST,
        None,
        title="Bad address",
        sentence="This address cannot be understood.",
        link=f"{request.scope['root_path']}/",
        link_to="All databases",
    )


async def not_answered(request: Request, _error: Exception) -> HTMLResponse:
    """A reading that has not come in time."""
    return _notice(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        {"Retry-After": "10"},
        title="No answer yet",
        sentence=(
            "The store, or Airflow's own database, has not answered in time. The request is still running: reload in "
            "a few seconds. If that does not help, check whether they are slow or unreachable."
        ),
        link=request.url.path,
        link_to="Read again",
    )


async def failed(request: Request, error: Exception) -> HTMLResponse:
    """Whatever nobody has expected; it is logged by whoever runs the app."""
    # Not its text: what we did not write ourselves may carry a credential.
    return _notice(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        None,
        title="This page could not be created",
        sentence=f"An unexpected {type(error).__name__} occurred. The log of Airflow's API server has the details.",
        link=request.url.path,
        link_to="Try again",
    )


def cannot_be_shown(request: Request, sentence: str) -> HTMLResponse:
    """What is there and cannot be read, which is all that was asked for."""
    return _notice(
        request,
        HTTPStatus.BAD_GATEWAY,
        None,
        title="This cannot be shown",
        sentence=sentence,
        link=request.url.path,
        link_to="Try again",
    )


def _login(request: Request) -> str:
    """Airflow's own way to whatever page it logs in at, and back."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{base_path()}/api/v2/auth/login?{urlencode({'next': wanted})}"


def _notice(request: Request, status: int, headers: Any, **facts: Any) -> HTMLResponse:
    given = {"link": "", "link_to": "", "outside": False, **facts}
    return HTMLResponse(rendering(request, utc_now()).page("notice", **given), status, headers)
