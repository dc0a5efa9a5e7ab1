"""The question in the engine's terms.

A plain word must be found in at least one of the fields that have a boost. Its score is that of the field where it
scores best, plus a part of the others: heading, drug and rationale often repeat each other, and their plain sum would
count one fact three times. Filters and values never score.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import pairwise
from typing import assert_never

import tantivy

from imrsearch.schema.documents import exact_field, terms_in, value_term, words_field
from imrsearch.schema.fields import BOOSTS, CONTEXTS, FIELD, Field
from imrsearch.search.context import anchor_of, is_loose
from imrsearch.search.engine import Engine
from imrsearch.search.language import (
    All,
    AnyOf,
    Named,
    Near,
    Node,
    Not,
    Phrase,
    Prefix,
    Question,
    Within,
    Word,
    nears_in,
    searches_words_of,
    written,
)
from imrsearch.search.marks import KEPT, Pattern, pattern_of, patterns_of_name
from imrsearch.search.proximity import is_phrase, phrases_query, read_query
from imrsearch.search.query import DATE, UNDATED, Query, date_span, days_of
from imrsearch.search.ranges import ends_of, is_range

Must, Should, MustNot = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot

# The share of the fields in which a word scores less than in its best one.
OTHER_FIELDS = 0.3
# A name found by expansion, against 1 for the field's own boost: below any word found as typed.
EXPANSION = 0.6

# The weight of two neighbouring words of the question that stand together, against 1 for the field's own boost; looked
# for in questions of so many words only, and in the fields that count in full.
TOGETHER = 0.5
SHORT_QUESTION = range(2, 7)
FULL_BOOST = 1.0
# "4 weeks" is also near in "4 to 6 weeks".
NUMBER_REACH = 2


@lru_cache(KEPT)
def terms_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are indexed: "325 mg" is ("325", "mg")."""
    return terms_in(unicodedata.normalize("NFC", text))


def compile_query(question: Question, engine: Engine) -> tantivy.Query:
    """The tree, and each filter's values; filters do not score."""
    filters = [unscored(compile_tree(node, engine)) for node in question.filters.values()]
    text = compile_tree(question.tree, engine, left=all_of(filters) if filters else None)
    return all_of([text, *filters]) if filters else text


def preferring_together(found: tantivy.Query, tree: Node, engine: Engine) -> tantivy.Query:
    """The same items; those score more in which neighbouring words of a short question stand together."""
    pairs = [pair_query(one, other, engine) for one, other in neighbours_in(tree)]
    return tantivy.Query.boolean_query([(Must, found), *((Should, pair) for pair in pairs)]) if pairs else found


def neighbours_in(tree: Node) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The terms of each word and of the next one, where the question is a few words that must all be found."""
    said: list[list[Word]] = [[]]
    for part in tree.parts if isinstance(tree, All) else (tree,):
        match part:
            case Word():
                said[-1].append(part)
            case Named(words):
                said[-1] += words
            case _:
                said.append([])
    if sum(map(len, said)) in SHORT_QUESTION:
        for run in said:
            terms = [terms for word in run if (terms := terms_of(word.text))]
            yield from pairwise(terms)


def pair_query(first: tuple[str, ...], second: tuple[str, ...], engine: Engine) -> tantivy.Query:
    """The terms of both side by side in a field; a number may stand a few words before its word."""
    slop = NUMBER_REACH if len(first) == 1 and first[0][0].isdigit() and not second[0][0].isdigit() else 0
    fields = [
        boosted(engine.phrase(words_field(FIELD[name]), (*first, *second), slop=slop), TOGETHER * boost)
        for name, boost in BOOSTS.items()
        if FIELD[name].kind == "text" and boost >= FULL_BOOST
    ]
    return tantivy.Query.disjunction_max_query(fields, OTHER_FIELDS)


def compile_tree(tree: Node, engine: Engine, *, left: tantivy.Query | None = None) -> tantivy.Query:
    """The tree as a query; what holds no word that could be searched for finds nothing."""
    return compile_node(tree, engine, left=left) or tantivy.Query.empty_query()


def compile_node(
    node: Node, engine: Engine, *, left: tantivy.Query | None = None, anchored: bool = False
) -> tantivy.Query | None:
    """The node as a query; None where it holds no word that could be searched for.

    left      the only items that count, because of other parts: what must be read is read in these
    anchored  another part must be in the item: loose words may stand in the summary
    """
    match node:
        case Word() | Phrase() | Prefix():
            pattern = pattern_of(node)
            fields = BOOSTS | CONTEXTS if anchored and is_loose(node) else BOOSTS
            query_for = partial(pattern_query, pattern=pattern, engine=engine)
            return in_fields(fields, query_for) if pattern.terms else None
        case Near():
            return near_query(node, engine, left=left)
        case Within():
            return within_query(node, engine)
        case Named():
            return named_query(node, engine)
        case Not(part):
            found = compile_node(part, engine, left=left)
            return found and tantivy.Query.boolean_query([(Must, everything()), (MustNot, found)])
        case All(parts):
            return all_of_query(parts, engine, left=left, anchored=anchored) if parts else everything()
        case AnyOf(parts):
            several = [compile_node(part, engine, left=left, anchored=anchored) for part in once(parts)]
            found_parts = [each for each in several if each]
            return any_of(found_parts) if found_parts else None
        case _:
            assert_never(node)


def all_of_query(
    parts: tuple[Node, ...], engine: Engine, *, left: tantivy.Query | None, anchored: bool
) -> tantivy.Query | None:
    """Every part, each once; negated parts together need one query of everything only where nothing else is asked."""
    clauses: list[tuple[tantivy.Occur, tantivy.Query]] = []
    anchor = None if anchored else anchor_of(parts)
    loose = () if anchored or anchor else [part for part in parts if is_loose(part)]
    # What must be read comes last, when the other parts leave few items.
    for part in sorted(once(parts), key=is_read):
        asked = part.part if isinstance(part, Not) else part
        narrower = [query for occur, query in clauses if occur is Must] if is_read(part) else []
        within = all_of([*narrower, left] if left else narrower) if narrower else left
        free = not isinstance(part, Not) and part is not anchor and bool(anchored or anchor or is_loose(part))
        wanted = compile_node(asked, engine, left=within, anchored=free)
        if wanted:
            clauses.append((MustNot if isinstance(part, Not) else Must, wanted))
    if not clauses:
        return None
    if in_item := [found for part in loose if (found := compile_node(part, engine))]:
        clauses.append((Must, unscored(any_of(in_item))))
    if all(occur is MustNot for occur, _ in clauses):
        clauses.append((Must, everything()))
    return tantivy.Query.boolean_query(clauses)


def is_read(node: Node) -> bool:
    """Some part of the node may have to be read item by item."""
    return isinstance(node, Near | Not | All | AnyOf) and any(not is_phrase(near) for near in nears_in(node))


def once(parts: tuple[Node, ...]) -> Iterable[Node]:
    """The parts without repetitions: a word asked for twice costs and counts once."""
    return {written(part): part for part in parts}.values()


def within_query(within: Within, engine: Engine) -> tantivy.Query | None:
    """A value of one field: its words where the field has words, else the whole value."""
    field = FIELD[within.field]
    if not within.whole and searches_words_of(within.field):
        pattern = pattern_of(within)
        found = pattern_query(field, pattern=pattern, engine=engine) if pattern.terms else None
        return found and boosted(found, field.boost or 1.0)
    return unscored(value_query(field, within.text, engine=engine))


def near_query(near: Near, engine: Engine, *, left: tantivy.Query | None) -> tantivy.Query | None:
    """Two parts near each other in a field; None where one of them holds no word."""
    patterns = (pattern_of(near.first), pattern_of(near.second))
    if not all(pattern.terms for pattern in patterns):
        return None
    if is_phrase(near):
        return in_fields(BOOSTS, partial(phrases_query, near=near, engine=engine))
    both = {
        name: all_of(pattern_query(FIELD[name], pattern=pattern, engine=engine) for pattern in patterns)
        for name in BOOSTS
    }
    counted = {name: all_of((query, unscored(left))) for name, query in both.items()} if left else both
    return all_of(
        (in_fields(BOOSTS, lambda field: both[field.name]), unscored(read_query(near, counted, engine=engine)))
    )


def pattern_query(field: Field, *, pattern: Pattern, engine: Engine) -> tantivy.Query:
    """The pattern in the field's words, by their stems or as they are written."""
    if pattern.prefix:
        return engine.beginning(exact_field(field), pattern.terms[0])
    if pattern.written and not field.places:
        return terms_query(field, terms=pattern.written, engine=engine, exact=True)
    return terms_query(field, terms=pattern.terms, engine=engine, exact=pattern.exact)


def named_query(named: Named, engine: Engine) -> tantivy.Query | None:
    """The words as typed, or by what they name.

    Every item that is found by the name or its meaning has the same weight from it, by field; the words as typed
    score on top. So a rare misspelling never outranks the name that was asked for.
    """
    typed = (patterns_query(patterns_of_name(word.text), engine) for word in named.words)
    asked = [query for query in typed if query]
    weighed = []
    if named.meaning.values:
        held = FIELD[named.meaning.field]
        meant = all_of(value_query(held, value, engine=engine) for value in named.meaning.values)
        weighed.append(weighted(meant, held.boost or max(BOOSTS.values())))
    if named.meaning.spelled:
        names = (" ".join(word.text for word in named.words), *named.meaning.spelled)
        several = dict.fromkeys(pattern for name in names for pattern in patterns_of_name(name))
        patterns = [pattern for pattern in several if pattern.terms]
        for name, boost in BOOSTS.items():
            spelled = any_of(pattern_query(FIELD[name], pattern=pattern, engine=engine) for pattern in patterns)
            weighed.append(weighted(spelled, boost))
    sides = [tantivy.Query.disjunction_max_query(weighed)]
    if asked:
        sides.append(all_of(asked))
    return any_of(sides)


def patterns_query(patterns: Iterable[Pattern], engine: Engine) -> tantivy.Query | None:
    """One of the patterns in any field that plain words search."""
    found = [
        in_fields(BOOSTS, partial(pattern_query, pattern=pattern, engine=engine))
        for pattern in patterns
        if pattern.terms
    ]
    return any_of(found) if found else None


def mentioned(node: Node, engine: Engine) -> tantivy.Query:
    """Where the node is found by itself; of a loose word, where it may count."""
    return compile_node(node, engine, anchored=is_loose(node)) or tantivy.Query.empty_query()


def in_fields(boosts: Mapping[str, float], query_for: Callable[[Field], tantivy.Query]) -> tantivy.Query:
    """Found in any of the fields, by the field's boost."""
    fields = [boosted(query_for(FIELD[name]), boost) for name, boost in boosts.items()]
    return tantivy.Query.disjunction_max_query(fields, OTHER_FIELDS)


def terms_query(field: Field, *, terms: tuple[str, ...], engine: Engine, exact: bool = False) -> tantivy.Query:
    """The terms in the field's words, side by side where there are several."""
    name = exact_field(field) if exact else words_field(field)
    return engine.term(name, terms[0]) if len(terms) == 1 else engine.phrase(name, terms)


def value_query(field: Field, value: str, *, engine: Engine) -> tantivy.Query:
    """A whole value of the field, or a range of them."""
    if field.kind in ("date", "number") and is_range(value):
        first, last = ends_of(field, value)
        return engine.between(field.name, first=first, last=last)
    match field.kind:
        case "date":
            return days_query(*date_span(value), engine=engine)
        case "number":
            return engine.term(field.name, int(value))
        case _:
            return engine.term(field.name, value_term(value), positions=False)


def within_days(found: tantivy.Query, query: Query, *, engine: Engine) -> tantivy.Query:
    """What is found, of the days that the query leaves."""
    return all_of((found, days_query(*days_of(query), engine=engine))) if query.since or query.until else found


def undated(found: tantivy.Query, engine: Engine) -> tantivy.Query:
    """What is found and has no date."""
    return all_of((found, days_query(UNDATED, UNDATED, engine=engine)))


def days_query(first: int, last: int, *, engine: Engine) -> tantivy.Query:
    """Items decided on the days from `first` to `last`; unscored."""
    return unscored(engine.between(DATE.name, first=first, last=last))


def everything() -> tantivy.Query:
    """All items, with no score."""
    return unscored(tantivy.Query.all_query())


def unscored(query: tantivy.Query) -> tantivy.Query:
    """The query as a mere condition."""
    return tantivy.Query.const_score_query(query, 0.0)


def weighted(query: tantivy.Query, boost: float) -> tantivy.Query:
    """The query with the fixed score of an expansion in a field of that boost."""
    return tantivy.Query.const_score_query(query, EXPANSION * boost)


def boosted(query: tantivy.Query, boost: float) -> tantivy.Query:
    """The query with its score multiplied."""
    return query if boost == 1.0 else tantivy.Query.boost_query(query, boost)


def all_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    """Found by every query."""
    several = list(queries)
    return several[0] if len(several) == 1 else tantivy.Query.boolean_query([(Must, query) for query in several])


def any_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    """Found by at least one query."""
    several = list(queries)
    return several[0] if len(several) == 1 else tantivy.Query.boolean_query([(Should, query) for query in several])
