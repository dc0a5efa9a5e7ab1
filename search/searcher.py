"""An opened index: questions in, results out; letters by their id."""

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import tantivy
from msgspec import structs

from imrsearch.schema.documents import fingerprint, register_analyzers, value_term
from imrsearch.schema.engine import REBUILD_HINT, engine_errors
from imrsearch.schema.errors import StaleIndex, UsageError
from imrsearch.schema.fields import FIELD, Field
from imrsearch.schema.manifest import Manifest, read_manifest
from imrsearch.schema.records import Letter
from imrsearch.search.advice import advice
from imrsearch.search.compile import compile_query, everything, undated, value_query, within_days
from imrsearch.search.counts import count_facets, count_letters
from imrsearch.search.engine import Engine
from imrsearch.search.expand import expand
from imrsearch.search.language import Question, as_run, parse
from imrsearch.search.order import Row, ranked
from imrsearch.search.query import Query, checked
from imrsearch.search.results import Hit, IndexFigures, Results, Shown
from imrsearch.search.snippet import Wanted, marked_treatment, passage_of, wanted_in
from imrsearch.search.values import with_values

# How many ids are named that begin like one that is not there.
NEAREST = 3


class Searcher:
    """An index as it was when it was opened.

    manifest  what the index says of itself
    """

    def __init__(self, engine: Engine, manifest: Manifest) -> None:
        self.manifest = manifest
        self.engine = engine

    @classmethod
    def open(cls, index_dir: Path) -> "Searcher":
        """Open the index at `index_dir`; raises IndexMissing, StaleIndex or IndexFailure."""
        manifest = read_manifest(index_dir)
        if manifest.fingerprint != fingerprint():
            raise StaleIndex(f"the index at {index_dir} was built from other fields", hint=REBUILD_HINT)
        with engine_errors(f"the index at {index_dir} cannot be opened"):
            index = tantivy.Index.open(str(index_dir / manifest.engine))
            register_analyzers(index)
            return cls(Engine(index.searcher(), index.schema), manifest)

    def search(self, query: Query) -> Results:
        """The items that the query finds, counted and in order; raises QueryError, UsageError or IndexFailure."""
        started = time.perf_counter()
        query = checked(query)
        question = expand(with_values(parse(query.text), query, engine=self.engine))
        asked = compile_query(question, self.engine)
        found = within_days(asked, query, engine=self.engine)
        total = self.engine.count(found)
        rows = ranked(self.engine, found, query=query, tree=question.tree, total=total)
        hits = self.hits(rows, wanted_in(question.tree))
        notices = (*question.notices, *self.remarks(query, question, asked=asked, total=total))
        results = Results(
            query=query.text,
            query_as_run=as_run(question),
            filters=filters_of(query),
            index=IndexFigures(self.manifest.generation, self.manifest.letters, self.manifest.items),
            total=total,
            total_letters=count_letters(self.engine, found, total=total),
            returned=len(hits),
            truncated=total > query.offset + len(hits),
            took_ms=0.0,
            notices=notices,
            hits=hits,
            facets=count_facets(self.engine, found, names=query.facets),
            offset=query.offset,
        )
        return structs.replace(results, took_ms=round((time.perf_counter() - started) * 1000, 2))

    def remarks(self, query: Query, question: Question, *, asked: tantivy.Query, total: int) -> Iterator[str]:
        """Sentences on what was found, and on what was not."""
        narrowed = bool(query.since or query.until)
        if narrowed and self.has_undated and (left_out := self.engine.count(undated(asked, self.engine))):
            items = "1 item without a date is" if left_out == 1 else f"{left_out:,} items without a date are"
            yield f"{items} left out"
        if not total:
            yield from advice(query.text, question, narrowed=narrowed or bool(query.filters), engine=self.engine)

    @cached_property
    def has_undated(self) -> bool:
        """Some item has no date."""
        return self.engine.count(undated(everything(), self.engine)) > 0

    def hits(self, rows: Iterable[Row], wanted: Sequence[Wanted]) -> tuple[Hit, ...]:
        """What is shown of each item."""
        return tuple(hit_of(self.engine.letter(row.address), wanted, score=row.score) for row in rows)

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
        query = value_query(field, value.strip(), engine=self.engine)
        total = self.engine.count(query)
        return [self.engine.letter(address) for _, address in self.engine.best(query, total)] if total else []

    def ids_like(self, id: str) -> list[str]:
        """Up to three ids of letters that share the longest beginning with `id`."""
        field = FIELD["letter_id"]
        for end in range(len(id), 2, -1):
            terms = self.engine.terms(field.name, value_term(id[:end]), limit=NEAREST)
            if terms:
                return [letter.letter_id for term, _ in terms for letter in self.letters_with(field, term)[:1]]
        return []


def hit_of(letter: Letter, wanted: Sequence[Wanted], *, score: float) -> Hit:
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
