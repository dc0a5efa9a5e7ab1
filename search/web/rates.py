"""The pages that count outcomes: by the values of a field, and by what the reviewers cite."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from imrsearch.schema.documents import value_term
from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FIELD, Field
from imrsearch.search import tables
from imrsearch.search.guidelines import CITATION, LEVELS, Currency, Guidelines
from imrsearch.search.guidelines import guidelines as cited_in
from imrsearch.search.language import AnyOf, parse, searches_words_of
from imrsearch.search.query import DEPTH, MOST_BELOW, MOST_ROWS
from imrsearch.search.served import Served
from imrsearch.search.stats import COUNTED_BY, Rate, statistics
from imrsearch.search.web.address import ASKED, Address, address_of, number, query_of
from imrsearch.search.web.html import page
from imrsearch.search.web.suffixes import file_of, routes_of, suffix_of

# The line of years: how wide and high it is drawn, with room for a dot at each end.
WIDE, HIGH, ROOM = 480, 60, 5


class Asked(Struct, frozen=True):
    """What is counted: the search that finds it, and what narrows that besides its words."""

    search: Address
    narrowing: tuple[tuple[str, str], ...]


class Row(Struct, frozen=True):
    """A line of a table.

    label     the value
    rate      what was decided; null for a remark on the row above
    depth     how deep it stands in a tree
    items     the search that finds the items; null where none finds just those
    currency  which edition followed, and in which of the sources below the table that stands, from 1
    more      how many more rows there would be
    """

    label: str = ""
    rate: Rate | None = None
    depth: int = 0
    items: Address | None = None
    currency: tuple[Currency, int] | None = None
    more: int = 0


class Dot(Struct, frozen=True):
    """A year of a line: where it is drawn, and the row that it stands for.

    low, high  how far up the interval of the share reaches; null for counts
    """

    x: float
    y: float
    row: Rate
    low: float | None = None
    high: float | None = None


class Line(Struct, frozen=True):
    """Dots year after year, and the stretches of them without a gap.

    name     what is drawn
    highest  what the dot of the highest year stands for
    """

    name: str
    highest: str
    dots: tuple[Dot, ...]
    stretches: tuple[str, ...]


def stats(request: Request) -> Response:
    """Outcomes among the items that the question finds, by the values of a field."""
    address = address_of("/stats", request.query_params.multi_items(), known=(*ASKED, "by", "limit"))
    suffix = suffix_of(request)
    limit = number(address, "limit", otherwise=0 if suffix else MOST_ROWS)
    served: Served = request.app.state.served
    found = statistics(served.searcher, query_of(address), by=address.value("by", "year"), limit=limit)
    if suffix:
        return file_of(suffix, json=lambda: tables.as_json(found), csv=lambda: tables.statistics_csv(found))
    field = FIELD[found.by]
    rows = [Row(str(rate.value), rate, items=items_of(address, field, str(rate.value))) for rate in found.rows]
    years = found.rows if found.by == "year" and len(found.rows) > 1 else ()
    return page(
        request, "stats.html", title="Statistics", address=address, asked=asked_of(address), tables=tables,
        found=found, rows=rows, by=field.option, limit=limit, fields=[each.option for each in COUNTED_BY],
        lines=list(lines_of_years(years)), wide=WIDE, high=HIGH,
    )  # fmt: skip


def guidelines(request: Request) -> Response:
    """What the reviewers cite, with outcomes, and which editions were superseded."""
    address = address_of("/guidelines", request.query_params.multi_items(), known=(*ASKED, "depth", "limit"))
    suffix = suffix_of(request)
    limit = number(address, "limit", otherwise=0 if suffix else MOST_BELOW)
    depth = number(address, "depth", otherwise=DEPTH)
    if not 1 <= depth <= len(LEVELS):
        raise UsageError(f"depth is from 1 to {len(LEVELS)}, not {depth}", hint=f"depth={DEPTH}")
    served: Served = request.app.state.served
    found = cited_in(served.searcher, query_of(address), depth=depth)
    if suffix:
        return file_of(suffix, json=lambda: tables.as_json(found), csv=lambda: tables.guidelines_csv(found))
    return page(
        request, "guidelines.html", title="Guidelines", address=address, asked=asked_of(address), tables=tables,
        found=found, rows=list(tree_of(found, address, limit=limit)), depth=depth, limit=limit, levels=LEVELS,
        sources=tables.sources_of(found, limit=limit),
    )  # fmt: skip


def asked_of(address: Address) -> Asked:
    """What is counted."""
    narrowing = (pair for pair in address.parameters if pair[0] in ASKED and pair[0] != "query")
    return Asked(address.at("/search", only=ASKED), tuple(narrowing))


def tree_of(found: Guidelines, address: Address, *, limit: int) -> Iterator[Row]:
    """Each part of the tree, and below it what followed."""
    sources = tables.sources_of(found, limit=limit)
    for depth, one in tables.lines_of_tree(found.cited, limit=limit):
        if isinstance(one, int):
            yield Row(depth=depth, more=one)
            continue
        yield Row(one.name, one.rate, depth, items_of(address, CITATION, one.path))
        if one.currency:
            yield Row(depth=depth, currency=(one.currency, sources.index(one.currency.superseded.source) + 1))


def items_of(address: Address, field: Field, value: str) -> Address | None:
    """The search that finds the items of a row: all that is asked, and the value; null where no search says that."""
    search = address.at("/search", only=ASKED)
    asked = search.values(field.name)
    if field.filter and (not asked or not field.many or value_term(value) in map(value_term, asked)):
        return search.setting(field.name, value)
    # Values of one filter are alternatives, so that another one must stand in the words.
    if searches_words_of(field.name) or '"' in value:
        return None
    words = search.value("query")
    question = parse(words)
    # A bracket or a quote that is left open would take in what is added.
    if words and (question.notices or words.count('"') % 2):
        return None
    words = f"({words})" if isinstance(question.tree, AnyOf) and words else words
    narrowing = f"{field.name}:{value}" if field.kind == "number" else f'{field.name}:"{value}"'
    return search.setting("query", f"{narrowing} {words}".strip())


def lines_of_years(rows: Sequence[Rate]) -> Iterator[Line]:
    """Of the years' rows how many items there are, and the share overturned with its interval; none without years."""
    if not rows:
        return
    years = tables.by_year(rows)
    step = (WIDE - 2 * ROOM) / max(len(years) - 1, 1)
    for name, values, highest in tables.year_series(years):
        shares = name == "overturned"
        top = max(end for end in ([row.overturned.high for row in rows] if shares else values) if end is not None)
        dots = [
            dot_of(row, value, top=top, x=round(ROOM + step * place, 1), interval=shares)
            if row and value is not None
            else None
            for place, (row, value) in enumerate(zip(years, values, strict=True))
        ]
        yield Line(name, highest, tuple(filter(None, dots)), tuple(stretches_of(dots)))


def dot_of(row: Rate, value: float, *, top: float, x: float, interval: bool) -> Dot:
    """The year's dot, with the interval of its share where that is drawn."""
    ends = (row.overturned.low, row.overturned.high) if interval else (None, None)
    low, high = (None if end is None else height(end / top) for end in ends)
    return Dot(x, height(value / top), row, low, high)


def height(part: float) -> float:
    """How far from the top a part of the highest is drawn."""
    return round(ROOM + (HIGH - 2 * ROOM) * (1 - part), 1)


def stretches_of(dots: Iterable[Dot | None]) -> Iterator[str]:
    """The points of dots between which no year is missing."""
    for is_there, run in groupby(dots, key=bool):
        points = [f"{dot.x},{dot.y}" for dot in run if dot]
        if is_there and len(points) > 1:
            yield " ".join(points)


ROUTES = [*routes_of("/stats", stats), *routes_of("/guidelines", guidelines)]
