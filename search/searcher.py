"""An index that is asked: questions in, results out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property, lru_cache, partial
from itertools import islice

import tantivy
from msgspec import Struct, structs

from imrsearch.schema.errors import QueryError
from imrsearch.schema.fields import FIELD
from imrsearch.schema.records import Letter
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
from imrsearch.search.everything import all_ranked, order_of
from imrsearch.search.expand import expand
from imrsearch.search.explain import Clock, Explanation, Part, part_of, tree_lines
from imrsearch.search.families import collapsed, count_families, family_at, looked_at
from imrsearch.search.language import Node, Question, as_run, parse, values_in, written
from imrsearch.search.lexer import Held
from imrsearch.search.listing import Listed, Listing, head_of
from imrsearch.search.marks import Wanted, wanted_in
from imrsearch.search.opened import Opened
from imrsearch.search.order import Found, Row, found_by, ranked
from imrsearch.search.query import Query, checked
from imrsearch.search.results import FacetCount, Family, Hit, Results
from imrsearch.search.snippet import NO_PASSAGE, marked_treatment, passage_in, reasons_of, spans
from imrsearch.search.values import Readings, with_values
from imrsearch.search.widen import widened

# Words looked up lately that are kept ready.
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


class Searcher(Opened):
    """An index as it was when it was opened, to be asked."""

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
        rows, more = clock.lap("rank", self.page(query, question, found=found))
        each = clock.lap("letters", looked_at(self.engine, found, letters=query.letters))
        letters = clock.lap("letters", self.letters(query, each))
        families = clock.lap("families", count_families(self.engine, each, letters=query.letters))
        facets = clock.lap("facets", self.facets(query, question, found=found.query))
        hits = self.hits(rows, wanted, clock=clock)
        remarks = (*self.remarks(query, question, asked=asked, total=found.total), *uncounted(query, facets))
        notices = (*question.notices, *remarks, *hints)
        clock.lap("advice", notices)
        results = Results(
            query=query.text,
            query_as_run=as_run(question),
            filters=filters_of(query),
            index=self.figures,
            total=found.total,
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

    def listing(self, query: Query) -> Listing:
        """Everything that the query finds, an item at a time, from its offset on and up to its limit."""
        query = checked(query)
        answer = self.answer(structs.replace(query, limit=0, letters=True), Clock())
        wanted = self.wanted(query)
        every = all_ranked(self.engine, answer.found, query=query, tree=answer.question.tree)
        first, last = (min(place, answer.results.total) for place in (query.offset, query.offset + query.limit))
        items = (Listed(letter, round(score, 6), wanted) for score, letter in islice(every, first, last))
        return Listing(head_of(answer.results, query, order=order_of(query, answer.question.tree)), items)

    def wanted(self, query: Query) -> tuple[Wanted, ...]:
        """What of an item's text the query asks for."""
        return tuple(wanted_in(self.question(checked(query), Clock()).tree))

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
        shown = self.find(id)
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
        letters = clock.lap("fetch", [self.engine.letter_of(row.number) for row in rows])
        families = clock.lap("families", [family_at(self.engine, row.number) for row in rows])
        shown = zip(rows, letters, families, strict=True)
        hits = (hit_of(letter, wanted, score=row.score, family=family) for row, letter, family in shown)
        return clock.lap("snippets", tuple(hits))


def uncounted(query: Query, facets: Mapping[str, Sequence[FacetCount]]) -> Iterator[str]:
    """A sentence on the facets whose letters are asked for and not counted."""
    if query.letters is False:
        return
    names = [FIELD[name].option for name, counts in facets.items() if any(found.letters is None for found in counts)]
    if names:
        yield f"too many items to count the letters of each value: {', '.join(names)}"


def hit_of(letter: Letter, wanted: Sequence[Wanted] | None, *, score: float, family: Family | None) -> Hit:
    """What is shown of the letter's one item, and of its family."""
    item = letter.items[0]
    reasons, marks = ("", []) if wanted is None else reasons_of(item, wanted)
    passage = NO_PASSAGE if wanted is None else passage_in(reasons, marks)
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
        family=family.id if family else None,
        similar=family.items - 1 if family else 0,
        family_outcomes=family.outcomes if family else None,
        citations=item.imr_citations,
        marks=() if wanted is None else marked_treatment(item, wanted),
        letter=letter,
        rationale_marks=spans(marks) if item.rationale else (),
    )


def filters_of(query: Query) -> dict[str, list[str] | str]:
    """The filters as asked, with the first and last day."""
    filters: dict[str, list[str] | str] = {name: list(values) for name, values in query.filters.items()}
    days = {"since": query.since, "until": query.until}
    return filters | {name: day for name, day in days.items() if day}
