"""The nearest items of both outcomes, and the sentences that tell them apart."""

import io
import os
from pathlib import Path

import msgspec
import pytest

from imrsearch.indexer.build import build_index
from imrsearch.schema.derive.sameness import treatment_of
from imrsearch.schema.drafts import Draft
from imrsearch.schema.errors import UsageError
from imrsearch.search import render_desk
from imrsearch.search.contrast import HEADING, contrast
from imrsearch.search.searcher import Searcher
from tests.desk import found_by_contrast, letters_of, twins_of
from tests.factories import index_of, item, letter
from tests.precedents import ENDS, GROUND, precedents, twins

LETTERS = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters"))


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(precedents(), tmp_path_factory.mktemp("contrast")))


def test_every_near_twin_of_opposite_outcome_is_found_from_either_side(searcher):
    twins = twins_of(letters_of(searcher))
    assert len(twins) >= 3 * len(GROUND)
    missed = [
        (one.id, other.id)
        for pair in twins
        for one, other in (pair, pair[::-1])
        if not found_by_contrast(searcher, one, other)
    ]
    assert missed == []


@pytest.mark.skipif(not LETTERS.is_dir(), reason="the real letters are not here")
def test_every_near_twin_of_the_real_letters_is_found(tmp_path):
    build_index([LETTERS / "expected.jsonl", *sorted((LETTERS / "txt").iterdir())], tmp_path / "index")
    searcher = Searcher.open(tmp_path / "index")
    sides = [side for pair in twins_of(letters_of(searcher)) for side in (pair, pair[::-1])]
    assert sides
    assert all(found_by_contrast(searcher, *side) for side in sides)


@pytest.mark.parametrize(("here", "there"), [("0", "1"), ("1", "0")])
def test_where_three_sentences_differ_those_three_are_shown(searcher, here, there):
    found = contrast(searcher, f"CM17-00{0}2{here}00:1")
    pair = found.pairs[0]
    assert (pair.here, pair.there) == (f"CM17-0002{here}00:1", f"CM17-0002{there}00:1")
    outcomes = ("upheld", "overturned") if here == "0" else ("overturned", "upheld")
    assert pair.only_here == tuple(end.format(n=2) for end in ENDS[outcomes[0]])
    assert pair.only_there == tuple(end.format(n=2) for end in ENDS[outcomes[1]])
    assert len(pair.shared) == len(GROUND["Zorbital brace"]) + 1
    assert pair.similarity > 0.5


def test_the_asked_item_stands_first_on_its_side(searcher):
    found = contrast(searcher, "CM17-0011100:1", limit=2)
    assert found.overturned[0].id == "CM17-0011100:1"
    assert found.upheld[0].id == "CM17-0011000:1"
    assert (len(found.upheld), len(found.overturned)) == (2, 2)


def test_counts_are_of_the_whole_treatment(searcher):
    assert contrast(searcher, "CM17-0011100:1").counts == {"upheld": 6, "overturned": 3}
    assert contrast(searcher, "CM17-0021100:1").counts == {"upheld": 3, "overturned": 3}
    assert contrast(searcher, "CM17-0001100:1").counts == {"upheld": 4, "overturned": 3}


def test_a_side_with_fewer_says_so(searcher):
    found = contrast(searcher, "CM17-0080000:2", limit=3)
    assert len(found.overturned) == 3, "the same class counts where the drug has no other item"
    found = contrast(searcher, "norco copied words")
    assert found.treatment.values == ("hydrocodone",)
    short = contrast(searcher, "CM17-0001000:1", limit=10)
    assert any("fewer overturned items" in notice for notice in short.notices)


def test_a_query_says_which_treatment_was_taken(searcher):
    found = contrast(searcher, "trial weeks OR norco")
    assert found.treatment is not None
    assert found.left_aside > 0
    assert any("treatment taken" in notice and "left aside" in notice for notice in found.notices)
    assert len(found.upheld) == len(found.overturned) == 3
    assert {pair.here for pair in found.pairs} == {hit.id for hit in found.overturned}


def test_a_query_that_finds_nothing(searcher):
    found = contrast(searcher, "qqqzzz")
    assert (found.upheld, found.overturned, found.pairs, found.treatment) == ((), (), (), None)
    assert any("no upheld and no overturned" in notice for notice in found.notices)


def test_a_draft_that_only_items_of_another_outcome_are_like(tmp_path):
    alone = letter("CM17-0000001", item("Zorb", rationale="A zorb is fine.", outcome="withdrawn"))
    found = contrast(Searcher.open(index_of([alone], tmp_path)), Draft("text", "zorb"))
    assert found.treatment is None
    assert found.notices[0] == "nothing says what is requested"


def test_a_draft_takes_what_it_requests(searcher):
    found = contrast(
        searcher, Draft("text", "The request for Vicodin 5/300mg is before us; function is to be measured.")
    )
    assert found.treatment.values == ("hydrocodone",)
    assert len(found.upheld) == len(found.overturned) == 3


def test_a_draft_that_requests_nothing_takes_what_is_near(searcher):
    found = contrast(searcher, Draft("text", "A brace for weak joints; a trial of four weeks; a diary of the wearer."))
    assert found.treatment == treatment_of(twins("Zorbital brace", 1)[0])
    assert any("nothing says what is requested" in notice for notice in found.notices)


@pytest.mark.parametrize("id", ["CM17-9999999", "CM17-0001000:7"])
def test_unknown_id(searcher, id):
    with pytest.raises(UsageError, match=id):
        contrast(searcher, id)


@pytest.mark.parametrize(("text", "limit"), [(" ", 3), ("norco", 0)])
def test_what_cannot_be_asked(searcher, text, limit):
    with pytest.raises(UsageError):
        contrast(searcher, text, limit=limit)


def test_json_has_the_keys_of_the_contract(searcher):
    told = msgspec.json.decode(render_desk.as_json(contrast(searcher, "CM17-0001000:1")))
    assert (
        list(told)
        == (
            "schema_version heading about treatment index counts left_aside took_ms engine_ms notices"
            " upheld overturned pairs"
        ).split()
    )
    assert told["heading"] == HEADING == "differences in text, not causes"
    assert list(told["pairs"][0]) == "here there similarity same_treatment shared only_here only_there".split()
    hit_keys = (
        "id letter_id item treatment outcome score decision_date specialties drugs imr_guideline snippet highlights"
        " family similar family_outcomes similarity why"
    ).split()
    assert list(told["upheld"][0]) == hit_keys


def test_plain_text_shows_the_heading_and_the_sentences(searcher):
    text = render_desk.contrast_plain(contrast(searcher, "CM17-0002000:1"))
    assert text.splitlines()[0] == HEADING
    assert "zorbit" not in text.splitlines()[1]
    for outcome in ENDS:
        for end in ENDS[outcome]:
            assert f"    {end.format(n=2)}\n" in f"{text}\n"


@pytest.mark.parametrize("width", [40, 80, 140])
def test_on_a_terminal_nothing_is_lost(searcher, width):
    from rich.console import Console

    console = Console(width=width, file=io.StringIO(), highlight=False)
    render_desk.print_contrast(contrast(searcher, "CM17-0002000:1"), console)
    shown = console.file.getvalue()
    beside = [line for line in shown.splitlines() if "The 2 notes" in line]
    assert beside
    assert ("The 2 records" in beside[0]) is (width >= render_desk.WIDE)
    if width >= render_desk.WIDE:
        assert "5 sentences shared" in shown


@pytest.mark.parametrize("width", [40, 80, 140])
@pytest.mark.parametrize("asked", ["CM17-0002000:1", "CM17-0002100:1"])
def test_on_a_terminal_each_text_stands_below_the_name_of_its_item(searcher, asked, width):
    from rich.console import Console

    console = Console(width=width, file=io.StringIO(), highlight=False)
    render_desk.print_contrast(contrast(searcher, asked), console)
    pair = console.file.getvalue().partition(" | ")[2]
    upheld, overturned = (pair.index(name, 20) for name in ("CM17-0002000:1, upheld", "CM17-0002100:1, overturned"))
    denied, granted = pair.index("The 2 notes"), pair.index("The 2 records")
    assert console.file.getvalue().index("0002000:1, upheld") < console.file.getvalue().index("|")
    if width < render_desk.WIDE:
        assert upheld < denied < overturned < granted
    else:
        lines = pair.splitlines()
        column = next(line.index("CM17-0002100:1") for line in lines[1:] if "overturned" in line)
        assert next(line.index("The 2 records") for line in lines if "The 2 records" in line) == column


def test_of_several_treatments_the_first_is_taken(searcher):
    found = contrast(
        searcher, Draft("text", "The request for an MRI of the knee is before us. The request for an EKG is too.")
    )
    assert found.treatment.values == ("Diagnostic Testing", "Imaging / Radiology")
    assert any("the first of 2" in notice for notice in found.notices)
    assert all(hit.treatment == "MRI of the left knee" for hit in (*found.upheld, *found.overturned))


def test_twins_of_which_there_are_many_are_all_found(tmp_path):
    upheld, overturned = twins("Zorbital brace", 1)
    letters = [letter(f"CM17-00001{number:02}", upheld) for number in range(70)]
    letters += [letter("CM17-0000200", overturned), *precedents()]
    searcher = Searcher.open(index_of(letters, tmp_path))
    found = contrast(searcher, "CM17-0000200:1")
    assert {f"CM17-00001{number:02}:1" for number in range(70)} <= {pair.there for pair in found.pairs}
    assert "and 5" in render_desk.contrast_plain(found).splitlines()[-1]
    assert found_by_contrast(searcher, letters[0].items[0], letters[70].items[0])


def test_an_item_whose_heading_says_nothing_takes_what_is_near(tmp_path):
    upheld, overturned = twins("Zorbital brace", 1)
    silent = item("12 sessions", outcome="upheld", rationale=upheld.rationale)
    letters = [letter("CM17-0000001", upheld), letter("CM17-0000002", overturned), letter("CM17-0000003", silent)]
    found = contrast(Searcher.open(index_of(letters, tmp_path)), "CM17-0000003:1")
    assert found.overturned[0].id == "CM17-0000002:1"
    assert (found.pairs[0].here, found.pairs[0].there) == ("CM17-0000003:1", "CM17-0000002:1")
