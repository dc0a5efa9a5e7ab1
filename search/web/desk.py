"""The pages that compare: items like one, and the nearest items of both outcomes side by side."""

from starlette.requests import Request
from starlette.responses import Response

from imrsearch.schema.errors import UsageError
from imrsearch.search import render_desk
from imrsearch.search.contrast import Contrast
from imrsearch.search.contrast import contrast as contrast_of
from imrsearch.search.query import CONTRASTING, SIMILAR
from imrsearch.search.served import Served
from imrsearch.search.similar import Similar
from imrsearch.search.similar import similar as similar_to
from imrsearch.search.web.address import address_of, number
from imrsearch.search.web.html import page
from imrsearch.search.web.suffixes import file_of, routes_of, suffix_of

# More items of each outcome than a reader compares.
MOST = 50


def similar(request: Request) -> Response:
    """The items most like an item, a few of each outcome, and why."""
    address = address_of("/similar", request.query_params.multi_items(), known=("id", "limit"))
    limit = min(number(address, "limit", otherwise=SIMILAR), MOST)
    id, suffix = address.value("id").strip(), suffix_of(request)
    if not id and suffix:
        raise UsageError("nothing was asked for", hint="name an item: id=CM17-9900405:2")
    if not id:
        return page(request, "similar.html", title="Similar items", address=address, found=None)
    served: Served = request.app.state.served
    found = similar_to(served.searcher, id, limit=limit)
    if suffix:
        return as_file(found, suffix=suffix)
    title = f"Items like {found.about.id}"
    return page(request, "similar.html", title=title, address=address, found=found, desk=render_desk)


def contrast(request: Request) -> Response:
    """The nearest upheld and overturned items of one treatment, and the sentences that tell them apart."""
    address = address_of("/contrast", request.query_params.multi_items(), known=("asked", "limit"))
    limit = min(number(address, "limit", otherwise=CONTRASTING), MOST)
    asked, suffix = address.value("asked").strip(), suffix_of(request)
    if not asked and not suffix:
        return page(request, "contrast.html", title="Contrast", address=address, found=None)
    served: Served = request.app.state.served
    found = contrast_of(served.searcher, asked, limit=limit)
    if suffix:
        return as_file(found, suffix=suffix)
    title = f"Contrast: {asked}"
    return page(request, "contrast.html", title=title, address=address, found=found, desk=render_desk)


def as_file(found: Similar | Contrast, *, suffix: str) -> Response:
    """What the command prints, or a row for each item shown."""
    return file_of(suffix, json=lambda: render_desk.as_json(found), csv=lambda: render_desk.as_csv(found))


ROUTES = [*routes_of("/similar", similar), *routes_of("/contrast", contrast)]
