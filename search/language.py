"""The question as people type it, and the tree it stands for. Knows the field list, and no engine.

`query_help.txt` is the language as people read it; `lexer.py` cuts the question into pieces. OR is the weakest: it
divides the question, or what a bracket holds, into alternatives, and each of these is taken whole. AND may be written;
it changes nothing. Lower-case or, and, not are words. What is not syntax is text: a pasted heading such as
`Norco 10/325mg #180` never fails, and a notice says what was not understood.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import assert_never

from msgspec import Struct

from imrsearch.schema.errors import QueryError
from imrsearch.schema.fields import FIELD, SPOKEN
from imrsearch.schema.meaning import Meaning
from imrsearch.search.lexer import COUNT_WORD, COUNTED, RUN, SPACE, Held, Token, tokens_of
from imrsearch.search.query import readable

MAX_LENGTH = 4_000
MAX_WORDS = 256
# Each asks for up to a hundred phrases, or to read thousands of items.
MAX_NEARS = 6

# What a word drags along out of a sentence: "(facet", "#180"; not the point of ".5".
EDGES = '"“”()[]{}<>,;:!?#*&'
# A page as it is spoken of: "24", "76-78,".
SPOKEN_NUMBER = re.compile(r"(\d{1,4})(?:[-–](\d{1,4}))?[.,;:]?", re.ASCII)


@cache
def grammar() -> str:
    """The language on one page, with examples."""
    # Slow to import, and only the help asks for it.
    from importlib import resources

    return resources.files(__package__).joinpath("query_help.txt").read_text(encoding="utf-8")


class Word(Struct, frozen=True):
    """A word as typed: "Norco", "10/325mg", "(facet".

    place  0-based character offset in the question
    loose  it may stand in the letter's summary, where the item itself has another word of the question
    """

    text: str
    place: int = 0
    loose: bool = False


class Phrase(Struct, frozen=True):
    """Words between quotes: side by side, in this order."""

    text: str
    place: int = 0


class Within(Struct, frozen=True):
    """One field must hold the value.

    field   name of a field
    text    the value as typed, without quotes
    quoted  it stood between quotes: words are searched as they are written
    place   of the value
    whole   the text is one of the index's own values, not words of one
    """

    field: str
    text: str
    quoted: bool = False
    place: int = 0
    whole: bool = False


class Prefix(Struct, frozen=True):
    """The beginning of words: "neuropath"."""

    text: str
    place: int = 0


class Near(Struct, frozen=True):
    """Two words, phrases or beginnings near each other.

    distance  words from the end of one to the beginning of the other, 1 for side by side; null: in one sentence
    ordered   the first one stands first
    """

    first: "Operand"
    second: "Operand"
    distance: int | None = None
    ordered: bool = False


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


Operand = Word | Phrase | Prefix
Leaf = Word | Phrase | Prefix | Near | Within | Named
Node = Leaf | Not | All | AnyOf
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


def parse(text: str, *, held: Held | None = None) -> Question:
    """The question's tree and what was noticed in reading it, with how many items have a field where `held` tells."""
    text = readable(text)
    notices: list[str] = []
    if len(text) > MAX_LENGTH:
        notices.append(f"only the first {MAX_LENGTH:,} characters of the query are searched for")
        text = text[:MAX_LENGTH]
    tokens = first_words(text, tokens_of(text, notices, held=held), notices)
    if tree := alternatives(deque(tokens), notices):
        return Question(tree, tuple(dict.fromkeys(notices)))
    if text.strip():
        return Question(NOTHING, (*dict.fromkeys(notices), "nothing in the query can be searched for"))
    return Question(EVERYTHING)


def first_words(text: str, tokens: list[Token], notices: list[str]) -> list[Token]:
    """The tokens without words beyond the limit; QueryError at the first operator beyond its own."""
    words = nears = 0
    kept: list[Token] = []
    for token in tokens:
        words += len(RUN.findall(token.text))
        nears += token.sign == "near"
        if nears > MAX_NEARS:
            hint = "search for the words that matter, or for a phrase"
            said = f"the query has more than {MAX_NEARS} of /n, +n and /s"
            raise QueryError(said, query=text, place=token.place, hint=hint)
        # Brackets stay, in pairs.
        if words <= MAX_WORDS or token.sign in ("(", ")"):
            kept.append(token)
    if words > MAX_WORDS:
        notices.append(f"only the first {MAX_WORDS} words of the query are searched for")
    return kept


def alternatives(tokens: deque[Token], notices: list[str]) -> Node | None:
    """Tokens up to the end or the bracket that closes; OR divides them."""
    parts = [conjunction(tokens, notices)]
    while tokens and tokens[0].sign == "or":
        tokens.popleft()
        parts.append(conjunction(tokens, notices))
    kept = tuple(part for part in parts if part)
    if len(kept) < len(parts) and len(parts) > 1:
        notices.append("an OR with nothing on one side was left out")
    return AnyOf(kept) if len(kept) > 1 else next(iter(kept), None)


def conjunction(tokens: deque[Token], notices: list[str]) -> Node | None:
    """Tokens up to the next OR or the bracket that closes: every one must be found."""
    parts: list[Node] = []
    negative = False
    while tokens and tokens[0].sign not in ("or", ")"):
        if tokens[0].sign in ("and", "not"):
            negative ^= tokens.popleft().sign == "not"
            continue
        node = next_node(tokens, notices)
        if node is None:
            continue
        if negative:
            parts.append(Not(node))
        else:
            # Brackets around words that must all be found change nothing.
            parts += node.parts if isinstance(node, All) else (node,)
        negative = False
    several = with_spoken(parts)
    return All(several) if len(several) > 1 else next(iter(several), None)


def next_node(tokens: deque[Token], notices: list[str]) -> Node | None:
    """What stands in brackets, or a word, phrase or value, with those that it must be near."""
    token = tokens.popleft()
    if token.sign == "(":
        inner = alternatives(tokens, notices)
        tokens.popleft()
        return inner
    if token.sign == "near":
        notices.append(f"treated `{token.text}` as text: it stands between two words or phrases")
        return Word(token.text, token.place)
    node = node_of(token)
    pairs: list[Near] = []
    while isinstance(node, Operand) and len(tokens) > 1 and tokens[0].sign == "near":
        second = node_of(tokens[1])
        if not isinstance(second, Operand):
            break
        pairs.append(pair_of(node, second, sign=tokens.popleft().text))
        tokens.popleft()
        node = second
    if not pairs:
        return counted(node) if isinstance(node, Word) else node
    return All(tuple(pairs)) if len(pairs) > 1 else pairs[0]


def counted(word: Word) -> Node:
    """The word; where it is "#90", that count as any text says it, and what holds so many."""
    match = COUNTED.fullmatch(word.text)
    if not match:
        return word
    held = Within(SPOKEN[COUNT_WORD].name, match[1], place=word.place, whole=True)
    return AnyOf((Phrase(f"#{match[1]}", word.place), Phrase(f"{COUNT_WORD} {match[1]}", word.place), held))


def pair_of(first: Operand, second: Operand, *, sign: str) -> Near:
    """Both with the operator between them: "/5", "w/5", "+5", "/s"."""
    number = sign.lstrip("w/+")
    return Near(first, second, None if number == "s" else int(number), ordered=sign.startswith("+"))


def node_of(token: Token) -> Node | None:
    """A word, a phrase or a field's value; null for an operator or a bracket."""
    match token.sign:
        case "word":
            return Word(token.text, token.place)
        case "prefix":
            return Prefix(token.text, token.place)
        case "phrase":
            return Phrase(token.text, token.place)
        case "text":
            name, _, value = token.text.partition(":")
            place = token.place + len(name) + 1
            said = (Word(name, token.place), Phrase(value, place) if token.quoted else Word(value, place))
            return All(said) if RUN.search(value) else said[0]
        case sign if sign.endswith(":"):
            return Within(sign.removesuffix(":"), token.text, token.quoted, token.place)
        case _:
            return None


def with_spoken(parts: Sequence[Node]) -> tuple[Node, ...]:
    """The parts, where "page 24" also means what cites that page."""
    said: list[Node] = []
    for part in parts:
        word = said[-1] if said else None
        field = SPOKEN.get(word.text.lower().strip(EDGES + ".")) if isinstance(word, Word) else None
        match = SPOKEN_NUMBER.fullmatch(part.text) if field and isinstance(part, Word) else None
        if field and match and isinstance(word, Word) and isinstance(part, Word):
            first, last = match[1], match[2] or match[1]
            value = f"{first}..{last}" if int(first) < int(last) else first
            said[-1] = AnyOf((Phrase(f"{word.text} {part.text}", word.place), Within(field.name, value, whole=True)))
        else:
            said.append(part)
    return tuple(said)


def searches_words_of(name: str) -> bool:
    """`field:value` means words of the field, not one of its values."""
    field = FIELD[name]
    return field.kind == "text" or (field.words and field.canonical is None)


def scores(node: Node) -> bool:
    """Whether the node says anything of how well an item fits; conditions alone do not."""
    match node:
        case Word() | Phrase() | Prefix() | Near() | Named():
            return True
        case Within(field, whole=whole):
            return not whole and searches_words_of(field)
        case All(parts) | AnyOf(parts):
            return any(map(scores, parts))
        case Not():
            return False
        case _:
            assert_never(node)


def wanted_leaves(node: Node) -> Iterator[Leaf]:
    """The words, phrases, names and values that are asked for, without those excluded."""
    match node:
        case Word() | Phrase() | Prefix() | Near() | Within() | Named():
            yield node
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from wanted_leaves(part)
        case Not():
            return
        case _:
            assert_never(node)


def nears_in(node: Node) -> Iterator[Near]:
    """Every pair of parts in the tree that must be near each other, negated ones too."""
    match node:
        case Near():
            yield node
        case Not(part):
            yield from nears_in(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from nears_in(part)
        case _:
            return


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
        case Word() | Phrase() | Prefix() | Near() | Named():
            return
        case _:
            assert_never(node)


def written(node: Node) -> str:
    """The tree as a line that says exactly what is searched."""
    match node:
        case Word(text):
            return text.strip(EDGES.replace("#", "") if COUNTED.fullmatch(text) else EDGES)
        case Phrase(text):
            return f'"{text}"'
        case Prefix(text):
            return f"{text}*"
        case Near(first, second, distance, ordered):
            sign = "/s" if distance is None else f"{'+' if ordered else '/'}{distance}"
            return f"{written(first)} {sign} {written(second)}"
        case Within(field, text, quoted=quoted, whole=whole):
            return f'{field}:"{text}"' if quoted and not whole else valued(field, text)
        case Not(part):
            return f"NOT {grouped(part)}"
        case All(parts):
            return " AND ".join(map(grouped, parts))
        case AnyOf(parts):
            return " OR ".join(map(grouped, parts))
        case Named(words, meaning):
            meant = " AND ".join(valued(meaning.field, value) for value in meaning.values)
            asked = " AND ".join(f'"{each}"' if SPACE.search(each) else each for each in map(written, words))
            sides = [f"({side})" if " AND " in side else side for side in (asked, meant) if side]
            return " OR ".join([*sides, *(f'"{name}"' if " " in name else name for name in meaning.spelled)])
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
