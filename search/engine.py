"""The opened index in the engine's own terms: every call to it, with its failures as errors of ours."""

import contextlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import tantivy
from msgspec import Struct, structs

from imrsearch.schema.documents import PLACE, ROW, exact_field, words_field
from imrsearch.schema.engine import engine_errors, failure_of
from imrsearch.schema.errors import ImrSearchError, IndexFailure
from imrsearch.schema.families import Families
from imrsearch.schema.fields import FIELDS
from imrsearch.schema.frames import damage_hint
from imrsearch.schema.records import Item, Letter

FAILED = "the search failed"
# In what the engine prints of a query: "Term(field=6, type=Str, ...".
NUMBER = re.compile(r"field=(\d+)")
Ranked = tuple[Any, tantivy.DocAddress]


class Engine(Struct, frozen=True):
    """An index as it was when it was opened.

    letter_at  the letter that lies at a place of the letter file
    families   which items have nearly the same rationale
    """

    searcher: tantivy.Searcher
    schema: tantivy.Schema
    letter_at: Callable[[int], Letter]
    families: Families

    @property
    def items(self) -> int:
        """How many items the index holds."""
        return self.searcher.num_docs

    def term(self, name: str, value: str | int, *, positions: bool = True) -> tantivy.Query:
        """Items with the term in the engine's field of that name."""
        # A query may have hundreds of these, and the context manager costs more than the engine does.
        try:
            if positions or isinstance(value, int):
                return tantivy.Query.term_query(self.schema, name, value)
            return tantivy.Query.term_query(self.schema, name, value, index_option="basic")
        except ValueError as error:
            raise failure_of(error, FAILED) from error

    def words(self, name: str, terms: Sequence[str]) -> tantivy.Query:
        """Items with the one term, or with several side by side."""
        return self.phrase(name, terms) if len(terms) > 1 else self.term(name, terms[0])

    def phrase(self, name: str, terms: Sequence[str], *, slop: int = 0) -> tantivy.Query:
        """Items with the two or more terms side by side; with slop about so many words may stand between."""
        try:
            return tantivy.Query.phrase_query(self.schema, name, list(terms), slop)
        except ValueError as error:
            raise failure_of(error, FAILED) from error

    def apart(self, name: str, terms: Sequence[tuple[int, str]], *, slop: int = 0) -> tantivy.Query:
        """Items with the two or more terms, each at its distance from the first; of two, give or take `slop` places."""
        try:
            return tantivy.Query.phrase_query(self.schema, name, list(terms), slop)
        except ValueError as error:
            raise failure_of(error, FAILED) from error

    def beginning(self, name: str, letters: str) -> tantivy.Query:
        """Items with a term that begins with the letters; they are letters and digits only."""
        with engine_errors(FAILED):
            return tantivy.Query.regex_query(self.schema, name, f"{letters}.*")

    def one_of(self, name: str, terms: Sequence[str]) -> tantivy.Query:
        """Items with at least one of the terms."""
        with engine_errors(FAILED):
            return tantivy.Query.term_set_query(self.schema, name, list(terms))

    def between(self, name: str, *, first: int, last: int) -> tantivy.Query:
        """Items with a number from `first` to `last`."""
        with engine_errors(FAILED):
            return tantivy.Query.range_query(self.schema, name, tantivy.FieldType.Integer, first, last)

    def having(self, name: str) -> tantivy.Query:
        """Items with a value in the engine's field of that name, which is not one of texts."""
        with engine_errors(FAILED):
            return tantivy.Query.exists_query(name)

    def count(self, query: tantivy.Query) -> int:
        """How many items the query finds."""
        with engine_errors(FAILED):
            return int(self.searcher.search(query, 1).count)  # type: ignore[attr-defined]

    def has_term(self, name: str, value: str) -> bool:
        """Some item has the term in the engine's field of that name."""
        with engine_errors(FAILED):
            # Deleted items are among these until their part of the index is written anew.
            known = self.searcher.doc_freq(name, value)
        return known > 0 and self.count(self.term(name, value)) > 0

    def counted(self, query: tantivy.Query, number: int) -> tuple[int, list[Ranked]]:
        """How many items the query finds, and the score and address of the first ones by score, in one pass."""
        with engine_errors(FAILED):
            found = self.searcher.search(query, number)
        return int(found.count), found.hits  # type: ignore[attr-defined]

    def best(self, query: tantivy.Query, number: int, *, offset: int = 0) -> list[Ranked]:
        """The score and address of the first items by score, after so many others."""
        with engine_errors(FAILED):
            return self.searcher.search(query, number, count=False, offset=offset).hits

    def first(
        self, query: tantivy.Query, number: int, *, by: str, downwards: bool = False, offset: int = 0
    ) -> list[Ranked]:
        """The value and address of the first items by a field that every item has, after so many others."""
        order = tantivy.Order.Desc if downwards else tantivy.Order.Asc
        with engine_errors(FAILED):
            hits = self.searcher.search(query, number, count=False, order_by_field=by, order=order, offset=offset).hits
        if hits and None in (hits[0][0], hits[-1][0]):
            raise self.without(by)
        return hits

    # What is asked of the engine and what it answers are JSON.
    def explained(self, query: tantivy.Query, address: tantivy.DocAddress) -> dict[str, Any]:
        """How the engine came to the score of an item that the query finds."""
        with engine_errors(FAILED):
            told = query.explain(self.searcher, address).to_json()
        explained: dict[str, Any] = msgspec.json.decode(told)
        return explained

    def field_names(self) -> dict[int, str]:
        """What our fields are called, by the numbers under which the engine speaks of them."""
        names: dict[int, str] = {}
        for field in FIELDS:
            spoken = {field.name: "", words_field(field): "", exact_field(field): ", as written"}
            for name, how in spoken.items():
                # The index has no such field: its words are not searched.
                with contextlib.suppress(ImrSearchError):
                    query = self.term(name, 0 if field.kind in ("number", "date") else "")
                    if number := NUMBER.search(repr(query)):
                        names[int(number[1])] = field.option + how
        return names

    def aggregate(self, query: tantivy.Query, request: dict[str, Any]) -> dict[str, Any]:
        """What the engine counts among the items found."""
        with engine_errors(FAILED):
            return self.searcher.aggregate(query, request)

    def values(self, name: str, addresses: Sequence[tantivy.DocAddress]) -> list[Any]:
        """The field's value in each of the items."""
        with engine_errors(FAILED):
            return self.searcher.fast_field_values(name, list(addresses))

    def rows(self, addresses: Sequence[tantivy.DocAddress]) -> list[int]:
        """The rows of the items, by which their letters and families are known."""
        rows = self.values(ROW, addresses)
        if rows and (None in rows or max(rows) >= len(self.families.rows)):
            raise self.without(ROW)
        return rows

    def without(self, name: str) -> IndexFailure:
        """An item lacks a field that every item has."""
        return IndexFailure(f"{FAILED}: an item has no {name}", hint=damage_hint(self.families.rows.path))

    def terms(self, name: str, beginning: str, *, limit: int) -> list[tuple[str, int]]:
        """The field's most frequent terms that begin so, with how many items have each."""
        with engine_errors(FAILED):
            return self.searcher.terms_with_prefix(name, beginning, limit=limit)

    def held(self, name: str, term: str) -> int:
        """How many items have the term in the engine's field of that name."""
        with engine_errors(FAILED):
            return int(self.searcher.doc_freq(name, term))

    def item(self, row: int) -> Item:
        """The item of a row."""
        return self.letter_of(row).items[0]

    def letter_of(self, row: int) -> Letter:
        """The letter of a row, with its item only."""
        place, number = self.families.rows.where(row)
        letter = with_item(self.letter_at(place), number)
        if not letter.items:
            raise self.families.rows.without(row)
        return letter

    def whole_letter(self, address: tantivy.DocAddress) -> Letter:
        """The letter of an item, with all its items."""
        (place,) = self.values(PLACE, [address])
        return self.letter_at(place)

    def letter(self, address: tantivy.DocAddress) -> Letter:
        """The letter of an item, with that item only."""
        (letter,) = self.letters([address])
        return letter

    def letters(self, addresses: Sequence[tantivy.DocAddress]) -> list[Letter]:
        """The letter of each of the items, with that item only."""
        return list(map(self.letter_of, self.rows(addresses)))


def with_item(letter: Letter, number: int) -> Letter:
    """The letter with the item of that number only."""
    return structs.replace(letter, items=tuple([item for item in letter.items if item.item == number]))
