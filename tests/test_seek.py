"""Only what may hold a wanted word is analysed, and nothing that is wanted is missed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imrsearch.schema.documents import terms_in
from imrsearch.search.expand import expand
from imrsearch.search.language import parse
from imrsearch.search.marks import marks_in, wanted_in
from imrsearch.search.seek import Seeker, needle_of, seeker_of

STEMS = (
    "hope abil possib die ty fly sky rel nation norm gener ideolog use run box opt brac neuropath caus medic".split()
)
ENDINGS = (
    "|s|es|ed|ing|e|ly|ness|ful|fulness|less|lessly|ation|ational|ate|ator|ize|izer|ization|ism|alism|ality|ally|able|ably"
    "|ability|ible|ibly|ibility|ive|ively|iveness|ivity|ous|ously|ousness|ic|ical|icate|icity|ogy|ogist|y|ied|ies|ying|er"
    "|est|ment|ance|ence|ancy|ency|al|ent|ently|bility|eed|eedly"
).split("|")
WHOLE = "skis skies dying lying tying idly gently ugly early only singly news die tie sky by mg a".split()
TEXTS = [
    "#",
    "90",
    "#90.",
    "%",
    "5",
    "10/325",
    "brace",
    "Braces,",
    "hot pack",
    "-",
    "pack",
    "10/325mg",
    ".5 mg",
    "1,000",
    "L4-5",
    "na\u00efve",
    "x. Then",
    "\u0130",
]
QUESTIONS = [
    "#90",
    "5%",
    '"10/325 mg"',
    "brace",
    '"hot pack"',
    "10/325mg",
    "0.5 1000",
    "L4-L5",
    "l5 naive",
    "bra* hot",
    "brace /3 hot",
    "hot +2 pack",
    '"hot pack" /2 brace',
    "hot /s pack",
    "brace /2 hot /3 pack",
    "treatment:hot",
]


@pytest.mark.parametrize("word", [*WHOLE, *(stem + ending for stem in STEMS for ending in ENDINGS)])
def test_each_word_of_a_stem_begins_with_its_needle(word):
    [term] = terms_in(word)
    assert word.startswith(needle_of(term, exact=False))


@pytest.mark.parametrize(
    ("term", "exact", "needle"),
    [
        pytest.param("brace", True, "brace", id="as-written"),
        pytest.param("benzodiazepin", False, "benzodiazepi", id="stem"),
        pytest.param("1000", False, "000", id="thousands"),
        pytest.param("0.5", False, "5", id="no-nought"),
        pytest.param("l5", False, "5", id="level"),
        pytest.param("b12a", False, "b", id="digits-inside"),
    ],
)
def test_needles(term, exact, needle):
    assert needle_of(term, exact=exact) == needle


def wanted(question: str):
    return wanted_in(expand(parse(question)).tree)


@pytest.mark.parametrize(
    ("text", "question", "pieces"),
    [
        pytest.param("A brace, and a brace.", "brace", ["brace,", "brace."], id="words"),
        pytest.param("A hot - pack is hot", '"hot pack"', ["hot - pack", "hot"], id="side-by-side"),
        pytest.param("An embrace", "brace", [], id="inside-a-word"),
        pytest.param("A na\u00efve caf\u00e9 or naivety", "naive", ["na\u00efve caf\u00e9", "naivety"], id="accents"),
        pytest.param("\u0130 brace", "brace", ["\u0130 brace"], id="length-changes"),
        pytest.param("brace", "", [], id="nothing-wanted"),
        pytest.param("hot, or - a cold pack", "hot /4 pack", ["hot, or - a cold pack"], id="near"),
        pytest.param("hot, or - a cold pack", "hot /3 pack", ["hot,", "pack"], id="too-far"),
    ],
)
def test_pieces(text, question, pieces):
    assert [text[start:end] for start, end in Seeker(wanted(question)).pieces(text)] == pieces


@pytest.mark.property
@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("examples", [20, pytest.param(200, marks=pytest.mark.scale)])
def test_the_marks_are_those_of_the_whole_text(question, examples):
    @settings(max_examples=examples)
    @given(st.lists(st.sampled_from(TEXTS) | st.text(max_size=9), max_size=12))
    def check(words):
        text = " ".join(words)
        for field in ("rationale", "treatment"):
            found = seeker_of(wanted(question)).marks(text, field=field)
            assert sorted(found) == marks_in(text, wanted(question), field=field)

    check()
