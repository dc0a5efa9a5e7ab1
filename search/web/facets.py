"""Values that narrow a question: the first ones of a field beside the hits, and all of them on a page of its own."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct, structs
from starlette.requests import Request
from starlette.responses import Response

from imrsearch.schema.documents import value_term
from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FACETS, FIELD, Field
from imrsearch.schema.vocabulary import folded
from imrsearch.search.compile import unscored
from imrsearch.search.explain import Clock
from imrsearch.search.query import Query, checked, field_of
from imrsearch.search.results import FacetCount, IndexFigures
from imrsearch.search.searcher import Answer, Searcher, filters_of
from imrsearch.search.tables import csv_text
from imrsearch.search.web.address import ASKED, LISTED, Address, address_of, number, query_of
from imrsearch.search.web.chips import label_of
from imrsearch.search.web.html import page
from imrsearch.search.web.served import Served
from imrsearch.search.web.suffixes import routes_of, suffix_of

# Not counted beside the hits: paths and pages take as long to count as all others together, and people seldom narrow by
# the rest. Each has its page of values.
SELDOM = frozenset(("page", "citation", "state", "priority", "sex", "guidelines_cited"))
ON_REQUEST = tuple(field for field in FACETS if field.name in SELDOM)
BESIDE = tuple(field for field in FACETS if field.name not in SELDOM)
# Values of a field beside the hits, and on its own page.
FIRST_VALUES = 8
ON_A_PAGE = 100
MOST_VALUES = 10_000
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


class Values(Struct, frozen=True, kw_only=True):
    """The values of a facet; these keys are the JSON.

    facet     the field
    contains  only values with these letters are listed
    total     values that the items found have, with these letters
    values    of this page
    """

    facet: str
    query: str
    query_as_run: str
    filters: dict[str, list[str] | str]
    index: IndexFigures
    items: int
    contains: str
    total: int
    offset: int
    values: list[FacetCount]


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
        return {field.name: inorder(field, [*searcher.readings.held(field.name).items()]) for field in BESIDE}
    asked = structs.replace(query, facets=tuple(field.name for field in BESIDE), letters=False)
    counted = searcher.facets(asked, answer.question, found=unscored(answer.found))
    return {
        field.name: inorder(field, [(str(one.value), one.count) for one in counted[field.name] if one.count])
        for field in BESIDE
    }


def inorder(field: Field, counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
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
    found = values_of(served.searcher, field, address, most=MOST_VALUES if suffix else ON_A_PAGE)
    if suffix == ".json":
        return Response(msgspec.json.encode(found), media_type="application/json")
    if suffix == ".csv":
        rows = ((one.value, one.count, one.letters) for one in found.values)
        return Response(csv_text((field.name, "items", "letters"), rows) + "\n", media_type="text/csv")
    asked = address.at("/search").without("contains").without("order").without("limit")
    listed = tuple((one, narrowed(asked, field, str(one.value))) for one in found.values)
    title = f"Values of {label_of(field.name)}"
    first, last = found.offset, found.offset + len(found.values)
    turns = (
        address.setting("offset", max(first - ON_A_PAGE, 0)) if first else None,
        address.setting("offset", last) if last < found.total and found.values else None,
    )
    return page(
        request, "facets.html", title=title, address=address, asked=asked, field=field, found=found, listed=listed,
        turns=turns, told=f"{first + 1:,}-{last:,} of {found.total:,}",
    )  # fmt: skip


def narrowed(asked: Address, field: Field, value: str) -> tuple[Address, bool]:
    """The question with the value added, or removed where it has it already; and whether it has it."""
    term = term_of(field, value)
    same = next((one for one in asked.values(field.name) if term_of(field, one) == term), None)
    return (asked.adding(field.name, value), False) if same is None else (asked.without(field.name, same), True)


def values_of(searcher: Searcher, field: Field, address: Address, *, most: int) -> Values:
    """The field's values in the order asked for, at most so many on a page."""
    order = address.value("order", "items")
    if order not in ORDERS:
        raise UsageError(f"there is no order {order}", hint=f"one of: {', '.join(ORDERS)}")
    query = checked(structs.replace(query_of(address), limit=0, offset=0, facets=(field.name,)))
    answer = searcher.answer(query, Clock())
    contains = folded(address.value("contains").strip())
    counts = [one for one in answer.results.facets[field.name] if contains in folded(str(one.value))]
    if order == "value" and FIELD[field.name].kind != "number":
        counts.sort(key=lambda one: folded(str(one.value)))
    offset = number(address, "offset", otherwise=0)
    limit = min(number(address, "limit", otherwise=most), MOST_VALUES)
    return Values(
        facet=field.name,
        query=query.text,
        query_as_run=answer.results.query_as_run,
        filters=filters_of(query),
        index=searcher.figures,
        items=answer.results.total,
        contains=address.value("contains"),
        total=len(counts),
        offset=offset,
        values=[structs.replace(one, chosen=msgspec.UNSET) for one in counts[offset : offset + limit]],
    )


ROUTES = routes_of("/facets/{name}", facet)
