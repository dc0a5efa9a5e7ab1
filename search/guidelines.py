"""What the reviewers cite, from guideline down to page, with what was decided, and which editions were superseded."""

from collections.abc import Iterator, Sequence

import tantivy
from msgspec import Struct, structs

from imrsearch.schema.documents import value_term
from imrsearch.schema.editions import Superseded, superseded
from imrsearch.schema.fields import BELOW, FIELD
from imrsearch.search.compile import all_of, days_query, undated
from imrsearch.search.engine import Engine
from imrsearch.search.language import values_in
from imrsearch.search.query import LAST_DAY, Query, date_span
from imrsearch.search.searcher import Answer, Searcher
from imrsearch.search.stats import Counted, Rate, answered, counted_of, narrowed, rate_of, tallies_of

LEVELS = ("guideline", "document", "section", "page")
CITATION, GUIDELINE = FIELD["citation"], FIELD["guideline"]
# How the last part of a path begins that is a page: also where a document is cited by its pages alone.
PAGE = "p. "


class Currency(Struct, frozen=True):
    """That an edition was superseded, and how many of the items that cite it were decided when.

    at_the_time  on the day that it was or later; null where no edition is cited
    undated      on a day that the letter does not tell
    """

    superseded: Superseded
    at_the_time: int | None
    undated: int


class Cited(Struct, frozen=True):
    """A guideline, a document with its edition, a section or a page, and what was decided where it is cited.

    path      the value of --citation: "MTUS > Chronic Pain Medical Treatment 2009"
    currency  null where no source says that the edition was superseded
    below     what it leads on to, by items
    """

    name: str
    level: str
    path: str
    rate: Rate
    currency: Currency | None
    below: tuple["Cited", ...]


class Guidelines(Counted, frozen=True, kw_only=True):
    """Outcomes by what the reviewers cite; these keys are the JSON, after those of Counted.

    depth    the last of LEVELS that was counted
    without  items that cite nothing: in the total only
    cited    the guidelines, by items
    """

    depth: str
    without: int
    cited: tuple[Cited, ...]


def guidelines(searcher: Searcher, query: Query, *, depth: int = len(LEVELS)) -> Guidelines:
    """What the items that the query finds cite, as a tree; of what --citation and --guideline ask for that part only.

    depth  of LEVELS
    """
    answer = answered(searcher, query)
    engine, found = searcher.engine, answer.found
    part = asked_paths(answer)
    rates = {
        str(tally.value): rate_of(engine, found, tally, field=CITATION)
        for tally in tallies_of(engine, found, field=CITATION)
        if level_of(str(tally.value)) < depth and is_in(str(tally.value), part)
    }
    below: dict[str, list[str]] = {}
    for path in rates:
        below.setdefault(value_term(path.rpartition(BELOW)[0]), []).append(path)

    def cited_below(above: str) -> Iterator[Cited]:
        for path in sorted(below.get(value_term(above), ()), key=lambda path: (-rates[path].items, page_of(path))):
            yield Cited(
                name=path.rpartition(BELOW)[2],
                level=LEVELS[level_of(path)],
                path=path,
                rate=rates[path],
                currency=currency_of(engine, narrowed(engine, found, CITATION, path), edition_of(path)),
                below=tuple(cited_below(path)),
            )

    return Guidelines(
        **structs.asdict(counted_of(searcher, answer)),
        depth=LEVELS[depth - 1],
        without=answer.results.total - engine.count(all_of((found, engine.having(CITATION.name)))),
        cited=tuple(cited_below("")),
    )


def level_of(path: str) -> int:
    """Its place in LEVELS."""
    *above, last = path.split(BELOW)
    return LEVELS.index("page") if above and last.startswith(PAGE) else len(above)


def page_of(path: str) -> int:
    """The page where the path ends; 0 where that is no page."""
    last = path.rpartition(PAGE)[2]
    return int(last) if level_of(path) == LEVELS.index("page") and last.isdecimal() else 0


def asked_paths(answer: Answer) -> list[str]:
    """The paths and guidelines that the filters ask for."""
    filters = answer.question.filters
    return [
        value_term(value.text)
        for field in (CITATION, GUIDELINE)
        if field.name in filters
        for value in values_in(filters[field.name])
    ]


def is_in(path: str, asked: Sequence[str]) -> bool:
    """The path leads to one that is asked for, or on from it; all do where none is."""
    here = f"{value_term(path)}{BELOW}"
    return not asked or any(f"{one}{BELOW}".startswith(here) or here.startswith(f"{one}{BELOW}") for one in asked)


def edition_of(path: str) -> Superseded | None:
    """What is known of the edition that the path names: at its document, or at the only section that it holds of."""
    match path.split(BELOW):
        case [_, document]:
            return superseded(document)
        case [_, document, section] if not superseded(document):
            return superseded(document, section=section)
    return None


def currency_of(engine: Engine, citing: tantivy.Query, known: Superseded | None) -> Currency | None:
    """When the items were decided that cite the edition."""
    if not known:
        return None
    since = days_query(date_span(known.on)[0], LAST_DAY, engine=engine)
    at_the_time = engine.count(all_of((citing, since))) if known.edition else None
    return Currency(known, at_the_time, engine.count(undated(citing, engine)))
