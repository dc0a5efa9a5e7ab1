"""The search page."""

from starlette.requests import Request
from starlette.responses import Response

from imrsearch.search.explain import Clock
from imrsearch.search.query import checked
from imrsearch.search.served import Served
from imrsearch.search.web.address import ASKED, LISTED, address_of, query_of
from imrsearch.search.web.html import page
from imrsearch.search.web.suffixes import routes_of


def search(request: Request) -> Response:
    """The hits of a question, with what narrows them."""
    served: Served = request.app.state.served
    address = address_of("/search", request.query_params.multi_items(), known=(*ASKED, *LISTED))
    query = checked(query_of(address, collapse=True))
    answer = served.searcher.answer(query, Clock())
    return page(request, "search.html", title="Search", address=address, results=answer.results)


ROUTES = routes_of("/search", search)
