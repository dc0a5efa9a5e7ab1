"""When two items dispute the same treatment."""

import pytest

from imrsearch.schema.derive import derive_item
from imrsearch.schema.derive.sameness import main_words, same_treatment, treatment_of
from tests import factories


def derived(heading):
    return derive_item(factories.item(heading))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("Norco 10/325mg #60", "Vicodin 5/300mg #90", True, id="brands"),
        pytest.param("Norco 10/325mg #60", "Hydrocodone 10mg", True, id="combination-and-its-drug"),
        pytest.param("Norco 10/325mg #60", "Tylenol with codeine #3", False, id="shared-companion"),
        pytest.param("Tylenol 500mg #60", "Norco 10/325mg #60", False, id="companion-alone"),
        pytest.param("Tylenol 500mg #60", "Acetaminophen 325mg", True, id="companion-and-companion"),
        pytest.param("Norco 10/325mg #60", "Tramadol 50mg #60", False, id="class-is-not-enough"),
        pytest.param("MRI of the left knee", "MRI right shoulder without contrast", True, id="sub-category"),
        pytest.param("MRI of the left knee", "Acupuncture 2x6", False, id="two-sub-categories"),
        pytest.param("Zorblax harness, 2 units", "Zorblax harness", True, id="unknown-words"),
        pytest.param("Zorblax harness", "Quuxian harness", False, id="other-unknown-words"),
    ],
)
def test_same_treatment(one, other, same):
    assert same_treatment(derived(one), derived(other)) is same
    assert same_treatment(derived(other), derived(one)) is same


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        pytest.param("Post-op zorblax for the left knee, 2 times a week", ("knee", "zorblax"), id="what-is-asked"),
        pytest.param("12 sessions", (), id="only-how-much"),
        pytest.param("Zorblaxes", ("zorblax",), id="stem"),
    ],
)
def test_main_words(heading, words):
    assert main_words(heading) == words


def test_an_item_whose_heading_says_nothing_is_like_no_other():
    assert treatment_of(derived("12 sessions")).by == "words"
    assert not same_treatment(derived("12 sessions"), derived("12 sessions"))
