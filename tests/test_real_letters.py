"""The state's own letters, where they lie: what the project promises of them. Nothing of their text stands here."""

import json
import os
import re
from pathlib import Path

import pytest

from imrsearch.indexer.build import build_index
from imrsearch.indexer.letter import parse_letter
from imrsearch.indexer.sources import letter_files, read_letters
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

LETTERS = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters"))

pytestmark = pytest.mark.skipif(not LETTERS.is_dir(), reason="the real letters are not here")

HEADER = (
    "case_number",
    "assigned_date",
    "injury_date",
    "decision_date",
    "ur_denial_date",
    "application_date",
    "priority",
    "licensure_states",
    "specialties",
)
HYPHEN_AT_END = re.compile(r"- (?=\w)")


def folded(text):
    """Single spaces, and no space after a hyphen: the page does not say what a line's end was."""
    return HYPHEN_AT_END.sub("-", " ".join(text.split()))


def as_read(text):
    return text


def without_is(treatment):
    """A partly authorized heading may be read with the "is" before its colon or without it."""
    return treatment.removesuffix(" is")


@pytest.fixture(scope="module")
def pdf(plain):
    """The PDF letters as read, by case number."""
    found = [plain(parse_letter(raw)) for path in letter_files([str(LETTERS / "pdf")]) for raw in read_letters(path)]
    return {letter["case_number"]: letter for letter in found}


@pytest.fixture(scope="module")
def expected():
    """The checked reading, by case number."""
    lines = (LETTERS / "expected.jsonl").read_text("utf-8").splitlines()
    return {letter["case_number"]: letter for letter in map(json.loads, lines)}


def items_of(letters, case_numbers):
    return [(case, item["item"], item) for case in case_numbers for item in letters[case]["items"]]


def test_all_letters_and_items(pdf, expected):
    assert pdf.keys() == expected.keys()
    assert len(pdf) == 101
    places = [(case, place) for case, place, _ in items_of(pdf, expected)]
    assert places == [(case, place) for case, place, _ in items_of(expected, expected)]
    assert len(places) == 236


@pytest.mark.parametrize("key", HEADER)
def test_header(pdf, expected, key):
    assert {case: letter[key] for case, letter in pdf.items()} == {case: one[key] for case, one in expected.items()}


def test_outcomes(pdf, expected):
    assert [(case, place, item["outcome"]) for case, place, item in items_of(pdf, expected)] == [
        (case, place, item["outcome"]) for case, place, item in items_of(expected, expected)
    ]


@pytest.mark.parametrize(
    ("key", "share", "fold"),
    [
        pytest.param("treatment", 0.99, without_is, id="treatment"),
        pytest.param("ur_guideline", 0.99, as_read, id="ur_guideline"),
        pytest.param("imr_guideline", 0.99, as_read, id="imr_guideline"),
        pytest.param("rationale", 0.98, folded, id="rationale"),
    ],
)
def test_items(pdf, expected, key, share, fold):
    pairs = zip(items_of(pdf, expected), items_of(expected, expected), strict=True)
    unequal = [f"{case}:{place}" for (case, place, got), (_, _, want) in pairs if fold(got[key]) != fold(want[key])]
    assert len(unequal) <= (1 - share) * 236, unequal


def test_summaries(pdf, expected):
    unequal = [case for case in expected if folded(pdf[case]["summary"]) != folded(expected[case]["summary"])]
    assert len(unequal) <= 0.02 * 101, unequal


@pytest.fixture(scope="module")
def texts():
    """The text letters as read."""
    return [parse_letter(raw) for path in letter_files([str(LETTERS / "txt")]) for raw in read_letters(path)]


def test_texts(texts):
    outcomes = [item.outcome for letter in texts for item in letter.items]
    assert len(texts) == 5
    assert (len(outcomes), outcomes.count("upheld"), outcomes.count("overturned")) == (17, 14, 3)
    for letter in texts:
        assert letter.summary
        assert letter.specialties
        assert letter.licensure_states
        assert all(item.rationale and item.imr_guideline and item.ur_guideline for item in letter.items)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    """An index of the five text letters."""
    folder = tmp_path_factory.mktemp("real") / "index"
    report = build_index(letter_files([str(LETTERS / "txt")]), folder)
    assert (report.letters, report.items, report.problems) == (5, 17, ())
    return Searcher.open(folder)


KLONOPIN = {"000", "001", "003"}


def letters_of(results):
    """The numbers that the names of the text letters begin with."""
    return sorted(hit.letter_id[:3] for hit in results.hits)


def test_the_query_of_the_readme(searcher):
    results = searcher.search(Query(text="benzodiazepines 4 weeks", filters={"outcome": ("upheld",)}, limit=100))
    assert {hit.letter_id[:3] for hit in results.hits if "clonazepam" in hit.drugs} == KLONOPIN
    assert {hit.outcome for hit in results.hits} == {"upheld"}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(Query(filters={"drug": ("clonazepam",)}), id="filter"),
        pytest.param(Query(filters={"drug": ("Klonopin",)}), id="filter-by-brand"),
        pytest.param(Query(text="klonopin"), id="brand"),
        pytest.param(Query(text="clonazepam"), id="generic"),
        pytest.param(Query(text='"clonazepam"'), id="generic-in-quotes"),
    ],
)
def test_exactly_the_three_items_on_a_drug(searcher, query):
    assert letters_of(searcher.search(query)) == sorted(KLONOPIN)


def test_both_folders_in_one_index(tmp_path):
    files = list(letter_files([str(LETTERS / "pdf"), str(LETTERS / "txt")]))
    first = build_index(files, tmp_path / "index")
    assert (first.added, first.letters, first.items, first.failed) == (106, 106, 253, 0)
    again = build_index(files, tmp_path / "index")
    assert (again.unchanged, again.generation, again.items) == (106, first.generation, 253)
    results = Searcher.open(tmp_path / "index").search(Query(facets=("outcome",), limit=0))
    assert (results.total, results.total_letters) == (253, 106)
    assert sum(found.count for found in results.facets["outcome"]) == 253
