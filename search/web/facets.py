"""Values that narrow a question: the first ones of a field beside the hits, and all of them on a page of its own."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct, structs
from starlette.requests import Request
from starlette.responses import Response

from imrsearch.schema.documents import value_term
from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FACETS, Field
from imrsearch.search.compile import unscored
from imrsearch.search.facet_values import FacetValues, facet_values
from imrsearch.search.query import LARGEST_NUMBER, Query, field_of
from imrsearch.search.searcher import Answer, Searcher
from imrsearch.search.served import Served
from imrsearch.search.tables import csv_text
from imrsearch.search.web.address import ASKED, LISTED, Address, address_of, number, query_of
from imrsearch.search.web.chips import label_of
from imrsearch.search.web.html import page
from imrsearch.search.web.suffixes import routes_of, suffix_of

# Not counted beside the hits: paths and pages take as long to count as all others together, and people seldom narrow by
# the rest. Each has its page of values.
SELDOM = frozenset(("page", "citation", "state", "priority", "sex", "guidelines_cited"))
ON_REQUEST = tuple(field for field in FACETS if field.name in SELDOM)
BESIDE = tuple(field for field in FACETS if field.name not in SELDOM)
# Values of a field beside the hits, and on its own page.
FIRST_VALUES = 8
ON_A_PAGE = 100
ORDERS = ("items", "value")


class Box(Struct, frozen=True):
    """A value to be ticked.

    count  items that have it; null where it is a name of other values, or not counted
    """

    value: str
    count: int | None
    chosen: bool


class Ticked(Struct, frozen=True):
    """A field beside the hits.

    title   in words
    values  how many there are; null where not counted
    every   the page of all values
    """

    name: str
    title: str
    boxes: tuple[Box, ...]
    values: int | None
    every: str


def beside(searcher: Searcher, address: Address, query: Query, answer: Answer) -> Iterator[Ticked]:
    """The fields that the items found can be narrowed by; of those not counted what is chosen."""
    counted = counts_beside(searcher, query, answer)
    asked = str(address.at("").without("limit"))
    for field in (*BESIDE, *ON_REQUEST):
        counts = counted.get(field.name)
        boxes = tuple(boxes_of(field, counts or (), address.values(field.name)))
        if boxes or counts is None:
            values = None if counts is None else len(counts)
            yield Ticked(field.name, label_of(field.name), boxes, values, f"/facets/{field.name}{asked}")


def counts_beside(searcher: Searcher, query: Query, answer: Answer) -> dict[str, list[tuple[str, int]]]:
    """The values of the fields beside the hits with their items: the most frequent first, of numbers the highest."""
    if answer.results.total == searcher.figures.items:
        # Nothing is narrowed: what the whole index holds was counted before.
        return {field.name: in_order(field, [*searcher.readings.held(field.name).items()]) for field in BESIDE}
    asked = structs.replace(query, facets=tuple(field.name for field in BESIDE), letters=False)
    counted = searcher.facets(asked, answer.question, found=unscored(answer.found))
    return {
        field.name: in_order(field, [(str(one.value), one.count) for one in counted[field.name] if one.count])
        for field in BESIDE
    }


def in_order(field: Field, counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The values as they are shown: numbers from the highest down."""
    return counts[::-1] if field.kind == "number" else counts


def boxes_of(field: Field, counts: Sequence[tuple[str, int]], typed: Sequence[str]) -> Iterator[Box]:
    """The first values, and all that the address names, as it names them."""
    chosen = {term_of(field, value): value for value in typed}
    for place, (value, items) in enumerate(counts if chosen else counts[:FIRST_VALUES]):
        named = chosen.pop(term_of(field, value), None) if chosen else None
        if named or place < FIRST_VALUES:
            yield Box(named or value, items, named is not None)
    for named in chosen.values():
        yield Box(named, None, chosen=True)


def term_of(field: Field, value: str) -> str:
    """What is the same for all ways of writing a value."""
    return str(int(value)) if field.kind == "number" and value.isdecimal() else value_term(value)


def facet(request: Request) -> Response:
    """Every value of one field among the items that a question finds."""
    served: Served = request.app.state.served
    field = field_of(request.path_params["name"], FACETS, use="facet")
    known = (*ASKED, *LISTED, "contains", "order")
    address = address_of(f"/facets/{field.name}", request.query_params.multi_items(), known=known)
    suffix = suffix_of(request)
    found = values_of(served.searcher, field, address, most=LARGEST_NUMBER if suffix else ON_A_PAGE)
    if suffix == ".json":
        return Response(msgspec.json.encode(found), media_type="application/json")
    if suffix == ".csv":
        rows = ((one.value, one.count, one.letters) for one in found.values)
        return Response(csv_text((field.name, "items", "letters"), rows) + "\n", media_type="text/csv")
    asked = address.at("/search").without("contains").without("order").without("limit")
    listed = tuple((one, narrowed(asked, field, str(one.value))) for one in found.values)
    title = f"Values of {label_of(field.name)}"
    first = number(address, "offset", otherwise=0)
    before = max(first - number(address, "limit", otherwise=ON_A_PAGE), 0)
    turns = (
        address.setting("offset", before or None) if first else None,
        address.setting("offset", first + found.returned) if found.truncated and found.returned else None,
    )
    return page(
        request, "facets.html", title=title, address=address, asked=asked, field=field, found=found, listed=listed,
        turns=turns, contains=address.value("contains"),
        told=f"{first + 1:,}-{first + found.returned:,} of {found.total_values:,}",
    )  # fmt: skip


def narrowed(asked: Address, field: Field, value: str) -> tuple[Address, bool]:
    """The question with the value added, or removed where it has it already; and whether it has it."""
    term = term_of(field, value)
    same = next((one for one in asked.values(field.name) if term_of(field, one) == term), None)
    return (asked.adding(field.name, value), False) if same is None else (asked.without(field.name, same), True)


def values_of(searcher: Searcher, field: Field, address: Address, *, most: int) -> FacetValues:
    """The field's values in the order asked for, from the offset on, at most so many."""
    order = address.value("order", "items")
    if order not in ORDERS:
        raise UsageError(f"there is no order {order}", hint=f"one of: {', '.join(ORDERS)}")
    query = structs.replace(query_of(address), facets=(field.name,), limit=LARGEST_NUMBER, offset=0)
    found = facet_values(searcher, query, contains=address.value("contains"))
    values = [*found.values]
    if order == "value" and field.kind != "number":
        values.sort(key=lambda one: value_term(str(one.value)))
    offset, limit = (number(address, name, otherwise=other) for name, other in (("offset", 0), ("limit", most)))
    shown = tuple(values[offset : offset + limit])
    return structs.replace(found, values=shown, returned=len(shown), truncated=len(values) > offset + len(shown))


ROUTES = routes_of("/facets/{name}", facet)
