"""What a search gives back. These structs are also the JSON, their attributes the keys in this order."""

from typing import Self

from msgspec import UNSET, Struct, UnsetType, structs

from imrsearch.schema.records import OUTCOMES, Citation, Item, Letter

SCHEMA_VERSION = 1
Span = tuple[int, int]


class IndexFigures(Struct, frozen=True):
    """The index that answered."""

    generation: int
    letters: int
    items: int


class FacetCount(Struct, frozen=True):
    """A value of a facet, and how many of the items found have it.

    letters  in how many letters those items are; null where there is too much to count
    chosen   a filter asks for it; for people, not in the JSON
    """

    value: str | int
    count: int
    letters: int | None = None
    chosen: bool | UnsetType = UNSET


class Family(Struct, frozen=True):
    """Items whose rationales are nearly the same.

    id        of its first item
    items     how many there are
    outcomes  how many of them had each outcome
    """

    id: str
    items: int
    outcomes: dict[str, int]

    @property
    def is_mixed(self) -> bool:
        """Some of the items were upheld and some overturned."""
        return self.outcomes.keys() >= {*OUTCOMES}


# What of a hit people are shown, and the contract does not have.
FOR_PEOPLE = ("citations", "marks", "letter", "rationale_marks")


class Hit(Struct, frozen=True, kw_only=True):
    """One disputed item.

    score       0 where the question holds nothing that scores
    snippet     whole sentences of the rationale; empty where the query asks for none
    highlights  character offsets into `snippet`: start, end
    family      id of the first item with nearly the same rationale; null where there is no other
    similar     how many other items of the index have nearly the same rationale
    family_outcomes  how many items of the family had each outcome
    citations   what the reviewer cites; for people, not in the JSON
    marks       character offsets into `treatment`; for people, not in the JSON
    letter      with that item only; for people, not in the JSON
    rationale_marks  character offsets into the item's rationale; for people, not in the JSON
    """

    id: str
    letter_id: str
    item: int
    treatment: str
    outcome: str
    score: float
    decision_date: str | None
    specialties: tuple[str, ...]
    drugs: tuple[str, ...]
    imr_guideline: str
    snippet: str
    highlights: tuple[Span, ...]
    family: str | None = None
    similar: int = 0
    family_outcomes: dict[str, int] | None = None
    citations: tuple[Citation, ...] | UnsetType = UNSET
    marks: tuple[Span, ...] | UnsetType = UNSET
    letter: Letter | UnsetType = UNSET
    rationale_marks: tuple[Span, ...] | UnsetType = UNSET

    @property
    def contract(self) -> Self:
        """The hit with the contract's keys only."""
        return structs.replace(self, **dict.fromkeys(FOR_PEOPLE, UNSET))


class Results(Struct, frozen=True, kw_only=True):
    """The answer to one query.

    query         as asked
    query_as_run  as understood: expansions, and values as the index has them, those of the filters too
    filters       as asked, with `since` and `until`
    total         items found
    total_letters letters in which they were found; null where the query asks for no letters
    total_families  as many different rationales, those that are nearly the same being one; null where not counted
    truncated     more items were found than `hits` and those before them
    offset        how many hits stand before the first; for people, not in the JSON
    collapsed     of each family the first item only is a hit; for people, not in the JSON
    """

    schema_version: int = SCHEMA_VERSION
    query: str
    query_as_run: str
    filters: dict[str, list[str] | str]
    index: IndexFigures
    total: int
    total_letters: int | None
    total_families: int | None = None
    returned: int
    truncated: bool
    took_ms: float
    notices: tuple[str, ...]
    hits: tuple[Hit, ...]
    facets: dict[str, list[FacetCount]]
    offset: int | UnsetType = UNSET
    collapsed: bool | UnsetType = UNSET


class Shown(Struct, frozen=True):
    """A letter, or one item of it, in full.

    letter  with all its items
    item    the one asked for; null where the letter was
    family  of that item; null where no other has nearly the same rationale
    alike   the first other items of the family
    shared  by an item's id the sentences of its rationale that many letters have, as character offsets
    """

    letter: Letter
    item: Item | None = None
    family: Family | None = None
    alike: tuple[Item, ...] = ()
    shared: dict[str, tuple[Span, ...]] = {}

    @property
    def siblings(self) -> tuple[Item, ...]:
        """The letter's other items."""
        return tuple(item for item in self.letter.items if item != self.item)
