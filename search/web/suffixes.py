"""Every page is also there as JSON and as CSV: the same address with a suffix."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

# The longest first: an id in a path may hold a point.
SUFFIXES = (".json", ".csv", "")


def routes_of(path: str, handler: Callable[[Request], Response]) -> list[Route]:
    """The page, and the same as JSON and as CSV."""
    return [Route(path + suffix, handler) for suffix in SUFFIXES]


def suffix_of(request: Request) -> str:
    """What the address ends in: ".json", ".csv" or ""."""
    return next(suffix for suffix in SUFFIXES if request.url.path.endswith(suffix))


def file_of(suffix: str, *, json: Callable[[], str], csv: Callable[[], str]) -> Response:
    """What a command prints as JSON or as CSV; only what the suffix asks for is made."""
    if suffix == ".json":
        return Response(json() + "\n", media_type="application/json")
    return Response(csv() + "\n", media_type="text/csv")
