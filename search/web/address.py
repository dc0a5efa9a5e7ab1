"""A page's address: its path and its parameters, which are all of its state; and the question that they ask.

The parameters have the names of the contract: `query`, each filter, `since`, `until`, `sort`, `limit`, `offset`, and
the switches of the command line: `expand`, `collapse`, `names`, `widen`.
"""

from collections.abc import Iterable, Iterator
from typing import Self, cast
from urllib.parse import quote, urlencode

from msgspec import Struct, structs

from imrsearch.schema.errors import UsageError
from imrsearch.search.query import FILTER_NAMES, WHOLE_NUMBER, Query, Sort, facet_names, name_among

# What narrows a question; a page of its answer is left when one of these changes.
ASKED = ("query", *FILTER_NAMES, "since", "until", "names", "widen")
LISTED = ("sort", "limit", "offset", "expand", "collapse")
SWITCHES = {"yes": True, "true": True, "1": True, "on": True, "no": False, "false": False, "0": False, "off": False}
# Each page of a kind, by its name.
PAGES = (
    ("/search", "Search"),
    ("/contrast", "Contrast"),
    ("/guidelines", "Guidelines"),
    ("/stats", "Statistics"),
    ("/draft", "Draft"),
    ("/help", "Help"),
)
# More than a reader scrolls past, or a program needs at once: it asks for the next page.
MOST_HITS = 100
# More than anybody ticks: every link of a page repeats them all.
MOST_PARAMETERS = 200


class Address(Struct, frozen=True):
    """Where a page is found.

    path        "/search"
    parameters  names and values, in order, none empty; filters may come again
    """

    path: str
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        asked = urlencode(self.parameters)
        return quote(self.path, safe="/:") + (f"?{asked}" if asked else "")

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of the parameter."""
        return tuple(value for each, value in self.parameters if each == name)

    def value(self, name: str, otherwise: str = "") -> str:
        """The parameter's last value."""
        return next(reversed(self.values(name)), otherwise)

    def adding(self, name: str, value: str) -> Self:
        """With one more value, on the first page."""
        kept = self.without(name, value)
        return structs.replace(kept, parameters=(*kept.parameters, (name, value)))

    def without(self, name: str, value: str | None = None) -> Self:
        """Without the parameter, or that value of it, on the first page."""
        kept = (
            pair
            for pair in self.parameters
            if pair[0] != "offset" and (pair[0] != name or value not in (None, pair[1]))
        )
        return structs.replace(self, parameters=tuple(kept))

    def setting(self, name: str, value: str | int | None) -> Self:
        """With this one value of the parameter, or without it."""
        kept = self.without(name)
        return kept if value is None else structs.replace(kept, parameters=(*kept.parameters, (name, str(value))))

    def at(self, path: str, *, only: Iterable[str] | None = None) -> Self:
        """Another page that is asked the same, or only so much of it."""
        names = None if only is None else {*only}
        kept = tuple(pair for pair in self.parameters if names is None or pair[0] in names)
        return structs.replace(self, path=path, parameters=kept)


def address_of(path: str, parameters: Iterable[tuple[str, str]], *, known: Iterable[str]) -> Address:
    """The address with its parameters by their own names; UsageError for one that the page does not know."""
    names = tuple(known)
    read = [(name_among(name, names, what="parameter"), value) for name, value in parameters]
    kept = tuple(pair for pair in read if pair[1].strip())
    if len(kept) > MOST_PARAMETERS:
        hint = "ask for fewer values at once"
        raise UsageError(f"an address has {MOST_PARAMETERS} parameters at most, not {len(kept):,}", hint=hint)
    return Address(path, kept)


def query_of(address: Address, *, limit: int = 10, collapse: bool = False) -> Query:
    """The question that the address asks; UsageError where a number or a switch cannot be read."""
    expand = switch(address, "expand", otherwise=not collapse)
    return Query(
        text=address.value("query"),
        filters={name: values for name in FILTER_NAMES if (values := address.values(name))},
        since=address.value("since") or None,
        until=address.value("until") or None,
        sort=cast("Sort", address.value("sort", "relevance")),
        limit=min(number(address, "limit", otherwise=limit), MOST_HITS),
        offset=number(address, "offset", otherwise=0),
        collapse=switch(address, "collapse", otherwise=not expand),
        expand=switch(address, "names", otherwise=True),
        widen=switch(address, "widen", otherwise=True),
    )


def counted_query_of(address: Address) -> Query:
    """The question as programs are answered: with its letters, and the facets that the address names, counted."""
    return structs.replace(query_of(address), letters=True, facets=facet_names(",".join(address.values("facets"))))


def number(address: Address, name: str, *, otherwise: int) -> int:
    """The parameter as a whole number from 0."""
    value = address.value(name, str(otherwise)).strip()
    if not WHOLE_NUMBER.fullmatch(value):
        raise UsageError(f"{name} takes a whole number, not {value}", hint=f"write digits only: {name}={otherwise}")
    return int(value)


def switch(address: Address, name: str, *, otherwise: bool) -> bool:
    """The parameter as yes or no."""
    value = address.value(name).strip().lower()
    if value and value not in SWITCHES:
        raise UsageError(f"{name} takes yes or no, not {value}", hint=f"{name}=yes or {name}=no")
    return SWITCHES.get(value, otherwise)


def is_item_id(words: str) -> bool:
    """ "CM17-9900405:2", which is shown and compared, but finds nothing among words."""
    letter_id, _, item = words.strip().rpartition(":")
    return len(letter_id.split()) == 1 and item.isdecimal()


def ways_from(address: Address) -> Iterator[tuple[str, Address]]:
    """Each page by its name, asked what this one is asked as far as it can be; this one itself begins anew."""
    words = address.value("query", address.value("asked"))
    said = () if not words or is_item_id(words) else (words,)
    narrowing = (pair for pair in address.parameters if pair[0] in ASKED and pair[0] != "query")
    asked = (*(("query", each) for each in said), *narrowing)
    for path, name in PAGES:
        if path == address.path or path in ("/draft", "/help"):
            yield name, Address(path)
        elif path == "/contrast":
            yield name, Address(path, tuple(("asked", each) for each in said))
        else:
            yield name, Address(path, asked)
