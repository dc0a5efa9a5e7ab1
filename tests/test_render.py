"""The passage cut from an item, and results for programs, pipes and terminals."""

import io
import json
import subprocess
import sys

import msgspec
import pytest
from factories import citation, index_of, item, letter
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from imrsearch.schema.errors import UsageError
from imrsearch.search import render, reports
from imrsearch.search.expand import expand
from imrsearch.search.language import parse
from imrsearch.search.marks import marks_in, wanted_in
from imrsearch.search.query import Query
from imrsearch.search.results import FacetCount
from imrsearch.search.searcher import Searcher
from imrsearch.search.sentences import sentences_of
from imrsearch.search.snippet import AIM, LONG, passage_of, said_in, spans
from imrsearch.search.terminal import print_error

RATIONALE = (
    "The guideline supports a short trial, e.g. four weeks of Klonopin. "
    "The chart shows daily use since 2011 without a taper. "
    "Dr. Example notes less sleep (pg. 607) vs. last year. "
    "Therefore, the request for Klonopin is not medically necessary."
)
LETTERS = (
    letter(
        "CM17-0000001",
        item(
            "Klonopin 1mg #90",
            drugs=("clonazepam",),
            rationale=RATIONALE,
            imr_guideline="Decision based on two sections.",
            imr_citations=(citation("Benzodiazepines", pages=(24, 76, 77, 78)), citation("Weaning")),
        ),
        item("Norco\x1b[31m 10/325mg", outcome="overturned", rationale="Function improved."),
        decision_date="2017-01-30",
        specialties=("Pain Medicine", "Neurology"),
        summary="A fictional worker.",
        priority="standard",
    ),
    letter("other", item("Knee brace", outcome="modified", imr_guideline="No guideline was cited.")),
)
CONTRACT = (
    "schema_version query query_as_run filters index total total_letters total_families returned truncated took_ms"
    " notices hits facets"
)
HIT = (
    "id letter_id item treatment outcome score decision_date specialties drugs imr_guideline snippet highlights"
    " family similar family_outcomes"
)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(LETTERS, tmp_path_factory.mktemp("render") / "index"))


def wanted(text: str):
    return wanted_in(expand(parse(text)).tree)


def marked(text: str, query: str) -> list[str]:
    return [text[start:end] for start, end in spans(marks_in(text, wanted(query), field="rationale"))]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        pytest.param("One. Two? Three!", ["One.", "Two?", "Three!"], id="ends"),
        pytest.param("See e.g. Opioids. Done.", ["See e.g. Opioids.", "Done."], id="for-example"),
        pytest.param("Dr. Example vs. Others et al. Done.", ["Dr. Example vs. Others et al. Done."], id="titles"),
        pytest.param("On pg. 607 and p. 24. Done.", ["On pg. 607 and p. 24.", "Done."], id="pages"),
        pytest.param("Dose 10.5 mg. Done.", ["Dose 10.5 mg.", "Done."], id="decimal"),
        pytest.param("It lasts weeks.The rest.", ["It lasts weeks.", "The rest."], id="glued"),
        pytest.param('He said "Stop." Then left.', ['He said "Stop."', "Then left."], id="quote"),
        pytest.param(
            "It helps. (Author, 2003) (Other, 2005)In this case not.",
            ["It helps. (Author, 2003) (Other, 2005)", "In this case not."],
            id="references",
        ),
        pytest.param("Rules (July 28, 2016) Opioids apply.", ["Rules (July 28, 2016) Opioids apply."], id="date"),
        pytest.param("no end", ["no end"], id="no-end"),
        pytest.param("", [], id="empty"),
    ],
)
def test_sentences(text, sentences):
    assert [text[start:end] for start, end in sentences_of(text)] == sentences


@pytest.mark.property
@given(st.text(alphabet='aB .!?()"2\u00e9', max_size=120))
def test_sentences_lose_no_character_but_spaces(text):
    kept = "".join(text[start:end] for start, end in sentences_of(text))
    assert "".join(kept.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        pytest.param("Naïve café 😀 braces", "brace", ["braces"], id="characters-not-bytes"),
        pytest.param("A naïve claim", "naive", ["naïve"], id="accents"),
        pytest.param("knee brace, brace knee", '"knee brace"', ["knee brace"], id="phrase-in-order"),
        pytest.param("10 tablets of 10/325 mg", "10/325mg", ["10/325 mg"], id="dose"),
        pytest.param("Klonopin or clonazepam", "klonopin", ["Klonopin", "clonazepam"], id="other-names"),
        pytest.param("muscle relaxant, muscle", "muscle relaxants", ["muscle relaxant"], id="class-words-together"),
        pytest.param("brace and cane", "brace -cane", ["brace"], id="not-what-is-excluded"),
        pytest.param("brace and cane", "treatment:brace rationale:cane", ["cane"], id="its-own-field"),
        pytest.param("upheld", "outcome:upheld", [], id="values-are-not-words"),
        pytest.param("knee brace", '"knee brace" knee', ["knee brace"], id="overlap"),
        pytest.param("nothing", "", [], id="no-question"),
    ],
)
def test_marks(text, query, found):
    assert marked(text, query) == found


def passage(rationale: str, query: str = ""):
    return passage_of(item("Knee brace", rationale=rationale, imr_guideline="Decision based on none."), wanted(query))


def test_the_passage_is_what_decides():
    assert passage("One thing. " * 40 + RATIONALE).text.endswith("is not medically necessary.")


def test_the_passage_has_most_of_what_was_asked_for():
    found = passage(
        "Filler here. " * 40 + "The taper began in weeks. " + "It is not medically necessary. " * 9, "taper weeks"
    )
    assert "The taper began in weeks." in found.text
    assert [found.text[start:end] for start, end in found.highlights] == ["taper", "weeks"]


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        pytest.param("Therefore, the request for a brace is not medically necessary.", (True, False), id="decision"),
        pytest.param("The REQUESTED brace was DENIED.", (True, False), id="capitals"),
        pytest.param("Medical necessity of the brace has not been established.", (True, False), id="necessity"),
        pytest.param("The brace is non-certified.", (True, False), id="certified"),
        pytest.param("The request is noted.", (False, False), id="request-only"),
        pytest.param("Certain requirements are necessary.", (False, False), id="no-request"),
        pytest.param("The request " + "for a brace " * 20 + "is denied.", (False, False), id="far-apart"),
        pytest.param("This is not to be interpreted as advice.", (False, True), id="disclaimer"),
        pytest.param("This addresses the medical necessity and is not denied.", (True, True), id="both"),
        pytest.param("", (False, False), id="empty"),
    ],
)
def test_what_a_sentence_says(sentence, said):
    assert said_in(sentence) == said


def test_a_decision_stands_in_one_sentence():
    """Read together, "request" and "necessary" would pass for one."""
    noted = "The request is noted. Certain requirements are necessary. "
    found = passage(noted + "Filler here. " * 40 + "The brace is not medically necessary.", "requirements")
    assert found.text.startswith("Certain requirements are necessary. Filler")
    assert found.text.endswith("Filler here. … The brace is not medically necessary.")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        pytest.param(item("Knee brace", imr_guideline="None cited."), "None cited.", id="guideline"),
        pytest.param(item("Knee brace"), "Knee brace", id="heading"),
        pytest.param(item(""), "", id="nothing"),
    ],
)
def test_the_passage_of_an_item_without_rationale(given, text):
    assert passage_of(given, wanted("brace")).text == text


def test_a_long_sentence_is_cut_between_words():
    found = passage("alpha " * 300 + "the brace fits " + "omega " * 300, "brace")
    assert found.text.startswith("…alpha ")
    assert found.text.endswith(" omega…")
    assert [found.text[start:end] for start, end in found.highlights] == ["brace"]
    assert len(found.text) <= AIM + 2


@pytest.mark.property
@given(st.lists(st.sampled_from(["brace", "tip.", "Then", "é😀", "x" * 90, "weeks!"]), max_size=120))
def test_passages_are_pieces_of_the_text(words):
    text = " ".join(words)
    found = passage(text, "brace tip").text
    assert found.strip("…") in (text or "Decision based on none.")
    assert len(found) <= LONG


def test_json_is_the_contract(searcher):
    given = json.loads(render.as_json(searcher.search(Query(text="klonopin", facets=("outcome", "year")))))
    assert list(given) == CONTRACT.split()
    assert list(given["index"]) == ["generation", "letters", "items"]
    [hit] = given["hits"]
    assert list(hit) == HIT.split()
    assert given["facets"] == {
        "outcome": [{"value": "upheld", "count": 1, "letters": 1}],
        "year": [{"value": 2017, "count": 1, "letters": 1}],
    }
    assert all(hit["snippet"][start:end].lower() == "klonopin" for start, end in hit["highlights"])


def test_plain(searcher):
    lines = render.as_plain(searcher.search(Query(text="klonopin", facets=("outcome",)))).splitlines()
    assert lines[0] == "1 item in 1 letter"
    assert lines[1].startswith("note: klonopin: also searched clonazepam")
    assert lines[3:6] == [
        "CM17-0000001:1\tupheld\t2017-01-30\tKlonopin 1mg #90",
        "  MTUS Chronic Pain Medical Treatment 2009, Benzodiazepines, p. 24, 76-78 (+1) · Pain Medicine, Neurology",
        f"  {RATIONALE}",
    ]
    assert lines[6:] == ["", "outcome\titems\tletters", "  upheld\t1\t1"]


@pytest.mark.parametrize(
    ("query", "line"),
    [
        pytest.param(Query(), "3 items in 2 letters", id="all"),
        pytest.param(Query(limit=2), "2 of 3 items in 2 letters", id="part"),
        pytest.param(Query(limit=1, offset=1), "2-2 of 3 items in 2 letters", id="one-further-on"),
        pytest.param(Query(limit=2, offset=1), "2-3 of 3 items in 2 letters", id="last-page"),
        pytest.param(Query(offset=9), "3 items in 2 letters", id="beyond-the-end"),
        pytest.param(Query(limit=0), "3 items in 2 letters", id="counts-only"),
        pytest.param(Query(text="absent"), "0 items in 0 letters", id="none"),
        pytest.param(
            Query(filters={"outcome": ("upheld", "modified"), "drug_class": ("x",)}, since="2016"),
            "0 items in 0 letters · outcome: upheld or modified · drug-class: x · since: 2016",
            id="filters",
        ),
    ],
)
def test_counts_line(searcher, query, line):
    assert render.counts_line(searcher.search(query)) == line


def test_no_control_character_reaches_a_terminal(searcher):
    results = searcher.search(Query(text="\x1b[31m norco"))
    assert "\x1b" not in render.as_plain(results) + render.shown_plain(searcher.show("CM17-0000001"))
    assert "Norco [31m 10/325mg" in render.as_plain(results)


@pytest.mark.parametrize("mark", ["\x1b", "\x9b", "\u2028", "\u202e", "\u2067"])
def test_what_steers_a_terminal_is_a_space(mark, capsys):
    assert render.printable(f"a{mark}b") == "a b"
    print_error(UsageError(f"no letter has the id a{mark}b", hint=f"set remove a{mark}b"))
    assert capsys.readouterr().err == "error: no letter has the id a b\nhint: set remove a b\n"


def test_a_mistake_is_shown_below_its_notice(searcher):
    results = searcher.search(Query(text="\x1b knee outcom:x"))
    told = ["    \u241b knee outcom:x", "           ^"]
    assert render.as_plain(results).splitlines()[2:4] == told
    assert cards(results).splitlines()[2:4] == told
    assert json.loads(render.as_json(results))["notices"][0].splitlines()[1:] == told
    explained = reports.explanation_plain(searcher.explain(Query(text="\x1b knee outcom:x")))
    assert all(f"  {line}" in explained.splitlines() for line in told)


def cards(results, *, colour: bool = False) -> str:
    out = io.StringIO()
    render.print_cards(results, Console(file=out, width=200, force_terminal=colour, highlight=False))
    return out.getvalue()


@pytest.mark.parametrize(
    "told",
    [
        pytest.param("Klonopin 1mg #90", id="treatment"),
        pytest.param("✗ Upheld: the denial stands", id="upheld"),
        pytest.param("✓ Overturned: the treatment is approved", id="overturned"),
        pytest.param("• Modified", id="other-outcome"),
        pytest.param("2009, Benzodiazepines, p. 24, 76-78 (+1) · Pain Medicine, Neurology · 2017-01-30", id="facts"),
        pytest.param("No guideline was cited. · no date · other:1", id="guideline-without-citation"),
        pytest.param("Therefore, the request", id="passage"),
        pytest.param("3 items in 2 letters", id="counts"),
    ],
)
def test_cards(searcher, told):
    assert told in cards(searcher.search(Query(facets=("outcome",))))


@pytest.mark.parametrize(
    ("query", "more"),
    [
        pytest.param(Query(limit=1), "--offset 1 for more", id="first-page"),
        pytest.param(Query(limit=1, offset=1), "--offset 2 for more", id="second-page"),
        pytest.param(Query(limit=1, offset=2), None, id="last-page"),
        pytest.param(Query(limit=0), None, id="counts-only"),
    ],
)
def test_cards_say_once_how_to_see_more(searcher, query, more):
    results = searcher.search(query)
    assert cards(results).count("for more") == (1 if more else 0)
    assert more is None or more in cards(results)
    assert "for more" not in render.as_plain(results)


def test_a_long_facet_is_cut_for_people(searcher):
    counts = [FacetCount(f"value {number}", 1, 1) for number in range(render.MOST_VALUES + 2)]
    results = msgspec.structs.replace(searcher.search(Query(limit=0)), facets={"section": counts})
    told = "and 2 more values; --json has them all"
    assert render.as_plain(results).splitlines()[-2:] == [f"  value {render.MOST_VALUES - 1}\t1\t1", f"  {told}"]
    assert told in cards(results)
    assert len(json.loads(render.as_json(results))["facets"]["section"]) == len(counts)


def test_cards_mark_what_was_asked_for(searcher):
    assert cards(searcher.search(Query(text="klonopin")), colour=True).count("\x1b[1;33mKlonopin") == 3


def test_show_an_item(searcher):
    text = render.shown_plain(searcher.show("CM17-0000001:1"))
    for told in (RATIONALE, "decision date: 2017-01-30", "drugs: clonazepam", "Other items of this letter"):
        assert told in text
    assert "CM17-0000001:2\toverturned\t" in text
    given = json.loads(render.shown_json(searcher.show("CM17-0000001:1")))
    assert given["item"]["id"] == "CM17-0000001:1"
    assert given["letter"]["summary"] == "A fictional worker."
    assert [one["id"] for one in given["siblings"]] == ["CM17-0000001:2"]


def test_show_a_letter(searcher):
    text = render.shown_plain(searcher.show("CM17-0000001"))
    assert "CM17-0000001:1" in text
    assert "CM17-0000001:2" in text
    assert text == render.letter_plain(LETTERS[0])
    given = json.loads(render.shown_json(searcher.show("CM17-0000001")))
    assert [one["item"] for one in given["items"]] == [1, 2]


def test_show_on_a_terminal(searcher):
    out = io.StringIO()
    render.print_shown(searcher.show("CM17-0000001:1"), Console(file=out, width=400))
    assert RATIONALE in out.getvalue()


def test_plain_output_does_without_rich():
    code = "import sys, imrsearch.search.render, imrsearch.search.searcher; print('rich' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
