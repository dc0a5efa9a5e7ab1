"""Numbers and codes: one spelling for the index, the question and what is marked."""

import os
import re
import unicodedata
from pathlib import Path

import pytest
import tantivy
from factories import index_of, item, letter
from hypothesis import given
from hypothesis import strategies as st

from imrsearch.schema.documents import analyzer, places_in, terms_in
from imrsearch.schema.fields import FIELDS, chunks_of
from imrsearch.schema.numbers import BAR, COUNT, PERCENT, plain, spelled
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

LETTERS = Path(os.environ.get("IMRSEARCH_LETTERS") or Path(__file__).parents[2] / "shared" / "letters")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(".5mg", "0.5 mg", id="point"),
        pytest.param("0.5", "0.5", id="point-at-the-beginning"),
        pytest.param("Klonopin .5 #30", "klonopin 0.5 qty 30", id="point-alone"),
        pytest.param("1.5 mg", "1.5 mg", id="decimals"),
        pytest.param("section 9.10.3", "section 9.10 3", id="two-points"),
        pytest.param(".5.5", "0.5 5", id="point-behind-a-decimal"),
        pytest.param("four weeks.4 sessions", "four weeks 4 sessions", id="end-of-a-sentence"),
        pytest.param("L4.5 mg", "l4 5 mg", id="point-behind-a-word"),
        pytest.param("2016.", "2016", id="point-at-the-end"),
        pytest.param("325mg", "325 mg", id="unit"),
        pytest.param("5μg", "5 μg", id="greek-unit"),
        pytest.param("5² 5½mg", "52 5½mg", id="foreign-numeral"),
        pytest.param("B12 4As h2", "b12 4 as h2", id="letter-first"),
        pytest.param("B12a 12L5", "b12a 12 l5", id="letter-behind"),
        pytest.param("1,000", "1000", id="thousand"),
        pytest.param("12,500,000.5", "12500000.5", id="millions"),
        pytest.param("pages 76,78", "pages 76 78", id="list"),
        pytest.param("10,3250", "10 3250", id="four-digits"),
        pytest.param("L4-5", "l4 l5", id="level"),
        pytest.param("L4/5", "l4 l5", id="slash"),
        pytest.param("C5–6", "c5 c6", id="en-dash"),
        pytest.param("at l3-4-5.", "at l3 l4 l5", id="two-levels"),
        pytest.param("L4-L5", "l4 l5", id="both-letters"),
        pytest.param("L5-S1", "l5 s1", id="other-letter"),
        pytest.param("T11-12", "t11 t12", id="two-digits"),
        pytest.param("C4-90", "c4 90", id="no-vertebra"),
        pytest.param("CM17-0019171", "cm17 0019171", id="case-number"),
        pytest.param("L4-5mg", "l4 5 mg", id="level-with-a-unit"),
        pytest.param("10/325mg", "10 / 325 mg", id="combination"),
        pytest.param("50/325/40", "50 / 325 / 40", id="three-parts"),
        pytest.param("7.5-325", "7.5 / 325", id="dash-for-a-bar"),
        pytest.param("10-650 MG", "10 / 650 mg", id="dash-and-unit"),
        pytest.param("pages 95-100", "pages 95 100", id="range-of-pages"),
        pytest.param("1-2 mg", "1 2 mg", id="range-of-doses"),
        pytest.param("1/2", "1 / 2", id="fraction"),
        pytest.param("8-10", "8 10", id="range"),
        pytest.param("12/16/2016 12-16-16", "12 16 2016 12 16 16", id="dates"),
        pytest.param("03/2016", "03 2016", id="month"),
        pytest.param("#90", "qty 90", id="count"),
        pytest.param("Norco#90", "norco qty 90", id="count-behind-a-word"),
        pytest.param("# 90. Page #", "qty 90 page", id="count-with-a-space"),
        pytest.param("QTY: 90", "qty 90", id="count-in-letters"),
        pytest.param("5% or 5 %, 100% sure%", "5 percent or 5 percent 100 percent sure", id="percent"),
    ],
)
def test_spelling(text, words):
    terms = terms_in(text, exact=True)
    assert " ".join(re.sub(r"(?<=\d)p(?=\d)", ".", term).replace(BAR, "/") for term in terms) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(".5mg", "0.5 mg", id="point-and-space"),
        pytest.param("1,000", "1000", id="thousand"),
        pytest.param("10/325mg", "10-325mg", id="dash"),
        pytest.param("10/325mg", "10/325 MG", id="space"),
        pytest.param("L4-5", "L4-L5", id="letter"),
        pytest.param("L4-5", "l4/5", id="slash"),
        pytest.param("C5-6", "C5–C6", id="en-dash"),
        pytest.param("#90", "# 90.", id="count"),
        pytest.param("#90", "Qty: 90", id="count-in-letters"),
        pytest.param("4%", "4 percent", id="percent"),
    ],
)
def test_the_same_to_the_index(one, other):
    assert terms_in(one) == terms_in(other)
    assert terms_in(one, exact=True) == terms_in(other, exact=True)


@pytest.mark.parametrize("written", ["0p5", "0bar", "10 0bar 325"])
def test_no_text_has_the_words_for_point_and_bar(written):
    assert not {"0p5", BAR} & set(terms_in(written))


def test_places_are_those_of_the_text_as_it_is():
    text = "Take .5mg of 1,000 at L4-5, naïve, 10/325mg#90 or # 9; 5 %."
    words = "Take .5 mg of 1,000 at L4 5 naïve 10 / 325 mg # 90 or # 9 5 %"
    assert [text[start:end] for _, start, end in places_in(text)] == words.split()


# What a question finds.
HEADINGS = {
    "A:1": "Norco 10/325mg #90",
    "A:2": "Norco 5/325 mg # 30",
    "A:3": "Zanaflex 4 MG, Qty: 90",
    "A:4": "Butrans 10 mcg/hr patch quantity 4",
    "A:5": "Physical therapy over 90 days, 4 mg Medrol taken on 10-15-2016",
    "A:6": "Lidoderm 5% patch, 1/2 at night",
    "A:7": "Norco 10-325, 90 tablets",
    "A:8": "1-2 visits, 10 of them after 4 weeks, 325 at most, no mg",
}
COUNTED = "A:1 A:3 A:7"
ASKED = {
    "10 mg": "", "10mg": "", "4 mg": "A:3 A:5", "4mg": "A:3 A:5",
    "10 mcg": "A:4", "10mcg/hr": "A:4", "10 mcg/hr,": "A:4",
    "325 mg": "A:1 A:2", "-325 mg norco": "A:7", "325 AND mg": "A:1 A:2 A:8",
    "10/325": "A:1 A:7", "10/325 mg": "A:1", "10-325": "A:1 A:7", "5/325": "A:2", "1/2": "A:6", "1-2": "A:8",
    "#90": COUNTED, "# 90": COUNTED, "#90.": COUNTED, "qty 90": COUNTED, "QTY: 90": COUNTED, "quantity 90": COUNTED,
    '"#90"': "A:1 A:3", "90": "A:1 A:3 A:5 A:7", "#4": "A:4", "quantity 4": "A:4", "#15": "", "-#90 norco": "A:2",
    "5 %": "A:6", "5%": "A:6", "5 percent": "A:6", "norco +3 #30": "", "norco /6 #30": "A:2",
}  # fmt: skip


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    items = [item(heading, quantity=90 if "90 tablets" in heading else None) for heading in HEADINGS.values()]
    return Searcher.open(index_of([letter("A", *items)], tmp_path_factory.mktemp("numbers")))


@pytest.mark.parametrize(("asked", "ids"), ASKED.items())
def test_what_a_number_finds(asked, ids, searcher):
    assert {hit.id for hit in searcher.search(Query(text=asked, limit=100)).hits} == set(ids.split())


# The tokenizer against the pattern that says what a word is.
WORD = r"\p{L}[\p{L}\p{N}]*|\p{N}+(?:\.\p{N}+)?"
OURS = {BAR: {"-", "–", "/"}, COUNT: {"#"}, PERCENT: {"%"}}


def by_pattern(text):
    fold = (tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold())
    tokens = analyzer(tantivy.Tokenizer.regex(WORD), *fold).pre_tokenize(text).tokens
    return [(token.text, token.char_offset_from, token.char_offset_to) for token in tokens]


def without_ours(text):
    """Each word with its place, without the words for signs; POINT as it is typed."""
    kept = [each for each in places_in(text, exact=True) if text[each[1] : each[2]] not in OURS.get(each[0], ())]
    return [(re.sub(r"(?<=\d)p(?=\d)", ".", word) if word[0].isdigit() else word, *place) for word, *place in kept]


def is_simple(sign):
    """Neither a mark nor a numeral or symbol of a foreign kind, of which pattern and tokenizer think differently."""
    return sign.isascii() or unicodedata.category(sign)[0] in "LPZ" or unicodedata.category(sign) in ("Sc", "Sm")


@pytest.mark.property
@given(
    st.text().map(lambda text: "".join(filter(is_simple, text))) | st.text(alphabet="0123456789.-/#% xmgñ", max_size=40)
)
def test_the_tokenizer_finds_the_words_of_the_pattern(text):
    text = re.sub(r"(?<![0-9])\.(?=[0-9])", " ", re.sub(r",(?=[0-9]{3})", " ", text))
    text = re.sub(r"(?i)(?<![^\W_])([lcts])(?=[0-9])", "x", text)
    assert without_ours(text) == by_pattern(text)


@pytest.mark.skipif(not LETTERS.is_dir(), reason="no real letters")
def test_the_tokenizer_finds_the_words_of_the_pattern_in_real_letters():
    from imrsearch.indexer.letter import parse_letter
    from imrsearch.indexer.sources import letter_files, read_letters

    changed = re.compile(r"(?i)\b[lcts]\d|(?<![\w.)])\.\d|\d,\d{3}")
    texts = {
        value
        for path in letter_files([str(LETTERS / "txt")])
        for raw in read_letters(path)
        for chunk in chunks_of(parse_letter(raw))
        for value in (getattr(chunk, field.name) for field in FIELDS if field.kind == "text")
    }
    sentences = [part for text in texts for part in text.split(". ") if not changed.search(part)]
    assert len(sentences) > 100
    wrong = [part for part in sentences if without_ours(part) != by_pattern(part)]
    assert len(wrong) == 0, "the words differ"


@pytest.mark.property
@given(st.text() | st.text(alphabet="0123456789.,-/–#% LCTSxmg", max_size=40))
def test_both_readings_have_the_same_words_at_the_same_places(text):
    text = text.encode("utf-8", "replace").decode("utf-8")
    stems, written = places_in(text), places_in(text, exact=True)
    assert [place[1:] for place in stems] == [place[1:] for place in written]
    assert [place[0] for place in stems] == list(terms_in(text))
    ends = [0, *(end for _, _, end in stems)]
    assert all(before <= start < end <= len(text) for before, (_, start, end) in zip(ends, stems, strict=False))
    assert plain(text).text == spelled(text)
