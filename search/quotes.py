"""Whether a quotation stands word for word in an item, and where it does not, what stands there instead."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import chain, combinations, islice

from msgspec import Struct, structs

from imrsearch.schema.errors import UsageError
from imrsearch.schema.records import Item, Letter
from imrsearch.schema.vocabulary import words_of
from imrsearch.search.alike import kept_share
from imrsearch.search.render import printable
from imrsearch.search.sentences import sentences_of

# Where an item's words stand, and last its letter's summary.
PARTS = ("rationale", "imr_guideline", "ur_guideline", "treatment")
SUMMARY = "summary"
# Characters of a quotation, places that are told of it, and differences from the nearest sentence.
LONGEST, MOST_PLACES, MOST_DIFFERENCES = 5_000, 10, 10
# Words of two sentences that are compared one by one.
MOST_WORDS = 1_000
# A sentence that has so many of the quotation's words may be the one that was meant.
NEAR = 0.5
# In what a quotation may differ and still be told apart from another sentence; the smallest set that holds is told.
SPACE, TYPOGRAPHY, CASE, ENDS = "white space", "typography", "case", "end punctuation"
LOOSE = (SPACE, TYPOGRAPHY, CASE, ENDS)
LEFT_OUT = "words left out"
# Signs that are typed for each other.
SAME_SIGNS = ('"“”„‟«»', "'‘’‚‛`´", "-‐‑‒–—―−")
ENDING = " .,;:!?…()[]" + SAME_SIGNS[0] + SAME_SIGNS[1]
# A word goes on behind a hyphen or an apostrophe, and a number behind a point, a comma, a slash or a dash: "MTUS
# Citation" is not in "Non-MTUS Citation", nor "5 mg" in "2.5 mg".
NO_WORD_BEFORE, NO_WORD_BEHIND = r"(?<!\w)(?<!\w[-‐‑'’])", r"(?!\w)(?![-‐‑'’]\w)"
NO_DIGIT_BEFORE, NO_DIGIT_BEHIND = r"(?<!\d[.,/:–])", r"(?![.,/:–]\d)"
# "…", "...", ". . .", also in brackets: the quotation leaves something out.
ELLIPSIS = re.compile(r"\[\s?(?:…|\.\s?\.\s?\.)\s?\]|…|\.\s?\.\s?\.")


class Place(Struct, frozen=True):
    """Where a quotation stands.

    part   "rationale", "imr_guideline", "ur_guideline", "treatment", or "summary" of the letter
    start  character offset in that text; end likewise
    whole  it begins and ends where sentences do
    """

    part: str
    start: int
    end: int
    whole: bool


class Difference(Struct, frozen=True):
    """Words of the quotation, and those that stand in their place; empty where there are none."""

    quote: str
    item: str


class Nearest(Struct, frozen=True):
    """The sentences that have most of the quotation's words."""

    part: str
    start: int
    end: int
    text: str
    differs: tuple[Difference, ...]


class Verified(Struct, frozen=True):
    """Whether a quotation stands in an item.

    exact     it does, character by character, and between whole words
    places    where it stands, or where it would but for what `but_for` names
    but_for   where it is not exact: all in which it differs, "white space", "typography", "case", "end punctuation",
              "words left out" at its "…"; empty where it differs in more
    nearest   where it differs in more, the nearest sentence; null where none is near
    siblings  ids of other items of the letter in which it stands exactly
    """

    id: str
    exact: bool
    places: tuple[Place, ...] = ()
    but_for: tuple[str, ...] = ()
    nearest: Nearest | None = None
    siblings: tuple[str, ...] = ()


def verify(letter: Letter, item: Item, *, quote: str) -> Verified:
    """Whether the quotation stands in the item or its letter's summary, as these are shown.

    UsageError where it is no quotation: fewer than two words, or more than LONGEST characters.
    """
    if len(words_of(quote)) < 2:
        raise UsageError("a quotation has two words at least", hint="give the sentence as you would quote it")
    if len(quote) > LONGEST:
        raise UsageError(f"a quotation has {LONGEST:,} characters at most", hint="verify it sentence by sentence")
    texts = texts_of(item) | {SUMMARY: printable(letter.summary)}
    others = (other for other in letter.items if other.id != item.id)
    siblings = tuple(other.id for other in others if any(places_in(texts_of(other), [quote], ())))
    for pieces in ([quote], pieces_of(quote)):
        # Where it does not stand with every freedom, it does not with fewer.
        if not pieces or not any(places_in(texts, pieces, LOOSE)):
            continue
        for loose in chain.from_iterable(combinations(LOOSE, number) for number in range(len(LOOSE) + 1)):
            if found := tuple(islice(places_in(texts, pieces, loose), MOST_PLACES)):
                but_for = (*loose, *((LEFT_OUT,) if len(pieces) > 1 else ()))
                return Verified(item.id, not but_for, found, but_for, siblings=siblings)
    return Verified(item.id, exact=False, nearest=nearest_in(texts, quote), siblings=siblings)


def texts_of(item: Item) -> dict[str, str]:
    """The item's own texts, as they are shown."""
    return {part: printable(getattr(item, part)) for part in PARTS}


def pieces_of(quote: str) -> list[str]:
    """What stands between the ellipses; nothing where there is none, or too little to be told from other words."""
    pieces = [piece.strip() for piece in ELLIPSIS.split(quote) if piece.strip(ENDING)]
    return pieces if len(pieces) > 1 and all(len(words_of(piece)) > 1 for piece in pieces) else []


def places_in(texts: Mapping[str, str], pieces: Sequence[str], loose: Collection[str]) -> Iterator[Place]:
    """Where the pieces stand one after the other."""
    patterns = [pattern_of(piece, loose) for piece in pieces]
    for part, text in texts.items():
        if not patterns[0].search(text):
            continue
        spans = sentences_of(text)
        starts, ends = {start for start, _ in spans}, {end for _, end in spans}
        for first in patterns[0].finditer(text):
            last: re.Match[str] | None = first
            for pattern in patterns[1:]:
                last = last and pattern.search(text, last.end())
            if last is None:
                break
            yield Place(part, first.start(), last.end(), first.start() in starts and last.end() in ends)


def pattern_of(piece: str, loose: Collection[str]) -> re.Pattern[str]:
    """The piece as a pattern that never begins or ends within a word: "supported by" is not in "unsupported by"."""
    if ENDS in loose:
        piece = piece.strip(ENDING)
    words = piece.split() if SPACE in loose else [piece]
    spelled = r"\s+".join("".join(map(sign_of, word)) if TYPOGRAPHY in loose else re.escape(word) for word in words)
    first, last = words[0][0], words[-1][-1]
    before = (NO_WORD_BEFORE if first.isalnum() else "") + (NO_DIGIT_BEFORE if first.isdigit() else "")
    behind = (NO_WORD_BEHIND if last.isalnum() else "") + (NO_DIGIT_BEHIND if last.isdigit() else "")
    return re.compile(before + spelled + behind, re.IGNORECASE if CASE in loose else 0)


def sign_of(sign: str) -> str:
    """A pattern for the sign, and for those that are typed for it."""
    same = next((signs for signs in SAME_SIGNS if sign in signs), sign)
    return f"[{re.escape(same)}]" if len(same) > 1 else re.escape(sign)


def nearest_in(texts: Mapping[str, str], quote: str) -> Nearest | None:
    """The sentences, as many as the quotation has, with most of its words; null where none has enough of them."""
    wanted = words_of(quote)
    number = max(len(sentences_of(quote)), 1)
    best: tuple[float, Nearest] | None = None
    for part, text in texts.items():
        spans = sentences_of(text)
        for first, last in zip(spans, spans[number - 1 :] or spans[-1:], strict=False):
            said = words_of(text[first[0] : last[1]])
            held = (Counter(wanted) & Counter(said)).total() / len(wanted)
            near = held + kept_share(wanted, said)
            if held >= NEAR and (best is None or near > best[0]):
                best = near, Nearest(part, first[0], last[1], text[first[0] : last[1]], ())
    if best is None:
        return None
    changed = tuple(islice(differences(quote, best[1].text), MOST_DIFFERENCES))
    return structs.replace(best[1], differs=changed)


def differences(quote: str, text: str) -> Iterator[Difference]:
    """What the quotation has in place of what; what the text says before and after it is no difference."""
    own, other = quote.split()[:MOST_WORDS], text.split()[:MOST_WORDS]
    changes = SequenceMatcher(None, own, other, autojunk=False).get_opcodes()
    for place, (what, start, end, first, last) in enumerate(changes):
        around = what == "insert" and place in (0, len(changes) - 1)
        if what != "equal" and not around:
            yield Difference(" ".join(own[start:end]), " ".join(other[first:last]))
