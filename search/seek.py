"""Where in a text the wanted words may stand, so that only these pieces of it are analysed.

To analyse a whole text for the few words that are shown in it takes longer than to find the item. So each term has a
needle, which is in every word that the index has as this term; what stands between two spaces without a needle, or a
character beyond ASCII, says nothing that was asked for.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from imrsearch.schema.numbers import COUNT, PERCENT
from imrsearch.search.lexer import RUN
from imrsearch.search.marks import Mark, Wanted, marks_in, pattern_of
from imrsearch.search.results import Span

NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# "1000" is also "1,000", "0.5" is ".5", "l5" is the end of "L4-5": the last digits are always there, up to a comma.
LAST_DIGITS = re.compile(r"[0-9]{1,3}$")
HAS_DIGIT = re.compile(r"\d")
# A stem exchanges one letter of its word at most ("hope", "hoping"); but "possible" is "possibly", and "die" "dying".
CHANGED_TWICE = ("ble", "ie")
# Signs that may stand by themselves, and are words to the index: "# 90", "5 %".
SIGNS = {COUNT: "#", PERCENT: "%"}
# Pieces of text whose marks are kept: "weeks.", "Norco".
KEPT = 2_000


def needle_of(term: str, *, exact: bool) -> str:
    """The letters or digits that each word holds which the index has as this term."""
    if digits := LAST_DIGITS.search(term):
        return digits[0]
    if HAS_DIGIT.search(term):
        return term[:1]
    if exact or len(term) < 3:
        return term
    return term[:-2] if term.endswith(CHANGED_TWICE) else term[:-1]


class Seeker:
    """The marks of what one question wants, in one text after the other."""

    def __init__(self, wanted: tuple[Wanted, ...]) -> None:
        self.wanted = wanted
        nears = [want.near for want in wanted if want.near]
        # Where sentences end can only be seen in the whole text.
        self.whole = any(near.distance is None for near in nears)
        # Wanted words lie in one piece if fewer words than these stand between them.
        self.reach = max((near.distance or 1 for near in nears), default=1)
        patterns = {want.pattern for want in wanted}.union(pattern_of(near.second) for near in nears)
        needles = {needle_of(term, exact=pattern.exact) for pattern in patterns for term in pattern.terms}
        needles.update(SIGNS[term] for pattern in patterns for term in pattern.terms if term in SIGNS)
        self.needles = sorted(filter(str.isascii, needles))
        self.marks_of = lru_cache(KEPT)(self.marks_of_piece)

    def marks(self, text: str, *, field: str) -> list[Mark]:
        """Where the field's text answers the question."""
        if self.whole:
            return marks_in(text, self.wanted, field=field)
        return [
            Mark(mark.start + start, mark.end + start, mark.part)
            for start, end in self.pieces(text)
            for mark in self.marks_of(text[start:end], field)
        ]

    def marks_of_piece(self, text: str, field: str) -> list[Mark]:
        """Where a piece of the field's text answers the question."""
        return marks_in(text, self.wanted, field=field)

    def pieces(self, text: str) -> Iterator[Span]:
        """What may hold wanted words, in order; words side by side, or near enough, lie in one piece."""
        lower = text.lower()
        if len(lower) != len(text):
            yield 0, len(text)
            return
        chunks = {span for needle in self.needles for span in chunks_with(needle, lower)}
        if not text.isascii():
            chunks.update(chunk_at(match.start(), text) for match in NOT_ASCII.finditer(text))
        first = last = -1
        for start, end in sorted(chunks):
            if first >= 0 and self.reaches(text, last, start):
                last = end
                continue
            if first >= 0:
                yield first, last
            first, last = start, end
        if first >= 0:
            yield first, last

    def reaches(self, text: str, last: int, start: int) -> bool:
        """Words that end and begin there may count as near: no more than so many pieces between have a word."""
        if self.reach == 1:
            return not RUN.search(text, last, start)
        return sum(RUN.search(chunk) is not None for chunk in text[last:start].split()) < self.reach


def chunks_with(needle: str, lower: str) -> Iterator[Span]:
    """What stands between two spaces and holds the needle, letters at the beginning of a word."""
    letters = needle[0].isalpha()
    place = lower.find(needle)
    while place >= 0:
        if letters and place and lower[place - 1].isalpha():
            place = lower.find(needle, place + 1)
            continue
        start, end = chunk_at(place, lower)
        yield start, end
        place = lower.find(needle, end)


def chunk_at(place: int, text: str) -> Span:
    """What stands there between two spaces."""
    end = text.find(" ", place)
    return text.rfind(" ", 0, place) + 1, end if end >= 0 else len(text)


@lru_cache(16)
def seeker_of(wanted: tuple[Wanted, ...]) -> Seeker:
    """The seeker of what a question wants, made once for all its hits."""
    return Seeker(wanted)
