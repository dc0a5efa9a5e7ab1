"""The pages and the JSON API as one application: which address is answered by what, and how errors are told."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from imrsearch.schema.errors import REPORT_HINT, ImrSearchError, SourceError, SourceGone, UnknownId
from imrsearch.search.served import Served
from imrsearch.search.web import api, asking, desk, drafting, facets, items, rates, searching
from imrsearch.search.web.bodies import OtherKind, TooLarge
from imrsearch.search.web.html import FOLDER, page
from imrsearch.search.web.kept import KeptPages
from imrsearch.search.web.openapi import JSON, Failure

# By which status an error is told: the first that it is one of.
STATUSES: tuple[tuple[type[ImrSearchError], int], ...] = (
    (UnknownId, 404),
    (SourceGone, 404),
    (TooLarge, 413),
    (OtherKind, 415),
    (SourceError, 415),
)
NOT_THERE = "there is no such page"


def application(index_dir: Path) -> Starlette:
    """What answers requests for the index; raises what opening it raises."""
    app = Starlette(
        routes=routes(),
        exception_handlers={
            ImrSearchError: told,
            HTTPException: not_answered,
            Exception: unexpected,
        },
    )
    app.state.served = Served(index_dir)
    app.state.kept = KeptPages()
    return app


def routes() -> Sequence[BaseRoute]:
    """Every address."""
    return [
        Route("/", searching.search),
        *searching.ROUTES,
        *facets.ROUTES,
        *items.ROUTES,
        *asking.ROUTES,
        *api.ROUTES,
        *desk.ROUTES,
        *rates.ROUTES,
        *drafting.ROUTES,
        Mount("/static", StaticFiles(directory=FOLDER / "static"), name="static"),
    ]


def told(request: Request, error: Exception) -> Response:
    """An error of ours: what is wrong, where, and what to do next."""
    if not isinstance(error, ImrSearchError):
        raise error
    known = (status for kind, status in STATUSES if isinstance(error, kind))
    # An error of no kind is a fault of ours.
    fault = 503 if error.exit_code == 3 else 500 if type(error) is ImrSearchError else 400
    status = next(known, fault)
    return answer(request, status, error.message, hint=error.hint, place=error.shown)


def not_answered(request: Request, error: Exception) -> Response:
    """An address that leads nowhere, or a method that it does not take."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    # The methods that it does take.
    headers = getattr(error, "headers", None) or {}
    message = f"{request.method} is not answered here" if status == 405 else str(getattr(error, "detail", error))
    said = answer(
        request,
        status,
        NOT_THERE if status == 404 else message,
        hint=", ".join(sorted(headers.get("Allow", "").split(", "))),
    )
    said.headers.update(headers)
    return said


def unexpected(request: Request, error: Exception) -> Response:
    """A fault of ours, told without what was asked: a draft may stand in it."""
    return answer(request, 500, f"unexpected {type(error).__name__}", hint=REPORT_HINT)


def answer(request: Request, status: int, message: str, *, hint: str, place: str = "") -> Response:
    """The error as JSON where JSON was asked for, else as a page."""
    path = request.url.path
    if path.startswith("/api/") or path.endswith((".json", ".csv")):
        failure = msgspec.json.encode(Failure(message, hint, place))
        return Response(failure, status, media_type=JSON)
    return page(request, "error.html", status=status, title="Error", message=message, hint=hint, place=place)
