"""What the reviewers cite, as a tree: counted against a scan, narrowed to a part, with what was superseded."""

import csv
import io
import json
from collections import defaultdict

import pytest
from factories import citation, index_of, item, letter

pytest.importorskip("reportlab")
pytest.importorskip("pikepdf")

from imrsearch.schema.documents import value_term
from imrsearch.schema.fields import chunks_of
from imrsearch.search import render, tables
from imrsearch.search.guidelines import Cited, guidelines, level_of
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from tests.test_stats import families_by_hand

PAIN = "MTUS > Chronic Pain Medical Treatment 2009"
WEANING = citation("Weaning", pages=(7, 8))
PAGE_ALONE = citation("Opioids", edition=2016, pages=(5,))
WITHOUT_YEAR = citation(document="Chronic Pain Treatment Guidelines", edition=None, pages=(24,))
ODG = citation("Bracing", guideline="ODG", document="Official Disability Guidelines", edition=None)
LETTERS = (
    letter("A1", item(imr_citations=(WEANING, ODG)), item(outcome="overturned", imr_citations=(WEANING,)),
           decision_date="2016-07-27"),
    letter("B2", item("=zebra", imr_citations=(citation("weaning"), citation("WEANING"))), decision_date="2016-07-28"),
    letter("C3", item(outcome="overturned", imr_citations=(citation(),))),
    letter("D4", item(imr_citations=(PAGE_ALONE, WITHOUT_YEAR)), item(), decision_date="2018-01-01"),
)  # fmt: skip


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(LETTERS, tmp_path_factory.mktemp("guidelines") / "index"))


def walked(cited) -> list[Cited]:
    return [each for one in cited for each in (one, *walked(one.below))]


def by_path(found) -> dict:
    return {
        one.path: (
            one.rate.items,
            one.rate.letters,
            one.rate.families,
            one.rate.upheld.count,
            one.rate.overturned.count,
        )
        for one in walked(found.cited)
    }


def test_the_tree(searcher):
    found = guidelines(searcher, Query())
    assert [(one.name, one.level, one.rate.items) for one in walked(found.cited)] == [
        ("MTUS", "guideline", 5),
        ("Chronic Pain Medical Treatment 2009", "document", 4),
        ("Weaning", "section", 3),
        ("p. 7", "page", 2),
        ("p. 8", "page", 2),
        ("Chronic Pain Medical Treatment 2016", "document", 1),
        ("Opioids", "section", 1),
        ("p. 5", "page", 1),
        ("Chronic Pain Treatment Guidelines", "document", 1),
        ("p. 24", "page", 1),
        ("ODG", "guideline", 1),
        ("Official Disability Guidelines", "document", 1),
        ("Bracing", "section", 1),
    ]
    assert by_path(found)[f"{PAIN} > Weaning"] == (3, 2, 3, 2, 1)
    assert (found.total.items, found.without, found.depth) == (6, 1, "page")


@pytest.mark.parametrize(
    ("path", "level"),
    [("MTUS", 0), (PAIN, 1), (f"{PAIN} > Weaning", 2), (f"{PAIN} > Weaning > p. 7", 3), (f"{PAIN} > p. 7", 3)],
)
def test_level_of(path, level):
    assert level_of(path) == level


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_depth(searcher, depth):
    found = guidelines(searcher, Query(), depth=depth)
    assert {one.level for one in walked(found.cited)} == {"guideline", "document", "section", "page"} - {
        level for at, level in enumerate(("guideline", "document", "section", "page"), 1) if at > depth
    }


@pytest.mark.parametrize(
    ("filters", "documents"),
    [
        pytest.param({"guideline": ("odg",)}, {"ODG > Official Disability Guidelines"}, id="guideline"),
        pytest.param({"citation": (PAIN.upper(),)}, {PAIN}, id="citation"),
        pytest.param({"citation": (f"{PAIN} > Weaning",)}, {PAIN}, id="section"),
        pytest.param(
            {"citation": (PAIN, "ODG")}, {PAIN, "ODG > Official Disability Guidelines"}, id="two-of-one-filter"
        ),
    ],
)
def test_what_a_filter_asks_for_is_the_part_shown(searcher, filters, documents):
    found = guidelines(searcher, Query(filters=filters), depth=2)
    assert {one.path for one in walked(found.cited) if one.level == "document"} == documents


def test_pages_cited_equally_often_stand_in_their_order(tmp_path):
    cited = citation("Weaning", pages=(7, 24, 124))
    held = Searcher.open(index_of([letter("A1", item(imr_citations=(cited,)))], tmp_path / "index"))
    pages = [one.name for one in walked(guidelines(held, Query()).cited) if one.level == "page"]
    assert pages == ["p. 7", "p. 24", "p. 124"]


def test_a_path_that_begins_alike_is_another(searcher):
    found = guidelines(searcher, Query(filters={"citation": (f"{PAIN} > Weaning > p. 7",)}))
    assert [one.name for one in walked(found.cited)][-1] == "p. 7"


def test_every_part_is_a_filter_that_finds_what_was_counted(searcher):
    for path, (items, letters, families, *_) in by_path(guidelines(searcher, Query())).items():
        results = searcher.search(Query(filters={"citation": (path,)}))
        assert (results.total, results.total_letters, results.total_families) == (items, letters, families), path


def test_fictional_letters_counted_by_hand(index_dir, fictional):
    family_of = families_by_hand(fictional)
    rows: dict = defaultdict(lambda: [0, set(), set(), 0, 0])
    for one in fictional:
        for chunk in chunks_of(one):
            for path in {value_term(path) for path in chunk.citation}:
                row = rows[path]
                row[0] += 1
                row[1].add(one.letter_id)
                row[2].add(family_of.get(chunk.id, chunk.id))
                row[3] += chunk.outcome == "upheld"
                row[4] += chunk.outcome == "overturned"
    found = by_path(guidelines(Searcher.open(index_dir), Query()))
    assert {value_term(path): counts for path, counts in found.items()} == {
        path: (items, len(letters), len(families), *decided)
        for path, (items, letters, families, *decided) in rows.items()
    }


# Currency.
def test_superseded_editions_say_when_the_letters_were_decided(searcher):
    told = {
        one.name: (one.currency.superseded.on, one.currency.at_the_time, one.currency.undated)
        for one in walked(guidelines(searcher, Query()).cited)
        if one.currency
    }
    assert told == {
        "Chronic Pain Medical Treatment 2009": ("2016-07-28", 1, 1),
        "Chronic Pain Medical Treatment 2016": ("2017-12-01", 1, 0),
        "Chronic Pain Treatment Guidelines": ("2017-12-01", None, 0),
    }


def test_one_section_of_a_document_may_be_superseded(tmp_path):
    cited = (citation(name, document="General Approaches", edition=2004) for name in
             ("Initial Approaches to Treatment", "Prevention"))  # fmt: skip
    held = Searcher.open(index_of([letter("A1", item(imr_citations=tuple(cited)))], tmp_path / "index"))
    told = {one.name: one.currency is not None for one in walked(guidelines(held, Query()).cited)}
    assert told == {
        "MTUS": False,
        "General Approaches 2004": False,
        "Initial Approaches to Treatment": True,
        "Prevention": False,
    }


@pytest.mark.parametrize(
    ("id", "told"),
    [
        ("A1:1", "Chronic Pain Medical Treatment 2009: since superseded, on 2016-07-28"),
        ("B2:1", "Chronic Pain Medical Treatment 2009: superseded at the time, on 2016-07-28"),
        ("D4:2", None),
    ],
)
def test_an_item_shows_which_editions_were_superseded(searcher, id, told):
    shown = searcher.show(id)
    notes = json.loads(render.shown_json(shown))["superseded_editions"]
    lines = render.shown_plain(shown).splitlines()
    assert ("Superseded editions" in lines) == bool(told)
    assert [note.startswith(told) for note in notes] == ([True] if told else [])
    assert all(note in lines for note in notes)


# In print.
def test_the_tree_in_print(searcher):
    lines = tables.guidelines_plain(guidelines(searcher, Query(), depth=2), limit=1).splitlines()
    assert [line[:67].rstrip() for line in lines[4:11]] == [
        "cited                                  items  letters  families",
        "MTUS                                       5        4         5  3",
        "  Chronic Pain Medical Treatment 2009      4        3         4  2",
        "    superseded on 2016-07-28 by Chronic Pain Medical Treatment Guid",
        "  and 2 more; --limit 0 has all",
        "and 1 more; --limit 0 has all",
        "all found                                  6        4         6  4",
    ]
    assert lines[7].endswith("8 CCR 9792.24.2; 1 of these decided since, 1 undated [1]")
    assert lines[12].startswith("[1] DIR release 2016-78")
    assert lines[-1] == "note: 1 item has no citation: in the last row only"


def test_a_source_stands_once(searcher):
    printed = tables.guidelines_plain(guidelines(searcher, Query(), depth=2), limit=0)
    assert printed.count("\n[1] ") == printed.count("\n[2] ") == 1
    assert "cited without a year; its last edition superseded on 2017-12-01" in printed
    assert "[3]" not in printed


def test_csv_has_the_path_in_parts(searcher):
    found = guidelines(searcher, Query(text="=zebra"), depth=4)
    head, *rows = csv.reader(io.StringIO(tables.guidelines_csv(found)))
    named = [dict(zip(head, row, strict=True)) for row in rows]
    assert [[row[level] for level in ("guideline", "document", "section", "page")] for row in named] == [
        ["MTUS", "", "", ""],
        ["MTUS", "Chronic Pain Medical Treatment 2009", "", ""],
        ["MTUS", "Chronic Pain Medical Treatment 2009", "WEANING", ""],
        ["all found", "", "", ""],
    ]
    assert [row["superseded_on"] for row in named] == ["", "2016-07-28", "", ""]
    assert named[1]["decided_since"] == "1"
    assert {row["query"] for row in named} == {"'=zebra"}


def test_json_keys(searcher):
    printed = json.loads(tables.as_json(guidelines(searcher, Query(), depth=2)))
    assert (
        list(printed)
        == (
            "schema_version meaning query query_as_run filters index notices total other_outcomes depth without cited"
        ).split()
    )
    assert list(printed["cited"][0]) == "name level path rate currency below".split()
    [first, *_] = printed["cited"][0]["below"]
    assert list(first["currency"]) == "superseded at_the_time undated".split()
    assert list(first["currency"]["superseded"]) == "document edition section on by regulation source".split()
