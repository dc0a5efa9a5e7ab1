"""Numbers and codes: one spelling for the index, the question and what is marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imrsearch.schema.documents import places_in, terms_in
from imrsearch.schema.numbers import plain


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        pytest.param(".5mg", "0.5mg", id="point"),
        pytest.param("Klonopin .5 #30", "Klonopin 0.5 #30", id="point-alone"),
        pytest.param("1.5 mg", "1.5 mg", id="decimals"),
        pytest.param("four weeks.4 sessions", "four weeks.4 sessions", id="end-of-a-sentence"),
        pytest.param("1,000", "1000", id="thousand"),
        pytest.param("12,500,000.5", "12500000.5", id="millions"),
        pytest.param("pages 76,78", "pages 76,78", id="list"),
        pytest.param("1/1,000", "1/1,000", id="part-of-a-fraction"),
        pytest.param("10,3250", "10,3250", id="four-digits"),
        pytest.param("L4-5", "L4-L5", id="level"),
        pytest.param("L4/5", "L4/L5", id="slash"),
        pytest.param("C5–6", "C5–C6", id="en-dash"),
        pytest.param("at l3-4-5.", "at l3-l4-l5.", id="two-levels"),
        pytest.param("L4-L5", "L4-L5", id="both-letters"),
        pytest.param("L5-S1", "L5-S1", id="other-letter"),
        pytest.param("T11-12", "T11-T12", id="two-digits"),
        pytest.param("C4-90", "C4-90", id="no-vertebra"),
        pytest.param("CM17-0019171", "CM17-0019171", id="case-number"),
        pytest.param("L4-5mg", "L4-5mg", id="dose"),
        pytest.param("10/325mg", "10/325mg", id="combination"),
    ],
)
def test_spelling(written, spelled):
    assert plain(written).text == spelled


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
        pytest.param("#90", "90", id="count"),
    ],
)
def test_the_same_to_the_index(one, other):
    assert terms_in(one) == terms_in(other)
    assert terms_in(one, exact=True) == terms_in(other, exact=True)


def test_places_are_those_of_the_text_as_it_is():
    text = "Take .5mg of 1,000 at L4-5, naïve."
    assert [text[start:end] for _, start, end in places_in(text)] == (
        ["Take", ".5", "mg", "of", "1,000", "at", "L4", "5", "naïve"]
    )


@pytest.mark.property
@given(st.text() | st.text(alphabet="0123456789.,-/–LCTS x", max_size=40))
def test_both_readings_have_the_same_words_at_the_same_places(text):
    text = text.encode("utf-8", "replace").decode("utf-8")
    stems, written = places_in(text), places_in(text, exact=True)
    assert [place[1:] for place in stems] == [place[1:] for place in written]
    ends = [0, *(end for _, _, end in stems)]
    assert all(before <= start < end <= len(text) for before, (_, start, end) in zip(ends, stems, strict=False))
    assert plain(plain(text).text).text == plain(text).text
