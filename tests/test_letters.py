"""Fictional letters, read and understood: equal to what they were written from, in every form and kind of file."""

import re
import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

pytest.importorskip("reportlab")
pytest.importorskip("pikepdf")

from imrsearch.indexer.letter import items, sections
from imrsearch.indexer.letter.sections import (
    LETTER_END,
    RATIONALE_START,
    Opening,
    labels_apart,
    prose,
    split_sections,
)
from imrsearch.schema.records import Line
from tests.corpus import FORMS, KINDS, Case, case_of, cases, letters


def differences(case: Case, got: dict[str, Any]) -> Iterator[str]:
    """A paragraph for each key in which the reading differs from the truth."""
    expected = dict(case.truth)
    items = expected.pop("items")
    yield from unequal(case.id, expected, got)
    if len(items) != len(got["items"]):
        yield f"{case.id} items\n  got      {len(got['items'])}\n  expected {len(items)}"
    for item, read in zip(items, got["items"], strict=False):
        yield from unequal(f"{case.id} item {item['item']}", item, read)


def unequal(where: str, expected: dict[str, Any], got: dict[str, Any]) -> Iterator[str]:
    for key, value in expected.items():
        if got[key] != value:
            yield f"{where} {key}\n  got      {got[key]!r}\n  expected {value!r}"


def check(chosen: Iterator[Case], parse, plain) -> None:
    wrong = [each for case in chosen for each in differences(case, plain(parse(case.content, case.filename)))]
    assert not wrong, f"{len(wrong)} differences\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_in_its_own_form(kind, parse, plain):
    check(cases(kinds=[kind]), parse, plain)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_every_letter_in_every_form(form, parse, plain):
    check(cases(forms=[form], kinds=["text", "html-page"]), parse, plain)


@pytest.mark.parametrize("key", letters())
def test_pdf_html_and_text_give_the_same_items(key, parse, plain):
    letter = letters()[key]
    as_pdf, *others = [
        plain(parse(case.content, case.filename))
        for case in (case_of(letter, letter["form"], kind) for kind in ("pdf", "html-tika", "html-page", "text"))
    ]
    for other in others:
        assert other["items"] == as_pdf["items"]
        assert {**other, "source": None} == {**as_pdf, "source": None}


def test_what_cannot_be_read_costs_its_part_only(parse):
    letter = letters()["xanax-ambien"]
    text = case_of(letter, "table", "text").content.decode()
    for lost in ("CLINICAL CASE SUMMARY", "State(s) of Licensure", "Certification(s)/Specialty", "Decision Date"):
        broken = parse(text.replace(lost, "@@@").encode())
        assert [item.outcome for item in broken.items] == [item["outcome"] for item in letter["items"]], lost
        assert broken.case_number == letter["case_number"]
    assert parse(text.replace("CLINICAL CASE SUMMARY", "@@@").encode()).summary == ""


# Letters that nobody wrote: any words where the words of a letter stand.

WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=12)
# A heading opens with a capital and ends in a dose, so that it is no sentence and no outcome.
HEADINGS = st.builds(
    lambda words, dose: f"{' '.join(words).capitalize()} {dose}mg",
    st.lists(WORDS, min_size=1, max_size=40),
    st.integers(1, 900),
)
SENTENCES = st.builds(lambda words: f"{' '.join(words).capitalize()}.", st.lists(WORDS, min_size=3, max_size=40))
PARAGRAPHS = st.lists(st.lists(SENTENCES, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=4)
ITEMS = st.lists(st.tuples(HEADINGS, PARAGRAPHS, st.sampled_from(("upheld", "overturned"))), min_size=1, max_size=5)


def letter_with(items: list[tuple[str, list[str], str]]) -> dict[str, Any]:
    """A fictional letter whose items are exchanged for others."""
    letter = letters()["xanax-ambien"]
    printed = [
        letter["items"][0]
        | {"item": number, "treatment": treatment, "requested": None, "authorized": None, "disputed": treatment}
        | {"outcome": outcome, "rationale": " ".join(paragraphs), "rationale_paragraphs": paragraphs}
        for number, (treatment, paragraphs, outcome) in enumerate(items, start=1)
    ]
    return letter | {"items": printed}


@pytest.mark.property
@pytest.mark.parametrize("kind", ["text", "text-double", "html-tika", "html-page", "pdf"])
@pytest.mark.parametrize("examples", [8, pytest.param(50, marks=pytest.mark.scale)])
def test_any_letter_is_read_as_it_was_written(kind, examples, parse, plain):
    @settings(max_examples=examples)
    @given(items=ITEMS)
    def check(items):
        case = case_of(letter_with(items), "table", kind)
        assert list(differences(case, plain(parse(case.content, case.filename)))) == []

    check()


def test_a_heading_in_wide_letters_is_read_whole(parse, plain):
    """Its lines hold fewer characters than others, and only their weight tells that they are full."""
    heading = f"{' '.join(['Wwwmmm', *['mmmwww'] * 21])} 10mg"
    items = [("Cane 10mg", ["It fits well."], "upheld"), (heading, ["It fits well."], "upheld")]
    case = case_of(letter_with(items), "table", "pdf")
    assert list(differences(case, plain(parse(case.content, case.filename)))) == []


def words_of(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


@pytest.mark.property
@settings(max_examples=60)
@given(
    key=st.sampled_from(sorted(letters())),
    form=st.sampled_from(sorted(FORMS)),
    kind=st.sampled_from(["text", "text-tight", "text-layout", "html-htmlmeta", "html-pdftohtml", "html-page"]),
)
def test_treatment_and_rationale_occur_in_the_letter(key, form, kind, read, parse):
    letter = letters()[key]
    assume(FORMS[form].items == "headings" or {item["outcome"] for item in letter["items"]} <= {"upheld", "overturned"})
    case = case_of(letter, form, kind)
    [raw] = read(case.content, case.filename)
    held = words_of(" ".join(line.text for line in raw.lines))
    for item in parse(case.content, case.filename).items:
        assert words_of(item.treatment) <= held
        assert words_of(item.rationale) <= held


TITLES = (
    "HOW THE IMR FINAL DETERMINATION WAS MADE",
    "CLINICAL CASE SUMMARY",
    "IMR ISSUES, DECISIONS AND RATIONALES",
    "Cane: Upheld",
    "Claims Administrator guideline: none",
    "MAXIMUS guideline: none",
    "Decision rationale: A cane helps.",
    "Expert Reviewer Case Summary:",
    "Medical Qualifications of the Expert Reviewer:",
    "Documents Reviewed for Determination:",
    "1) Regarding the request for a cane:",
    "Sincerely,",
    "Disclaimer: MAXIMUS reviews.",
)
# Above the decisions' heading.
UNDER_A_SUMMARY = (
    "HOW THE IMR FINAL DETERMINATION WAS MADE",
    "CLINICAL CASE SUMMARY",
    "1) Regarding the request for a cane:",
    "Line 1 of the letter",
    "IMR ISSUES, DECISIONS AND RATIONALES",
)


@pytest.mark.property
@given(st.lists(st.one_of(st.sampled_from(TITLES), st.integers(0, 10**6).map("Line {} of the letter".format))))
@example([*UNDER_A_SUMMARY])
@example([*UNDER_A_SUMMARY[:2], "Documents Reviewed for Determination:", *UNDER_A_SUMMARY[3:]])
def test_sections_lose_no_line(texts):
    """Whatever titles stand in a letter and in whatever order; only what follows the last rationale is left out."""
    lines = [Line(text) for text in texts]
    rationales = [place for place, text in enumerate(texts) if RATIONALE_START.match(text)]
    # Where no rationale is found there is nothing that an ending could follow.
    ends = [
        place for place, text in enumerate(texts) if rationales and LETTER_END.match(text) and place > rationales[-1]
    ]
    sections = split_sections(lines)
    held = {
        line.text for part in (sections.header, sections.reviewer, sections.summary, sections.issues) for line in part
    }
    lost = [text for text in texts[: min(ends, default=len(texts))] if text.startswith("Line ") and text not in held]
    assert lost == []


# Each beginning of a line that opens a part of a letter, whole enough for its pattern.
BEGINNINGS = (
    *TITLES,
    "CASE SUMMARY",
    "ISSUES, DECISIONS AND RATIONALES",
    "DECISION(S) AND RATIONALE(S)",
    "The Final Determination was based on decisions for the disputed items set forth below:",
    "12) Regarding the request for a cane:",
    "MAXIMUS is providing an independent review",
    "cc: the file",
    "Effect of the Decision",
    "The Expert Reviewer's decision rationale: A cane helps.",
    "Rationale for the Decision: A cane helps.",
    "The Claims Administrator based its decision on ACOEM.",
    "The Expert Reviewer relied on ACOEM.",
    "IMR guideline: none",
    "Expert Reviewer's guideline: none",
    "Section of the Medical Treatment Utilization Schedule Relied Upon",
    "Medical Treatment Guideline Relied Upon",
    "Reviewer to Make His/Her Decision",
    "Expert Reviewer to Make His/Her Decision",
    "to Make His/Her Decision",
    "Make His/Her Decision",
)
OPENINGS = {
    name: value for module in (sections, items) for name, value in vars(module).items() if isinstance(value, Opening)
}


@pytest.mark.parametrize("name", sorted(OPENINGS))
def test_the_initials_of_an_opening_are_all_that_its_pattern_begins_with(name):
    """Asked by its first character or not, a line opens the same part, in any case and any script's digits."""
    opening = OPENINGS[name]
    lines = [
        changed
        for line in BEGINNINGS
        for changed in (line, line.lower(), line.upper(), line.swapcase(), *(odd + line[1:] for odd in "ſİı٣"))
    ]
    opened = [place for place, line in enumerate(lines) if opening.pattern.match(line)]
    assert opened
    assert [place for place, _ in opening.matches(lines, range(len(lines)))] == opened
    assert [place for place, line in enumerate(lines) if opening.match(line)] == opened


@pytest.mark.parametrize("label", ["Claims Administrator guideline", "MAXIMUS guideline", "Decision rationale"])
def test_a_label_inside_a_line_begins_a_line(label):
    assert [line.text for line in labels_apart([Line(f"Cane: Upheld {label}: none")])] == [
        "Cane: Upheld",
        f"{label}: none",
    ]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        pytest.param(["10-", "20-16"], "10-20-16", id="number"),
        pytest.param(["flexion-", "decreased"], "flexion-decreased", id="word"),
        pytest.param(["short-", "and long-term"], "short- and long-term", id="and"),
        pytest.param(["short-", "android"], "short-android", id="begins-like-and"),
        pytest.param(["a -", "b"], "a - b", id="dash"),
        pytest.param(["a", "-", "b"], "a - b", id="dash-alone"),
        pytest.param(["a-", "-b"], "a- -b", id="two-hyphens"),
        pytest.param(["a-", "b-", "c"], "a-b-c", id="twice"),
        pytest.param(["a-", "", "b"], "a-  b", id="empty-line"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_lines_as_running_text(lines, text):
    assert prose(lines) == text
