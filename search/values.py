"""Values as people type them, and the index's own values that they mean: "Norco", "low back", "CA", "physical therapy".

A value that some item has stands for itself, even where the vocabulary would read it otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, lru_cache, partial
from typing import assert_never

from msgspec import Struct, structs

from imrsearch.schema.documents import value_term
from imrsearch.schema.errors import place_in
from imrsearch.schema.fields import FIELD, Field
from imrsearch.schema.meaning import name_meant_by
from imrsearch.schema.vocabulary import folded, words_of
from imrsearch.search.compile import any_of, compile_tree, everything, value_query
from imrsearch.search.counts import count_values, ordered
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
    searches_words_of,
)
from imrsearch.search.lexer import PREFIX, SHORTEST_PREFIX, shortened
from imrsearch.search.query import Query
from imrsearch.search.ranges import is_range

# Of a field with so few values all are named where one is asked for that no item has; of others the nearest.
FEW = 12
NEAREST = 3
# For so many values that no item has, others are proposed; a hostile query may hold hundreds.
EXPLAINED = 5
# Values named in a notice of what was read; the rest is counted.
LISTED = 3
# Of an id that is not there, so many characters must be right.
ID_BEGINNING = 4
# Readings that are kept ready.
KEPT = 1_024

# The values of a field by its name, each with how many items have it.
Held = Callable[[str], dict[str, int]]


class Reading(Struct, frozen=True):
    """What a typed value means.

    node    the index's own values
    notice  a sentence where that is not what was typed, or ""
    absent  no item has it
    """

    node: Node
    notice: str = ""
    absent: bool = False


class Readings:
    """What typed values mean in one index, which does not change: each is looked up once.

    held  the values that some item has of a field with how many items do, the most frequent first, numbers in order
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.held = cache(lambda name: held_values(FIELD[name], engine))
        self.reading_of = lru_cache(KEPT)(partial(read_value, engine=engine, held=self.held))
        self.proposal_of = lru_cache(KEPT)(partial(proposal, engine=engine, held=self.held))


def with_values(question: Question, query: Query, *, readings: Readings) -> Question:
    """The question with values as the index has them, and with the query's filters."""
    known: dict[Within, Reading] = {}

    def read(within: Within, *, typed: bool = True) -> Node:
        asked = Within(within.field, within.text, whole=True)
        if asked not in known:
            reading = readings.reading_of(asked)
            if reading.absent:
                explained = sum(each.absent for each in known.values()) < EXPLAINED
                proposed = readings.proposal_of(asked) if explained else ""
                option = FIELD[asked.field].option
                sentence = f"{option}: no item has {shortened(asked.text)}{proposed}"
                if typed:
                    sentence += f"\n{place_in(query.text, within.place)}"
                reading = structs.replace(reading, notice=sentence)
            known[asked] = reading
        return known[asked].node

    filters = {
        name: either([read(Within(name, value), typed=False) for value in dict.fromkeys(values)])
        for name, values in query.filters.items()
    }
    tree = with_read(question.tree, read)
    notices = (reading.notice for reading in known.values() if reading.notice)
    return structs.replace(question, tree=tree, filters=filters, notices=(*question.notices, *notices))


def with_read(node: Node, read: Callable[[Within], Node]) -> Node:
    """The tree with each whole value as it is read."""
    match node:
        case Within(field):
            return node if node.whole or searches_words_of(field) else read(node)
        case Not(part):
            return Not(with_read(part, read))
        case All(parts):
            return All(tuple(with_read(part, read) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(with_read(part, read) for part in parts))
        case Word() | Phrase() | Prefix() | Near() | Named():
            return node
        case _:
            assert_never(node)


def read_value(asked: Within, *, engine: Engine, held: Held) -> Reading:
    """The value itself where some item has it, else what it is another name of, else the values that hold its words."""
    field, typed = FIELD[asked.field], asked.text
    canonical = field.canonical(typed) if field.canonical else (typed,)
    for values in ((typed,), canonical):
        same = [value_term(value) for value in values] == [value_term(typed)]
        # "CLONAZEPAM" is shown as the vocabulary writes it.
        node = every(field, canonical if same and len(canonical) == 1 and is_same(canonical[0], typed) else values)
        if engine.count(compile_tree(node, engine)):
            return Reading(node, "" if same else read_as(field, typed, meant=" and ".join(values)))
    if field.facet and field.kind == "keyword" and (found := holding(typed, tuple(held(field.name)))):
        more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
        meant = " or ".join(found[:LISTED]) + more
        return Reading(either([every(field, (value,)) for value in found]), read_as(field, typed, meant=meant))
    return Reading(asked, absent=True)


def is_same(one: str, other: str) -> bool:
    """Both are the same value to the index."""
    return value_term(one) == value_term(other)


def read_as(field: Field, typed: str, *, meant: str) -> str:
    """The notice of a value that was read as others."""
    return f'{field.option}: "{typed}" read as {meant}'


def every(field: Field, values: Sequence[str]) -> Node:
    """An item must hold all the values."""
    nodes = tuple(Within(field.name, value, whole=True) for value in values)
    return nodes[0] if len(nodes) == 1 else All(nodes)


def either(nodes: Sequence[Node]) -> Node:
    """An item must hold what one of the nodes asks for."""
    return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))


def holding(typed: str, values: Sequence[str]) -> list[str]:
    """The values in which all the typed words occur, in any order, or the word that begins as typed: "lumb*"."""
    if (match := PREFIX.fullmatch(typed)) and len(match[1]) >= SHORTEST_PREFIX:
        [beginning] = words_of(match[1])
        return [value for value in values if any(word.startswith(beginning) for word in words_of(value))]
    wanted = set(words_of(typed))
    return [value for value in values if wanted.issubset(words_of(value))] if wanted else []


def held_values(field: Field, engine: Engine) -> dict[str, int]:
    """Every value of a facet that some item has, as printed, and how many items do."""
    counts = ordered(count_values(engine, everything(), name=field.name), field.name)
    return {str(found.value): found.count for found in counts}


def proposal(asked: Within, *, engine: Engine, held: Held) -> str:
    """What to ask for instead of a value that no item has: all values where they are few, else the nearest."""
    field = FIELD[asked.field]
    if not field.facet:
        near = ids_near(field, asked.text, engine=engine) if field.kind == "keyword" else {}
        return f"; nearest: {with_counts(near)}" if near else ""
    values = held(field.name)
    if 0 < len(values) <= FEW:
        return f"; values: {with_counts(values)}"
    if is_range(asked.text):
        return ""
    nearest = nearest_numbers if field.kind == "number" else nearest_values
    near = {value: values[value] for value in nearest(asked.text, tuple(values))} or name_near(asked, engine=engine)
    return f"; nearest: {with_counts(near)}" if near else ""


def name_near(asked: Within, *, engine: Engine) -> dict[str, int]:
    """The other name of a value that the typed one is a slip of, with its items: of "norcoo" it is "norco"."""
    field = FIELD[asked.field]
    name = name_meant_by(folded(asked.text)) if field.canonical else None
    if not name or not field.canonical:
        return {}
    count = engine.count(compile_tree(every(field, field.canonical(name)), engine))
    return {name: count} if count else {}


def with_counts(values: Mapping[str, int]) -> str:
    """ "upheld (14), overturned (3)"."""
    return ", ".join(f"{value} ({count:,})" for value, count in values.items())


def nearest_values(typed: str, values: Sequence[str]) -> tuple[str, ...]:
    """The values that are spelled most like the typed one."""
    by_term = {value_term(value): value for value in reversed(values)}
    return tuple(by_term[term] for term in get_close_matches(value_term(typed), by_term, NEAREST, cutoff=0.6))


def nearest_numbers(typed: str, values: Sequence[str]) -> tuple[str, ...]:
    """The numbers next to the typed one, in order."""
    near = sorted(values, key=lambda value: abs(int(value) - int(typed)))[:NEAREST]
    return tuple(sorted(near, key=int))


def ids_near(field: Field, typed: str, *, engine: Engine) -> dict[str, int]:
    """Ids that begin like the typed one and are spelled most like it, with their items: there are many."""
    term = value_term(typed)
    terms = dict(engine.terms(field.name, term[:ID_BEGINNING], limit=1_000))
    near = get_close_matches(term, terms, NEAREST, cutoff=0.6)
    if not near:
        return {}
    items = engine.best(any_of(value_query(field, each, engine=engine) for each in near), 100)
    printed: dict[str, str] = {}
    for _, address in items:
        letter = engine.letter(address)
        value = str(field.extract(letter, letter.items[0]))
        printed.setdefault(value_term(value), value)
    return {printed[each]: terms[each] for each in near if each in printed}
