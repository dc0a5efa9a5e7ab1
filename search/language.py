"""The question as people type it, and the tree it stands for. Knows the field list, and no engine.

    clonazepam 4 weeks             items that have every word
    "functional improvement"       the words side by side and in this order
    klonopin OR xanax sleep        either side: (klonopin) OR (xanax AND sleep)
    opioids -taper  NOT taper      items without the word
    outcome:overturned  section:"criteria for use"

OR is the weakest: it divides the question into alternatives, and each of these is taken whole. AND may be written;
it changes nothing. Lower-case or, and, not are words. Brackets do not group. What is not syntax is text: a pasted
heading such as `Norco 10/325mg #180` never fails, nor does `Quantity:60.00` or `Diagnosis:sprain`, where the part
before the colon is no field or the part behind it no number; a notice says so.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import groupby
from typing import assert_never

from msgspec import Struct

from imrsearch.schema.errors import QueryError, UsageError
from imrsearch.schema.fields import FIELD
from imrsearch.schema.vocabulary import Meaning
from imrsearch.search.query import check_value, clean_value, readable

MAX_LENGTH = 4_000
MAX_WORDS = 256

SPACE = re.compile(r"\s+")
# An opening bracket before a word or a quote: `("two words"`, `(facet`.
BRACKETS = re.compile(r"[(\[{]+")
# "-taper", "--taper", "-“long term”"; not the dash of " - ", " -- " or "-(30)".
MINUS = re.compile(r"--?(?=[^\W_]|[\"“”.#])")
# "outcome:upheld"; not "Service: EKG", "http://x", "3:1".
FIELD_NAME = re.compile(r"([A-Za-z][A-Za-z_-]*):(?=[^\s:/])")
# A quote opens a phrase only where a word could begin, so that `3" foam` stays text.
QUOTED = re.compile(r"[\"“”]([^\"“”]*)[\"“”]")
CHUNK = re.compile(r"\S+")
# Words as they are counted against MAX_WORDS.
RUN = re.compile(r"[^\W_]+")
# What a word drags along out of a sentence: "(facet", "#180"; not the point of ".5".
EDGES = '"“”()[]{}<>,;:!?#*&'
# What a field's value drags along out of a sentence: "drug:norco," "(drug:norco)".
VALUE_END = ")]},;"


class Word(Struct, frozen=True):
    """A word as typed: "Norco", "10/325mg", "(facet".

    place  0-based character offset in the question
    """

    text: str
    place: int = 0


class Phrase(Struct, frozen=True):
    """Words between quotes: side by side, in this order."""

    text: str
    place: int = 0


class Within(Struct, frozen=True):
    """One field must hold the value.

    field   name of a field
    text    the value as typed, without quotes
    quoted  it stood between quotes
    place   of the value
    whole   the text is one of the index's own values, not words of one
    """

    field: str
    text: str
    quoted: bool = False
    place: int = 0
    whole: bool = False


class Not(Struct, frozen=True):
    """Items that the part does not find."""

    part: "Node"


class All(Struct, frozen=True):
    """Items that every part finds; without parts, all items."""

    parts: tuple["Node", ...] = ()


class AnyOf(Struct, frozen=True):
    """Items that at least one part finds; without parts, no item."""

    parts: tuple["Node", ...] = ()


class Named(Struct, frozen=True):
    """Words that name a drug or a class: found as typed, or by what they mean."""

    words: tuple[Word, ...]
    meaning: Meaning


Node = Word | Phrase | Within | Not | All | AnyOf | Named
EVERYTHING = All()
NOTHING = AnyOf()


class Question(Struct, frozen=True):
    """A question as understood.

    tree     what is searched
    notices  sentences for the person who asked
    filters  what each filter leaves, by the field's name
    """

    tree: Node
    notices: tuple[str, ...] = ()
    filters: Mapping[str, Node] = {}


class Token(Struct, frozen=True):
    """A piece of the question.

    sign  "word", "phrase", "or", "not", a field's name with a colon: "outcome:", or "text" for what only looks so
    """

    sign: str
    text: str
    place: int
    quoted: bool = False


def parse(text: str) -> Question:
    """The question's tree and what was noticed in reading it."""
    text = readable(text)
    if len(text) > MAX_LENGTH:
        raise QueryError(
            f"the query is longer than {MAX_LENGTH:,} characters",
            query=text[:80],
            place=80,
            hint="search for the words that matter, or for a phrase",
        )
    notices: list[str] = []
    tokens = list(tokens_of(text, notices))
    check_size(text, tokens)
    alternatives = [list(group) for is_or, group in groupby(tokens, lambda token: token.sign == "or") if not is_or]
    parts = [part for tokens in alternatives if (part := conjunction(tokens))]
    ors = sum(token.sign == "or" for token in tokens)
    if ors > max(len(parts) - 1, 0):
        notices.append("an OR with nothing on one side was left out")
    if parts:
        return Question(parts[0] if len(parts) == 1 else AnyOf(tuple(parts)), tuple(dict.fromkeys(notices)))
    if text.strip():
        return Question(NOTHING, (*notices, "nothing in the query can be searched for"))
    return Question(EVERYTHING)


def check_size(text: str, tokens: list[Token]) -> None:
    """QueryError at the first word beyond the limit."""
    words = 0
    for token in tokens:
        words += len(RUN.findall(token.text))
        if words > MAX_WORDS:
            raise QueryError(
                f"the query has more than {MAX_WORDS} words",
                query=text,
                place=token.place,
                hint="search for the words that matter, or for a phrase",
            )


def conjunction(tokens: list[Token]) -> Node | None:
    """Tokens without OR: every one must be found."""
    parts: list[Node] = []
    negative = False
    for token in tokens:
        if token.sign == "not":
            negative = not negative
            continue
        node = node_of(token)
        parts.append(Not(node) if negative else node)
        negative = False
    if len(parts) == 1:
        return parts[0]
    return All(tuple(parts)) if parts else None


def node_of(token: Token) -> Node:
    """A word, a phrase or a field's value."""
    if token.sign == "word":
        return Word(token.text, token.place)
    if token.sign == "phrase":
        return Phrase(token.text, token.place)
    if token.sign == "text":
        name, _, value = token.text.partition(":")
        place = token.place + len(name) + 1
        said = (Word(name, token.place), Phrase(value, place) if token.quoted else Word(value, place))
        return All(said) if RUN.search(value) else said[0]
    return Within(token.sign.removesuffix(":"), token.text, token.quoted, token.place)


def tokens_of(text: str, notices: list[str]) -> Iterator[Token]:
    """The question's pieces in order; those without a letter or digit say nothing and are left out."""
    place = 0
    while place < len(text):
        if match := SPACE.match(text, place):
            place = match.end()
            continue
        if match := BRACKETS.match(text, place):
            if "OR" in text.split():
                notices.append("brackets do not group: OR divides the whole query")
            place = match.end()
        if match := MINUS.match(text, place):
            yield Token("not", "-", place)
            place = match.end()
        token, place = next_token(text, place, notices=notices)
        if token and (token.sign in ("or", "not") or RUN.search(token.text)):
            yield token


def next_token(text: str, place: int, *, notices: list[str]) -> tuple[Token | None, int]:
    """The operator, phrase, field or word at `place`, and where it ends."""
    if match := FIELD_NAME.match(text, place):
        token, end = field_token(match[1], text, start=match.end())
        if (problem := problem_of(match[1], token)) is None:
            return token, end
        notices.append(f"treated `{text[place:end].rstrip(VALUE_END)}` as text: {problem}")
        return Token("text", f"{match[1]}:{token.text}", place, token.quoted), end
    if match := QUOTED.match(text, place):
        return Token("phrase", match[1], place, quoted=True), match.end()
    match = CHUNK.match(text, place)
    if match is None:
        return None, place
    if match[0][0] in '"“':
        notices.append("a quote is not closed: its words were searched apart")
    if match[0] == "AND":
        return None, match.end()
    if match[0] in ("OR", "NOT"):
        return Token(match[0].lower(), match[0], place), match.end()
    return Token("word", match[0], place), match.end()


def field_token(typed: str, text: str, *, start: int) -> tuple[Token, int]:
    """A field's value from `start`, quoted or up to the next space."""
    sign = f"{typed.lower().replace('-', '_')}:"
    if match := QUOTED.match(text, start):
        return Token(sign, clean_value(match[1]), start, quoted=True), match.end()
    match = CHUNK.match(text, start)
    value = match[0] if match else ""
    return Token(sign, value.rstrip(VALUE_END).strip('"“”'), start), start + len(value)


def problem_of(typed: str, token: Token) -> str | None:
    """Why the token is no value of a field, or null."""
    names = [field.name for field in FIELD.values() if field.kind != "stored"]
    name = token.sign.removesuffix(":")
    if name not in names:
        near = [FIELD[other].option for other in get_close_matches(name, names, cutoff=0.75)]
        nearest = f"; nearest: {', '.join(near)}" if near else ""
        return f"{typed} is not a field{nearest}"
    try:
        check_value(FIELD[name], token.text)
    except UsageError as error:
        return error.message
    return None


def searches_words_of(name: str) -> bool:
    """`field:value` means words of the field, not one of its values."""
    field = FIELD[name]
    return field.kind == "text" or (field.words and field.canonical is None)


def scores(node: Node) -> bool:
    """Whether the node says anything of how well an item fits; conditions alone do not."""
    match node:
        case Word() | Phrase() | Named():
            return True
        case Within(field, whole=whole):
            return not whole and searches_words_of(field)
        case All(parts) | AnyOf(parts):
            return any(map(scores, parts))
        case Not():
            return False
        case _:
            assert_never(node)


def wanted_leaves(node: Node) -> Iterator[Word | Phrase | Within | Named]:
    """The words, phrases, names and values that are asked for, without those excluded."""
    match node:
        case Word() | Phrase() | Within() | Named():
            yield node
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from wanted_leaves(part)
        case Not():
            return
        case _:
            assert_never(node)


def values_in(node: Node) -> Iterator[Within]:
    """Every field's value in the tree, negated ones too."""
    match node:
        case Within():
            yield node
        case Not(part):
            yield from values_in(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from values_in(part)
        case Word() | Phrase() | Named():
            return
        case _:
            assert_never(node)


def written(node: Node) -> str:
    """The tree as a line that says exactly what is searched."""
    match node:
        case Word(text):
            return text.strip(EDGES)
        case Phrase(text):
            return f'"{text}"'
        case Within(field, text):
            return valued(field, text)
        case Not(part):
            return f"NOT {grouped(part)}"
        case All(parts):
            return " AND ".join(map(grouped, parts))
        case AnyOf(parts):
            return " OR ".join(map(grouped, parts))
        case Named(words, meaning):
            meant = " AND ".join(valued(meaning.field, value) for value in meaning.values)
            asked = " AND ".join(map(written, words))
            sides = [f"({side})" if " AND " in side else side for side in (asked, meant)]
            names = meaning.names if meaning.field == "drug" else ()
            return " OR ".join([*sides, *(f'"{name}"' if " " in name else name for name in names)])
        case _:
            assert_never(node)


def as_run(question: Question) -> str:
    """The question with its filters as a line that says what is searched."""
    if question.tree == NOTHING:
        return ""
    asked = question.tree.parts if isinstance(question.tree, All) else (question.tree,)
    parts = (*asked, *question.filters.values())
    return written(parts[0]) if len(parts) == 1 else written(All(parts))


def grouped(node: Node) -> str:
    """The part in brackets where it has several words of its own."""
    several = isinstance(node, Named) or (isinstance(node, All | AnyOf) and len(node.parts) > 1)
    return f"({written(node)})" if several else written(node)


def valued(field: str, value: str) -> str:
    """A field and its value as they are typed."""
    return f'{field}:"{value}"' if SPACE.search(value) else f"{field}:{value}"
