"""An opened index: questions in, results out; letters by their id."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from weakref import finalize

import tantivy
from msgspec import Struct, structs

from imrsearch.schema.documents import fingerprint, register_analyzers, value_term
from imrsearch.schema.engine import REBUILD_HINT, engine_errors
from imrsearch.schema.errors import IndexFailure, QueryError, StaleIndex, UsageError
from imrsearch.schema.families import Families
from imrsearch.schema.fields import FIELD, Field
from imrsearch.schema.letterfile import LetterFile
from imrsearch.schema.manifest import Manifest, read_manifest
from imrsearch.schema.readers import begin_reading
from imrsearch.schema.records import Item, Letter
from imrsearch.search.advice import absent_words, advice, is_held, is_indexed
from imrsearch.search.compile import (
    all_of,
    compile_query,
    everything,
    mentioned,
    preferring_together,
    undated,
    value_query,
    within_days,
)
from imrsearch.search.context import with_context
from imrsearch.search.counts import count_facets, count_having, count_letters, with_chosen
from imrsearch.search.engine import Engine
from imrsearch.search.expand import expand
from imrsearch.search.explain import Clock, Explanation, Part, part_of, tree_lines
from imrsearch.search.families import boilerplate_of, collapsed, count_families, families_of
from imrsearch.search.language import Node, Question, as_run, parse, values_in, written
from imrsearch.search.lexer import Held
from imrsearch.search.marks import Wanted, wanted_in
from imrsearch.search.order import Found, Row, found_by, ranked
from imrsearch.search.query import Query, checked
from imrsearch.search.results import FacetCount, Family, Hit, IndexFigures, Results, Shown
from imrsearch.search.snippet import NO_PASSAGE, marked_treatment, passage_of
from imrsearch.search.values import Readings, with_values
from imrsearch.search.widen import widened

# How many ids are named that begin like one that is not there.
NEAREST = 3
# Letters shown lately, and words looked up lately, that are kept ready.
LETTERS_KEPT = 256
WORDS_KEPT = 4_096
# Said where the question is not to be widened.
WIDEN_HINT = "no item has all the words; without --no-widen those that have most of them are found"


class Answer(Struct, frozen=True):
    """Results, and how they came about.

    question  as it ran: widened where no item has all of it
    found     the same with its days, as the engine takes it, with what only changes the order
    """

    results: Results
    question: Question
    found: tantivy.Query


class Searcher:
    """An index as it was when it was opened.

    manifest  what the index says of itself
    """

    def __init__(self, engine: Engine, manifest: Manifest) -> None:
        self.manifest = manifest
        self.engine = engine
        self.index_dir: Path | None = None

    @classmethod
    def open(cls, index_dir: Path) -> "Searcher":
        """Open the index at `index_dir`; raises IndexMissing, StaleIndex or IndexFailure."""
        while True:
            manifest = read_manifest(index_dir)
            if manifest.fingerprint != fingerprint():
                raise StaleIndex(f"the index at {index_dir} was built from other fields", hint=REBUILD_HINT)
            try:
                return cls.opened(index_dir, manifest)
            except IndexFailure:
                # Another generation took its place between the two.
                if read_manifest(index_dir).generation == manifest.generation:
                    raise

    @classmethod
    def opened(cls, index_dir: Path, manifest: Manifest) -> "Searcher":
        """The generation that the manifest names; it stays as long as it is read."""
        what = f"the index at {index_dir} cannot be opened"
        folder = index_dir / manifest.engine
        with engine_errors(what):
            reader = begin_reading(folder)
            if reader is None:
                raise IndexFailure(f"{what}: {manifest.engine} is missing", hint=REBUILD_HINT)
            try:
                index = tantivy.Index.open(str(folder))
                register_analyzers(index)
                letter_at = lru_cache(LETTERS_KEPT)(LetterFile(folder).letter)
                engine = Engine(index.searcher(), index.schema, letter_at, Families(folder))
                searcher = cls(engine, manifest)
            except BaseException:
                os.close(reader)
                raise
        searcher.index_dir = index_dir
        # While it is open, the generation is not removed.
        finalize(searcher, os.close, reader)
        return searcher

    def latest(self) -> "Searcher":
        """This searcher, or where another generation was published since, one of that."""
        if self.index_dir is None or read_manifest(self.index_dir).generation == self.manifest.generation:
            return self
        return Searcher.open(self.index_dir)

    def search(self, query: Query) -> Results:
        """The items that the query finds, counted and in order; raises QueryError, UsageError or IndexFailure."""
        return self.answer(checked(query), Clock()).results

    def answer(self, query: Query, clock: Clock) -> Answer:
        """The results of a checked query, and how it ran."""
        question = self.question(query, clock)
        wanted = wanted_in(question.tree) if query.snippets else None
        typed = question.tree
        asked, found = self.found(query, question, typed=typed, clock=clock)
        hints: tuple[str, ...] = ()
        if not found.total and (wider := clock.lap("advice", self.widened(query, question))):
            if query.widen:
                question = wider
                asked, found = self.found(query, question, typed=typed, clock=clock)
            else:
                hints = (WIDEN_HINT,)
        total = found.total
        rows, more = clock.lap("rank", self.page(query, question, found=found))
        letters = clock.lap("letters", self.letters(query, found))
        families = clock.lap("families", count_families(self.engine, found, letters=query.letters))
        facets = clock.lap("facets", self.facets(query, question, found=found.query))
        hits = self.hits(rows, wanted, clock=clock)
        remarks = (*self.remarks(query, question, asked=asked, total=total), *uncounted(query, facets))
        notices = (*question.notices, *remarks, *hints)
        clock.lap("advice", notices)
        results = Results(
            query=query.text,
            query_as_run=as_run(question),
            filters=filters_of(query),
            index=IndexFigures(self.manifest.generation, self.manifest.letters, self.manifest.items),
            total=total,
            total_letters=letters,
            total_families=families,
            returned=len(hits),
            truncated=more,
            took_ms=clock.total_ms,
            notices=notices,
            hits=hits,
            facets=facets,
            offset=query.offset,
            collapsed=query.collapse,
        )
        return Answer(results, question, found.ordered)

    def page(self, query: Query, question: Question, *, found: Found) -> tuple[list[Row], bool]:
        """The page of items, or of families, and whether there are more behind it."""
        if query.collapse:
            return collapsed(self.engine, found, query=query, tree=question.tree)
        rows = ranked(self.engine, found, query=query, tree=question.tree)
        return rows, found.total > query.offset + len(rows)

    def explain(self, query: Query, *, id: str | None = None) -> Explanation:
        """How the answer to the query comes about, and the score of the item of that id, or of the first hit."""
        clock = Clock()
        query = checked(query)
        answer = self.answer(query, clock)
        id = self.item_id(id) if id else next((hit.id for hit in answer.results.hits), None)
        parsed = parse(query.text, held=self.held)
        read = with_values(parsed, query, readings=self.readings)
        expanded = self.question(query, Clock())
        return Explanation(
            query_as_run=answer.results.query_as_run,
            tree=tuple(tree_lines(answer.question.tree)),
            syntax=parsed.notices,
            readings=read.notices[len(parsed.notices) :],
            expansions=expanded.notices[len(read.notices) :],
            relaxed=answer.question.notices[len(expanded.notices) :],
            filters={name: written(node) for name, node in answer.question.filters.items()},
            took_ms=clock.took_ms,
            total_ms=clock.total_ms,
            id=id,
            score=self.score(answer.found, id) if id else None,
        )

    def score(self, found: tantivy.Query, id: str) -> Part | None:
        """The item's score in its parts; null where the query does not find the item."""
        item = value_query(FIELD["id"], id, engine=self.engine)
        hits = self.engine.best(all_of((found, item)), 1)
        return part_of(self.engine.explained(found, hits[0][1]), self.engine.field_names()) if hits else None

    def item_id(self, id: str) -> str:
        """The id as printed, of the first item where it is a letter's; UsageError where there is neither."""
        shown = self.show(id)
        return (shown.item or shown.letter.items[0]).id

    def question(self, query: Query, clock: Clock) -> Question:
        """The query as understood: its text, its values as the index has them, its names with their other names."""
        parsed = clock.lap("parse", parse(query.text, held=self.held))
        read = clock.lap("values", with_values(parsed, query, readings=self.readings))
        if query.expand:
            read = clock.lap("expand", expand(read, indexed=self.is_indexed, held=self.is_held))
        return with_context(read)

    @cached_property
    def readings(self) -> Readings:
        """What typed values mean in this index."""
        return Readings(self.engine)

    @cached_property
    def is_indexed(self) -> Callable[[str], bool]:
        """Whether some item or summary has a word."""
        return lru_cache(WORDS_KEPT)(partial(is_indexed, engine=self.engine))

    @cached_property
    def is_held(self) -> Callable[[str], bool]:
        """Whether some item's drug is what a name means, or of that class."""
        return lru_cache(WORDS_KEPT)(partial(is_held, engine=self.engine))

    @cached_property
    def held(self) -> Held:
        """How many items have a value of a field."""
        return cache(partial(count_having, self.engine))

    @cached_property
    def absent(self) -> Callable[[Node], Sequence[str]]:
        """A sentence for each word that no item has; asked for twice where a question finds nothing."""
        return lru_cache(1)(partial(absent_words, engine=self.engine))

    def found(self, query: Query, question: Question, *, typed: Node, clock: Clock) -> tuple[tantivy.Query, Found]:
        """The question as the engine takes it, and what that finds in the days that are left."""
        asked = compile_query(question, self.engine)
        found = within_days(asked, query, engine=self.engine)
        ordered = clock.lap("compile", preferring_together(found, typed, self.engine))
        counted = found_by(self.engine, found, ordered=ordered, query=query, tree=question.tree)
        return asked, clock.lap("search", counted)

    def letters(self, query: Query, found: Found) -> int | None:
        """In how many letters the items are; null where nobody asks."""
        if query.letters is False:
            return None
        return self.manifest.letters if found.total == self.manifest.items else count_letters(self.engine, found)

    def widened(self, query: Query, question: Question) -> Question | None:
        """The question with fewer of its words, and which no item has; null where that finds nothing either."""

        def anywhere(node: Node) -> int:
            return self.engine.count(mentioned(node, self.engine))

        def left(node: Node) -> int:
            asked = compile_query(structs.replace(question, tree=node), self.engine)
            return self.engine.count(within_days(asked, query, engine=self.engine))

        # Without the filters there may be too much to read one by one.
        with suppress(QueryError):
            notices = (*question.notices, *filter(None, self.absent(question.tree)))
            return widened(structs.replace(question, notices=notices), anywhere=anywhere, left=left)
        return None

    def facets(self, query: Query, question: Question, *, found: tantivy.Query) -> dict[str, list[FacetCount]]:
        """Values and counts of each facet; one that a filter narrows is counted without that filter."""
        queries = dict.fromkeys(query.facets, found)
        own = [name for name in query.facets if name in question.filters]
        for name in own:
            others = {other: node for other, node in question.filters.items() if other != name}
            # Without this filter there may be too much to read one by one: then it narrows its own facet too.
            with suppress(QueryError):
                asked = compile_query(structs.replace(question, filters=others), self.engine)
                queries[name] = within_days(asked, query, engine=self.engine)
        counts = count_facets(self.engine, queries, letters=query.letters)
        for name in own:
            chosen = (value.text for value in values_in(question.filters[name]) if value.field == name)
            counts[name] = with_chosen(self.engine, counts[name], name=name, chosen=chosen)
        return counts

    def remarks(self, query: Query, question: Question, *, asked: tantivy.Query, total: int) -> Iterator[str]:
        """Sentences on what was found, and on what was not."""
        narrowed = bool(query.since or query.until)
        if narrowed and self.has_undated and (left_out := self.engine.count(undated(asked, self.engine))):
            items = "1 item without a date is" if left_out == 1 else f"{left_out:,} items without a date are"
            yield f"{items} left out"
        if not total:
            with suppress(QueryError):
                narrowed = narrowed or bool(query.filters)
                yield from advice(query.text, question, narrowed=narrowed, absent=self.absent, engine=self.engine)

    @cached_property
    def has_undated(self) -> bool:
        """Some item has no date."""
        return self.engine.count(undated(everything(), self.engine)) > 0

    def hits(self, rows: Sequence[Row], wanted: Sequence[Wanted] | None, *, clock: Clock) -> tuple[Hit, ...]:
        """What is shown of each item; without its passage where nothing is wanted of it."""
        letters = clock.lap("fetch", self.engine.letters([row.address for row in rows]))
        both = zip(letters, rows, strict=True)
        hits = clock.lap("snippets", tuple(hit_of(letter, wanted, score=row.score) for letter, row in both))
        families = clock.lap("families", families_of(self.engine, [row.address for row in rows]))
        return tuple(map(with_family, hits, families))

    def show(self, id: str) -> Shown:
        """The item or letter of that id; UsageError names ids that begin like it."""
        address = self.first_with(FIELD["id"], id)
        if address is None:
            letter = self.letter(id)
            return Shown(letter, shared=boilerplate_of(self.engine, letter))
        letter, item = self.engine.whole_letter(address), self.engine.letter(address).items[0]
        (family,) = families_of(self.engine, [address])
        return Shown(letter, item, family, boilerplate_of(self.engine, letter))

    def letter(self, letter_id: str) -> Letter:
        """The letter with all its items; UsageError names ids that begin like it."""
        if address := self.first_with(FIELD["letter_id"], letter_id):
            return self.engine.whole_letter(address)
        near = self.ids_like(letter_id)
        hint = f"ids that begin alike: {', '.join(near)}" if near else "the id stands in each hit: CM17-0019171:2"
        raise UsageError(f"no letter or item has the id {letter_id}", hint=hint)

    def family(self, id: str) -> tuple[Item, ...]:
        """The item of that id and all that have nearly its rationale, by their ids; UsageError where there is none."""
        address = self.first_with(FIELD["id"], id)
        if address is None:
            self.letter(id)
            raise UsageError(f"{id} is a letter", hint=f"name an item of it: {id}:1")
        (row,) = self.engine.rows([address])
        number = self.engine.families.of(row)
        return tuple(map(self.engine.item, self.engine.families.members(number) if number else (row,)))

    def first_with(self, field: Field, value: str) -> tantivy.DocAddress | None:
        """The first item that holds the value."""
        hits = self.engine.best(value_query(field, value.strip(), engine=self.engine), 1)
        return hits[0][1] if hits else None

    def ids_like(self, id: str) -> list[str]:
        """Up to three ids of letters that share the longest beginning with `id`."""
        field = FIELD["letter_id"]
        for end in range(len(id), 2, -1):
            terms = self.engine.terms(field.name, value_term(id[:end]), limit=NEAREST)
            if terms:
                found = (self.first_with(field, term) for term, _ in terms)
                return [self.engine.whole_letter(address).letter_id for address in found if address]
        return []


def uncounted(query: Query, facets: Mapping[str, Sequence[FacetCount]]) -> Iterator[str]:
    """A sentence on the facets whose letters are asked for and not counted."""
    if query.letters is False:
        return
    names = [FIELD[name].option for name, counts in facets.items() if any(found.letters is None for found in counts)]
    if names:
        yield f"too many items to count the letters of each value: {', '.join(names)}"


def hit_of(letter: Letter, wanted: Sequence[Wanted] | None, *, score: float) -> Hit:
    """What is shown of the letter's one item."""
    item = letter.items[0]
    passage = NO_PASSAGE if wanted is None else passage_of(item, wanted)
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
        marks=() if wanted is None else marked_treatment(item, wanted),
    )


def with_family(hit: Hit, family: Family | None) -> Hit:
    """The hit with what is known of its family."""
    if family is None:
        return hit
    return structs.replace(hit, family=family.id, similar=family.items - 1, family_outcomes=family.outcomes)


def filters_of(query: Query) -> dict[str, list[str] | str]:
    """The filters as asked, with the first and last day."""
    filters: dict[str, list[str] | str] = {name: list(values) for name, values in query.filters.items()}
    days = {"since": query.since, "until": query.until}
    return filters | {name: day for name, day in days.items() if day}
