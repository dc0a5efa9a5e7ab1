"""The search page, and what it shows as JSON and CSV."""

import re
from collections.abc import Iterator

from msgspec import structs
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from imrsearch.search.advice import is_id
from imrsearch.search.enough import enough, enough_lines
from imrsearch.search.everything import order_of
from imrsearch.search.explain import Clock
from imrsearch.search.export import pieces_of_file
from imrsearch.search.language import scores
from imrsearch.search.query import LARGEST_NUMBER, Query, checked, clean_value
from imrsearch.search.render import as_json, counts_line
from imrsearch.search.results import Results
from imrsearch.search.searcher import Answer, Searcher
from imrsearch.search.served import Served
from imrsearch.search.web import facets
from imrsearch.search.web.address import ASKED, LISTED, Address, address_of, counted_query_of, number, query_of, switch
from imrsearch.search.web.chart import chart_of
from imrsearch.search.web.chips import chips_of, offers_of, respelt
from imrsearch.search.web.html import page
from imrsearch.search.web.kept import KeptPages
from imrsearch.search.web.suffixes import routes_of, suffix_of

NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
LONGEST_NAME = 60


def search(request: Request) -> Response:
    """The hits of a question, with what narrows them."""
    served: Served = request.app.state.served
    known = (*ASKED, *LISTED, "facets", "enough")
    address = address_of("/search", request.query_params.multi_items(), known=known)
    match suffix_of(request):
        case ".json":
            return found_json(served.searcher, address)
        case ".csv":
            return found_csv(served.searcher, address)
    kept: KeptPages = request.app.state.kept
    searcher, trouble = served.searcher, served.trouble
    key = (searcher.manifest, trouble, address)
    made = kept.page(key, lambda: bytes(found_page(request, searcher, address, trouble=trouble).body))
    response = HTMLResponse(made)
    if request.headers.get("HX-Request"):
        # A form sends its empty fields too: the address is shown without them.
        response.headers["HX-Push-Url"] = str(address)
    return response


def found_json(searcher: Searcher, address: Address) -> Response:
    """The contract's one object, as `imrsearch QUERY --json` prints it."""
    return Response(as_json(searcher.search(counted_query_of(address))), media_type="application/json")


def found_csv(searcher: Searcher, address: Address) -> Response:
    """Everything found, or as much as `limit` says, as `imrsearch QUERY -o FILE.csv` writes it."""
    limit = number(address, "limit", otherwise=LARGEST_NUMBER)
    listing = searcher.listing(structs.replace(query_of(address), limit=limit))
    name = NOT_IN_NAMES.sub("-", address.value("query").lower()[:LONGEST_NAME]).strip("-")

    def written() -> Iterator[bytes]:
        yield from pieces_of_file(listing.items, listing.head, format="csv")
        # While it is held, its generation is not removed.
        _ = searcher

    headers = {"Content-Disposition": f'attachment; filename="imrsearch{name and f"-{name}"}.csv"'}
    return StreamingResponse(written(), media_type="text/csv", headers=headers)


def found_page(request: Request, searcher: Searcher, address: Address, *, trouble: str) -> Response:
    """Cards, with what narrows beside them and the years below."""
    query = checked(query_of(address, collapse=True))
    answer = searcher.answer(query, Clock())
    results = answer.results
    tells_enough = switch(address, "enough", otherwise=False)
    # What of the state every link keeps.
    address = address.at("/search", only=(*ASKED, *LISTED))
    chips = chips_of(searcher, address, query, answer)
    added = {chip.text for chip in chips}
    # Where an id was typed, the page leads to it instead of saying which command does.
    id = "" if results.total or not is_id(query.text, searcher.engine) else clean_value(query.text)
    return page(
        request,
        "search.html",
        figures=searcher.figures,
        trouble=trouble,
        title=query.text or "Newest items",
        address=address,
        results=results,
        counts=counts_line(structs.replace(results, filters={})),
        notices=[notice for notice in results.notices if notice not in added and not id],
        id=id,
        respelt=respelt(searcher, query, results.notices),
        chips=chips,
        offers=() if results.total else tuple(offers_of(searcher, address, query, answer.question)),
        fields=tuple(facets.beside(searcher, address, query, answer)),
        hidden=hidden_of(address),
        orders=orders_of(address, query, answer),
        turns=turns_of(address, query, results),
        chart=chart_of(searcher, answer),
        enough=tuple(enough_lines(enough(searcher, query, answer))) if tells_enough and results.total else (),
    )


def hidden_of(address: Address) -> tuple[tuple[str, str], ...]:
    """What the form sends on besides its own fields."""
    kept = ("sort", "limit", "expand", "collapse", "names", "widen")
    return tuple((name, value) for name, value in address.parameters if name in kept)


def orders_of(address: Address, query: Query, answer: Answer) -> list[tuple[str, Address, bool]]:
    """Each order of the hits, its page, and whether it is this one's."""
    now = order_of(query, answer.question.tree)
    orders = ("relevance", "newest", "oldest") if scores(answer.question.tree) else ("newest", "oldest")
    return [(order, address.setting("sort", None if order == orders[0] else order), order == now) for order in orders]


def turns_of(address: Address, query: Query, results: Results) -> tuple[Address | None, Address | None]:
    """The pages before and behind this one."""
    before = max(query.offset - query.limit, 0) or None
    back = address.setting("offset", before) if query.offset and query.limit else None
    on = address.setting("offset", query.offset + query.limit) if results.truncated and query.limit else None
    return back, on


ROUTES = routes_of("/search", search)
