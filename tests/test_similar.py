"""What is like an item or a draft: a few of each outcome, one of each family, each saying why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from imrsearch.indexer.build import build_index
from imrsearch.schema.derive import derive_item
from imrsearch.schema.drafts import Draft
from imrsearch.schema.errors import UsageError
from imrsearch.search.searcher import Searcher
from imrsearch.search.similar import similar
from tests import factories
from tests.desk import letters_of, masked, shares
from tests.factories import index_of
from tests.precedents import precedents

LETTERS = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters"))


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(precedents(), tmp_path_factory.mktemp("similar")))


def why(hit):
    return {reason.what: reason.values for reason in hit.why}


def test_an_item_finds_its_twin_first(searcher):
    found = similar(searcher, "CM17-0001000:1")
    assert found.hits[0].id == "CM17-0001100:1"
    assert found.hits[0].similarity > found.hits[1].similarity
    assert found.about.id == "CM17-0001000:1"


def test_outcomes_have_equal_room(searcher):
    found = similar(searcher, "CM17-0011000:1", limit=2)
    assert {outcome: len(ids) for outcome, ids in found.outcomes.items()} == {"upheld": 2, "overturned": 2}
    assert {hit.id for hit in found.hits} == {id for ids in found.outcomes.values() for id in ids}


def test_own_letter_is_left_out(searcher):
    found = similar(searcher, "CM17-0080000:1", limit=20)
    assert all(hit.letter_id != "CM17-0080000" for hit in found.hits)
    assert any("own letter" in notice for notice in found.notices)


def test_a_letter_stands_for_its_first_item(searcher):
    found = similar(searcher, "CM17-0080000")
    assert found.about.id == "CM17-0080000:1"
    assert "first of the letter's 2 items" in found.notices[0]


def test_copies_are_shown_once(searcher):
    hits = similar(searcher, "CM17-0011000:1", limit=20).hits
    copies = [hit for hit in hits if hit.id.startswith("CM17-00900")]
    assert [(hit.similar, hit.family) for hit in copies] == [(2, "CM17-0090000:1")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "The request for Norco 10/325mg #60 is before us.", ("drug", ("hydrocodone", "acetaminophen")), id="drug"
        ),
        pytest.param(
            "The request for an MRI of the knee is before us.", ("subcategory", ("Imaging / Radiology",)), id="kind"
        ),
        pytest.param("The request for an MRI of the knee is before us.", ("body_part", ("knee",)), id="body"),
        pytest.param("The request for a zorbital thing is before us.", ("words", ("zorbital",)), id="words"),
    ],
)
def test_a_draft_is_told_why(searcher, text, expected):
    first = similar(searcher, Draft("text", text)).hits[0]
    what, values = expected
    shared = why(first)[what]
    assert values[0] in shared


def test_age_is_told_where_both_texts_have_one(searcher):
    found = similar(searcher, Draft("text", "The patient is a 42 year old cook with burns on both hands."))
    first = next(hit for hit in found.hits if hit.letter_id == "CM17-0080000")
    assert why(first)["age"] == (40,)


def test_a_class_is_told_where_the_drug_is_another(searcher):
    found = similar(searcher, "CM17-0080000:2", limit=5)
    first = found.hits[0]
    assert "opioids" in why(first)["drug_class"]
    assert "drug" not in why(first)


def test_names_are_exact_in_prose(searcher):
    found = similar(searcher, Draft("text", "The request for Norcoo is before us, and nothing else is named."))
    assert found.about.treatments == ()


@pytest.mark.parametrize("text", ["zzz qqq", "the of and"])
def test_a_draft_that_shares_nothing_finds_nothing(searcher, text):
    assert similar(searcher, Draft("text", text)).hits == ()


def test_unknown_id(searcher):
    with pytest.raises(UsageError, match="CM99-1"):
        similar(searcher, "CM99-1")


def test_limit_counts_from_one(searcher):
    with pytest.raises(UsageError, match="limit"):
        similar(searcher, "CM17-0001000:1", limit=0)


def test_the_answer_is_the_same_every_time(searcher):
    first, second = (similar(searcher, "CM17-0011000:1") for _ in range(2))
    assert first.hits == second.hits


@pytest.mark.skipif(not LETTERS.is_dir(), reason="the real letters are not here")
def test_masked_summaries_find_their_treatment_twice_as_often_as_chance(tmp_path):
    build_index([LETTERS / "expected.jsonl", *sorted((LETTERS / "txt").iterdir())], tmp_path / "index")
    searcher = Searcher.open(tmp_path / "index")
    found = letters_of(searcher)
    items = [(letter, item) for letter in found for item in letter.items if letter.summary]
    share = shares(searcher, found, items[::4])
    assert share["low"] >= 2 * share["chance"]


def test_a_masked_summary_names_the_treatment_no_more():
    item = derive_item(factories.item("Norco 10/325mg #60 for the back"))
    assert masked("She takes Vicodin, HYDROCODONE and soma for backs.", item) == "She takes and soma"


# Numbers of texts differ from process to process; what they are sorted by must not.
ALL_OF_THEM = """
import sys
from pathlib import Path
from imrsearch import Query, Searcher
from imrsearch.search.similar import similar

searcher = Searcher.open(Path(sys.argv[1]))
print([similar(searcher, hit.id, limit=20).hits for hit in searcher.search(Query(limit=1_000)).hits])
"""


def test_every_process_answers_alike(index_dir):
    said = {
        subprocess.run(
            [sys.executable, "-c", ALL_OF_THEM, str(index_dir)],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
