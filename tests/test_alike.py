"""How alike texts are, and which sentences tell them apart."""

import random

import pytest

from imrsearch.search.alike import Weights, changed_in, compared, runs_of, shared_share

WORDS = "the worker was seen for pain in the left wrist after a fall from a ladder at the orchard in may".split()


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        pytest.param("a b c d e f", "a b c d e f", 1.0, id="same"),
        pytest.param("A b, c d (e) f.", "a b c d e f", 1.0, id="signs-and-case"),
        pytest.param("a b c d e f", "a b c d e g", 1 / 3, id="last-word"),
        pytest.param("a b c d e", "f g h i j", 0.0, id="nothing"),
        pytest.param("a b", "a b", 1.0, id="shorter-than-a-run"),
        pytest.param("a b", "a b c", 0.0, id="short-and-shorter"),
        pytest.param("", "", 0.0, id="empty"),
    ],
)
def test_shared_share_is_that_of_the_runs(one, other, share):
    assert shared_share(runs_of(one), runs_of(other)) == pytest.approx(share)


def test_shared_share_equals_sets_of_five_words():
    draw = random.Random(3)
    for _ in range(50):
        one, other = (draw.choices(WORDS[:6], k=draw.randint(0, 60)) for _ in range(2))
        runs = [
            {tuple(words[i : i + 5]) for i in range(len(words) - 4)} or {tuple(words)} - {()} for words in (one, other)
        ]
        expected = len(runs[0] & runs[1]) / len(runs[0] | runs[1]) if runs[0] | runs[1] else 0.0
        assert shared_share(runs_of(" ".join(one)), runs_of(" ".join(other))) == pytest.approx(expected)


def test_what_many_texts_say_counts_less():
    common, rare = "every letter has these very words here", "only two of the letters speak of lifting"
    own = runs_of(f"{common} {rare}")
    texts = [runs_of(f"{common} {number} says something else") for number in range(9)]
    other = runs_of(f"{rare} and nothing that the others say")
    weights = Weights(own, [*texts, other])
    assert weights.share(other) > weights.share(texts[0])
    assert weights.share(own) == pytest.approx(1.0)
    assert weights.share(runs_of("nothing of it at all is here")) == 0.0


FIRST = "The worker fell. Six visits were done. No gain was noted. The request is not medically necessary."
SECOND = "The worker fell.  Six visits were done. A gain was noted. The request is medically necessary."


@pytest.mark.parametrize(
    ("one", "other", "shared", "only_one", "only_other"),
    [
        pytest.param(
            FIRST,
            SECOND,
            ["The worker fell.", "Six visits were done."],
            ["No gain was noted.", "The request is not medically necessary."],
            ["A gain was noted.", "The request is medically necessary."],
            id="two-changed",
        ),
        pytest.param(
            "It is so. It is so. Yes.", "It is so. Yes.", ["It is so.", "Yes."], ["It is so."], [], id="twice"
        ),
        pytest.param("Yes it is. No.", "No! Yes, it is.", ["Yes it is.", "No."], [], [], id="order-and-signs"),
        pytest.param("", "One is here.", [], [], ["One is here."], id="empty"),
    ],
)
def test_sentences_that_only_one_text_has(one, other, shared, only_one, only_other):
    ours, theirs = compared(one, other)
    assert [each.text for each in ours if each.shared] == shared
    assert [each.text for each in ours if not each.shared] == only_one
    assert [each.text for each in theirs if not each.shared] == only_other


@pytest.mark.parametrize(
    ("sentence", "others", "changed"),
    [
        pytest.param("Six visits were done in May.", ["Ten visits were done in May."], ["Six"], id="a-word"),
        pytest.param("Six visits were not done.", ["It rains.", "Six visits were done."], ["not"], id="a-word-more"),
        pytest.param("Six visits were done.", ["It rains today in the valley."], [], id="another-sentence"),
        pytest.param("Six visits were done.", [], [], id="alone"),
    ],
)
def test_changed_words_of_a_nearly_equal_sentence(sentence, others, changed):
    assert [sentence[start:end] for start, end in changed_in(sentence, others)] == changed
