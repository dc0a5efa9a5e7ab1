"""What helps a person who found nothing."""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice

from imrsearch.schema.documents import places_in, words_field
from imrsearch.schema.fields import BOOSTS, FIELD, FIELDS, Field
from imrsearch.schema.meaning import meaning_of
from imrsearch.search.compile import (
    all_of,
    compile_tree,
    mentioned,
    pattern_query,
    terms_of,
    terms_query,
    value_query,
)
from imrsearch.search.engine import Engine
from imrsearch.search.language import (
    EDGES,
    EVERYTHING,
    All,
    AnyOf,
    Leaf,
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
    wanted_leaves,
    written,
)
from imrsearch.search.marks import stems_of
from imrsearch.search.query import clean_value

# So many words of a question are looked at, each by itself.
LOOKED_AT = 20
# Indexed words with the same first letters, so many of each field, are compared with a word that no item has.
COMPARED = 2_000
SAME_LETTERS = 2
SHORTEST = 4
NEAR_STEMS = 5
NEAREST = "; the nearest word is "


def advice(
    text: str, question: Question, *, narrowed: bool, absent: Callable[[Node], Sequence[str]], engine: Engine
) -> Iterator[str]:
    """Sentences that help where the question found nothing.

    narrowed  filters or days leave out items
    absent    `absent_words`, which the caller may know already
    """
    if is_id(text, engine):
        yield f"to see that letter: imrsearch show {clean_value(text)}"
        return
    if narrowed and question.tree != EVERYTHING and (without := engine.count(compile_tree(question.tree, engine))):
        items = "1 item matches" if without == 1 else f"{without:,} items match"
        yield f"without the filters {items}"
        return
    missing = absent(question.tree)
    yield from filter(None, missing)
    if not missing and len(leaves_of(question.tree)) > 1:
        yield "each part of the query is found, but no item has them together"


def is_id(text: str, engine: Engine) -> bool:
    """The whole question is the id of an item or a letter that the index holds."""
    typed = clean_value(text)
    if not typed or " " in typed:
        return False
    return any(engine.count(value_query(FIELD[name], typed, engine=engine)) for name in ("letter_id", "id"))


def absent_words(tree: Node, engine: Engine) -> tuple[str, ...]:
    """A sentence for each word or phrase that no item has; "" for a value, of which a notice of its own tells."""
    return tuple(absent_word(leaf, engine) for leaf in islice(absent_in(tree, engine, seen=set()), LOOKED_AT))


def absent_in(node: Node, engine: Engine, *, seen: set[str]) -> Iterator[Leaf]:
    """The parts, each once, that are asked for and that no item has; of alternatives none where some item has one."""
    match node:
        case All(parts):
            for part in parts:
                yield from absent_in(part, engine, seen=seen)
        case AnyOf(parts):
            if not any(engine.count(mentioned(part, engine)) for part in parts):
                # "#90" is typed once, whatever it may also be.
                several = parts[:1] if any(isinstance(part, Within) and part.whole for part in parts) else parts
                for part in several:
                    yield from absent_in(part, engine, seen=seen)
        case Not():
            return
        case _:
            if written(node) not in seen and not is_found(node, engine):
                yield node
            seen.add(written(node))


def absent_word(leaf: Leaf, engine: Engine) -> str:
    """The sentence on a word or phrase that no item has, with the word that may be meant."""
    said = said_of(leaf)
    nearest = nearest_word(leaf, engine) if said else None
    told = f'no item has "{said}"' if said else ""
    return f'{told}{NEAREST}"{nearest}"' if nearest else told


def leaves_of(tree: Node) -> list[Leaf]:
    """The first parts that are asked for, each once."""
    return list({written(leaf): leaf for leaf in wanted_leaves(tree)}.values())[:LOOKED_AT]


def is_indexed(word: str, engine: Engine) -> bool:
    """Some item or summary has the word, in any of its forms."""
    pattern = stems_of(word)
    fields = (field for field in FIELDS if field.kind == "text" or field.words)
    if len(pattern.terms) == 1:
        return any(engine.has_term(words_field(field), pattern.terms[0]) for field in fields)
    return any(engine.count(pattern_query(field, pattern=pattern, engine=engine)) for field in fields)


def is_held(name: str, engine: Engine) -> bool:
    """Some item's drug is what the name means, or of that class."""
    meaning = meaning_of(name)
    if meaning is None or not meaning.values:
        return False
    held = FIELD[meaning.field]
    return bool(engine.count(all_of(value_query(held, value, engine=engine) for value in meaning.values)))


def is_found(leaf: Leaf, engine: Engine) -> bool:
    """Some item has it, or a summary where that counts."""
    return bool(engine.count(mentioned(leaf, engine)))


def said_of(leaf: Leaf) -> str:
    """The words as typed; nothing of a whole value, of which a notice of its own tells."""
    match leaf:
        case Word(text) | Phrase(text):
            return text.strip(EDGES)
        case Prefix() | Near():
            return written(leaf)
        case Within(field, text, whole=whole):
            return f"{FIELD[field].option}:{text}" if searches_words_of(field) and not whole else ""
        case Named(words):
            return " ".join(word.text for word in words).strip(EDGES)


def nearest_word(leaf: Leaf, engine: Engine) -> str | None:
    """The indexed word that is spelled most like the leaf's only word, as an item prints it."""
    if not isinstance(leaf, Word | Phrase | Within):
        return None
    terms = terms_of(leaf.text)
    if len(terms) != 1 or len(terms[0]) < SHORTEST or not terms[0].isalpha():
        return None
    names = [leaf.field] if isinstance(leaf, Within) else list(BOOSTS)
    where: dict[str, Field] = {}
    for name in names:
        field = FIELD[name]
        for term, _ in engine.terms(words_field(field), terms[0][:SAME_LETTERS], limit=COMPARED):
            where.setdefault(term, field)
    near = get_close_matches(terms[0], where, NEAR_STEMS, cutoff=0.7)
    # To "physcial" the nearest stem is "physician", the nearest word "physical".
    printed = (printed_word(term, where[term], engine=engine) for term in near)
    return next(iter(get_close_matches(leaf.text.strip(EDGES).lower(), filter(None, printed), 1, cutoff=0.75)), None)


def printed_word(term: str, field: Field, *, engine: Engine) -> str | None:
    """A word of that stem as some item prints it."""
    for _, address in engine.best(terms_query(field, terms=(term,), engine=engine), 1):
        letter = engine.letter(address)
        value = field.extract(letter, letter.items[0])
        for text in (value,) if isinstance(value, str) else value or ():
            for found, start, end in places_in(text):
                if found == term:
                    return str(text[start:end]).lower()
    return None
