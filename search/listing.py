"""A list of items to be cited or exported: any number of them, one at a time, and where the list comes from."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from imrsearch.schema.records import Item, Letter
from imrsearch.search.citation import citation_of
from imrsearch.search.marks import Wanted
from imrsearch.search.query import Query, Sort
from imrsearch.search.render import counted, found_line
from imrsearch.search.results import IndexFigures, Results
from imrsearch.search.snippet import Passage, passage_of

if TYPE_CHECKING:
    from imrsearch.search.searcher import Searcher


class Listed(Struct, frozen=True, dict=True):
    """One item of a list.

    letter  with that item only
    score   0 where nothing is scored
    wanted  what the passage is to be about
    """

    letter: Letter
    score: float = 0.0
    wanted: Sequence[Wanted] = ()

    @property
    def item(self) -> Item:
        """The letter's one item."""
        return self.letter.items[0]

    @property
    def citation(self) -> str:
        """The item in the house form."""
        return citation_of(self.letter, self.item)

    @property
    def passage(self) -> str:
        """The item's best passage, as printed."""
        return self.marked.text

    @cached_property
    def marked(self) -> Passage:
        """The passage, and what in it is wanted."""
        return passage_of(self.item, self.wanted)


class Head(Struct, frozen=True, kw_only=True):
    """Where a list comes from: what every export says first.

    about    what it is: "search", "items cited"
    query    as asked, and as understood; null, as `filters` to `notices`, where the list answers no query
    filters  as asked, with `since` and `until`
    order    relevance, newest or oldest
    total    items found, in so many letters and families; letters and families null where not counted
    notices  what the search had to say of the query
    first    place of the first listed item among those found, from 1
    listed   how many items the list has
    index    the index that they are from
    date     ISO day of the export
    """

    about: str
    query: str | None = None
    query_as_run: str | None = None
    filters: dict[str, list[str] | str] | None = None
    order: Sort | None = None
    total: int | None = None
    total_letters: int | None = None
    total_families: int | None = None
    notices: tuple[str, ...] = ()
    first: int = 1
    listed: int
    index: IndexFigures
    date: str

    @property
    def title(self) -> str:
        """The list in a few words."""
        return f"{self.about}: {self.query}" if self.query else self.about

    def facts(self) -> Iterator[tuple[str, str]]:
        """Name and value of each fact, for people."""
        yield "list", self.about
        if self.query is not None:
            yield "query", self.query
        if self.query_as_run is not None:
            yield "query as run", self.query_as_run
        for name, asked in (self.filters or {}).items():
            yield f"filter {name.replace('_', '-')}", asked if isinstance(asked, str) else " or ".join(asked)
        if self.order is not None:
            yield "order", self.order
        if self.total is not None:
            yield "found", found_line(self.total, self.total_letters, families=self.total_families)
        yield "listed", counted(self.listed, "item") + (f", from place {self.first:,} on" if self.first > 1 else "")
        for notice in self.notices:
            # Below some a place of the query is shown.
            yield "note", notice.partition("\n")[0]
        yield "index", f"generation {self.index.generation}: {found_line(self.index.items, self.index.letters)}"
        yield "date", self.date


class Listing(Struct, frozen=True):
    """A list of items, to be gone through once, and where it comes from."""

    head: Head
    items: Iterator[Listed]


def head_of(results: Results, query: Query, *, order: Sort) -> Head:
    """What an export says of everything that the query finds, from its offset on and up to its limit."""
    return Head(
        about="search",
        query=results.query,
        query_as_run=results.query_as_run,
        filters=results.filters,
        order=order,
        total=results.total,
        total_letters=results.total_letters,
        total_families=results.total_families,
        notices=results.notices,
        first=query.offset + 1,
        listed=max(0, min(query.limit, results.total - query.offset)),
        index=results.index,
        date=today(),
    )


def head_of_items(about: str, listed: int, searcher: "Searcher") -> Head:
    """What an export says of a list that answers no query."""
    return Head(about=about, listed=listed, index=searcher.figures, date=today())


def listed_by_id(ids: Iterable[str], searcher: "Searcher", *, wanted: Sequence[Wanted] = ()) -> Iterator[Listed]:
    """The items of these ids, each once, and of a letter's id all its items; UsageError where there is none."""
    listed: set[str] = set()
    for id in ids:
        shown = searcher.find(id)
        for item in (shown.item,) if shown.item else shown.letter.items:
            if item.id in listed:
                continue
            listed.add(item.id)
            yield Listed(structs.replace(shown.letter, items=(item,)), wanted=wanted)


def today() -> str:
    """The day as an ISO date."""
    return date.today().isoformat()
