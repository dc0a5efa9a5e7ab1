"""Text that nobody wrote for a reader: it costs its own letter at most, and no more time than a letter may take."""

import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest
from factories import item

import imrsearch.indexer
import imrsearch.schema
import imrsearch.search
from imrsearch.indexer.letter import parse_letter
from imrsearch.indexer.letter.citations import citations_in
from imrsearch.indexer.letter.items import parts_of
from imrsearch.indexer.letter.reviewer import Reviewer, reviewer_prose
from imrsearch.indexer.sources import pages
from imrsearch.indexer.sources.html import html_lines
from imrsearch.indexer.sources.pages import lines_of
from imrsearch.indexer.sources.text import text_lines
from imrsearch.schema.derive.amounts import strength_of
from imrsearch.schema.derive.treatment import combinations, joined
from imrsearch.schema.errors import SourceError
from imrsearch.schema.records import Letter, Line, RawLetter, Source
from imrsearch.schema.vocabulary import drug_names
from imrsearch.search.expand import expand
from imrsearch.search.language import MAX_LENGTH, parse
from imrsearch.search.marks import Mark, marks_in, wanted_in
from imrsearch.search.sentences import sentences_of
from imrsearch.search.snippet import AIM, answers, best_window, decides, inside, passage_of, said_in

# Repeated to any length. Most nearly match a pattern again and again; each was slow with one of them once.
PIECES = {
    "spaces": " ",
    "line-ends": " \n",
    "letters": "a",
    "capitals": "A",
    "digits": "1",
    "years": "2016-",
    "grouped-digits": "1,",
    "decimals": "1.",
    "strengths": "1 / ",
    "ranges": "1-",
    "doses": "10 mg / ",
    "percents": "1 % ",
    "times": "1 x 1",
    "counted": "2 a/b c/d ",
    "words-of-number": "two x y ",
    "sessions": "sessions, 1 ",
    "tablets": "1 tablets ",
    "quotes": '."',
    "parens": "(",
    "closed": "(1) ",
    "angles": "<p ",
    "tags-with-quotes": "<a title='",
    "comments": "<!--",
    "charsets": "charset = ",
    "hyphens": "a- ",
    "commas": "x, ",
    "ands": " and ",
    "initials": "A. ",
    "colons": "x : ",
    "outcomes": "x: Upheld ",
    "unknown-outcomes": "x: Aed ",
    "decided": "x is not medically ",
    "sentences": "The Claims Administrator did ",
    "cited": "cited the ",
    "based": "Decision based on ",
    "parts": ", which is part ",
    "mtus": "MTUS, and Aaa 2004- ",
    "sections": "Section(s): a, and ",
    "paged": "Page(s): 1, ",
    "page-of": "Page 1 of 1 ",
    "footers": "Final Determination Page ",
    "families": "ODG, and ACOEM Practice Guidelines 2nd ed ",
    "documents": "Guidelines Complaints ",
    "licensed": "State of Licensure: x Certification ",
    "certified": "is certified in x, has subspecialty in y ",
    "licensed-prose": "is certified in x and is licensed to practice in y ",
    "determined": "1) MAXIMUS Federal Services, Inc. has determined the request for x is ",
    "regarding": "1) Regarding the request for ",
    "partly": "x was the original request. y was authorized. ",
    "partly-left": "x was the original request. The Claims Administrator authorized y, leaving z. ",
    "partly-remaining": "x was the original request. y was authorized. The remaining z ",
    "issues": "The Final Determination was based on decisions for ",
    "issues-below": "The Final Determination was based on decisions for x set forth below: ",
    "summaries": "The x reviewer developed the following case summary ",
    "labels": "Claims Administrator guideline: ",
    "header": "Case Number: Date Assigned: Application ",
    "header-prose": "Notice of Assignment provided on ",
    "ages": "62 year ",
    "requests": "request is for ",
    "necessity": "medical necessity ",
    "authors": "A., 2003) ",
}
PATTERN_LENGTH, LETTER_LENGTH = 20_000, 100_000


def repeated(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """TimeoutError once the body has used so many seconds of the processor; it ends a search of `re`, too."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def modules() -> Iterator[ModuleType]:
    for package in (imrsearch.schema, imrsearch.indexer, imrsearch.search):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(module.name)


def patterns_in(value: object, name: str) -> Iterator[tuple[str, re.Pattern]]:
    """The patterns that the value is or holds, each with a name."""
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, dict):
        for key, held in value.items():
            yield from patterns_in(held, f"{name}[{key}]")
    elif isinstance(value, tuple | list):
        for place, held in enumerate(value):
            yield from patterns_in(held, f"{name}[{place}]")


def all_patterns() -> dict[str, re.Pattern]:
    """Every pattern of every module by its first name."""
    found: dict[re.Pattern, str] = {}
    for module in modules():
        for name, value in vars(module).items():
            if not name.startswith("__"):
                for each, pattern in patterns_in(value, f"{module.__name__.removeprefix('imrsearch.')}.{name}"):
                    found.setdefault(pattern, each)
    return {name: pattern for pattern, name in found.items()}


PATTERNS = all_patterns()


def test_patterns_are_found():
    assert len(PATTERNS) > 100
    assert {"indexer.letter.items.PARTLY_FORMS[0]", "schema.derive.amounts.STRENGTH"} <= PATTERNS.keys()


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_backtracks(name):
    pattern = PATTERNS[name]
    # A question is never longer, and its patterns match at a place only.
    of_questions = name.startswith(("search.language.", "search.lexer.", "search.ranges."))
    length = MAX_LENGTH if of_questions else PATTERN_LENGTH
    for piece in PIECES.values():
        text = f"{repeated(piece, length)}!"
        subject = text.encode() if isinstance(pattern.pattern, bytes) else text
        with within(0.4):
            pattern.match(subject)
            for _ in pattern.finditer(subject):
                pass


PARTS = ("header", "reviewer", "summary", "heading", "ur", "imr", "rationale")


def letter_with(hostile: list[str], part: str) -> RawLetter:
    """A letter whose one part is followed by the hostile lines; "heading" begins with them."""
    parts = {
        "header": ["Case Number: CM17-0000001", "Decision Date: 02/01/2017"],
        "reviewer": ["HOW THE IMR FINAL DETERMINATION WAS MADE", "The reviewer is"],
        "summary": ["CLINICAL CASE SUMMARY", "A 60 year old man."],
        "heading": ["IMR ISSUES, DECISIONS AND RATIONALES"],
        "ur": ["Back brace: Upheld", "Claims Administrator guideline: Decision based on MTUS Low Back 2004."],
        "imr": ["MAXIMUS guideline: Decision based on MTUS Low Back 2004."],
        "rationale": ["Decision rationale: It is not medically necessary."],
    }
    texts = [text for name, lines in parts.items() for text in (*lines, *(hostile if name == part else ()))]
    return RawLetter(Source("hostile.txt", "text", ""), tuple(Line(text) for text in texts))


def lines_of_width(text: str, width: int) -> list[str]:
    return [line for at in range(0, len(text), width) if (line := text[at : at + width].strip())]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(PIECES[name], id=name)
        for name in (
            "commas", "cited", "sections", "paged", "mtus", "certified", "determined", "partly", "partly-remaining",
            "issues", "strengths", "outcomes", "labels", "requests",
        )
    ],
)  # fmt: skip
def test_a_letter_takes_seconds_at_most(piece, part):
    for width in (LETTER_LENGTH, 80):
        lines = lines_of_width(" ".join(repeated(piece, LETTER_LENGTH).split()), width)
        with within(2):
            assert isinstance(parse_letter(letter_with(lines, part)), Letter)


@pytest.mark.parametrize(
    ("heading", "strength"),
    [
        pytest.param("Norco 10/325mg #60", "10/325mg", id="two"),
        pytest.param("Norco 10mg/325mg", "10/325mg", id="unit-twice"),
        pytest.param("Vitamin D 1,000 units", "1000units", id="comma"),
        pytest.param("Cream .5%", "0.5%", id="no-whole"),
        pytest.param("Norco 7.5 - 325 MG", "7.5/325mg", id="spaced"),
        pytest.param("Fioricet 50/300/40 mg", "50/300/40mg", id="three"),
        pytest.param("Cream " + "1" * 5_000 + "mg", None, id="a-run-of-digits"),
    ],
)
def test_strengths_are_read_as_before(heading, strength):
    assert strength_of(heading) == strength


def test_many_drugs_side_by_side_are_joined_in_pairs():
    hydrocodone, acetaminophen = (drug_names().values[name] for name in ("hydrocodone", "acetaminophen"))
    naproxen = drug_names().values["naproxen"]
    both = combinations()[frozenset({"hydrocodone", "acetaminophen"})]
    assert joined([naproxen, hydrocodone, acetaminophen]) == [naproxen, both]
    assert joined([naproxen, *[hydrocodone, acetaminophen] * 1_200]) == [naproxen, *[both] * 1_200]


def test_a_reviewer_is_found_among_near_matches():
    text = repeated(PIECES["certified"], 20_000) + ". He is certified in Urology and is licensed to practice in Ohio."
    with within(0.4):
        assert reviewer_prose(text) is not None
    assert reviewer_prose("He is certified in Urology, and is licensed to practice in Ohio and Iowa.") == Reviewer(
        licensure_states=("Ohio", "Iowa"), specialties=("Urology",)
    )


def test_a_partly_authorized_heading_is_cut_at_its_first_parts():
    assert parts_of(
        "Norco #60 was the original request. Norco #25 was authorized by the Claims Administrator. "
        "The remaining IMR eligible portion of the original request, Norco #35 is"
    ) == ("Norco #60", "Norco #25", "Norco #35")


def test_citations_of_an_endless_paragraph_stay_small():
    cited = citations_in("Decision based on MTUS " + repeated("Aa Page(s): 1, ", LETTER_LENGTH))
    assert sum(len(citation.text) for citation in cited) < 10_000_000


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("improvement, as noted on page 2 of 4", True, id="wrapped-rationale"),
        pytest.param("the functional capacity form, Page 2 of 4", True, id="capital-p-after-a-sentence"),
        pytest.param("Please see page 1 of 3", True, id="sentence-begins"),
        pytest.param("page 2 of 4", True, id="small-and-alone"),
        pytest.param("Page 2 of 4.", True, id="sentence-ends"),
        pytest.param("Page 2 of 4", False, id="alone"),
        pytest.param("Page | 2 of 4", False, id="bar"),
        pytest.param("PAGE 2 OF 4", False, id="capitals"),
        pytest.param("IMR Case CM17-0000001 Page 2 of 4", False, id="after-names"),
        pytest.param("Final Letter of Determination Form Effective 12.09.13 Page 3 of 7", False, id="form"),
        pytest.param("final letter of determination form effective 12.09.13 page 3 of 7", False, id="form-in-small"),
        pytest.param("Notice of Determination for Review Page 2 of 4", False, id="joining-words"),
    ],
)
def test_footers_inside_a_page(text, kept):
    around = [Line(f"This is line {number} of the rationale.") for number in "abcdef"]
    lines = lines_of([[*around[:3], Line(text), *around[3:]]])
    assert (Line(text) in lines) is kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("improvement, as noted on page 2 of 4", True, id="wrapped-rationale"),
        pytest.param("page 1 of 4", False, id="small-and-alone"),
        pytest.param("Page 1 of 4", False, id="alone"),
    ],
)
def test_footers_at_the_foot_of_a_page(text, kept):
    around = [Line(f"This is line {number} of the rationale.") for number in "abcdef"]
    lines = lines_of([[*around, Line(text)], around])
    assert (Line(text) in lines) is kept


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(b"x<br>", id="br"),
        pytest.param(b"<br>", id="empty-br"),
        pytest.param(b"<p>a", id="paragraphs"),
        pytest.param(b"<div>a</div>", id="div"),
        pytest.param(b"x\n", id="source-lines"),
    ],
)
def test_html_of_too_many_lines(piece):
    page = b"<html><body>" + piece * (4_000_000 // len(piece))
    with within(0.4), pytest.raises(SourceError, match="more than 20,000 lines: not a letter"):
        html_lines(page)


@pytest.mark.parametrize("end", [pytest.param(end, id=repr(end)) for end in ("\n", "\r", "\f", "\x85", "\n\n")])
def test_text_of_too_many_lines(end):
    text = repeated(f"xy{end}", 4_000_000)
    with within(0.4), pytest.raises(SourceError, match="more than 20,000 lines: not a letter"):
        text_lines(text)


def test_a_long_letter_is_read():
    lines = [f"Line {number}." for number in range(pages.MOST_LINES // 2)]
    assert [line.text for line in text_lines("\n".join(lines))] == lines
    assert [line.text for line in html_lines("<br>".join(lines).encode())] == lines


def test_pieces_at_one_height_make_one_line():
    placed = '<p style="position:absolute;top:5px;left:1px">x</p>' * 2_000
    with within(2):
        [line] = html_lines(f"<html><body>{placed}</body></html>".encode())
    assert line.text == " ".join("x" * 2_000)


def wanted(question: str):
    return wanted_in(expand(parse(question)).tree)


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        pytest.param("Aa. ", "zebra", id="short-sentences"),
        pytest.param("Aa. ", "aa OR zebra", id="marks-everywhere"),
        pytest.param("aa ", "aa", id="one-sentence"),
        pytest.param("Request denied. ", "request", id="decisive"),
        pytest.param("request ", "request", id="nearly-decisive"),
        pytest.param("It is interpreted as. ", "interpreted", id="disclaimers"),
        pytest.param("A b. C d. ", '"b c d a"', id="marks-over-sentences"),
    ],
)
def test_a_passage_takes_a_moment(sentence, question):
    rationale = repeated(sentence, LETTER_LENGTH)
    with within(0.4):
        passage = passage_of(item(rationale=rationale), wanted(question))
    assert 0 < len(passage.text) < 3 * AIM


def slow_best_window(text: str, marks: list[Mark]) -> tuple[int, int]:
    """Every window of sentences compared: what `best_window` must agree with."""
    sentences = sentences_of(text)
    windows = [
        (first, last)
        for first in range(len(sentences))
        for last in range(first, len(sentences))
        if last == first or sentences[last][1] - sentences[first][0] <= AIM
    ]

    def worth(window: tuple[int, int]) -> tuple[int, bool, int, int, int]:
        first, last = window
        start, end = sentences[first][0], sentences[last][1]
        found = inside(marks, start, end)
        decisive = decides([said_in(text[start:end]) for start, end in sentences[first : last + 1]])
        parts = len({mark.part for mark in found})
        return parts, decisive, len(found), min(end - start, AIM), start if decisive else -start

    return max(windows, key=worth)


@pytest.mark.parametrize("question", ["back", "back pain", '"pain is not"', "request brace", "zebra"])
@pytest.mark.parametrize("turn", range(12))
def test_the_best_window_is_the_best_of_all(turn, question):
    sentences = [
        "Back pain is not new.",
        "The request for a brace is not medically necessary.",
        "This addresses the medical necessity of the brace.",
        "It should not be interpreted as a denial of care.",
        "A brace was requested.",
        "Pain.",
        "No change is supported by the records of the last two years, which speak of pain in the back every day.",
        "Is it? It has been denied.",
        "The long sentence goes on, " + "and on, " * 45 + "about the back.",
    ]
    order = [sentences[(place * (turn + 2) + place // 3 + turn) % len(sentences)] for place in range(14)]
    text = " ".join(order)
    marks = marks_in(text, wanted(question), field="rationale")
    sentences = sentences_of(text)
    said = [said_in(text[start:end]) for start, end in sentences]
    assert best_window(sentences, said, marks) == slow_best_window(text, marks)


def test_answers_count_marks_that_lie_wholly_inside():
    marks = [Mark(0, 3, 0), Mark(2, 9, 1), Mark(4, 6, 0), Mark(7, 9, 2)]
    windows = [(0, 3), (0, 9), (2, 9), (4, 9), (7, 12)]
    found = [inside(marks, start, end) for start, end in windows]
    assert list(answers(marks, windows)) == [(len({mark.part for mark in each}), len(each)) for each in found]


@pytest.mark.parametrize("content", [b"na\xc3\xafve r\xc3\xa9sum\xc3\xa9.", "nai\u0308ve re\u0301sume\u0301.".encode()])
def test_accents_are_one_with_their_letters(content):
    [line] = text_lines(content.decode())
    assert line.text == "na\u00efve r\u00e9sum\u00e9."
    passage = passage_of(item(rationale=line.text), wanted("resume naive"))
    assert [passage.text[start:end] for start, end in passage.highlights] == ["na\u00efve", "r\u00e9sum\u00e9"]
