"""What a question finds beyond its own words, and what it says of that."""

import os
from pathlib import Path

import pytest
from factories import citation, index_of, item, letter

from imrsearch.indexer.build import build_index
from imrsearch.indexer.sources import letter_files
from imrsearch.schema.derive.treatment import one_edit_apart
from imrsearch.schema.meaning import known_words, meaning_of, name_meant_by, names_near, terms
from imrsearch.schema.vocabulary import class_names, drug_names, table, words_of
from imrsearch.search.compile import neighbours_in
from imrsearch.search.expand import expand
from imrsearch.search.language import Named, parse, wanted_leaves, written
from imrsearch.search.query import Query
from imrsearch.search.searcher import WIDEN_HINT, Searcher

REAL = Path(os.environ.get("IMRSEARCH_LETTERS", Path(__file__).parents[2] / "shared" / "letters"))

OPIOID = {"drugs": ("hydrocodone", "acetaminophen"), "drug_classes": ("opioids",)}
LETTERS = (
    letter(
        "A1",
        item("TENS unit", rationale="A trial for one month gave no relief of pain."),
        item("MRI of the lumbar spine", rationale="Red flags are absent.", outcome="overturned"),
        decision_date="2016-03-01",
    ),
    letter(
        "A2",
        item("Transcutaneous electrical nerve stimulation", rationale="The device is rented."),
        item("Norco 10/325mg", rationale="Weaning is advised over weeks.", **OPIOID),
        decision_date="2016-02-01",
    ),
    letter(
        "A3",
        item("Magnetic resonance imaging of the knee", rationale="Knee films are normal; swelling persists."),
        item("LESI at L4-5", rationale="Radiculopathy is not documented.", imr_citations=(citation("ESI"),)),
        decision_date="2016-01-01",
    ),
)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(LETTERS, tmp_path_factory.mktemp("expand") / "index"))


def ids(results) -> list[str]:
    return [hit.id for hit in results.hits]


@pytest.mark.parametrize(
    ("asked", "other"),
    [
        pytest.param("TENS", "transcutaneous electrical nerve stimulation", id="tens"),
        pytest.param("magnetic resonance imaging", "MRI", id="mri"),
        pytest.param("ct scan", "computed tomography", id="ct"),
        pytest.param("ESI", "TFESI", id="kinds-of-it"),
        pytest.param("EMG/NCV", "electrodiagnostic studies", id="emg-ncv"),
        pytest.param("EMG", "electromyography", id="emg"),
        pytest.param("EMG/NCV", "electromyography and nerve conduction velocity", id="emg-ncv-in-full"),
        pytest.param("electromyography and nerve conduction velocity", "EMG/NCV", id="in-full-emg-ncv"),
        pytest.param("NCS", "nerve conduction velocity", id="ncs"),
        pytest.param("UDS", "urine drug test", id="uds"),
        pytest.param("urine drug screens", "UDT", id="plural"),
        pytest.param("FCE", "functional capacity evaluation", id="fce"),
        pytest.param("SCS", "spinal cord stimulator", id="scs"),
        pytest.param("X-rays", "radiograph", id="x-ray"),
        pytest.param("pre-op", "preoperative", id="pre-op"),
        pytest.param("after surgery", "post-op", id="after-surgery"),
        pytest.param("trigger point injections", "TPI", id="tpi"),
        pytest.param("LSO", "lumbosacral orthosis", id="lso"),
        pytest.param("chiro", "chiropractic", id="chiro"),
        pytest.param("LBP", "low back pain", id="condition"),
    ],
)
def test_a_treatment_has_other_names(asked, other):
    meaning = meaning_of(asked)
    assert meaning is not None
    assert other in meaning.spelled
    assert meaning.values == ()


@pytest.mark.parametrize("asked", ["PT", "RFA", "ICS", "CPM", "SAD", "ER", "CBC", "cures", "med", "pens", "US", "LESI"])
def test_the_ambiguous_and_the_narrower_do_not_find_more(asked):
    meaning = meaning_of(asked)
    assert meaning is None or not {"ESI", "epidural steroid injection"} & set(meaning.names)
    assert meaning is None or asked == "LESI"


def test_a_name_stands_for_one_term_and_for_no_drug():
    names = [name for entries in table("abbreviations").values() for full, entry in entries.items()
             for name in (full, *entry["names"])]  # fmt: skip
    keys = [" ".join(words_of(name)) for name in names]
    assert len(keys) == len(set(keys))
    assert not set(keys) & {*drug_names(), *class_names()}


@pytest.mark.parametrize(
    ("text", "found", "notice"),
    [
        pytest.param("tens", ["A1:1", "A2:1"], "tens: also searched transcutaneous electrical nerve", id="short"),
        pytest.param("transcutaneous electrical nerve stimulation", ["A2:1", "A1:1"], "also searched TENS", id="long"),
        pytest.param("mri knee", ["A3:1"], "mri: also searched magnetic resonance imaging", id="with-a-word"),
        pytest.param("esi", ["A3:2"], "esi: also searched epidural steroid injection, LESI", id="kind-of-it"),
        pytest.param("-mri spine OR -mri films", [], "mri: also left out magnetic resonance", id="left-out"),
    ],
)
def test_other_names_are_searched_and_said(searcher, text, found, notice):
    results = searcher.search(Query(text=text, widen=False))
    assert ids(results) == found
    assert any(notice in line for line in results.notices), results.notices
    if "-" not in text:
        assert " OR " in results.query_as_run


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(Query(text='"tens"'), id="quotes"),
        pytest.param(Query(text="tens", expand=False), id="option"),
    ],
)
def test_expansion_is_switched_off(searcher, query):
    results = searcher.search(query)
    assert ids(results) == ["A1:1"]
    assert results.notices == ()
    assert "transcutaneous" not in results.query_as_run


def test_a_phrase_of_a_name_is_marked(searcher):
    [_, hit] = searcher.search(Query(text="tens")).hits
    assert [hit.treatment[start:end] for start, end in hit.marks] == ["Transcutaneous electrical nerve stimulation"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        pytest.param("hydrocodne", "hydrocodone", id="left-out"),
        pytest.param("clonazepamm", "clonazepam", id="added"),
        pytest.param("tramedol", "tramadol", id="replaced"),
        pytest.param("gabapentni", "gabapentin", id="exchanged"),
        pytest.param("benzodiazepins", "benzodiazepine", id="class"),
        pytest.param("opiods", "opioids", id="class-plural"),
        pytest.param("norcp", "norco", id="five-letters"),
        pytest.param("noco", "norco", id="four-letters"),
        pytest.param("nroco", "norco", id="neighbours-exchanged"),
        pytest.param("soa", None, id="too-short"),
        pytest.param("clams", None, id="name-too-short"),
        pytest.param("said", None, id="ordinary-near-nsaid"),
        pytest.param("hydrocdne", None, id="two-letters"),
        pytest.param("hydrocodone", None, id="right"),
        pytest.param("systolic", None, id="ordinary"),
        pytest.param("stating", None, id="ordinary-near-a-class"),
        pytest.param("lumbar", None, id="body-part"),
    ],
)
def test_a_misspelt_name(typed, name):
    assert name_meant_by(typed) == name


# Of all names each tenth, or each.
SAMPLED = pytest.mark.parametrize("step", [10, pytest.param(1, marks=pytest.mark.scale)])


@SAMPLED
def test_a_word_near_two_names_is_left_alone(step):
    for word in ("hydrocodone", "oxycodone", "codeine"):
        assert name_meant_by(word) is None
    names = [name for name in (*drug_names(), *class_names()) if name.isalpha() and len(name) > 6]
    for one in names[::step]:
        for place in range(len(one)):
            typed = one[:place] + one[place + 1 :]
            meant = name_meant_by(typed)
            assert meant is None or one_edit_apart(typed, meant)


@pytest.mark.parametrize(
    ("typed", "held", "name"),
    [
        pytest.param("celebra", {"celebrex"}, None, id="two-letters-away"),
        pytest.param("zantaq", {"zantac"}, "zantac", id="one-name"),
        pytest.param("prozam", {"prozac"}, "prozac", id="the-same-first-letter"),
        pytest.param("clonidone", {"clonidine"}, "clonidine", id="one-near"),
    ],
)
def test_of_several_names_the_one_that_items_hold(typed, held, name):
    assert name_meant_by(typed, held=held.__contains__) == name


@SAMPLED
def test_several_names_near(step):
    several = [(typed, near) for typed in typed_names(step) if len(near := names_near(typed)) > 1]
    assert len(several) > 30 / step
    for typed, near in several:
        for name in near:
            assert name_meant_by(typed, held=lambda each, name=name: each == name) == name
        values = {meaning_of(name).values for name in near}
        assert name_meant_by(typed) == (near[0] if len(values) == 1 else None)
        assert name_meant_by(typed, held=lambda _: False) is None


def typed_names(step):
    """Each `step`th name of up to eight letters with a letter left out or exchanged for an "e"."""
    for name in [*drug_names(), *class_names()][::step]:
        for place in range(len(name) if name.isalpha() and len(name) <= 8 else 0):
            yield name[:place] + name[place + 1 :]
            yield name[:place] + "e" + name[place + 1 :]


def test_ordinary_words_are_no_misspelt_names(fictional):
    text = " ".join(f"{one.summary} {each.rationale} {each.ur_guideline}" for one in fictional for each in one.items)
    words = set(words_of(text)) - known_words()
    assert len(words) > 500
    assert [word for word in sorted(words) if name_meant_by(word)] == []


@pytest.mark.parametrize(
    ("text", "found", "read"),
    [
        pytest.param("hydrocodne", ["A2:2"], "hydrocodne: read as hydrocodone", id="drug"),
        pytest.param("Hydrocodne/APAP", ["A2:2"], "Hydrocodne: read as hydrocodone", id="in-a-combination"),
        pytest.param("weaning opiods", ["A2:2"], "opiods: read as opioids", id="class"),
        pytest.param("-hydrocodne weaning", [], "hydrocodne: read as hydrocodone", id="left-out"),
    ],
)
def test_a_misspelt_name_is_searched_and_said(searcher, text, found, read):
    results = searcher.search(Query(text=text))
    assert ids(results) == found
    assert read in results.notices
    assert not any("nearest" in line for line in results.notices)


@pytest.mark.parametrize(
    "query", [Query(text='"hydrocodne"'), Query(text="hydrocodne", expand=False)], ids=["quotes", "option"]
)
def test_a_misspelt_name_is_left_alone(searcher, query):
    results = searcher.search(query)
    assert (results.total, results.query_as_run.strip('"')) == (0, "hydrocodne")
    assert not any("read as" in line for line in results.notices)


def test_a_word_that_an_item_has_is_never_corrected(tmp_path):
    held = letter("B1", item("Hydrocodne 5mg"), item("Norco", **OPIOID))
    results = Searcher.open(index_of([held], tmp_path / "index")).search(Query(text="hydrocodne"))
    assert ids(results) == ["B1:1"]
    assert results.notices == ()


def test_without_an_index_nothing_is_corrected():
    assert written(expand(parse("hydrocodne")).tree) == "hydrocodne"


@pytest.mark.parametrize(
    ("query", "found", "notices", "run"),
    [
        pytest.param(
            Query(text="knee flags swelling"),
            ["A3:1"],
            ['no item has all of "knee flags swelling"; showing items with two of the three'],
            "knee AND swelling",
            id="two-of-three",
        ),
        pytest.param(
            Query(text="braces weaning"),
            ["A2:2"],
            ['no item has "braces"', 'no item has all of "braces weaning"; showing items with one of the two'],
            "weaning",
            id="a-word-that-is-nowhere",
        ),
        pytest.param(
            Query(text="weaning norco swelling normal"),
            ["A2:2"],
            ['no item has all of "weaning norco swelling normal"; showing items with two of the four'],
            None,
            id="a-drug-is-kept",
        ),
        pytest.param(
            Query(text="rented flags outcome:upheld", since="2016"),
            ["A2:1"],
            ['no item has all of "rented flags"; showing items with one of the two'],
            "outcome:upheld AND rented",
            id="values-are-kept",
        ),
        pytest.param(
            Query(text="rented flags", filters={"outcome": ("upheld",)}),
            ["A2:1"],
            ['no item has all of "rented flags"; showing items with one of the two'],
            "rented AND outcome:upheld",
            id="filters-are-kept",
        ),
        pytest.param(
            Query(text="flags rented"),
            ["A1:2", "A2:1"],
            ['no item has all of "flags rented"; showing items with one of the two'],
            "flags OR rented",
            id="either",
        ),
        pytest.param(
            Query(text="norco tens"),
            ["A2:2", "A1:1", "A2:1"],
            ['no item has all of "norco tens"; showing items with one of the two'],
            None,
            id="names-alone",
        ),
        pytest.param(
            Query(text="norco flags rented films"),
            ["A2:2"],
            ['no item has all of "norco flags rented films"; showing items with one of the four'],
            None,
            id="a-drug-alone",
        ),
        pytest.param(
            Query(text='knee flags swelling -films "knee films"'),
            [],
            [],
            None,
            id="a-negation-and-a-phrase-stay",
        ),
        pytest.param(
            Query(text='knee flags normal "swelling persists"'),
            ["A3:1"],
            ['no item has all of "knee flags normal"; showing items with two of the three'],
            '"swelling persists" AND knee AND normal',
            id="a-phrase-stays",
        ),
    ],
)
def test_a_question_that_finds_nothing_is_widened(searcher, query, found, notices, run):
    results = searcher.search(query)
    assert sorted(ids(results)) == sorted(found)
    assert results.total == len(found)
    assert [line for line in results.notices if line.startswith("no item")] == notices
    assert run is None or results.query_as_run == run
    assert results.query == query.text


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(Query(text="zzz"), id="one-word"),
        pytest.param(Query(text='"knee flags"'), id="phrase"),
        pytest.param(Query(text="zzz yyy knee"), id="less-than-half"),
        pytest.param(Query(text="knee films", filters={"outcome": ("overturned",)}), id="only-the-filter"),
        pytest.param(Query(text="knee flags", since="2030"), id="no-item-is-left"),
        pytest.param(Query(text="zzz OR yyy"), id="alternatives"),
    ],
)
def test_what_is_not_widened(searcher, query):
    results = searcher.search(query)
    assert results.total == 0
    assert not any("showing" in line for line in results.notices)


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        pytest.param('zzz "knee films"', 'no item has "zzz" as well; showing items without', id="a-phrase-stays"),
        pytest.param("knee or the zzz", 'no item has all of "knee zzz"; showing items with one of the two', id="small"),
    ],
)
def test_what_is_widened(searcher, text, notice):
    results = searcher.search(Query(text=text))
    assert results.total
    assert notice in results.notices


def test_a_joining_word_is_of_no_name(searcher):
    notices = searcher.search(Query(text="norco and zzz")).notices
    assert any(notice.startswith("norco: also searched") for notice in notices)


def test_all_words_must_match_where_widening_is_switched_off(searcher):
    results = searcher.search(Query(text="knee flags", widen=False))
    assert results.total == 0
    assert WIDEN_HINT in results.notices


def test_a_long_question_is_widened_soon(searcher):
    words = ["pain", "month", "relief", "trial", "flags", "absent", "device", "rented", "weeks", "films", "normal"]
    results = searcher.search(Query(text=" ".join(words), since="2010"))
    assert results.took_ms < 2000


needs_letters = pytest.mark.skipif(not REAL.is_dir(), reason="the real letters are not here")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real") / "index"
    build_index(letter_files([str(REAL / "pdf"), str(REAL / "txt")]), folder)
    return Searcher.open(folder)


@needs_letters
def test_words_of_the_real_letters_are_not_corrected(real):
    letters = {hit.letter_id: real.letter(hit.letter_id) for hit in real.search(Query(limit=1000)).hits}
    words = {word for one in letters.values() for each in one.items for word in words_of(each.rationale)}
    assert len(words) > 2000
    corrected = [word for word in sorted(words) if name_meant_by(word)]
    # These two are misspelt drugs, and stand in the letters.
    assert set(corrected) <= {"ketaprofen", "diazempam"}
    for word in corrected:
        assert not any("read as" in line for line in real.search(Query(text=word)).notices)


@needs_letters
def test_a_treatment_is_found_by_either_name(real):
    short, long = (real.search(Query(text=text, limit=1000)) for text in ("mri", "magnetic resonance imaging"))
    assert {hit.id for hit in short.hits} <= {hit.id for hit in long.hits}
    assert long.total > real.search(Query(text='"magnetic resonance imaging"', limit=0)).total


@pytest.mark.parametrize("asked", sorted(terms()))
def test_every_term_is_understood_as_typed(asked):
    [leaf] = wanted_leaves(expand(parse(asked)).tree)
    assert isinstance(leaf, Named)
    assert leaf.meaning.names


SUMMARY = "The patient reports insomnia, knee buckling, acupuncture and Norco; brace worn for 4 weeks, a custom one."
TOLD = (
    letter("S1", item("Zolpidem 10mg", rationale="Sleep hygiene was tried.", drugs=("zolpidem",)), summary=SUMMARY),
    letter("S2", item("Zolpidem 5mg", rationale="Knee buckling and insomnia.", drugs=("zolpidem",))),
    letter("S3", item("Knee brace", rationale="It helps.")),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Searcher.open(index_of(TOLD, tmp_path_factory.mktemp("told") / "index"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("zolpidem insomnia", ["S2:1", "S1:1"], id="beside-a-drug"),
        pytest.param("hygiene buckling", ["S1:1"], id="beside-a-word"),
        pytest.param("insomnia buckling", ["S2:1"], id="none-in-the-item"),
        pytest.param("insomnia", ["S2:1"], id="one-word"),
        pytest.param('zolpidem "insomnia"', ["S2:1"], id="quotes"),
        pytest.param("zolpidem insomn*", ["S2:1"], id="beginning"),
        pytest.param("zolpidem insomnia /9 knee", ["S2:1"], id="near"),
        pytest.param("zolpidem -insomnia", ["S1:1"], id="not"),
        pytest.param("hygiene norco", [], id="a-drug"),
        pytest.param("hygiene acupuncture", [], id="a-treatment"),
        pytest.param("hygiene 4 weeks", [], id="a-number-and-its-word"),
        pytest.param("hygiene weeks", ["S1:1"], id="the-word-without-its-number"),
        pytest.param("zolpidem (insomnia OR zebra)", ["S2:1", "S1:1"], id="alternatives-beside-a-drug"),
        pytest.param("insomnia OR zebra", ["S2:1"], id="alternatives"),
        pytest.param("(hygiene OR helps) (custom OR zebra)", ["S1:1"], id="beside-alternatives"),
        pytest.param("outcome:upheld insomnia", ["S2:1"], id="a-value-is-no-word-of-the-item"),
        pytest.param("summary:insomnia", ["S1:1"], id="asked-for"),
        pytest.param("zolpidem insomnia zebra", ["S2:1", "S1:1"], id="widened"),
    ],
)
@pytest.mark.parametrize("expand", [True, False])
def test_a_word_may_stand_in_the_summary_beside_one_of_the_item(told, text, found, expand):
    widen = "zebra" in text
    assert ids(told.search(Query(text=text, widen=widen, expand=expand))) == found


def test_the_summary_counts_little_and_is_told(told):
    explained = told.explain(Query(text="zolpidem insomnia"), id="S1:1")
    assert explained.tree[-1] == "  word insomnia, the summary counts too"
    first, second = told.search(Query(text="zolpidem insomnia")).hits
    assert first.score > second.score
    assert not any("no item has" in line for line in told.search(Query(text="hygiene custom zebra")).notices[1:-1])
    assert told.explain(Query(text="insomnia")).tree == ("word insomnia",)


NAMING = (
    letter("N1", item("TENS unit", rationale="A trial is needed.")),
    letter("N2", item("Ten visits of aquatic therapy", rationale="Ten were used.")),
    letter("N3", item("Soma 350mg", drugs=("carisoprodol",), drug_classes=("muscle relaxants",))),
    letter("N4", item("Valium 5mg", rationale="It relaxes muscle; a muscular patient was relaxed.")),
    letter("N5", item("Nerve block", rationale="An anticonvulsant failed, and so did Klonipin.")),
    letter("N6", item("Electromyography and nerve conduction velocity of both arms")),
    letter("N7", item("Oral drug", rationale="NSAIDs by mouth, and a topical gel later.")),
)


@pytest.fixture(scope="module")
def naming(tmp_path_factory):
    return Searcher.open(index_of(NAMING, tmp_path_factory.mktemp("naming") / "index"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("TENS", ["N1:1"], id="an-acronym-is-not-its-stem"),
        pytest.param("ten", ["N1:1", "N2:1"], id="the-stem"),
        pytest.param("muscle relaxants", ["N3:1"], id="a-class-is-a-phrase"),
        pytest.param("topical NSAIDs", [], id="a-class-is-a-phrase-too"),
        pytest.param("anti-epilepsy drugs", ["N5:1"], id="another-name-of-a-class"),
        pytest.param("emg/ncv", ["N6:1"], id="spelled-out"),
        pytest.param("clonazepam", ["N5:1"], id="a-misspelling-is-searched"),
    ],
)
def test_names_are_searched_as_names(naming, text, found):
    results = naming.search(Query(text=text, widen=False))
    assert sorted(ids(results)) == found


@pytest.mark.parametrize(
    ("text", "said", "unsaid"),
    [
        pytest.param("anti-epilepsy drugs", "anticonvulsant", "epileptic drug", id="other-names-of-a-class"),
        pytest.param("clonazepam", "Klonopin", "Klonipin", id="brands-without-misspellings"),
        pytest.param("benzos", "benzodiazepines (alprazolam", "benzodiazapine", id="class-without-misspellings"),
    ],
)
def test_what_is_said_of_a_name(naming, text, said, unsaid):
    [notice] = [line for line in naming.search(Query(text=text, limit=0)).notices if "also searched" in line]
    assert said in notice
    assert unsaid not in notice


def test_a_class_of_several_words_is_marked_as_one(naming):
    explained = naming.explain(Query(text="muscle relaxants"))
    assert explained.tree[0] == "name muscle relaxants"
    assert explained.query_as_run.startswith('"muscle relaxants" OR drug_class:"muscle relaxants" OR ')


APART = "A program of weeks: 4 visits, and the knee is functional."
BESIDE = (
    letter("T1", item("Brace", rationale=f"{APART} There is improvement, physical signs, therapy.")),
    letter("T2", item("Brace", rationale=f"{APART} Functional improvement, physical therapy, signs.")),
    letter(
        "T3", item("Brace", rationale="A program of 4 to 6 weeks, visits; the knee and the improvement are functional.")
    ),
)


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    return Searcher.open(index_of(BESIDE, tmp_path_factory.mktemp("beside") / "index"))


@pytest.mark.parametrize(
    ("text", "first", "total"),
    [
        pytest.param("functional improvement", "T2:1", 3, id="side-by-side"),
        pytest.param("knee functional improvement", "T2:1", 3, id="of-three"),
        pytest.param("program 4 weeks", "T3:1", 3, id="a-number-near-its-word"),
        pytest.param("functional improvement zebra", "T2:1", 3, id="widened"),
    ],
)
def test_neighbouring_words_of_a_short_question_rank_first(beside, text, first, total):
    hits = beside.search(Query(text=text)).hits
    assert (hits[0].id, len(hits)) == (first, total)
    assert hits[0].score > hits[1].score
    explained = beside.explain(Query(text=text))
    assert explained.score.score == pytest.approx(hits[0].score, rel=1e-5)
    assert "words side by side" in str(explained.score)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        pytest.param("knee", 0, id="one-word"),
        pytest.param("knee pain", 1, id="two"),
        pytest.param("a b c d e f", 5, id="six"),
        pytest.param("a b c d e f g", 0, id="seven"),
        pytest.param("knee OR pain", 0, id="alternatives"),
        pytest.param('knee "back pain" brace', 0, id="a-phrase-between"),
        pytest.param("muscle relaxants taper", 1, id="a-class-is-one"),
        pytest.param("functional restoration program visits", 3, id="a-name-of-several-words"),
        pytest.param("-knee pain weeks", 1, id="not-what-is-excluded"),
    ],
)
def test_neighbours(text, pairs):
    assert len(list(neighbours_in(expand(parse(text)).tree))) == pairs
