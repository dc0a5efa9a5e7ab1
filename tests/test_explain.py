"""How an answer came about, and the scores of single words against the published formula."""

import json
import math
import random
import re
from collections import Counter

import msgspec
import pytest
from factories import index_of, item, letter

from imrsearch.schema.documents import to_document, words_analyzer, words_field
from imrsearch.schema.errors import UsageError
from imrsearch.schema.fields import FIELDS, chunks_of
from imrsearch.search import render, reports
from imrsearch.search.explain import Clock, Explanation, part_of
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

CLONAZEPAM = {"drugs": ("clonazepam",), "drug_classes": ("benzodiazepines",)}
LETTERS = (
    letter("A1", item("Klonopin 1mg", rationale="Klonopin helps with a fine brace.", **CLONAZEPAM)),
    letter("A2", item("Knee brace", outcome="overturned", rationale="A brace " + "is worn " * 60)),
    letter("A3", item("Lumbar spine x-ray", body_parts=("lumbar spine",))),
)
STEPS = "parse values expand compile search rank letters families facets fetch snippets advice".split()
ASKED = [
    Query(text="klonopin brace"),
    Query(text='"fine brace" OR klonopin -norco'),
    Query(text="brace", filters={"outcome": ("overturned",)}),
    Query(text="brace", sort="newest", facets=("outcome",)),
    Query(text="outcome:upheld"),
    Query(),
]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(LETTERS, tmp_path_factory.mktemp("explain") / "index"))


def test_a_clock_adds_up_a_steps_laps():
    clock = Clock()
    assert [clock.lap(step, step) for step in ("one", "two", "one")] == ["one", "two", "one"]
    assert list(clock.took_ms) == ["one", "two"]
    assert clock.total_ms == pytest.approx(sum(clock.took_ms.values()), abs=0.02)


@pytest.mark.parametrize("query", ASKED, ids=lambda query: query.text or "everything")
def test_every_step_is_timed(searcher, query):
    explained = searcher.explain(query)
    assert list(explained.took_ms) == [step for step in STEPS if step in explained.took_ms]
    assert {"parse", "compile", "search", "rank", "letters", "fetch", "snippets"} <= set(explained.took_ms)
    assert all(spent >= 0 for spent in explained.took_ms.values())
    assert explained.total_ms == pytest.approx(sum(explained.took_ms.values()), abs=0.02)


@pytest.mark.parametrize("query", ASKED, ids=lambda query: query.text or "everything")
def test_the_score_is_that_of_the_first_hit(searcher, query):
    results, explained = searcher.search(query), searcher.explain(query)
    assert explained.id == results.hits[0].id
    assert explained.query_as_run == results.query_as_run
    assert explained.score is not None
    if query.sort == "relevance":
        assert explained.score.score == pytest.approx(results.hits[0].score, rel=1e-5)


def sums(part) -> bool:
    """Sums are the sums of their parts, and so are theirs."""
    own = part.what != "the sum of" or math.isclose(sum(each.score for each in part.parts), part.score, rel_tol=1e-4)
    return own and all(map(sums, part.parts))


def leaves(part) -> list:
    return [part] if not part.parts else [leaf for each in part.parts for leaf in leaves(each)]


def test_a_score_in_parts_names_field_word_and_weight(searcher):
    score = searcher.explain(Query(text="klonopin brace")).score
    assert sums(score)
    said = [leaf.what for leaf in leaves(score)]
    assert any(re.match(r"treatment:klonopin, weight \d", what) for what in said), said
    assert any(what.startswith("rationale:brace") for what in said), said
    formula = next(leaf.formula for leaf in leaves(score) if leaf.what.startswith("rationale:brace"))
    assert re.fullmatch(
        r"2\.2 × idf [\d.]+ \(in 2 of 3 items\) × tf [\d.]+ \(1 among about 6 words, the mean is [\d.]+\)", formula
    )


def test_the_formula_of_a_word_gives_its_score(searcher):
    score = searcher.explain(Query(text="rationale:helps")).score
    constant, idf, tf = (float(each) for each in re.findall(r"(?:^|idf |tf )([\d.]+)", score.formula))
    assert constant * idf * tf == pytest.approx(score.score, rel=1e-3)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        pytest.param(Query(), ["everything"], id="everything"),
        pytest.param(Query(text="#"), ["nothing"], id="nothing"),
        pytest.param(Query(text="fine"), ["word fine"], id="word"),
        pytest.param(Query(text="outcome:upheld"), ["field outcome:upheld"], id="field"),
        pytest.param(Query(text="brac*"), ["words beginning brac*"], id="beginning"),
        pytest.param(Query(text="fine /3 brace"), ["near fine /3 brace"], id="near"),
        pytest.param(
            Query(text='"fine brace" OR fine -helps'),
            [
                "any of",
                '  phrase "fine brace"',
                "  all of",
                "    word fine, the summary counts too",
                "    not",
                "      word helps",
            ],
            id="tree",
        ),
    ],
)
def test_the_tree_in_words(searcher, query, tree):
    assert list(searcher.explain(query).tree) == tree


def test_names_and_values_are_told(searcher):
    explained = searcher.explain(Query(text="klonopin", filters={"body_part": ("low back",)}))
    assert explained.tree[:2] == ("name klonopin", "  drug: clonazepam")
    assert explained.readings == ('body-part: "low back" read as lumbar spine',)
    assert any("also searched clonazepam" in line for line in explained.expansions)
    assert explained.filters == {"body_part": 'body_part:"lumbar spine"'}
    assert (explained.id, explained.score) == (None, None)


def test_what_is_relaxed_is_told(searcher):
    explained = searcher.explain(Query(text="fine zebra"))
    assert explained.tree == ("word fine",)
    assert any("zebra" in line for line in explained.relaxed)
    assert explained.score is not None


def test_the_beginning_of_a_word_scores_as_a_fixed_part(searcher):
    assert {leaf.what.partition(",")[0] for leaf in leaves(searcher.explain(Query(text="klonop*")).score)} == {
        "one of several words"
    }


def test_any_item_can_be_asked_for(searcher):
    assert searcher.explain(Query(text="brace"), id=" a1:1").id == "A1:1"
    assert searcher.explain(Query(text="brace"), id="A2").id == "A2:1"
    not_found = searcher.explain(Query(text="klonopin"), id="A2:1")
    assert (not_found.id, not_found.score) == ("A2:1", None)
    assert "score of A2:1\n  not found by the query" in reports.explanation_plain(not_found)
    with pytest.raises(UsageError, match="no letter or item"):
        searcher.explain(Query(), id="zzz")


def test_what_the_engine_tells_otherwise_is_passed_on():
    told = {"value": 2.0, "description": "Something new ...", "details": []}
    assert part_of(told, {}).what == "Something new"
    several = {"value": 3.0, "description": "Something new ...", "details": [told, told | {"value": 1.0}]}
    assert [part.score for part in part_of(several, {}).parts] == [2.0, 1.0]


def test_in_print(searcher):
    printed = reports.explanation_plain(searcher.explain(Query(text="klonopin brace", facets=("outcome",))))
    assert printed.startswith("understood as\n  all of\n    name klonopin\n")
    assert re.search(r"\n\ntime: [\d.]+ ms\n +[\d.]+  parse\n", printed)
    assert "\x1b" not in reports.explanation_plain(searcher.explain(Query(text='brace -"\x1b[31m"')))


def test_in_print_a_score_stands_over_its_parts(searcher):
    printed = reports.explanation_plain(searcher.explain(Query(text="klonopin brace")))
    assert re.search(r"\n\nscore of A1:1\n  [\d.]+  the sum of\n    [\d.]+  ", printed)


def test_in_json_it_is_one_key_more(searcher):
    results, explained = searcher.search(ASKED[0]), searcher.explain(ASKED[0])
    without, given = json.loads(render.as_json(results)), json.loads(render.as_json(results, explained))
    assert list(given) == [*without, "explanation"]
    assert msgspec.convert(given["explanation"], Explanation) == explained
    assert {key: given[key] for key in without} == without


# BM25 as published, with the length of a text as the engine keeps it: in one byte.
K1, B = 1.2, 0.75


def kept_length(length: int) -> int:
    """Lengths to 40 are exact; above, 24 less than the length keeps its four highest bits."""
    if length <= 40:
        return length
    rest = length - 24
    dropped = rest.bit_length() - 4
    return 24 + (rest >> dropped << dropped)


@pytest.mark.parametrize(
    ("length", "kept"), [(0, 0), (39, 39), (40, 40), (41, 40), (42, 42), (57, 56), (87, 84), (88, 88), (1000, 984)]
)
def test_kept_lengths(length, kept):
    assert kept_length(length) == kept


@pytest.fixture(scope="module")
def corpus(fictional, tmp_path_factory):
    """The fictional letters, and some whose texts are longer than the engine counts exactly."""
    words = [word for one in fictional for word in one.items[0].rationale.split()]
    chosen = random.Random(8)
    long = (
        letter(f"L{number}", item("Brace", rationale=" ".join(chosen.choices(words, k=chosen.randrange(30, 2000)))))
        for number in range(60)
    )
    letters = (*fictional, *long)
    searcher = Searcher.open(index_of(letters, tmp_path_factory.mktemp("bm25") / "index"))
    return searcher, [chunk for one in letters for chunk in chunks_of(one)]


def texts_of(chunks, field) -> dict[str, Counter]:
    """How often each term stands in the field of each item, as it is given to the engine."""
    documents = [msgspec.json.decode(to_document(chunk)) for chunk in chunks]
    texts = ((document["id"], document.get(words_field(field), "")) for document in documents)
    return {
        id: Counter(words_analyzer().analyze(text if isinstance(text, str) else " ".join(text))) for id, text in texts
    }


@pytest.mark.parametrize("field", [field for field in FIELDS if field.kind == "text"], ids=lambda field: field.name)
def test_the_score_of_a_word_is_bm25(corpus, field):
    searcher, chunks = corpus
    texts = texts_of(chunks, field)
    mean = sum(terms.total() for terms in texts.values()) / len(texts)
    vocabulary = sorted({term for terms in texts.values() for term in terms})
    compared = 0
    for term in random.Random(field.name).sample(vocabulary, min(50, len(vocabulary))):
        holding = {id: terms for id, terms in texts.items() if terms[term]}
        hits = searcher.engine.best(searcher.engine.term(words_field(field), term), len(chunks))
        scores = {searcher.engine.letter(address).items[0].id: score for score, address in hits}
        assert scores.keys() == holding.keys(), term
        rare = math.log(1 + (len(texts) - len(holding) + 0.5) / (len(holding) + 0.5))
        for id, terms in holding.items():
            length = kept_length(terms.total())
            expected = rare * terms[term] * (K1 + 1) / (terms[term] + K1 * (1 - B + B * length / mean))
            assert scores[id] == pytest.approx(expected, rel=1e-5), (term, id)
            compared += 1
    assert compared >= 50
