"""One spelling of numbers and codes, for the index, for the question and for what is marked.

.5mg                 0p5 mg          a number is one word, its unit another
1,000                1000
L4-5, L4/5, L4–5     L4-L5
10/325mg, 10-325mg   10 0bar 325 mg  a word for the bar, so that "1/2" is not "1-2"
#90                  qty 90          a word for the sign, so that a count is no other number
5%                   5 percent

The tokenizer cuts at whatever is neither letter nor digit, so that "0.5" would be two words. Because a space is written
between digits and the letters behind them, no text has a word of a digit and then a letter: such words are ours, for
the point and the bar. They are ASCII, because a document of ASCII alone is written much faster.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

POINT = "p"
BAR = "0bar"
COUNT = "qty"
PERCENT = "percent"
ZERO, LETTER, COMMA = b"0a,"

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
# The text in few signs, one for each character, in which a place worth a look is found faster than by any pattern:
# 0 for a digit, a for a letter, / for a dash or slash, ? for what Latin-1 has not.
SHAPE = bytes(
    ord("0" if "0" <= sign <= "9" else "a" if sign.isalpha() else "/" if sign in "-/" else sign)
    for sign in map(chr, range(256))
)
# What may need another spelling behind a digit: a letter, a group of thousands, the sign of a code; ? may be any of it.
# Not the signs of a date, "12/16/2016", unless a letter stands before: "L3-4-5" are levels.
WORTH_A_LOOK = re.compile(rb"0(?:[a?]|,(?=000)|/(?=0)(?:(?<=a0/)|(?<=a00/)|(?<!/0/)(?<!/00/)(?!00?/0)))")
# The point of "Klonopin .5 #30"; not that of "weeks.4" or "2003).5".
BEFORE_POINT = re.compile(r"[\w.)]")
# "1,000", "12,500.50"; not the comma of "76,78" or "2016,000".
THOUSANDS = re.compile(r"(?<![\w.,/-])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
# "#90", "# 90". Not "page #".
COUNT_SIGN = re.compile(r"#(?=\s?[0-9])")
PERCENT_SIGN = re.compile(r"%(?:(?<=[0-9]%)|(?<=[0-9]\s%))")
# "L4-5", "c5/6", "L3-4-5": the letter stands alone, "CM17-0019171" and "Lt4-5" are something else. "12-16-2016",
# "3/2016": dates. "7.5/325", "1/2". "7.5-325", "10-650 mg": a dash that stands for a bar; not that of "1-2 mg".
CODE = re.compile(
    rf"[0-9](?:(?<=(?<![^\W_])[LCTSlcts].)(?P<level>[0-9]?(?:[{DASHES}/][0-9]{{1,2}})+)"
    rf"|(?<![{DASHES}/\w].)(?:[0-9]*[{DASHES}/][0-9]{{1,2}}[{DASHES}/][0-9]"
    r"|[0-9]?/(?:19|20)[0-9][0-9](?![0-9/])"
    r"|(?P<bars>[0-9]*(?:\.[0-9]+)?(?:/(?:[0-9]*\.)?[0-9]+)+)"
    rf"|(?P<dash>[0-9]?(?:\.[0-9]+)?[{DASHES}](?:325(?![0-9])|[0-9]{{3}}(?=\s?[mM][gG](?![^\W_]))))))"
)
LEVEL_SIGN = re.compile(rf"[{DASHES}/]([0-9]{{1,2}})(?![^\W_]|[.,][0-9])")
BAR_SIGN = re.compile(rf"[{DASHES}/]")
# Vertebrae of the longest part of the spine.
LAST_LEVEL = 12

# From one place of the text to another something else is written.
Edit = tuple[int, int, str]


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

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to `end` stand in the text as it was."""
        return self.place(start, last=False), self.place(end, last=True)

    def place(self, place: int, *, last: bool) -> int:
        """The place in the text as it was; within a change its end for the last, else its beginning."""
        known = bisect_right(self.ends, place)
        there = place + (self.shifts[known - 1] if known else 0)
        if known == len(self.starts) or there <= self.starts[known]:
            return there
        return self.ends[known] + self.shifts[known] if last else self.starts[known]


def spelled(text: str) -> str:
    """The text with its numbers and codes in the one spelling."""
    edits = edits_of(text)
    return edited(text, edits) if edits else text


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made."""
    pieces: list[str] = []
    done = 0
    for start, end, written in edits:
        pieces += (text[done:start], written)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def plain(text: str) -> Plain:
    """Likewise, with the way back."""
    edits = edits_of(text)
    if not edits:
        return Plain(text)
    ends: list[int] = []
    shifts: list[int] = []
    shift = 0
    for start, end, written in edits:
        ends.append(start - shift + len(written))
        shift = end - ends[-1]
        shifts.append(shift)
    return Plain(edited(text, edits), tuple(ends), tuple(shifts), tuple(start for start, _, _ in edits))


def edits_of(text: str) -> list[Edit]:
    """What to write differently, in order and without overlaps."""
    shape = text.encode("latin-1", "replace").translate(SHAPE)
    if ZERO not in shape:
        return []
    edits: list[Edit] = []
    done = 0
    thousands = False
    for match in WORTH_A_LOOK.finditer(shape):
        place = match.start() + 1
        if shape[place] == COMMA:
            thousands = True
        elif shape[place] == LETTER or text[place].isalpha():
            if is_number(text, first_digit(shape, place)):
                edits.append((place, place, " "))
        elif place >= done:
            done = code_edits(text, shape, place, edits=edits)
    if b".0" in shape:
        edits += point_edits(text, shape)
    if b"#" in shape:
        edits += ((match.start(), match.end(), f" {COUNT} ") for match in COUNT_SIGN.finditer(text))
    if b"%" in shape:
        edits += ((match.start(), match.end(), f" {PERCENT} ") for match in PERCENT_SIGN.finditer(text))
    if thousands:
        for group in THOUSANDS.finditer(text):
            edits += ((place, place + 1, "") for place in range(*group.span()) if text[place] == ",")
    edits.sort()
    return edits


def first_digit(shape: bytes, place: int) -> int:
    """Where the digits begin that end before `place`."""
    while place and shape[place - 1] == ZERO:
        place -= 1
    return place


def is_number(text: str, first: int) -> bool:
    """Digits that begin at `first` are no part of a word such as "B12"."""
    return not first or not text[first - 1].isalnum()


def point_edits(text: str, shape: bytes) -> Iterator[Edit]:
    """POINT for the point of a number, with a zero before one that stands alone."""
    last = -2
    place = shape.find(b".0")
    while place >= 0:
        first = first_digit(shape, place)
        if first == place:
            if not (place and BEFORE_POINT.match(text, place - 1)):
                yield place, place + 1, f"0{POINT}"
                last = place
        # In "1.2.3" the second point belongs to no number.
        elif first > last + 1 and is_number(text, first):
            yield place, place + 1, POINT
            last = place
        place = shape.find(b".0", place + 1)


def code_edits(text: str, shape: bytes, place: int, *, edits: list[Edit]) -> int:
    """Add the letter of each level, or BAR between the parts of a combination or fraction; where the code ends."""
    if (
        text[place] == "-"
        and LETTER not in shape[max(0, place - 3) : place - 1]
        and shape[place + 1 : place + 4] != b"000"
    ):
        return place
    first = first_digit(shape, place)
    whole = first_digit(shape, first - 1) if first and text[first - 1] == "." else first
    match = CODE.match(text, whole) or CODE.match(text, first)
    if not match:
        return place
    if match["level"]:
        letter = text[match.start() - 1]
        # The pattern looks at two characters more.
        signs = LEVEL_SIGN.finditer(text, match.start("level"), match.end("level") + 2)
        edits += ((sign.start(1), sign.start(1), letter) for sign in signs if 0 < int(sign[1]) <= LAST_LEVEL)
    elif match["bars"] or match["dash"]:
        edits += ((sign.start(), sign.end(), f" {BAR} ") for sign in BAR_SIGN.finditer(text, *match.span()))
    return match.end()
