"""The passage that decides, cut from an item's text at its sentences, and the words in it that were asked for.

The stored text is analysed as it was for the index; offsets count characters.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from imrsearch.schema.records import Item
from imrsearch.search.marks import Mark, Wanted, marks_in
from imrsearch.search.results import Span
from imrsearch.search.sentences import sentences_of

# A passage grows by whole sentences up to AIM characters; a sentence longer than LONG is cut to AIM.
AIM = 300
LONG = 450
# Characters kept before the first mark of a cut sentence.
LEAD = 60
MORE = "…"

# "Therefore, the request for … is not medically necessary.", "The request is certified." A lookahead, so that each
# beginning is found with its nearest end, also inside another: sentences count from where they begin.
DECISIVE = re.compile(
    r"\b(?=[mnr])(?=(?P<said>medically\s+necessary"
    r"|medical\s+necessity\b.{0,80}?\b(?:not|is|has|established|supported)\b|non-?certif"
    r"|request(?:s|ed)?\b.{0,200}?"
    r"\b(?:necessary|certified|warranted|supported|established|appropriate|approved|denied)\b))",
    re.IGNORECASE,
)
# Opioid items close with "This decision addresses the medical necessity of … and should not be interpreted as …".
DISCLAIMER = re.compile(r"\b(?=(?P<said>addresses\s+the\s+medical\s+necessity|interpreted\s+as\b))", re.IGNORECASE)
BLANK = re.compile(r"\s+")


class Passage(Struct, frozen=True):
    """A piece of text, and what in it was asked for, in characters of the piece."""

    text: str
    highlights: tuple[Span, ...]


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
    return spans(marks_in(item.treatment, wanted, field="treatment"))


def passage_of(item: Item, wanted: Iterable[Wanted]) -> Passage:
    """The item's best passage: of its rationale, else of the guideline paragraph, else its heading.

    Where the best sentences say nothing of the decision, the sentence that does is added after a "…".
    """
    texts = {"rationale": item.rationale, "imr_guideline": item.imr_guideline, "treatment": item.treatment}
    field, text = next(((field, text) for field, text in texts.items() if text), ("treatment", ""))
    marks = marks_in(text, wanted, field=field)
    sentences = sentences_of(text)
    decided = reversed(sentences) if DECISIVE.search(text) else ()
    decision = next((each for each in decided if is_decisive(text, *each)), None)
    start, end = best_window(text, sentences, marks)
    best = piece_of(text, start, end, marks)
    if decision is None or is_decisive(text, start, end) or (start <= decision[0] and decision[1] <= end):
        return best
    added = piece_of(text, *decision, marks)
    return together(best, added) if start < decision[0] else together(added, best)


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


def is_decisive(text: str, start: int, end: int) -> bool:
    """The sentences from `start` to `end` say what was decided, and not only how to take it."""
    return DECISIVE.search(text, start, end) is not None and DISCLAIMER.search(text, start, end) is None


def best_window(text: str, sentences: Sequence[Span], marks: Sequence[Mark]) -> Span:
    """Sentences side by side that answer most parts of the question, then decide, then say most.

    More sentences are never worse, but for one that disclaims. So from each sentence on only two windows can be best:
    the longest, and the longest before a disclaimer.
    """
    ends = [end for _, end in sentences]
    decided = first_ends(text, sentences, DECISIVE)
    disclaimed = first_ends(text, sentences, DISCLAIMER)
    longest = [max(place, bisect_right(ends, start + AIM) - 1) for place, (start, _) in enumerate(sentences)]
    before = [
        (place, last)
        for place, whole in enumerate(longest)
        if place <= (last := bisect_left(ends, disclaimed[place]) - 1) < whole
    ]
    best, best_worth = (0, len(text)), None
    for places in (list(enumerate(longest)), before):
        windows = [(sentences[first][0], ends[last]) for first, last in places]
        for (first, _), (start, end), (parts, count) in zip(places, windows, answers(marks, windows), strict=True):
            decisive = decided[first] <= end < disclaimed[first]
            # Parts answered, decisive, marks, characters up to AIM, then the later start if decisive.
            worth = (parts, decisive, count, min(end - start, AIM), start if decisive else -start)
            if best_worth is None or worth > best_worth:
                best, best_worth = (start, end), worth
    return best


def first_ends(text: str, sentences: Sequence[Span], said: re.Pattern[str]) -> list[int]:
    """For each sentence, the first end of what is said in it or after it; past the text where it is not said."""
    found = [(match.start(), match.end("said")) for match in said.finditer(text)]
    nearest = len(text) + 1
    ends = []
    for start, _ in reversed(sentences):
        while found and found[-1][0] >= start:
            nearest = min(nearest, found.pop()[1])
        ends.append(nearest)
    return ends[::-1]


def answers(marks: Sequence[Mark], windows: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """For windows whose starts and ends never go back: how many parts are answered in each, by how many marks."""
    by_start = sorted(marks, reverse=True)
    by_end = sorted(marks, key=lambda mark: mark.end, reverse=True)
    counts: Counter[int] = Counter()
    reached = held = 0
    for start, end in windows:
        while by_start and by_start[-1].start < start:
            mark = by_start.pop()
            if mark.end <= reached:
                held -= 1
                counts[mark.part] -= 1
                if not counts[mark.part]:
                    del counts[mark.part]
        while by_end and by_end[-1].end <= end:
            mark = by_end.pop()
            if mark.start >= start:
                held += 1
                counts[mark.part] += 1
        reached = end
        yield len(counts), held


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
