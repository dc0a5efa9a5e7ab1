"""The JSON API: each call answers what the command line prints with --json."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cache

import msgspec
from msgspec import Struct, structs
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from imrsearch.indexer.sources.drafts import read_draft
from imrsearch.schema.drafts import saying_nothing_of
from imrsearch.schema.errors import UnknownId, UsageError
from imrsearch.schema.fields import FACETS
from imrsearch.schema.records import Item, Letter
from imrsearch.search import render, render_desk, tables
from imrsearch.search.contrast import Contrast
from imrsearch.search.contrast import contrast as contrast_of
from imrsearch.search.facet_values import FacetValues, facet_values
from imrsearch.search.guidelines import LEVELS, Guidelines
from imrsearch.search.guidelines import guidelines as cited_in
from imrsearch.search.query import CONTRASTING, DEPTH, SIMILAR, Query
from imrsearch.search.results import Family, Results, Shown, Span
from imrsearch.search.served import Served
from imrsearch.search.similar import Similar
from imrsearch.search.similar import similar as similar_to
from imrsearch.search.stats import COUNTED_BY, Statistics, statistics
from imrsearch.search.web.address import ASKED, MOST_HITS, Address, address_of, counted_query_of, number, query_of
from imrsearch.search.web.bodies import draft_bytes
from imrsearch.search.web.html import page
from imrsearch.search.web.openapi import (
    JSON,
    LISTED,
    OFFSET,
    QUESTION,
    SEEN,
    TEXT,
    WIDEN,
    Asked,
    Call,
    Parameter,
    count_parameter,
    document,
)


class Sibling(Struct, frozen=True):
    """Another item of the letter."""

    id: str
    treatment: str
    outcome: str


# What is told of a letter beside one of its items.
LetterHeader = msgspec.defstruct(
    "LetterHeader",
    [(field.name, field.type) for field in structs.fields(Letter) if field.name != "items"],
    namespace={"__doc__": "The letter without its items."},
)


class ShownItem(Struct, frozen=True):
    """An item in full.

    letter               the header, the summary and the source of its letter
    superseded_editions  a sentence on each edition that the reviewer cites and that was superseded
    family               items with nearly the same rationale; null where there is no other
    boilerplate          the sentences of the rationale that many letters have, as character offsets
    """

    item: Item
    letter: LetterHeader  # type: ignore[valid-type]
    siblings: tuple[Sibling, ...]
    superseded_editions: tuple[str, ...]
    family: Family | None
    boilerplate: tuple[Span, ...]


def search(asked: Asked) -> str:
    """A page of the items found."""
    return render.as_json(asked.searcher.search(counted_query_of(asked.address)))


def item(asked: Asked) -> str:
    """One item in full."""
    shown = asked.searcher.show(asked.address.value("id"))
    if shown.item is None:
        first = shown.letter.items[0].id
        raise UnknownId(f"{shown.letter.letter_id} is a letter", hint=f"/api/letters has it, /api/items has {first}")
    return render.shown_json(shown)


def letter(asked: Asked) -> str:
    """One letter in full."""
    return render.shown_json(Shown(asked.searcher.letter(asked.address.value("id"))))


def facets(asked: Asked) -> str:
    """A page of a facet's values."""
    address = asked.address
    query = structs.replace(
        query_of(address),
        facets=(address.value("name"),),
        limit=number(address, "limit", otherwise=VALUES),
        collapse=False,
    )
    return msgspec.json.encode(facet_values(asked.searcher, query, contains=address.value("contains"))).decode()


def similar(asked: Asked) -> str:
    """The items most like one, or like a draft."""
    limit = number(asked.address, "limit", otherwise=SIMILAR)
    return render_desk.as_json(similar_to(asked.searcher, asked.draft or asked.address.value("id"), limit=limit))


def contrast(asked: Asked) -> str:
    """The nearest items of both outcomes."""
    limit = number(asked.address, "limit", otherwise=CONTRASTING)
    return render_desk.as_json(contrast_of(asked.searcher, asked.draft or asked.address.value("asked"), limit=limit))


def stats(asked: Asked) -> str:
    """Outcomes by the values of a field."""
    limit = number(asked.address, "limit", otherwise=0)
    by = asked.address.value("by", "year")
    return tables.as_json(statistics(asked.searcher, question_of(asked), by=by, limit=limit))


def guidelines(asked: Asked) -> str:
    """Outcomes by what the reviewers cite."""
    depth = number(asked.address, "depth", otherwise=DEPTH)
    return tables.as_json(cited_in(asked.searcher, question_of(asked), depth=depth))


def question_of(asked: Asked) -> Query:
    """The question without what lists its hits."""
    return query_of(asked.address.at(asked.address.path, only=ASKED))


# Values of a facet that are told where nobody says how many, and at most.
VALUES, MOST_VALUES = 20, 1_000
MAY_BE_EMPTY = ("query", "contains")
IN_PATH = Parameter(name="id", schema=TEXT, help="As a hit has it.", place="path", required=True)
ASKED_ID = structs.replace(IN_PATH, help="An item, or a letter, for its first item.", place="query")
OF_EACH = "How many items of each outcome."
SIMILAR_LIMIT = count_parameter("limit", OF_EACH, least=1, most=MOST_HITS, default=SIMILAR)
CONTRAST_LIMIT = count_parameter("limit", OF_EACH, least=1, most=MOST_HITS, default=CONTRASTING)
CALLS = (
    Call(
        path="/api/search",
        name="search",
        help="Find disputed items.",
        answer=search,
        answers=Results,
        parameters=(*QUESTION, WIDEN, *LISTED),
    ),
    Call(
        path="/api/items/{id}",
        name="item",
        help="An item in full, with its letter's header and the ids of its other items.",
        answer=item,
        answers=ShownItem,
        parameters=(structs.replace(IN_PATH, help="An item's id, as a hit has it: letter, colon, number."),),
        statuses=(404,),
    ),
    Call(
        path="/api/letters/{id}",
        name="letter",
        help="A letter with all its items in full.",
        answer=letter,
        answers=Letter,
        parameters=(structs.replace(IN_PATH, help="A letter's id: letter_id of a hit."),),
        statuses=(404,),
    ),
    Call(
        path="/api/facets",
        name="facets",
        help="The values of one field among the items found, with how many items and letters have each.",
        answer=facets,
        answers=FacetValues,
        parameters=(
            Parameter(
                name="name",
                schema={"enum": [field.name for field in FACETS]},
                help="The field.",
                required=True,
                example="drug",
            ),
            Parameter(name="contains", schema={"type": "string"}, help="Only values in which this stands."),
            *QUESTION,
            WIDEN,
            count_parameter("limit", "How many values; 0 counts only.", most=MOST_VALUES, default=VALUES),
            OFFSET,
        ),
    ),
    Call(
        path="/api/similar",
        name="similar",
        help="The items most like an item, a few of each outcome, and why.",
        answer=similar,
        answers=Similar,
        parameters=(ASKED_ID, SIMILAR_LIMIT),
        statuses=(404,),
    ),
    Call(
        path="/api/similar",
        name="similar_to_draft",
        help="The items most like a draft, a few of each outcome, and why.",
        answer=similar,
        answers=Similar,
        parameters=(SIMILAR_LIMIT,),
        with_draft=True,
    ),
    Call(
        path="/api/contrast",
        name="contrast",
        help="The nearest upheld and overturned items of one treatment, and the sentences that tell them apart.",
        answer=contrast,
        answers=Contrast,
        parameters=(
            Parameter(
                name="asked",
                schema=TEXT,
                help="Words as for search, or the id of an item.",
                required=True,
                example="tramadol weaning",
            ),
            CONTRAST_LIMIT,
        ),
        statuses=(404,),
    ),
    Call(
        path="/api/contrast",
        name="contrast_for_draft",
        help="The nearest upheld and overturned items for a draft, and the sentences that tell them apart.",
        answer=contrast,
        answers=Contrast,
        parameters=(CONTRAST_LIMIT,),
        with_draft=True,
    ),
    Call(
        path="/api/stats",
        name="stats",
        help="How many of the items found were upheld and overturned, for each value of a field.",
        answer=stats,
        answers=Statistics,
        parameters=(
            Parameter(
                name="by",
                schema={"enum": [field.name for field in COUNTED_BY], "default": "year"},
                help="The field.",
                example="drug",
            ),
            *QUESTION,
            count_parameter("limit", "How many rows; 0: all.", default=0),
        ),
    ),
    Call(
        path="/api/guidelines",
        name="guidelines",
        help="What the reviewers cite, with outcomes, and which editions were superseded.",
        answer=guidelines,
        answers=Guidelines,
        parameters=(
            count_parameter(
                "depth",
                "1: guidelines, 2: documents and editions, 3: sections, 4: pages.",
                least=1,
                most=len(LEVELS),
                default=DEPTH,
            ),
            *QUESTION,
        ),
    ),
)


def address_asked(request: Request, call: Call) -> Address:
    """The parameters of the call, those of its path too; UsageError where one is not as the document says."""
    path = request.url.path
    of_query = [each for each in call.parameters if each.place == "query"]
    given = request.query_params.multi_items()
    read = address_of(path, given, known=[each.name for each in of_query])
    for name, value in given:
        # A filter that is left out without a word finds more than was asked for.
        if name not in MAY_BE_EMPTY and not re.search(SEEN, value):
            raise UsageError(f"{name} is empty", hint="leave it out, or give it a value")
    for parameter in of_query:
        check(parameter, read)
    return Address(path, (*read.parameters, *request.path_params.items()))


def check(parameter: Parameter, address: Address) -> None:
    """UsageError where the parameter is missing, stands twice, or is out of its bounds."""
    name, schema = parameter.name, parameter.schema
    values = address.values(name)
    if parameter.required and not values:
        raise UsageError(f"{name} is missing", hint=parameter.help)
    if parameter.many:
        return
    if len(values) > 1:
        raise UsageError(f"{name} stands more than once", hint="keep one of them")
    if values and schema.get("type") == "integer":
        least, most = schema["minimum"], schema["maximum"]
        if not least <= number(address, name, otherwise=schema["default"]) <= most:
            raise UsageError(f"{name} goes from {least} to {most:,}, not {values[0]}", hint=parameter.help)


def answer(request: Request, call: Call, content: bytes | None) -> Response:
    """The answer to a call; what is sent in is neither kept nor told."""
    served: Served = request.app.state.served
    with saying_nothing_of(content):
        address = address_asked(request, call)
        draft = None if content is None else read_draft(content)
        text = call.answer(Asked(served.searcher, address, draft))
    return Response(text, media_type=JSON)


Handler = Callable[[Request], Awaitable[Response]]


def handler_of(calls: Sequence[Call]) -> Handler:
    """What answers the calls of one path, each by its method."""
    by_method = {call.method: call for call in calls}

    async def handler(request: Request) -> Response:
        call = by_method["post" if request.method == "POST" else "get"]
        content = await draft_bytes(request) if call.with_draft else None
        return await run_in_threadpool(answer, request, call, content)

    return handler


@cache
def document_json() -> bytes:
    """The OpenAPI document."""
    return msgspec.json.encode(document(CALLS))


def openapi(_request: Request) -> Response:
    """The OpenAPI document, for programs."""
    return Response(document_json(), media_type=JSON)


def calls(request: Request) -> Response:
    """The calls on a page, each with an example; an id in it is that of the first item of the index."""
    address_of("/api", request.query_params.multi_items(), known=())
    served: Served = request.app.state.served
    first = served.searcher.search(Query(limit=1, snippets=False, letters=False)).hits
    shown = [(call, example_of(call, first[0].id if first else "ID")) for call in CALLS]
    return page(request, "api.html", title="JSON API", calls=shown, base=str(request.base_url).rstrip("/"))


def example_of(call: Call, id: str) -> Address:
    """An address by which the call can be made."""
    given = [(each.name, str(each.example)) for each in call.parameters if each.example is not None]
    if ASKED_ID in call.parameters:
        given.append(("id", id))
    letter_id = id.rpartition(":")[0] or id
    return Address(call.path.replace("{id}", letter_id if call.answers is Letter else id), tuple(given))


ROUTES = [
    Route("/api", calls),
    Route("/api/openapi.json", openapi),
    *(
        Route(path, handler_of(of_path), methods=[call.method.upper() for call in of_path])
        for path in dict.fromkeys(call.path for call in CALLS)
        for of_path in [[call for call in CALLS if call.path == path]]
    ),
]
