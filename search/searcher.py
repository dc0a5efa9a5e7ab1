"""An opened index: questions in, results out; letters by their id."""

import time
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

import tantivy
from msgspec import structs

from imrsearch.schema.documents import fingerprint, letter_of, register_analyzers, value_term
from imrsearch.schema.engine import REBUILD_HINT, engine_errors
from imrsearch.schema.errors import StaleIndex, UsageError
from imrsearch.schema.fields import FIELD, Field
from imrsearch.schema.manifest import ENGINE, Manifest, read_manifest
from imrsearch.schema.records import Letter
from imrsearch.search.counts import count_facets, count_items, count_letters
from imrsearch.search.expand import expand
from imrsearch.search.language import Node, parse, values_in, written
from imrsearch.search.order import Row, ranked
from imrsearch.search.query import Query, checked, compile_query, searches_words_of, value_query
from imrsearch.search.results import Hit, IndexFigures, Results, Shown
from imrsearch.search.snippet import Wanted, marked_treatment, passage_of, wanted_in

# Values looked through for those near to one that no item has, and how many of them are named.
COMPARED = 5_000
NEAREST = 3


class Searcher:
    """An index as it was when it was opened.

    manifest  what the index says of itself
    """

    def __init__(self, index: tantivy.Index, manifest: Manifest) -> None:
        self.manifest = manifest
        self.schema = index.schema
        self.engine = index.searcher()

    @classmethod
    def open(cls, index_dir: Path) -> "Searcher":
        """Open the index at `index_dir`; raises IndexMissing, StaleIndex or IndexFailure."""
        manifest = read_manifest(index_dir)
        if manifest.fingerprint != fingerprint():
            raise StaleIndex(f"the index at {index_dir} was built from other fields", hint=REBUILD_HINT)
        with engine_errors(f"the index at {index_dir} cannot be opened"):
            index = tantivy.Index.open(str(index_dir / ENGINE))
            register_analyzers(index)
            return cls(index, manifest)

    def search(self, query: Query) -> Results:
        """The items that the query finds, counted and in order; raises QueryError, UsageError or IndexFailure."""
        started = time.perf_counter()
        query = checked(query)
        question = expand(parse(query.text))
        with engine_errors("the search failed"):
            compiled = compile_query(query, question.tree, self.schema)
            total = count_items(self.engine, compiled)
            letters = count_letters(self.engine, compiled, self.schema, total=total)
            facets = count_facets(self.engine, compiled, query.facets)
            rows = ranked(self.engine, compiled, self.schema, query=query, tree=question.tree, total=total)
            hits = self.hits(rows, wanted_in(question.tree))
            notices = (*question.notices, *self.absent_values(query, question.tree))
        return Results(
            query=query.text,
            query_as_run=written(question.tree),
            filters=filters_of(query),
            index=IndexFigures(self.manifest.generation, self.manifest.letters, self.manifest.items),
            total=total,
            total_letters=letters,
            returned=len(hits),
            truncated=total > query.offset + len(hits),
            took_ms=round((time.perf_counter() - started) * 1000, 2),
            notices=notices,
            hits=hits,
            facets=facets,
        )

    def hits(self, rows: Iterable[Row], wanted: Sequence[Wanted]) -> tuple[Hit, ...]:
        """What is shown of each item."""
        return tuple(hit_of(letter_of(self.engine.doc(row.address)), row.score, wanted) for row in rows)

    def show(self, id: str) -> Shown:
        """The item or letter of that id; UsageError names ids that begin like it."""
        item_letters = self.letters_with(FIELD["id"], id)
        if item_letters:
            return Shown(self.letter(item_letters[0].letter_id), item_letters[0].items[0])
        return Shown(self.letter(id))

    def letter(self, letter_id: str) -> Letter:
        """The letter with all its items; UsageError names ids that begin like it."""
        held = self.letters_with(FIELD["letter_id"], letter_id)
        if not held:
            near = self.ids_like(letter_id)
            hint = f"ids that begin alike: {', '.join(near)}" if near else "the id stands in each hit: CM17-0019171:2"
            raise UsageError(f"no letter or item has the id {letter_id}", hint=hint)
        items = sorted((item for letter in held for item in letter.items), key=lambda item: item.item)
        return structs.replace(held[0], items=tuple(items))

    def letters_with(self, field: Field, value: str) -> list[Letter]:
        """The letter of each item that holds the value, with that item only."""
        with engine_errors("the search failed"):
            query = value_query(field, value.strip(), self.schema)
            total = count_items(self.engine, query)
            found = self.engine.search(query, total, count=False).hits if total else []
            return [letter_of(self.engine.doc(address)) for _, address in found]

    def ids_like(self, id: str) -> list[str]:
        """Up to three ids of letters that share the longest beginning with `id`."""
        field = FIELD["letter_id"]
        for end in range(len(id), 2, -1):
            with engine_errors("the search failed"):
                terms = self.engine.terms_with_prefix(field.name, value_term(id[:end]), limit=NEAREST)
            if terms:
                return [letter.letter_id for term, _ in terms for letter in self.letters_with(field, term)[:1]]
        return []

    def absent_values(self, query: Query, tree: Node) -> Iterator[str]:
        """A sentence for each value asked for that no item has, with the values nearest to it."""
        asked = [(name, value) for name, values in query.filters.items() for value in values]
        asked += [(within.field, within.text) for within in values_in(tree) if not searches_words_of(within.field)]
        for name, value in dict.fromkeys(asked):
            field = FIELD[name]
            if not count_items(self.engine, value_query(field, value, self.schema)):
                near = self.values_like(field, value) if field.kind == "keyword" else []
                nearest = f"; nearest: {', '.join(near)}" if near else ""
                yield f"{field.option}: no item has {value}{nearest}"

    def values_like(self, field: Field, value: str) -> list[str]:
        """Values of the field that are spelled like `value`; of a field with few values the most frequent."""
        term = value_term(value)
        # Ids are too many to compare; those that begin alike are not.
        beginning = "" if field.facet else term[:4]
        found = sorted(self.engine.terms_with_prefix(field.name, beginning, limit=COMPARED), key=lambda pair: -pair[1])
        names = [name for name, _ in found]
        return get_close_matches(term, names, NEAREST, cutoff=0.6) or (names if len(names) <= NEAREST else [])


def hit_of(letter: Letter, score: float, wanted: Sequence[Wanted]) -> Hit:
    """What is shown of the letter's one item."""
    item = letter.items[0]
    passage = passage_of(item, wanted)
    return Hit(
        id=item.id,
        letter_id=letter.letter_id,
        item=item.item,
        treatment=item.treatment,
        outcome=item.outcome,
        score=round(score, 6),
        decision_date=letter.decision_date,
        specialties=letter.specialties,
        drugs=item.drugs,
        imr_guideline=item.imr_guideline,
        snippet=passage.text,
        highlights=passage.highlights,
        citations=item.imr_citations,
        marks=marked_treatment(item, wanted),
    )


def filters_of(query: Query) -> dict[str, list[str] | str]:
    """The filters as asked, with the first and last day."""
    filters: dict[str, list[str] | str] = {name: list(values) for name, values in query.filters.items()}
    days = {"since": query.since, "until": query.until}
    return filters | {name: day for name, day in days.items() if day}
