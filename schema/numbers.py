"""One spelling of numbers and codes, for the index, for the question and for what is marked.

.5mg                 0.5mg
1,000                1000
L4-5, L4/5, L4–5     L4-L5
"""

import re
from bisect import bisect_right

from msgspec import Struct

# The characters at which a number may need another spelling; most texts hold few of them.
SIGN = re.compile(r"[.,\-\u2010-\u2014\u2212/](?=\d)")
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212/"
# The point of "Klonopin .5 #30"; not that of "1.5", "weeks.4" or "2003).5".
BEFORE_POINT = re.compile(r"[\w.)]")
# "1,000", "12,500.50"; not the comma of "76,78" or "2016,000".
THOUSANDS = re.compile(r"(?<![\d.,/-])\d{1,3}(?:,\d{3})*")
THREE_DIGITS = re.compile(r"\d{3}(?!\d)")
# "L4-5", "c5/6", "L3-4-5". The letter stands alone: "CM17-0019171" and "Lt4-5" are something else.
LEVEL = re.compile(rf"(?<![^\W_])([LCTS])\d{{1,2}}(?:[{DASHES}]\d{{1,2}})*", re.IGNORECASE)
NEXT_LEVEL = re.compile(r"(\d{1,2})(?![^\W_]|[.,]\d)")
# Vertebrae of the longest part of the spine.
LAST_LEVEL = 12
# No level or group of thousands begins further before its sign.
LOOK_BACK = 24


class Plain(Struct, frozen=True):
    """A text in the one spelling, and the way back to it as it was.

    ends     where in `text` each change ends
    shifts   what to add behind that end for the place in the text as it was
    starts   where in the text as it was each change begins
    """

    text: str
    ends: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()

    def original(self, place: int) -> int:
        """The place in the text as it was."""
        known = bisect_right(self.ends, place)
        there = place + (self.shifts[known - 1] if known else 0)
        return min(there, self.starts[known]) if known < len(self.starts) else there


def plain(text: str) -> Plain:
    """The text with its numbers and codes in the one spelling."""
    pieces: list[str] = []
    ends: list[int] = []
    shifts: list[int] = []
    starts: list[int] = []
    done = length = 0
    for match in SIGN.finditer(text):
        change = change_at(text, match.start())
        if change is None:
            continue
        start, end, written = change
        pieces += [text[done:start], written]
        length += start - done + len(written)
        done = end
        starts.append(start)
        ends.append(length)
        shifts.append(end - length)
    if not pieces:
        return Plain(text)
    return Plain("".join((*pieces, text[done:])), tuple(ends), tuple(shifts), tuple(starts))


def change_at(text: str, place: int) -> tuple[int, int, str] | None:
    """What to write from one place to another because of the sign at `place`, or null."""
    first = max(0, place - LOOK_BACK)
    match text[place]:
        case ".":
            alone = not place or not BEFORE_POINT.match(text[place - 1])
            return (place, place, "0") if alone else None
        case ",":
            before = ends_with(THOUSANDS, text, first=first, last=place)
            return (place, place + 1, "") if before and THREE_DIGITS.match(text, place + 1) else None
        case _:
            level = NEXT_LEVEL.match(text, place + 1)
            if not level or not 0 < int(level[1]) <= LAST_LEVEL:
                return None
            before = ends_with(LEVEL, text, first=first, last=place)
            return (place + 1, place + 1, before[1]) if before else None


def ends_with(pattern: re.Pattern[str], text: str, *, first: int, last: int) -> re.Match[str] | None:
    """The match between the places that ends at the last."""
    return next((match for match in pattern.finditer(text, first, last) if match.end() == last), None)
