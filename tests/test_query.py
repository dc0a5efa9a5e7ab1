"""The tree in the engine's terms, held against a plain scan of every item."""

import os
import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from factories import citation, index_of, item, letter
from msgspec import structs

from imrsearch.indexer.build import build_index
from imrsearch.schema.documents import terms_in, value_term
from imrsearch.schema.errors import QueryError, UsageError
from imrsearch.schema.fields import BOOSTS, FACETS, FIELD, FILTERS, Chunk, chunks_of
from imrsearch.search import proximity
from imrsearch.search.compile import terms_of
from imrsearch.search.context import anchor_of, is_loose, with_context
from imrsearch.search.expand import expand
from imrsearch.search.language import All, AnyOf, Named, Not, Phrase, Within, Word, parse, scores, searches_words_of
from imrsearch.search.lexer import FARTHEST
from imrsearch.search.query import Query, checked, date_span
from imrsearch.search.searcher import Searcher

WORDS = [
    "pain",
    "sleep",
    "weeks",
    "4",
    "10/325mg",
    "Klonopin",
    "clonazepam",
    "Norco",
    "opioid",
    "knee",
    "brace",
    "naïve",
]
DRUGS = {"clonazepam": "benzodiazepines", "hydrocodone": "opioids", "acetaminophen": "other analgesics"}
LITERALS = [
    *WORDS, "klonopin", "opioids", "benzodiazepines", "(knee", "#4", "mg", "absent",
    '"knee brace"', '"pain weeks"', '"10/325mg pain"', '"4"', "summary:sleep", "treatment:norco", "section:opioid",
    'section:"knee brace"', "outcome:upheld", "drug:klonopin", "drug:norco", "year:2015", "page:24",
    "decision_date:2015-02", "specialty:Neurology", "item:2",
]  # fmt: skip


def some_text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(chance.randrange(words)))


def some_letters(chance: random.Random, letters: int):
    for number in range(letters):
        items = []
        for _ in range(chance.randrange(1, 4)):
            drugs = tuple(chance.sample(list(DRUGS), chance.randrange(3)))
            items.append(
                item(
                    some_text(chance, 5) or "Cane",
                    outcome=chance.choice(("upheld", "overturned")),
                    drugs=drugs,
                    drug_classes=tuple(DRUGS[drug] for drug in drugs),
                    rationale=some_text(chance, 12),
                    imr_citations=(citation(some_text(chance, 4) or None, pages=(chance.choice((24, 25)),)),),
                )
            )
        day = chance.choice((None, "2015-02-03", "2015-03-01", "2016-02-03"))
        specialties = tuple(chance.sample(("Neurology", "Pain Management"), chance.randrange(3)))
        yield letter(f"X{number:03}", *items, summary=some_text(chance, 6), decision_date=day, specialties=specialties)


terms = cache(terms_of)


@cache
def exact_terms(text: str) -> tuple[str, ...]:
    return terms_in(text, exact=True)


def texts_of(chunk: Chunk, name: str, *, exact: bool = False) -> list[tuple[str, ...]]:
    """The terms of each value of a field."""
    value = getattr(chunk, name)
    return [
        (exact_terms if exact else terms)(text) for text in (value if isinstance(value, tuple) else (value,)) if text
    ]


def side_by_side(words: tuple[str, ...], texts: list[tuple[str, ...]]) -> bool:
    return any(words == text[at : at + len(words)] for text in texts for at in range(len(text)))


def in_text(chunk: Chunk, words: tuple[str, ...], *, exact: bool = False) -> bool:
    return any(side_by_side(words, texts_of(chunk, name, exact=exact)) for name in BOOSTS)


def holds(chunk: Chunk, name: str, value: str) -> bool:
    """What a filter asks of one item."""
    field = FIELD[name]
    held = getattr(chunk, name)
    if field.kind == "date":
        return bool(held) and held.startswith(value)
    if field.kind == "number":
        return int(value) in (held if isinstance(held, tuple) else (held,))
    values = {value_term(one) for one in (held if isinstance(held, tuple) else (held,)) if one}
    return values.issuperset(map(value_term, field.canonical(value) if field.canonical else (value,)))


def matches(chunk: Chunk, node, *, anchored: bool = False) -> bool:
    """Whether the tree finds the item, by reading it; anchored: another part is in the item."""
    match node:
        case Word(text):
            summary = anchored and is_loose(node) and side_by_side(terms(text), texts_of(chunk, "summary"))
            return summary or in_text(chunk, terms(text))
        case Phrase(text):
            return in_text(chunk, exact_terms(text), exact=True)
        case Within(field, text) if searches_words_of(field):
            asked = exact_terms(text) if node.quoted else terms(text)
            return side_by_side(asked, texts_of(chunk, field, exact=node.quoted))
        case Within(field, text):
            return holds(chunk, field, text)
        case Named(words, meaning):
            names = meaning.spelled
            meant = bool(meaning.values) and set(meaning.values) <= set(getattr(chunk, meaning.field))
            asked = all(in_text(chunk, terms(word.text)) for word in words)
            return meant or asked or any(in_text(chunk, terms(name)) for name in names)
        case Not(part):
            return not matches(chunk, part)
        case All(parts):
            anchor = anchor_of(parts)
            own = [part for part in parts if is_loose(part)] if not (anchored or anchor) else []
            found = (
                matches(chunk, part, anchored=anchored or bool(part is not anchor and anchor) or is_loose(part))
                for part in parts
            )
            return all(found) and (not own or any(matches(chunk, part) for part in own))
        case AnyOf(parts):
            return any(matches(chunk, part, anchored=anchored) for part in parts)


def some_query(chance: random.Random) -> Query:
    pieces = []
    for _ in range(chance.randrange(1, 5)):
        pieces.append(chance.choice(("", "", "-", "NOT ")) + chance.choice(LITERALS))
        if chance.random() < 0.3:
            pieces.append("OR")
    filters = {"outcome": ("upheld",)} if chance.random() < 0.3 else {}
    if chance.random() < 0.3:
        filters |= {"drug": tuple(chance.sample(("Klonopin", "hydrocodone", "Norco"), 2))}
    return Query(
        text=" ".join(pieces), widen=False, filters=filters, since=chance.choice((None, None, "2015-03")),
        until=chance.choice((None, None, "2015")), facets=("outcome", "drug", "year"), limit=1000,
        sort=chance.choice(("relevance", "newest", "oldest")),
    )  # fmt: skip


def kept(chunk: Chunk, query: Query) -> bool:
    """Whether the filters leave the item."""
    day = (chunk.decision_date or "").replace("-", "")
    since = not query.since or (day and int(day) >= date_span(query.since)[0])
    until = not query.until or (day and int(day) <= date_span(query.until)[1])
    values = all(any(holds(chunk, name, value) for value in asked) for name, asked in query.filters.items())
    return bool(since and until and values)


def without(filters, name: str):
    return {other: values for other, values in filters.items() if other != name}


@pytest.mark.parametrize("number", [100, pytest.param(400, marks=pytest.mark.scale)])
def test_the_engine_finds_what_a_scan_finds(number, tmp_path):
    chance = random.Random(20170228)
    letters = list(some_letters(chance, 120))
    chunks = [chunk for one in letters for chunk in chunks_of(one)]
    searcher = Searcher.open(index_of(letters, tmp_path / "index"))
    found_some = 0
    for _ in range(number):
        query = some_query(chance)
        tree = with_context(expand(parse(query.text))).tree
        matching = [chunk for chunk in chunks if matches(chunk, tree)]
        wanted = [chunk for chunk in matching if kept(chunk, query)]
        results = searcher.search(query)
        assert {hit.id for hit in results.hits} == {chunk.id for chunk in wanted}, query
        assert results.total == results.returned == len(wanted)
        assert results.total_letters == len({chunk.letter_id for chunk in wanted})
        # A facet's own filter does not narrow it.
        others = {
            name: [
                chunk for chunk in matching if kept(chunk, structs.replace(query, filters=without(query.filters, name)))
            ]
            for name in ("outcome", "drug")
        }
        assert {one.value: one.count for one in results.facets["outcome"] if one.count} == {
            value: count
            for value in ("upheld", "overturned")
            if (count := sum(chunk.outcome == value for chunk in others["outcome"]))
        }
        assert sum(one.count for one in results.facets["drug"]) == sum(len(chunk.drug) for chunk in others["drug"])
        assert sum(one.count for one in results.facets["year"]) == sum(chunk.year is not None for chunk in wanted)
        found_some += bool(wanted)
    assert found_some > number / 2


@pytest.mark.parametrize(
    ("text", "span"),
    [
        pytest.param("2016", (20160101, 20161231), id="year"),
        pytest.param("2016-12", (20161201, 20161231), id="month"),
        pytest.param("2016-02-29", (20160229, 20160229), id="leap-day"),
    ],
)
def test_date_span(text, span):
    assert date_span(text) == span


@pytest.mark.parametrize("text", ["2016-13", "2017-02-29", "16", "12/30/2016", "2016-1", "soon", "０２０１６", "0000"])
def test_wrong_dates(text):
    with pytest.raises(UsageError, match="is not a date") as error:
        checked(Query(since=text))
    assert error.value.hint


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param(Query(filters={"outcom": ("upheld",)}), "no filter outcom", id="filter"),
        pytest.param(Query(filters={"rationale": ("x",)}), "no filter rationale", id="not-a-filter"),
        pytest.param(Query(facets=("drugs",)), "no facet drugs", id="facet"),
        pytest.param(Query(limit=-1), "count from 0", id="limit"),
        pytest.param(Query(offset=-1), "count from 0", id="offset"),
        pytest.param(Query(since="2017", until="2016"), "is after", id="days-exchanged"),
        pytest.param(Query(filters={"page": ("24-26",)}), "page takes a whole number, not 24-26", id="number"),
        pytest.param(Query(filters={"year": ("2016", "-1")}), "year takes a whole number", id="one-of-two-numbers"),
    ],
)
def test_usage_errors(query, message):
    with pytest.raises(UsageError, match=message) as error:
        checked(query)
    assert error.value.hint


@pytest.mark.parametrize("field", FILTERS, ids=lambda field: field.name)
def test_filters_are_named_as_options_too(field):
    typed, clean = (" 24 ", "24") if field.kind == "number" else (" a  b ", "a b")
    assert checked(Query(filters={field.option.upper(): (typed,)})).filters == {field.name: (clean,)}


@pytest.mark.parametrize("field", FACETS, ids=lambda field: field.name)
def test_facets_are_named_as_options_too(field):
    assert checked(Query(facets=(field.option, field.name))).facets == (field.name,)


@pytest.mark.parametrize("module", ["query", "language", "expand", "results", "render"])
def test_the_question_knows_no_engine(module):
    script = f"import sys, imrsearch.search.{module}; print('tantivy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("text", "relevance"),
    [
        pytest.param("", False, id="empty"),
        pytest.param("brace", True, id="word"),
        pytest.param("-brace", False, id="only-negative"),
        pytest.param("outcome:upheld", False, id="value"),
        pytest.param("section:opioid", True, id="words-of-a-field"),
        pytest.param("klonopin", True, id="name"),
    ],
)
def test_conditions_alone_do_not_score(text, relevance):
    assert scores(expand(parse(text)).tree) is relevance


ASKED = (
    item(
        "Physical therapy", rationale="Function improved with exercise. Neuropathic pain of the left leg was treated."
    ),
    item("Back brace .5 #30", rationale="Functional improvement is not shown. The pain is neuropathic.", quantity=30),
    item(
        "Surgery at L4-5",
        rationale="No 1,000 mg dose; the 10/325mg tablet failed.",
        quantity=90,
        imr_citations=(citation("Spine", pages=(24, 25)),),
    ),
    item("Cane", rationale="Pages 80 and 81 are cited. Naïve reading, functionally improving.", quantity=120),
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    made = letter("A1", *ASKED, decision_date="2016-07-15", patient_age=45)
    return Searcher.open(index_of([made], tmp_path_factory.mktemp("asked") / "index"))


@pytest.mark.parametrize(
    ("text", "found", "marked"),
    [
        pytest.param("functional improvement", [1, 2, 4], {"functionally", "improving"}, id="stems"),
        pytest.param('"functional improvement"', [2], {"Functional improvement"}, id="as-written"),
        pytest.param('"function"', [1], {"Function"}, id="one-word-as-written"),
        pytest.param('rationale:"improving"', [4], {"improving"}, id="field-as-written"),
        pytest.param("neuropath*", [1, 2], {"Neuropathic", "neuropathic"}, id="beginning"),
        pytest.param("NEUROPATH!", [1, 2], {"neuropathic"}, id="beginning-in-capitals"),
        pytest.param("rationale:improvem*", [2], {"improvement"}, id="beginning-in-a-field"),
        pytest.param("naive*", [4], {"Naïve"}, id="beginning-without-accent"),
        pytest.param("treatment:.5", [2], {".5"}, id="point"),
        pytest.param("0.5", [2], {".5"}, id="zero-before-the-point"),
        pytest.param("1000mg", [3], {"1,000 mg"}, id="thousand"),
        pytest.param("10-325mg", [3], {"10/325mg"}, id="dash-for-slash"),
        pytest.param("5/325", [], set(), id="other-strength"),
        pytest.param("L4–L5", [3], {"L4-5"}, id="level"),
        pytest.param('"L4/5"', [3], {"L4-5"}, id="level-as-written"),
        pytest.param("page 24", [3], set(), id="page-that-is-cited"),
        pytest.param("pages 25-80", [3], set(), id="pages-that-are-cited"),
        pytest.param("pages 80", [4], {"Pages 80"}, id="page-in-the-words"),
        pytest.param("pain /2 neuropathic", [1, 2], {"pain", "neuropathic"}, id="near"),
        pytest.param("pain +2 neuropathic", [2], {"pain", "neuropathic"}, id="in-order"),
        pytest.param("pain /1 neuropathic", [1], {"Neuropathic", "pain"}, id="side-by-side"),
        pytest.param("improved /s exercise", [1], {"improved", "exercise"}, id="one-sentence"),
        pytest.param("improved /s pain", [], set(), id="two-sentences"),
        pytest.param('"left leg" /6 neuropath*', [1], {"left leg", "Neuropathic"}, id="phrase-near-a-beginning"),
        pytest.param('"neuropathic pain" +3 "leg"', [], set(), id="too-far"),
        pytest.param('"neuropathic pain" +4 "leg"', [1], {"Neuropathic pain", "leg"}, id="phrases"),
        pytest.param("quantity:>=90", [3, 4], set(), id="at-least"),
        pytest.param("quantity:30..90", [2, 3], set(), id="between"),
        pytest.param("quantity:<30", [], set(), id="none-so-few"),
        pytest.param("page:25..30", [3], set(), id="one-of-several-pages"),
        pytest.param("date:2016-07.. age:40..60 cane", [4], set(), id="ranges"),
        pytest.param("(cane OR brace) -(function /s shown)", [4], set(), id="group-without-a-sentence"),
    ],
)
def test_what_is_found_and_marked(asked, text, found, marked):
    results = asked.search(Query(text=text, sort="oldest", expand=False, widen=False))
    assert [hit.item for hit in results.hits] == found
    marks = [hit.snippet[start:end] for hit in results.hits for start, end in hit.highlights]
    marks += [hit.treatment[start:end] for hit in results.hits for start, end in hit.marks]
    assert marked <= set(marks)
    # Of words near each other no more is marked than those that are near.
    if " /" in text and "(" not in text:
        assert {mark.lower() for mark in marks} == {mark.lower() for mark in marked}


def test_too_many_texts_to_read(asked, monkeypatch):
    monkeypatch.setattr(proximity, "MOST_READ", 1)
    with pytest.raises(QueryError, match="2 texts have both parts") as error:
        asked.search(Query(text="neuropathic /s pain"))
    assert "filter" in error.value.hint
    assert asked.search(Query(text="neuropathic /s pain quantity:30")).total == 1
    assert asked.search(Query(text="neuropathic /s pain", filters={"page": ("24",)})).total == 0


def test_too_many_items_to_try_every_distance_in(asked, monkeypatch):
    monkeypatch.setattr(proximity, "MOST_TRIED", 3)
    with pytest.raises(QueryError, match="1 items have both phrases, too many to look 4 words far") as error:
        asked.search(Query(text='"neuropathic pain" +4 "leg"'))
    assert "fewer words between" in error.value.hint
    assert asked.search(Query(text='"neuropathic pain" +3 "leg"')).total == 0
    assert asked.search(Query(text="neuropathic /50 pain")).total == 2


@pytest.mark.parametrize("farthest", range(1, FARTHEST + 1))
def test_each_distance_is_asked_for_once(farthest):
    two = list(proximity.distances(farthest, words=2))
    asked_for = [place for middle, slop in two for place in range(middle - slop, middle + slop + 1)]
    assert asked_for == list(range(1, farthest + 1))
    assert len(two) <= 2
    assert list(proximity.distances(farthest, words=3)) == [(place, 0) for place in asked_for]


@pytest.fixture(scope="module")
def scattered(tmp_path_factory):
    chance = random.Random(5)
    texts = [[chance.choice("abcdefghijkl") for _ in range(chance.randrange(1, 60))] for _ in range(300)]
    letters = [letter(f"A{number}", item(rationale=" ".join(text))) for number, text in enumerate(texts)]
    return Searcher.open(index_of(letters, tmp_path_factory.mktemp("scattered") / "index")), texts


@pytest.mark.parametrize("farthest", [1, 2, 3, 4, 7, 10, 25, 49, 50])
@pytest.mark.parametrize("pair", ["b c", "c b", "d d"])
def test_words_are_near_by_their_positions(scattered, farthest, pair):
    searcher, texts = scattered
    one, other = pair.split()
    behind = {
        (first, second): {
            f"A{number}:1"
            for number, text in enumerate(texts)
            if any(
                word == first and second in text[place + 1 : place + 1 + farthest] for place, word in enumerate(text)
            )
        }
        for first, second in ((one, other), (other, one))
    }
    for sign, expected in (("+", behind[one, other]), ("/", behind[one, other] | behind[other, one])):
        found = searcher.search(Query(text=f"{one} {sign}{farthest} {other}", limit=400, expand=False))
        assert {hit.id for hit in found.hits} == expected, sign


@pytest.mark.parametrize(
    ("rationale", "question", "total"),
    [
        pytest.param("Naïve use. Sleep.", "naive /s use", 1, id="accents"),
        pytest.param("It helps sleeping and hoping. Use.", "sleep /s hope", 1, id="stems"),
        pytest.param("It helps sleeping. Hope.", "sleep /s hope", 0, id="two-sentences"),
        pytest.param("A dose of 1,000 mg at L4-5 is used.", "1000 /s l5", 1, id="numbers"),
        pytest.param("Neuropathic pain. Leg. Neuropathy of a leg.", "neuropath* /s leg", 1, id="beginning"),
    ],
)
def test_one_sentence(tmp_path, rationale, question, total):
    held = Searcher.open(index_of([letter("A1", item(rationale=rationale))], tmp_path / "index"))
    assert held.search(Query(text=question)).total == total


TEXTS = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters")) / "txt"


@pytest.mark.skipif(not TEXTS.is_dir(), reason="the real letters are not here")
def test_a_quoted_generic_name_finds_the_items_about_that_drug(tmp_path):
    build_index(sorted(TEXTS.iterdir()), tmp_path / "index")
    results = Searcher.open(tmp_path / "index").search(Query(text='"clonazepam"'))
    assert [hit.letter_id[:3] for hit in sorted(results.hits, key=lambda hit: hit.id)] == ["000", "001", "003"]
    assert all("Klonopin" in hit.treatment for hit in results.hits)
