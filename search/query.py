"""What is asked, as one value, and what that is in the engine's terms.

A plain word must be found in at least one of the fields that have a boost. Its score is that of the field where it
scores best, plus a part of the others: heading, drug and rationale often repeat each other, and their plain sum would
count one fact three times. Filters and values never score.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import Literal, get_args

import tantivy
from msgspec import Struct, structs

from imrsearch.schema.documents import value_term, words_analyzer, words_field
from imrsearch.schema.errors import QueryError, UsageError
from imrsearch.schema.fields import BOOSTS, FACETS, FIELD, FIELDS, FILTERS, Field
from imrsearch.search.language import All, AnyOf, Named, Node, Not, Phrase, Within, Word, readable, values_in, written

Sort = Literal["relevance", "newest", "oldest"]
Must, Should, MustNot = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot

# The share of the fields in which a word scores less than in its best one.
OTHER_FIELDS = 0.3
# A name found by expansion, against 1 for the field's own boost: below any word found as typed.
EXPANSION = 0.6
# "2016", "2016-12", "2016-12-30".
DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
UNDATED, FIRST_DAY, LAST_DAY = 0, 1, 99_991_231
# The date that `since` and `until` narrow and that hits are sorted by.
DATE = next(field for field in FIELDS if field.kind == "date")
DATE_HINT = "write 2016-12-30, 2016-12 or 2016"


class Query(Struct, frozen=True, kw_only=True):
    """A question with everything that narrows, counts and orders its answer.

    text     in the language of `search/language.py`; "" asks for everything
    filters  field name to values: OR within a field, AND between fields
    since    first day, month or year of the decision, inclusive: "2016", "2016-12", "2016-12-30"
    until    likewise the last: "2016" is to the end of 2016
    facets   names of the fields whose values are counted
    limit    how many hits; 0 counts only
    """

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = {}
    since: str | None = None
    until: str | None = None
    facets: tuple[str, ...] = ()
    sort: Sort = "relevance"
    limit: int = 10
    offset: int = 0


def checked(query: Query) -> Query:
    """The query with the fields' own names and clean texts; UsageError where it asks for what there is not."""
    if query.sort not in get_args(Sort):
        raise UsageError(f"there is no order {query.sort}", hint=f"one of: {', '.join(get_args(Sort))}")
    if query.limit < 0 or query.offset < 0:
        raise UsageError("limit and offset count from 0", hint="leave out the minus sign")
    filters = {
        field_of(name, FILTERS, "filter").name: tuple(map(clean_value, one_or_more(values)))
        for name, values in query.filters.items()
        if values
    }
    since, until = (value or None for value in (query.since, query.until))
    first, last = (date_span(since)[0] if since else FIRST_DAY, date_span(until)[1] if until else LAST_DAY)
    if first > last:
        raise UsageError(f"since {since} is after until {until}", hint="exchange them")
    facets = dict.fromkeys(field_of(name, FACETS, "facet").name for name in query.facets)
    return structs.replace(
        query, text=readable(query.text), filters=filters, facets=tuple(facets), since=since, until=until
    )


def field_of(name: str, fields: tuple[Field, ...], use: str) -> Field:
    """The field of that name among `fields`; UsageError names the nearest."""
    names = [field.name for field in fields]
    if (folded := name.strip().lower().replace("-", "_")) in names:
        return FIELD[folded]
    near = get_close_matches(folded, names, cutoff=0.5) or names
    raise UsageError(f"there is no {use} {name}", hint=f"one of: {', '.join(FIELD[other].option for other in near)}")


def one_or_more(values: str | Iterable[str]) -> tuple[str, ...]:
    """Several values, also where a caller gives one by itself."""
    return (values,) if isinstance(values, str) else tuple(values)


def clean_value(value: str) -> str:
    """Single spaces, and only characters that a text may hold."""
    return " ".join(readable(value).split())


def date_span(text: str) -> tuple[int, int]:
    """First and last day as the engine holds them: "2016-12" is (20161201, 20161231). UsageError for no date."""
    match = DAY.fullmatch(text.strip())
    if not match:
        raise UsageError(f"{text} is not a date", hint=DATE_HINT)
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        date(year or 0, month or 1, day or 1)
    except ValueError as error:
        raise UsageError(f"{text} is not a date: {error}", hint=DATE_HINT) from error
    start = (year or 0) * 10_000
    return start + (month or 1) * 100 + (day or 1), start + (month or 12) * 100 + (day or 31)


def terms_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are indexed: "10/325mg" is ("10", "325", "mg")."""
    return tuple(words_analyzer().analyze(unicodedata.normalize("NFC", text)))


def compile_query(query: Query, tree: Node, schema: tantivy.Schema) -> tantivy.Query:
    """The tree, and each filter's values; filters do not score."""
    check_values(query.text, tree, schema)
    text = compile_node(tree, schema) or tantivy.Query.empty_query()
    clauses = [(Must, text)]
    for name, values in query.filters.items():
        field = FIELD[name]
        clauses.append((Must, unscored(any_of(value_query(field, value, schema) for value in values))))
    if query.since or query.until:
        first = date_span(query.since)[0] if query.since else FIRST_DAY
        last = date_span(query.until)[1] if query.until else LAST_DAY
        clauses.append((Must, days_query(first, last, schema)))
    return tantivy.Query.boolean_query(clauses) if len(clauses) > 1 else text


def check_values(text: str, tree: Node, schema: tantivy.Schema) -> None:
    """QueryError at the first value that its field cannot hold."""
    for within in values_in(tree):
        try:
            within_query(within, schema)
        except UsageError as error:
            raise QueryError(error.message, query=text, place=within.place, hint=error.hint) from error


def compile_node(node: Node, schema: tantivy.Schema) -> tantivy.Query | None:
    """The node as a query; None where it holds no word that could be searched for."""
    match node:
        case Word(text) | Phrase(text):
            terms = terms_of(text)
            return in_boosted_fields(lambda field: terms_query(field, terms, schema)) if terms else None
        case Within():
            return within_query(node, schema)
        case Named():
            return named_query(node, schema)
        case Not(part):
            found = compile_node(part, schema)
            return found and tantivy.Query.boolean_query([(Must, everything()), (MustNot, found)])
        case All(parts):
            return all_of_query(parts, schema) if parts else everything()
        case AnyOf(parts):
            found_parts = [found for part in once(parts) if (found := compile_node(part, schema))]
            return any_of(found_parts) if found_parts else None


def all_of_query(parts: tuple[Node, ...], schema: tantivy.Schema) -> tantivy.Query | None:
    """Every part, each once; negated parts together need one query of everything only where nothing else is asked."""
    clauses: list[tuple[tantivy.Occur, tantivy.Query]] = []
    for part in once(parts):
        wanted = compile_node(part.part if isinstance(part, Not) else part, schema)
        if wanted:
            clauses.append((MustNot if isinstance(part, Not) else Must, wanted))
    if not clauses:
        return None
    if all(occur is MustNot for occur, _ in clauses):
        clauses.append((Must, everything()))
    return tantivy.Query.boolean_query(clauses)


def once(parts: tuple[Node, ...]) -> Iterable[Node]:
    """The parts without repetitions: a word asked for twice costs and counts once."""
    return {written(part): part for part in parts}.values()


def within_query(within: Within, schema: tantivy.Schema) -> tantivy.Query | None:
    """A value of one field: its words where the field has words, else the whole value."""
    field = FIELD[within.field]
    if searches_words_of(within.field):
        terms = terms_of(within.text)
        return boosted(terms_query(field, terms, schema), field.boost or 1.0) if terms else None
    return unscored(value_query(field, clean_value(within.text), schema))


def searches_words_of(name: str) -> bool:
    """`field:value` means words of the field, not one of its values."""
    field = FIELD[name]
    return field.kind == "text" or (field.words and field.canonical is None)


def named_query(named: Named, schema: tantivy.Schema) -> tantivy.Query | None:
    """The words as typed, or by what they name.

    Every item that is found by the name or its meaning has the same weight from it, by field; the words as typed
    score on top. So a rare misspelling never outranks the name that was asked for.
    """
    asked = [query for word in named.words if (query := compile_node(word, schema))]
    drugs = FIELD[named.meaning.field]
    meant = all_of(value_query(drugs, value, schema) for value in named.meaning.values)
    weighed = [weighted(meant, drugs.boost or max(BOOSTS.values()))]
    if named.meaning.field == "drug":
        names = list(dict.fromkeys(terms for terms in named_terms(named) if terms))
        for name, boost in BOOSTS.items():
            spelled = any_of(terms_query(FIELD[name], terms, schema) for terms in names)
            weighed.append(weighted(spelled, boost))
    sides = [tantivy.Query.disjunction_max_query(weighed)]
    if asked:
        sides.append(all_of(asked))
    return any_of(sides)


def named_terms(named: Named) -> Iterable[tuple[str, ...]]:
    """The terms of each name that is searched for as text, the asked one first."""
    yield terms_of(" ".join(word.text for word in named.words))
    yield from map(terms_of, named.meaning.names)


def in_boosted_fields(query_for: Callable[[Field], tantivy.Query]) -> tantivy.Query:
    """Found in any field that plain words search, by the field's boost."""
    fields = [boosted(query_for(FIELD[name]), boost) for name, boost in BOOSTS.items()]
    return tantivy.Query.disjunction_max_query(fields, OTHER_FIELDS)


def terms_query(field: Field, terms: tuple[str, ...], schema: tantivy.Schema) -> tantivy.Query:
    """The terms in the field's words, side by side where there are several."""
    name = words_field(field)
    if len(terms) == 1:
        return tantivy.Query.term_query(schema, name, terms[0])
    return tantivy.Query.phrase_query(schema, name, list(terms))


def value_query(field: Field, value: str, schema: tantivy.Schema) -> tantivy.Query:
    """A whole value of the field, by its canonical names; UsageError where the field cannot hold it."""
    match field.kind:
        case "date":
            return days_query(*date_span(value), schema)
        case "number":
            if not WHOLE_NUMBER.fullmatch(value):
                raise UsageError(f"{field.option} takes a whole number, not {value}", hint="write digits only")
            return tantivy.Query.term_query(schema, field.name, int(value))
        case _:
            names = field.canonical(value) if field.canonical else (value,)
            as_term = partial(tantivy.Query.term_query, schema, field.name, index_option="basic")
            return all_of(as_term(value_term(name)) for name in names)


def days_query(first: int, last: int, schema: tantivy.Schema) -> tantivy.Query:
    """Items decided on the days from `first` to `last`; unscored."""
    return unscored(tantivy.Query.range_query(schema, DATE.name, tantivy.FieldType.Integer, first, last))


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


def scores(node: Node) -> bool:
    """Whether the node says anything of how well an item fits; conditions alone do not."""
    match node:
        case Word() | Phrase() | Named():
            return True
        case Within(field):
            return searches_words_of(field)
        case All(parts) | AnyOf(parts):
            return any(map(scores, parts))
        case _:
            return False
