"""The question's characters as pieces: words, phrases, values, operators and brackets. What is not syntax is text."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import accumulate

from msgspec import Struct, structs

from imrsearch.schema.errors import UsageError, place_in
from imrsearch.schema.fields import FIELD, NAMED, Field
from imrsearch.search.query import clean_value
from imrsearch.search.ranges import check_asked

# Brackets that lie in each other; deeper ones are left out.
DEEPEST = 20
# Words that a proximity may span.
FARTHEST = 50

SPACE = re.compile(r"\s+")
# Brackets that never group: "[left]".
OTHER_BRACKETS = re.compile(r"[\[{]+")
# "-taper", "--taper", "-“long term”", "-(a OR b)"; not the dash of " - " or " -- ".
MINUS = re.compile(r"--?(?=[^\W_]|[\"“”.#(])")
# "outcome:upheld"; not "Service: EKG", "http://x", "3:1".
FIELD_NAME = re.compile(r"([A-Za-z][A-Za-z_-]{0,30}):(?=[^\s:/])")
# A quote opens a phrase only where a word could begin, so that `3" foam` stays text.
QUOTED = re.compile(r"[\"“”]([^\"“”]*)[\"“”]")
CHUNK = re.compile(r"\S+")
# Words as they are counted: a piece without one says nothing.
RUN = re.compile(r"[^\W_]+")
# "/5", "w/5", "+5", "/s", "w/s".
NEAR = re.compile(r"(w?/|\+)(\d{1,2}|s)", re.IGNORECASE | re.ASCII)
# "neuropath*", "neuropath!", also "(neuropath*)," and of fewer than three letters, which is text.
PREFIX = re.compile(r"([^\W\d_][^\W_]*)[*!][,.;:?]*")
SHORTEST_PREFIX = 3
# "10 mg", "10/325 mg,", "5 %", "50 mcg/hr", "# 90", "Qty: 90": written with a space or without, one thing.
FIGURE = re.compile(r"\(?(?:[0-9][0-9.,/–-]*)?\.?[0-9]")
UNIT = re.compile(
    r"(?:mg|mcg|ug|µg|μg|g|gms?|grams?|kg|meq|ml|cc|iu|units?|percent|%)(?:/[a-z]+)?[,.;:!?]*", re.IGNORECASE
)
COUNT_WORD = "quantity"
COUNT_SIGN = re.compile(rf"\(?(?:#|(?:qty|{COUNT_WORD})[.:]?)", re.IGNORECASE)
COUNTED = re.compile(rf"\(?(?:#|(?:qty|{COUNT_WORD})[.:]?\s)\s?([0-9]{{1,6}})[,.;:!?]*", re.IGNORECASE)
# ">=lots", "60..40": nobody says so but to ask for a range.
RANGE_LIKE = re.compile(r"[<>=]|.*\.\.")
# "request(s)", "injection(s):"; the letters add a plural so.
PLURAL = re.compile(r"(?<=[^\W\d_])\(e?s\)", re.IGNORECASE)
# Before NOT these make a sentence: "IS NOT medically necessary".
AUXILIARIES = frozenset(
    "am are can cannot could did do does had has have is may might must need shall should was were will would".split()
)
# What a field's value drags along out of a sentence: "drug:norco," "(drug:norco)".
VALUE_END = ")]},;"
# Characters of the question that a notice quotes.
QUOTED_LENGTH = 30
LONGEST_QUOTED = 60

OPERATORS = ("and", "or", "not", "near")
# Pieces that count without a letter or digit.
SIGNS = (*OPERATORS, "(", ")", "minus")


# How many items have a value of a field, where that can be told.
Held = Callable[[Field], int]


class Token(Struct, frozen=True):
    """A piece of the question.

    sign  "word", "prefix", "phrase", "or", "and", "not", "near", "(", ")", a field's name with a colon: "outcome:";
          "text" for what only looks like a field; "minus" for a sign before a bracket
    """

    sign: str
    text: str
    place: int
    quoted: bool = False


def tokens_of(text: str, notices: list[str], *, held: Held | None = None) -> list[Token]:
    """The question's pieces in order, with brackets in pairs; those without a letter or digit are left out."""
    pieces = (
        token
        for token in joined(without_emphasis(pieces_of(text, notices, held=held), notices))
        if token.sign in SIGNS or RUN.search(token.text)
    )
    return in_pairs(list(pieces), text, notices)


def without_emphasis(tokens: Iterable[Token], notices: list[str]) -> Iterator[Token]:
    """The pieces, where the NOT of a sentence in capitals, "IS NOT medically necessary", is a word."""
    last = ""
    for token in tokens:
        if token.text == "NOT" and last in AUXILIARIES:
            notices.append(f"treated `NOT` as text behind `{last}`; a minus before a word leaves it out: -word")
            yield structs.replace(token, sign="word")
        else:
            yield token
        last = token.text.lower()


def joined(tokens: Iterable[Token]) -> Iterator[Token]:
    """The pieces, where a number and its unit or sign are one word."""
    last: Token | None = None
    for token in tokens:
        if last and last.sign == token.sign == "word" and belong_together(last.text, token.text):
            yield structs.replace(last, text=f"{last.text} {token.text}")
            last = None
            continue
        if last:
            yield last
        last = token
    if last:
        yield last


def belong_together(one: str, other: str) -> bool:
    """A number and its unit, or the sign of a count and its number."""
    return bool(
        (FIGURE.fullmatch(one) and UNIT.fullmatch(other))
        or (COUNT_SIGN.fullmatch(one) and COUNTED.fullmatch(f"{one} {other}"))
    )


def pieces_of(text: str, notices: list[str], *, held: Held | None) -> Iterator[Token]:
    """The pieces in order, with brackets as they come."""
    place = 0
    while place < len(text):
        if match := SPACE.match(text, place) or OTHER_BRACKETS.match(text, place):
            place = match.end()
            continue
        if text[place] == "(":
            yield Token("(", "(", place)
            place += 1
            continue
        if match := MINUS.match(text, place):
            place = match.end()
            yield Token("minus" if text[place] == "(" else "not", "-", match.start())
            continue
        tokens, place = next_tokens(text, place, notices=notices, held=held)
        yield from tokens


def without_plurals(word: str) -> str:
    """The word without a plural in brackets: "request(s)"."""
    return PLURAL.sub("", word)


def next_tokens(text: str, place: int, *, notices: list[str], held: Held | None) -> tuple[list[Token], int]:
    """The operator, phrase, field or word at `place` with the brackets that it closes, and where it ends."""
    if match := FIELD_NAME.match(text, place):
        token, closing, end = field_token(match[1], text, start=match.end())
        if (problem := problem_of(match[1], token, held=held)) is not None:
            typed = shortened(text[place : end - len(closing)].rstrip(VALUE_END))
            if is_figure(token):
                notices.append(f"left out `{typed}`: {problem}\n{place_in(text, token.place)}")
                return closing, end
            wrong = token.place if token.sign.removesuffix(":") in FIELD else place
            notices.append(f"treated `{typed}` as text: {problem}\n{place_in(text, wrong)}")
            token = Token("text", f"{match[1]}:{token.text}", place, token.quoted)
        return [token, *closing], end
    if match := QUOTED.match(text, place):
        return [Token("phrase", match[1], place, quoted=True)], match.end()
    match = CHUNK.match(text, place)
    if match is None:
        return [], len(text)
    if match[0][0] in '"“':
        notices.append("a quote is not closed: its words were searched apart")
    word, closing = closed(without_plurals(match[0]), place)
    return [word_token(word, place, notices=notices), *closing], match.end()


def is_figure(token: Token) -> bool:
    """A range, or a day, was meant, for a field that takes one."""
    field = NAMED.get(token.sign.removesuffix(":"))
    if field is None or field.kind not in ("number", "date"):
        return False
    return bool(RANGE_LIKE.match(token.text)) or (field.kind == "date" and token.text[:1].isdigit())


def word_token(word: str, place: int, *, notices: list[str]) -> Token:
    """An operator, the beginning of words, or a word."""
    if word in ("AND", "OR", "NOT"):
        return Token(word.lower(), word, place)
    if (match := NEAR.fullmatch(word)) and (match[2] in "sS" or 0 < int(match[2]) <= FARTHEST):
        return Token("near", word.lower(), place)
    if match := PREFIX.fullmatch(word):
        if len(match[1]) >= SHORTEST_PREFIX:
            return Token("prefix", match[1], place)
        if "*" in word:
            notices.append(f"treated `{word}` as text: * stands after at least {SHORTEST_PREFIX} letters")
    return Token("word", word, place)


def closed(chunk: str, place: int) -> tuple[str, list[Token]]:
    """The chunk without the brackets at its end that it does not open itself, and these."""
    body = chunk.rstrip(",.;:!?")
    excess = chunk.count(")") - chunk.count("(")
    closing = min(len(body) - len(body.rstrip(")")), max(excess, 0))
    if not closing:
        return chunk, []
    end = len(body) - closing
    return chunk[:end], [Token(")", ")", place + end + number) for number in range(closing)]


def field_token(typed: str, text: str, *, start: int) -> tuple[Token, list[Token], int]:
    """A field's value from `start`, quoted or up to the next space; the brackets that it closes; where it ends."""
    name = typed.lower().replace("-", "_")
    sign = f"{NAMED[name].name if name in NAMED else name}:"
    if match := QUOTED.match(text, start):
        return Token(sign, clean_value(match[1]), start, quoted=True), [], match.end()
    match = CHUNK.match(text, start)
    chunk = match[0] if match else ""
    value, closing = closed(chunk, start)
    return Token(sign, value.rstrip(VALUE_END).strip('"“”'), start), closing, start + len(chunk)


def problem_of(typed: str, token: Token, *, held: Held | None) -> str | None:
    """Why the token is no value of a field, or null."""
    names = list(NAMED)
    name = token.sign.removesuffix(":")
    if name not in names:
        near = dict.fromkeys(NAMED[other] for other in get_close_matches(name, names, cutoff=0.75))
        nearest = ", ".join(f"{field.option} ({held(field):,})" if held else field.option for field in near)
        return f"{typed} is not a field" + (f"; nearest: {nearest}" if nearest else "")
    try:
        check_asked(FIELD[name], token.text)
    except UsageError as error:
        return error.message
    return None


def in_pairs(tokens: Sequence[Token], text: str, notices: list[str]) -> list[Token]:
    """The tokens with only those brackets that pair, up to DEEPEST in each other; a minus before one is NOT."""
    partner: dict[int, int] = {}
    opened: list[int] = []
    lonely: list[int] = []
    for number, token in enumerate(tokens):
        if token.sign == "(":
            opened.append(number)
        elif token.sign == ")" and opened:
            first = opened.pop()
            if len(opened) < DEEPEST:
                partner |= {first: number, number: first}
            elif "deeper" not in "".join(notices[-1:]):
                notices.append(f"brackets deeper than {DEEPEST} in each other were left out")
        elif token.sign == ")":
            lonely.append(number)
    if lonely := sorted([*opened, *lonely]):
        notices.append(f"treated `{quoted(text, tokens[lonely[0]].place)}` as text: the bracket has no partner")
    said = list(accumulate((token.sign in OPERATORS for token in tokens), initial=0))
    kept: list[Token] = []
    for number, token in enumerate(tokens):
        if token.sign == "minus":
            last = partner.get(number + 1)
            if last and said[last] > said[number]:
                kept.append(structs.replace(token, sign="not"))
            else:
                notices.append(f"treated `{quoted(text, token.place)}` as text: NOT leaves out what is in brackets")
        elif token.sign not in ("(", ")") or number in partner:
            kept.append(token)
    return kept


def shortened(typed: str) -> str:
    """What is typed as far as a sentence quotes it."""
    return typed if len(typed) <= LONGEST_QUOTED else typed[: LONGEST_QUOTED - 1] + "…"


def quoted(text: str, place: int) -> str:
    """The beginning of what stands there, up to a space."""
    return text[place : place + QUOTED_LENGTH].split()[0]
