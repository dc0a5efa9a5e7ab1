"""The passage that decides, cut from an item's text at its sentences, and the words in it that were asked for.

Offsets count characters.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from imrsearch.schema.records import Item
from imrsearch.search.marks import Mark, Wanted
from imrsearch.search.results import Span
from imrsearch.search.seek import seeker_of
from imrsearch.search.sentences import sentences_of

# A passage grows by whole sentences up to AIM characters; a sentence longer than LONG is cut to AIM.
AIM = 300
LONG = 450
# Characters kept before the first mark of a cut sentence.
LEAD = 60
MORE = "…"
# Texts whose sentences are kept ready.
KEPT = 512

# "Therefore, the request for … is not medically necessary.", "The request is certified." Read sentence by sentence: of
# "The request is noted. Certain rules are necessary." neither says what was decided.
DECISIVE = re.compile(
    r"\b(?:medically\s+necessary|medical\s+necessity\b.{0,80}?\b(?:not|is|has|established|supported)\b|non-?certif"
    r"|request(?:s|ed)?\b.{0,200}?"
    r"\b(?:necessary|certified|warranted|supported|established|appropriate|approved|denied)\b)"
)
# Opioid items close with "This decision addresses the medical necessity of … and should not be interpreted as …".
DISCLAIMER = re.compile(r"\b(?:addresses\s+the\s+medical\s+necessity|interpreted\s+as\b)")
BLANK = re.compile(r"\s+")


# A sentence says what was decided; how that is to be taken.
Said = tuple[bool, bool]
DECISION: Said = (True, False)


class Passage(Struct, frozen=True):
    """A piece of text, and what in it was asked for, in characters of the piece."""

    text: str
    highlights: tuple[Span, ...]


NO_PASSAGE = Passage("", ())


def spans(marks: Iterable[Mark]) -> tuple[Span, ...]:
    """The marks' characters; those that overlap as one."""
    merged: list[Span] = []
    for mark in sorted(marks):
        if merged and mark.start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], mark.end))
        else:
            merged.append((mark.start, mark.end))
    return tuple(merged)


def marked_treatment(item: Item, wanted: Iterable[Wanted]) -> tuple[Span, ...]:
    """What of the item's heading was asked for."""
    return spans(seeker_of(tuple(wanted)).marks(item.treatment, field="treatment"))


def passage_of(item: Item, wanted: Iterable[Wanted]) -> Passage:
    """The item's best passage: of its rationale, else of the guideline paragraph, else its heading.

    Where the best sentences say nothing of the decision, the sentence that does is added after a "…".
    """
    return passage_in(*reasons_of(item, wanted))


def reasons_of(item: Item, wanted: Iterable[Wanted]) -> tuple[str, list[Mark]]:
    """The text that a passage is cut from, and where it answers the question."""
    texts = {"rationale": item.rationale, "imr_guideline": item.imr_guideline, "treatment": item.treatment}
    field, text = next(((field, text) for field, text in texts.items() if text), ("treatment", ""))
    return text, seeker_of(tuple(wanted)).marks(text, field=field)


def passage_in(text: str, marks: Sequence[Mark]) -> Passage:
    """The best passage of the text with these marks."""
    sentences, said = read_sentences(text)
    first, last = best_window(sentences, said, marks)
    start, end = (sentences[first][0], sentences[last][1]) if sentences else (0, len(text))
    best = piece_of(text, start, end, marks)
    decision = next((place for place in reversed(range(len(said))) if said[place] == DECISION), None)
    if decision is None or first <= decision <= last or decides(said[first : last + 1]):
        return best
    added = piece_of(text, *sentences[decision], marks)
    return together(best, added) if first < decision else together(added, best)


@lru_cache(KEPT)
def read_sentences(text: str) -> tuple[Sequence[Span], Sequence[Said]]:
    """Where the text's sentences are, and what each says; many items share their text, and many are shown again."""
    sentences = sentences_of(text)
    return sentences, [said_in(text[start:end]) for start, end in sentences]


def said_in(sentence: str) -> Said:
    """Whether the sentence says what was decided, and whether how to take it."""
    lower = sentence.lower()
    # What has none of these words decides nothing; most sentences have none.
    may_decide = "medical" in lower or "certif" in lower or "request" in lower
    may_disclaim = "addresses" in lower or "interpreted" in lower
    return (
        may_decide and DECISIVE.search(lower) is not None,
        may_disclaim and DISCLAIMER.search(lower) is not None,
    )


def decides(said: Sequence[Said]) -> bool:
    """Sentences say what was decided, and none how to take it."""
    return any(decisive for decisive, _ in said) and not any(disclaims for _, disclaims in said)


def piece_of(text: str, start: int, end: int, marks: Sequence[Mark]) -> Passage:
    """The characters from `start` to `end` with their marks, cut where they are too many."""
    if end - start > LONG:
        return cut(text, start, end, marks=inside(marks, start, end))
    return Passage(text[start:end], spans(moved(inside(marks, start, end), -start)))


def together(first: Passage, second: Passage) -> Passage:
    """Both pieces, with "…" for what lies between them."""
    between = " " if first.text.endswith(MORE) or second.text.startswith(MORE) else f" {MORE} "
    shift = len(first.text) + len(between)
    later = tuple((start + shift, end + shift) for start, end in second.highlights)
    return Passage(f"{first.text}{between}{second.text}", (*first.highlights, *later))


def best_window(sentences: Sequence[Span], said: Sequence[Said], marks: Sequence[Mark]) -> Span:
    """The first and the last of sentences side by side that answer most of the question, then decide, then say most.

    More sentences are never worse, but for one that disclaims. So from each sentence on only two windows can be best:
    the longest, and the longest before a disclaimer.
    """
    ends = [end for _, end in sentences]
    decided = next_places([decisive for decisive, _ in said])
    disclaimed = next_places([disclaims for _, disclaims in said])
    longest = [max(place, bisect_right(ends, start + AIM) - 1) for place, (start, _) in enumerate(sentences)]
    before = [
        (place, disclaimed[place] - 1) for place, whole in enumerate(longest) if place <= disclaimed[place] - 1 < whole
    ]
    best, best_worth = (0, -1), None
    for windows in (list(enumerate(longest)), before):
        answered = answers(marks, ((sentences[first][0], ends[last]) for first, last in windows))
        for (first, last), (parts, count) in zip(windows, answered, strict=True):
            decisive = decided[first] <= last < disclaimed[first]
            start, length = sentences[first][0], ends[last] - sentences[first][0]
            # Parts answered, decisive, marks, characters up to AIM, then the later start if decisive.
            worth = (parts, decisive, count, min(length, AIM), start if decisive else -start)
            if best_worth is None or worth > best_worth:
                best, best_worth = (first, last), worth
    return best


def next_places(true: Sequence[bool]) -> list[int]:
    """For each place the next one at which it is true, itself included; the length where none is."""
    nearest = len(true)
    if True not in true:
        return [nearest] * nearest
    places = []
    for place in reversed(range(len(true))):
        nearest = place if true[place] else nearest
        places.append(nearest)
    return places[::-1]


def answers(marks: Sequence[Mark], windows: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """For each window how many parts are answered in it, by how many marks."""
    inorder = sorted(marks)
    starts = [mark.start for mark in inorder]
    for start, end in windows:
        begun = inorder[bisect_left(starts, start) : bisect_left(starts, end)]
        parts = [mark.part for mark in begun if mark.end <= end]
        yield len(set(parts)), len(parts)


def inside(marks: Iterable[Mark], start: int, end: int) -> list[Mark]:
    """The marks that lie wholly between."""
    return [mark for mark in marks if start <= mark.start and mark.end <= end]


def moved(marks: Iterable[Mark], by: int) -> list[Mark]:
    """The marks, so many characters further on."""
    return [Mark(mark.start + by, mark.end + by, mark.part) for mark in marks]


def cut(text: str, start: int, end: int, *, marks: Sequence[Mark]) -> Passage:
    """AIM characters of a long sentence where its marks are, cut between words."""
    begins = [start, *sorted(max(start, mark.start - LEAD) for mark in marks)]
    answered = answers(marks, ((begin, begin + AIM) for begin in begins))
    best = max(zip(begins, answered, strict=True), key=lambda found: (found[1][0], -found[0]))[0]
    left = next_word(text, best) if best > start else start
    right = last_word(text, left, min(end, left + AIM)) if left + AIM < end else end
    before, after = (MORE if left > start else ""), (MORE if right < end else "")
    shift = len(before) - left
    return Passage(f"{before}{text[left:right]}{after}", spans(moved(inside(marks, left, right), shift)))


def next_word(text: str, place: int) -> int:
    """The first beginning of a word at or after `place`, unless the next space is far."""
    match = BLANK.search(text, place - 1, place + LEAD)
    return match.end() if match else place


def last_word(text: str, start: int, end: int) -> int:
    """The last end of a word at or before `end`; a text without spaces is cut where it is."""
    if text[end : end + 1].isspace():
        return end
    space = text.rfind(" ", start, end)
    return space if space > start else end
