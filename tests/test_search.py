"""Questions to an opened index: what is found, counted, ordered and said."""

import msgspec
import pytest
import tantivy
from factories import citation, index_of, item, letter
from hypothesis import given, settings
from hypothesis import strategies as st

from imrsearch.schema.documents import build_schema, register_analyzers
from imrsearch.schema.engine import engine_errors, failure_of
from imrsearch.schema.errors import IndexBusy, IndexFailure, IndexMissing, QueryError, StaleIndex, UsageError
from imrsearch.schema.fields import FACETS, chunks_of
from imrsearch.schema.manifest import read_manifest, write_manifest
from imrsearch.search import counts, families, order
from imrsearch.search.language import written
from imrsearch.search.query import Query
from imrsearch.search.results import FacetCount
from imrsearch.search.searcher import WIDEN_HINT, Searcher
from imrsearch.search.values import EXPLAINED

CLONAZEPAM = {"drugs": ("clonazepam",), "drug_classes": ("benzodiazepines",)}
HYDROCODONE = {"drugs": ("hydrocodone", "acetaminophen"), "drug_classes": ("opioids",)}
LETTERS = (
    letter(
        "CM17-0000001",
        item("Klonopin 1mg #90", rationale="Use beyond four weeks is not advised.", **CLONAZEPAM),
        item("Norco 10/325mg #180", outcome="overturned", rationale="Function improved.", **HYDROCODONE),
        decision_date="2017-01-30",
        specialties=("Pain Medicine",),
        summary="The worker takes Klonopin and Norco.",
    ),
    letter(
        "CM17-0000002",
        item("Clonazepam 0.5 mg", imr_citations=(citation("Benzodiazepines", pages=(24, 25)),), **CLONAZEPAM),
        item("Lumbar brace", rationale="A brace at L4-5 gives no lasting benefit."),
        decision_date="2016-12-05",
        specialties=("Neurology", "Pain Medicine"),
    ),
    letter("undated", item("Knee brace", outcome="modified", rationale="The brace is custom made.")),
)


@pytest.fixture(scope="session")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(LETTERS, tmp_path_factory.mktemp("search") / "index"))


def ids(results) -> list[str]:
    return [hit.id.removeprefix("CM17-000000") for hit in results.hits]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(Query(text="klonopin"), ["1:1", "2:1"], id="brand-finds-generic"),
        pytest.param(Query(text="clonazepam"), ["2:1", "1:1"], id="generic-finds-brand"),
        pytest.param(Query(text='"clonazepam"'), ["2:1", "1:1"], id="the-item-holds-the-generic-name"),
        pytest.param(Query(text='"klonopin"'), ["1:1"], id="no-expansion-in-quotes"),
        pytest.param(Query(text="klonipin"), ["1:1", "2:1"], id="misspelling"),
        pytest.param(Query(text="benzodiazepines"), ["2:1", "1:1"], id="class"),
        pytest.param(Query(text="-benzodiazepines brace"), ["undated:1", "2:2"], id="class-left-out"),
        pytest.param(Query(filters={"drug": ("Klonopin",)}), ["1:1", "2:1"], id="filter-by-brand"),
        pytest.param(Query(filters={"drug": ("norco", "Klonopin")}), ["1:1", "1:2", "2:1"], id="either-value"),
        pytest.param(Query(text="summary:klonopin"), ["1:1", "1:2"], id="summary-when-asked"),
        pytest.param(Query(text="Norco 10/325mg #180"), ["1:2"], id="pasted-heading"),
        pytest.param(Query(text="10/325 mg"), ["1:2"], id="space-in-the-dose"),
        pytest.param(Query(text="5/325"), [], id="other-dose"),
        pytest.param(Query(text="L4-5 (lasting"), ["2:2"], id="pasted-level"),
        pytest.param(Query(text="braces"), ["undated:1", "2:2"], id="word-forms"),
        pytest.param(Query(text='"knee brace"'), ["undated:1"], id="phrase"),
        pytest.param(Query(text='"brace knee"'), [], id="phrase-in-order"),
        pytest.param(Query(text="section:benzodiazepine page:25"), ["2:1"], id="fields"),
        pytest.param(Query(text="knee OR norco"), ["1:2", "undated:1"], id="or"),
        pytest.param(Query(filters={"outcome": ("OVERTURNED",)}), ["1:2"], id="case-of-values"),
        pytest.param(Query(filters={"specialty": ("neurology",), "page": ("24",)}), ["2:1"], id="filters-together"),
        pytest.param(Query(since="2017"), ["1:1", "1:2"], id="since"),
        pytest.param(Query(until="2016"), ["2:1", "2:2"], id="until-leaves-out-undated"),
        pytest.param(Query(since="2016-12-05", until="2016-12"), ["2:1", "2:2"], id="both-inclusive"),
        pytest.param(Query(), ["1:1", "1:2", "2:1", "2:2", "undated:1"], id="everything-newest-first"),
        pytest.param(Query(sort="oldest"), ["2:1", "2:2", "1:1", "1:2", "undated:1"], id="oldest-undated-last"),
        pytest.param(Query(text="#"), [], id="nothing-to-search-for"),
        pytest.param(Query(text="\ud800 klonopin"), ["1:1", "2:1"], id="half-a-character"),
    ],
)
def test_search(searcher, query, found):
    results = searcher.search(query)
    listed = ids(results)
    if query.text in ("knee OR norco",):
        listed.sort()
    assert listed == found
    assert results.total == results.returned == len(found)
    assert not results.truncated


def test_the_name_asked_for_ranks_above_a_rare_misspelling(tmp_path):
    plenty = [letter(f"A{number}", item("Klonopin", **CLONAZEPAM)) for number in range(30)]
    rare = letter("B1", item("Klonipin", **CLONAZEPAM))
    results = Searcher.open(index_of([rare, *plenty], tmp_path / "index")).search(Query(text="klonopin", limit=40))
    assert ids(results)[-1] == "B1:1"
    assert results.total == 31


def test_counts(searcher):
    results = searcher.search(Query(facets=tuple(field.name for field in FACETS), limit=1))
    assert (results.total, results.total_letters, results.returned, results.truncated) == (5, 3, 1, True)
    assert results.facets["outcome"] == [
        FacetCount("upheld", 3, 2),
        FacetCount("modified", 1, 1),
        FacetCount("overturned", 1, 1),
    ]
    assert results.facets["year"] == [FacetCount(2016, 2, 1), FacetCount(2017, 2, 1)]
    assert results.facets["page"] == [FacetCount(24, 1, 1), FacetCount(25, 1, 1)]
    assert results.facets["specialty"][0].count == 4


@pytest.mark.parametrize("field", FACETS, ids=lambda field: field.name)
def test_facets_count_every_value(searcher, field):
    held = [getattr(chunk, field.name) for one in LETTERS for chunk in chunks_of(one)]
    values = [one for value in held for one in (value if field.many else (value,)) if one is not None]
    counted = searcher.search(Query(facets=(field.name,))).facets[field.name]
    assert {one.value: one.count for one in counted} == {value: values.count(value) for value in values}


def test_limit_0_counts_only(searcher):
    results = searcher.search(Query(text="brace", limit=0, facets=("outcome",)))
    assert (results.total, results.returned, results.truncated, results.hits) == (2, 0, True, ())
    assert len(results.facets["outcome"]) == 2


def test_a_limit_beyond_all_memory(searcher):
    assert searcher.search(Query(limit=10**15)).returned == 5
    assert searcher.search(Query(offset=10**15)).returned == 0


@pytest.fixture(scope="module")
def tied(tmp_path_factory):
    """Letters of few days and few texts, so that most items are tied."""
    days = ("2015-01-01", None, "2016-06-30", "2015-01-01")
    letters = [
        letter(
            f"T{number * 37 % 100:02}",
            *(
                item("Cane" + " tip" * (place % 2), rationale="A cane helps.")
                for place in range(12 if number == 7 else 2)
            ),
            decision_date=days[number % 4],
        )
        for number in range(100)
    ]
    chunks = [chunk for one in letters for chunk in chunks_of(one)]
    return Searcher.open(index_of(letters, tmp_path_factory.mktemp("tied") / "index")), chunks


def day_of(chunk) -> int:
    return int(chunk.decision_date.replace("-", "")) if chunk.decision_date else 0


ORDERS = {
    "newest": lambda chunk: (-day_of(chunk), chunk.letter_id, chunk.item),
    "oldest": lambda chunk: (day_of(chunk) or 99_999_999, chunk.letter_id, chunk.item),
    "relevance": lambda chunk: ("tip" in chunk.treatment, -day_of(chunk), chunk.letter_id, chunk.item),
}


@pytest.mark.parametrize("step", [1, 7, 30, 1000])
@pytest.mark.parametrize("sort", ORDERS)
def test_pages_join_without_gap_or_repetition(tied, sort, step):
    searcher, chunks = tied
    if step == 1:
        chunks_wanted = sorted(chunks, key=ORDERS[sort])[95:130]
        places = range(95, 130)
    else:
        chunks_wanted = sorted(chunks, key=ORDERS[sort])
        places = range(0, len(chunks), step)
    pages = [searcher.search(Query(text="cane", sort=sort, offset=place, limit=step)) for place in places]
    assert [hit.id for page in pages for hit in page.hits] == [chunk.id for chunk in chunks_wanted]
    assert {page.total for page in pages} == {len(chunks)}


def test_a_tie_that_is_shown_whole_is_in_order(tmp_path):
    days = {"T3": "2016-12-30", "T1": None, "T5": "2017-01-02", "T2": "2016-12-30", "T4": "2015-01-01"}
    letters = [letter(id, item("Cane"), item("Cane"), decision_date=day) for id, day in days.items()]
    searcher = Searcher.open(index_of(letters, tmp_path / "index"))
    wanted = [f"{id}:{number}" for id in ("T5", "T2", "T3", "T4", "T1") for number in (1, 2)]
    for limit in (3, 10, 20):
        assert [hit.id for hit in searcher.search(Query(text="cane", limit=limit)).hits] == wanted[:limit]


@pytest.mark.parametrize("few", [1, 30, 1_000])
def test_pages_are_the_same_however_many_are_fetched(tied, monkeypatch, few):
    monkeypatch.setattr(order, "FEW", few)
    monkeypatch.setattr(order, "SPARE", 0)
    searcher, chunks = tied
    wanted = sorted((chunk for chunk in chunks if "tip" in chunk.treatment), key=ORDERS["relevance"])
    pages = [searcher.search(Query(text="cane tip", offset=place, limit=7)) for place in range(0, len(wanted), 7)]
    assert [hit.id for page in pages for hit in page.hits] == [chunk.id for chunk in wanted]
    letters = len({chunk.letter_id for chunk in wanted})
    assert {(page.total, page.total_letters) for page in pages} == {(len(wanted), letters)}


@pytest.mark.parametrize("buckets", [1, 2, 7, 40, 65_000])
def test_letters_are_counted_exactly_beyond_the_engines_limit(tied, monkeypatch, buckets):
    monkeypatch.setattr(counts, "BUCKETS", buckets)
    # Where families are counted, each item is looked at.
    monkeypatch.setattr(families, "QUICK", 0)
    searcher, _ = tied
    assert searcher.search(Query(text="cane")).total_letters == 100
    assert searcher.search(Query(text="tip", until="2015")).total_letters == 50


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        pytest.param(
            Query(filters={"drug": ("clonazepan5",)}),
            "drug: no item has clonazepan5; values: clonazepam (2), acetaminophen (1), hydrocodone (1)",
            id="few-values",
        ),
        pytest.param(Query(filters={"state": ("Ohio",)}), "state: no item has Ohio", id="field-without-values"),
        pytest.param(
            Query(text="outcome:foo brace"),
            "outcome: no item has foo; values: upheld (3), modified (1), overturned (1)\n"
            "    outcome:foo brace\n"
            "            ^",
            id="in-the-text",
        ),
        pytest.param(Query(filters={"page": ("99",)}), "page: no item has 99; values: 24 (1), 25 (1)", id="number"),
        pytest.param(Query(text="id:CM17-0000001:3"), "no item has CM17-0000001:3; nearest: CM17-0000001:", id="id"),
        pytest.param(
            Query(text="age:40"), "age: no item has 40\n    age:40\n        ^", id="number-that-is-not-counted"
        ),
        pytest.param(
            Query(filters={"drug": ("clonazepam", "soap")}),
            "drug: no item has soap; values: clonazepam (2)",
            id="one-of-two",
        ),
    ],
)
def test_a_value_that_no_item_has_is_named(searcher, query, notice):
    assert any(notice in line for line in searcher.search(query).notices), searcher.search(query).notices


TYPED = (
    letter(
        "T1",
        item(
            "Clonazepam",
            drugs=("clonazepam",),
            drug_classes=("benzodiazepines", "NSAIDs", "opioids", "proton pump inhibitors"),
            subcategory="Physical Therapy/Occupational Therapy (PT/OT)",
            body_parts=("lumbar spine", "cervical spine", "knee"),
            imr_citations=(citation("Opioids", document="Opioid Treatment", edition=2016),),
        ),
        licensure_states=("California", "Texas", "District of Columbia"),
        specialties=("Pain Management",),
        patient_sex="female",
        decision_date="2016-02-03",
    ),
    letter(
        "T2",
        item(
            "Norco",
            outcome="overturned",
            drugs=("hydrocodone", "acetaminophen"),
            subcategory="Physical Medicine",
            imr_citations=(citation("Opioids for chronic pain"),),
        ),
        patient_sex="male",
    ),
)


@pytest.fixture(scope="module")
def typed_values(tmp_path_factory):
    return Searcher.open(index_of(TYPED, tmp_path_factory.mktemp("typed") / "index"))


@pytest.mark.parametrize(
    ("name", "typed", "meant", "letters"),
    [
        pytest.param("body_part", "low back", "lumbar spine", ["T1"], id="body-part"),
        pytest.param("body_part", "Neck", "cervical spine", ["T1"], id="body-part-neck"),
        pytest.param("body_part", "right knee", "knee", ["T1"], id="body-part-side"),
        pytest.param("body_part", "neck and knee", "cervical spine and knee", ["T1"], id="two-body-parts"),
        pytest.param("drug_class", "PPI", "proton pump inhibitors", ["T1"], id="class-abbreviation"),
        pytest.param("drug_class", "benzos", "benzodiazepines", ["T1"], id="class-short"),
        pytest.param("drug_class", "opioid", "opioids", ["T1"], id="class-singular"),
        pytest.param("drug_class", "NSAID", "NSAIDs", ["T1"], id="class-nsaid"),
        pytest.param("sex", "F", "female", ["T1"], id="sex-f"),
        pytest.param("sex", "m", "male", ["T2"], id="sex-m"),
        pytest.param("state", "CA", "California", ["T1"], id="state"),
        pytest.param("state", "tx", "Texas", ["T1"], id="state-lower-case"),
        pytest.param("state", "dc", "District of Columbia", ["T1"], id="state-dc"),
        pytest.param("outcome", "overturn", "overturned", ["T2"], id="outcome-overturn"),
        pytest.param("outcome", "Uphold", "upheld", ["T1"], id="outcome-uphold"),
        pytest.param("drug", "norco", "hydrocodone and acetaminophen", ["T2"], id="drug"),
        pytest.param("specialty", "pain medicine", "Pain Management", ["T1"], id="specialty"),
        pytest.param("specialty", "pain", "Pain Management", ["T1"], id="specialty-word"),
        pytest.param(
            "subcategory", "physical therapy", "Physical Therapy/Occupational Therapy (PT/OT)", ["T1"], id="words"
        ),
        pytest.param("document", "Opioid Treatment", "Opioid Treatment 2016", ["T1"], id="document"),
        pytest.param("section", "chronic", "Opioids for chronic pain", ["T2"], id="section-word"),
        pytest.param(
            "subcategory",
            "physical",
            "Physical Medicine or Physical Therapy/Occupational Therapy (PT/OT)",
            ["T1", "T2"],
            id="several-values",
        ),
    ],
)
def test_values_as_people_type_them(typed_values, name, typed, meant, letters):
    results = typed_values.search(Query(filters={name: (typed,)}))
    assert [hit.letter_id for hit in results.hits] == letters
    assert f'{name.replace("_", "-")}: "{typed}" read as {meant}' in results.notices
    assert results.filters == {name: [typed]}
    assert all(value.strip('()"') in results.query_as_run for value in meant.split(" or ")[0].split(" and "))


@pytest.mark.parametrize(
    ("query", "run"),
    [
        pytest.param(Query(filters={"section": ("opioids",)}), "section:opioids", id="whole-name-wins"),
        pytest.param(Query(filters={"drug": ("CLONAZEPAM",)}), "drug:clonazepam", id="case-of-the-vocabulary"),
        pytest.param(Query(filters={"state": ("California",)}), "state:California", id="as-it-is"),
    ],
)
def test_a_value_that_some_item_has_is_taken_as_it_is(typed_values, query, run):
    results = typed_values.search(query)
    assert (results.total, results.query_as_run, results.notices) == (1, run, ())


def test_a_value_in_the_text_is_shown_as_it_is_searched(typed_values):
    results = typed_values.search(Query(text="drug:klonopin -drug:norco section:chronic OR sex:F"))
    assert results.query_as_run == (
        "(drug:clonazepam AND NOT (drug:hydrocodone AND drug:acetaminophen) AND section:chronic) OR sex:female"
    )
    assert results.total == 1
    assert len(results.notices) == 3


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        pytest.param(
            "brace outcom:foo",
            "treated `outcom:foo` as text: outcom is not a field; nearest: outcome (5)\n"
            "    brace outcom:foo\n"
            "          ^",
            id="counts",
        ),
        pytest.param("yeer:9", "nearest: year (4)\n", id="number"),
        pytest.param("decision-dat:2016", "nearest: decision-date (4)\n", id="some-are-undated"),
        pytest.param("summry:brace", "nearest: summary (2)\n", id="text"),
        pytest.param(
            "-(brace dates:2016)", "nearest: decision-date (4)\n    -(brace dates:2016)\n            ^", id="alias"
        ),
    ],
)
def test_a_field_that_there_is_not_is_shown_with_the_nearest(searcher, text, notice):
    assert any(notice in line for line in searcher.search(Query(text=text)).notices)


def test_a_slip_in_another_name_of_a_value_is_told(tmp_path):
    many = (item(f"Drug {number}", drugs=(f"drug{number}",)) for number in range(20))
    held = Searcher.open(index_of([letter("A1", *many), letter("B1", item(**CLONAZEPAM))], tmp_path / "index"))
    [notice, *_] = held.search(Query(text="drug:klonopinn")).notices
    assert notice.startswith("drug: no item has klonopinn; nearest: klonopin (1)\n")


def test_a_long_value_is_quoted_in_part(searcher):
    [notice, *_] = searcher.search(Query(filters={"outcome": ("x" * 3_000,)})).notices
    assert notice.startswith("outcome: no item has xxx")
    assert len(notice) < 200


def test_a_word_that_no_item_has_is_told_once(searcher, monkeypatch):
    looked_at = []
    monkeypatch.setattr(
        "imrsearch.search.advice.is_found", lambda leaf, engine: looked_at.append(written(leaf)) or False
    )
    notices = searcher.search(Query(text="zzza zzza yyyb")).notices
    assert looked_at == ["zzza", "yyyb"]
    assert [line for line in notices if line.startswith('no item has "')] == [
        'no item has "zzza"',
        'no item has "yyyb"',
    ]


def test_only_some_absent_values_are_explained(typed_values):
    notices = typed_values.search(Query(text=" ".join(f"sex:x{number}" for number in range(9)))).notices
    assert [("values:" in notice) for notice in notices] == [True] * EXPLAINED + [False] * (9 - EXPLAINED)


@pytest.mark.parametrize(
    ("query", "notices"),
    [
        pytest.param(Query(text="braec lumbar"), ['no item has "braec"; the nearest word is "brace"'], id="misspelt"),
        pytest.param(Query(text="(zzz), brace"), ['no item has "zzz"'], id="nothing-near"),
        pytest.param(Query(text='"brace lumbar"'), ['no item has "brace lumbar"'], id="phrase"),
        pytest.param(
            Query(text="knee norco -cane rationale:custm"),
            ['no item has "rationale:custm"; the nearest word is "custom"'],
            id="word-of-a-field",
        ),
        pytest.param(
            Query(text="knee function"), ["each part of the query is found, but no item has them together"], id="apart"
        ),
        pytest.param(Query(text=" CM17-0000001 "), ["to see that letter: imrsearch show CM17-0000001"], id="letter"),
        pytest.param(Query(text="cm17-0000001:2"), ["to see that letter: imrsearch show cm17-0000001:2"], id="item"),
        pytest.param(
            Query(text="brace", filters={"outcome": ("overturned",)}),
            ["without the filters 2 items match"],
            id="filter",
        ),
        pytest.param(Query(text='"knee"', since="2030"), ["1 item without a date is left out"], id="since"),
        pytest.param(Query(text='"knee"', since="2030"), ["without the filters 1 item matches"], id="since-only"),
    ],
)
def test_nothing_found_is_helped(searcher, query, notices):
    results = searcher.search(msgspec.structs.replace(query, widen=False))
    told = [notice for notice in results.notices if notice != WIDEN_HINT]
    assert results.total == 0
    assert set(notices) <= set(told)
    assert len(told) <= 2 if query.since else told[-len(notices) :] == notices


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        pytest.param(Query(since="2016"), "1 item without a date is left out", id="since"),
        pytest.param(Query(until="2016", text='"brace"'), "1 item without a date is left out", id="until"),
        pytest.param(Query(until="2016", text='"klonopin"'), None, id="none-is-undated"),
        pytest.param(Query(text='"brace"'), None, id="no-days"),
    ],
)
def test_items_without_a_date_are_told_of(searcher, query, notice):
    assert [line for line in searcher.search(query).notices if "without a date" in line] == ([notice] if notice else [])


def test_our_own_faults_are_not_the_indexs(searcher, monkeypatch):
    """Else a fault in cutting a passage would send people to build their index again."""

    def fail(*_):
        raise ValueError("a fault of ours")

    monkeypatch.setattr("imrsearch.search.searcher.passage_in", fail)
    with pytest.raises(ValueError, match="a fault of ours"):
        searcher.search(Query(text="brace"))


@pytest.mark.parametrize("buckets", [1, 2, 7, 40])
def test_facets_are_counted_exactly_beyond_the_engines_limit(searcher, monkeypatch, buckets):
    query = Query(facets=tuple(field.name for field in FACETS), limit=0)
    exact = searcher.search(query).facets
    monkeypatch.setattr(counts, "BUCKETS", buckets)
    for name, found in searcher.search(query).facets.items():
        assert [(one.value, one.count) for one in found] == [(one.value, one.count) for one in exact[name]]
        assert all(one.letters in (None, same.letters) for one, same in zip(found, exact[name], strict=True))


def test_what_was_asked_is_given_back(searcher):
    results = searcher.search(
        Query(text="brace OR cane", filters={"drug-class": ("opioids",)}, since="2016", until="2017")
    )
    assert results.query == "brace OR cane"
    assert results.query_as_run == "(brace OR cane) AND drug_class:opioids"
    assert results.filters == {"drug_class": ["opioids"], "since": "2016", "until": "2017"}
    assert (results.index.letters, results.index.items, results.index.generation) == (3, 5, 1)
    assert results.took_ms > 0


def test_show(searcher):
    shown = searcher.show(" cm17-0000001:2")
    assert shown.item is not None
    assert shown.item.treatment == "Norco 10/325mg #180"
    assert [one.id for one in shown.siblings] == ["CM17-0000001:1"]
    assert shown.letter == LETTERS[0]
    assert searcher.show("UNDATED").item is None


@pytest.mark.parametrize(
    ("id", "hint"),
    [
        pytest.param("CM17-0000009", "CM17-0000001, CM17-0000002", id="near"),
        pytest.param("zzz", "the id stands in each hit", id="far"),
        pytest.param("", "the id stands in each hit", id="empty"),
    ],
)
def test_an_unknown_id_names_those_like_it(searcher, id, hint):
    with pytest.raises(UsageError, match="no letter or item") as error:
        searcher.show(id)
    assert hint in error.value.hint


def test_an_item_that_its_letter_does_not_have(searcher):
    with pytest.raises(UsageError, match="the letter CM17-0000001 has no item CM17-0000001:9") as error:
        searcher.show("CM17-0000001:9")
    assert error.value.hint == "it has CM17-0000001:1, CM17-0000001:2"


def test_no_index(tmp_path):
    with pytest.raises(IndexMissing):
        Searcher.open(tmp_path / "nothing")


def test_an_index_of_other_fields(tmp_path):
    index_dir = index_of(LETTERS, tmp_path / "index")
    manifest = read_manifest(index_dir)
    write_manifest(index_dir, msgspec.structs.replace(manifest, fingerprint="0" * 16))
    with pytest.raises(StaleIndex) as error:
        Searcher.open(index_dir)
    assert "reindex" in error.value.hint


@pytest.mark.parametrize("damage", ["remove", "garbage"])
def test_a_damaged_index(tmp_path, damage):
    index_dir = index_of(LETTERS, tmp_path / "index")
    meta = index_dir / "engine-1" / "meta.json"
    if damage == "remove":
        meta.unlink()
    else:
        meta.write_text("garbage")
    with pytest.raises(IndexFailure, match="cannot be opened") as error:
        Searcher.open(index_dir)
    assert isinstance(error.value.__cause__, ValueError)


# What the engine is known to do, and what that is to us.
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        pytest.param("Failed to acquire Lockfile: LockBusy. None", IndexBusy, id="lock"),
        pytest.param("Field `nope` is not defined in the schema.", StaleIndex, id="unknown-field"),
        pytest.param("Schema error: 'Applied phrase query on field \"drug\"'", StaleIndex, id="no-positions"),
        pytest.param("Failed to open file for read: 'FileDoesNotExist(\"meta.json\")'", IndexFailure, id="no-file"),
        pytest.param("Aborting aggregation because bucket limit was exceeded.", IndexFailure, id="buckets"),
        pytest.param("An IO error occurred: 'No space left on device'", IndexFailure, id="disk"),
    ],
)
def test_engine_failures_are_ours(message, kind):
    failure = failure_of(ValueError(message), "the search failed")
    assert type(failure) is kind
    assert failure.message.startswith("the search failed: ")
    assert failure.hint


def test_a_file_that_the_engine_cannot_read_is_not_quoted(tmp_path):
    meta = index_of(LETTERS, tmp_path / "index") / "engine-1" / "meta.json"
    meta.write_text(meta.read_text().replace('"opstamp"', "opstamp"))
    with pytest.raises(IndexFailure, match="cannot be opened") as error:
        Searcher.open(tmp_path / "index")
    assert len(error.value.message) < 500


@pytest.mark.parametrize(
    "fail",
    [
        pytest.param(lambda: tantivy.Query.term_query(build_schema(), "nope", "x"), id="value-error"),
        pytest.param(lambda: tantivy.Query.phrase_query(build_schema(), "treatment", ["one"]), id="panic"),
    ],
)
def test_the_engines_errors_and_panics_are_translated(fail, capfd):
    with pytest.raises((StaleIndex, IndexFailure)) as error, engine_errors("the search failed"):
        fail()
    assert error.value.__cause__ is not None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(" * 4000, id="brackets"),
        pytest.param("((a " * 250, id="bracketed-words"),
        pytest.param('"' * 3999, id="quotes"),
        pytest.param('"a' * 1000, id="open-quotes"),
        pytest.param("-" * 4000, id="dashes"),
        pytest.param("NOT " * 1000 + "brace", id="nots"),
        pytest.param("brace OR " * 200, id="ors"),
        pytest.param("klonopin norco opioids xanax " * 60, id="names"),
        pytest.param("1/" * 1000, id="one-long-word"),
        pytest.param("a\u0301" * 200, id="combining-marks"),
        pytest.param("\x00\x1b[31m\u202e brace", id="control-characters"),
        pytest.param("nor* a~1 a^2 [a TO b] field:/re/ {!x}", id="another-engines-syntax"),
        pytest.param("x" * 100_000, id="too-long"),
    ],
)
def test_hostile_text_ends_in_an_answer_or_a_query_error(searcher, text):
    try:
        results = searcher.search(Query(text=text))
    except QueryError:
        return
    assert results.took_ms < 2000


@pytest.mark.property
@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=80)
    | st.lists(
        st.sampled_from(
            [
                "brace",
                "Klonopin",
                '"',
                "-",
                "OR",
                "NOT",
                "AND",
                "(",
                ")",
                "outcome:",
                "page:",
                "24",
                "L4-5",
                "é",
                "#",
                "drug:x",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
def test_any_text_ends_in_an_answer_or_a_query_error(searcher, text):
    try:
        results = searcher.search(Query(text=text, facets=("outcome",)))
    except QueryError:
        return
    assert results.total >= results.total_letters >= (results.total > 0)
    assert sum(one.count for one in results.facets["outcome"]) == results.total
    for hit in results.hits:
        assert all(0 <= start < end <= len(hit.snippet) for start, end in hit.highlights)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        pytest.param("is the brace custom", {"brace", "custom"}, id="beside-other-words"),
        pytest.param("is the", {"is", "the"}, id="by-themselves"),
    ],
)
def test_small_words_are_marked_only_where_nothing_else_is_asked(text, marked, searcher):
    hits = searcher.search(Query(text=text, expand=False)).hits
    found = {hit.snippet[start:end].lower() for hit in hits for start, end in hit.highlights}
    assert found
    assert found <= marked


def test_a_word_of_deleted_items_is_not_in_the_index(tmp_path):
    folder = index_of([letter("A1", item("Zanthrop brace")), letter("A2", item("Cane"))], tmp_path / "index")
    index = tantivy.Index.open(str(folder / read_manifest(folder).engine))
    register_analyzers(index)
    writer = index.writer()
    writer.delete_documents_by_term("letter_id", "a1")
    writer.commit()
    searcher = Searcher.open(folder)
    assert searcher.engine.searcher.doc_freq("treatment", "zanthrop") == 1
    assert not searcher.is_indexed("zanthrop")
    assert searcher.is_indexed("cane")


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["", "brace", "klonopin", "-brace", "brace OR norco"]),
    st.sampled_from([{"outcome": ("upheld",)}, {"drug": ("norco", "soap")}, {"year": ("2016",)}]),
)
def test_a_filter_never_adds_items(searcher, text, filters):
    unfiltered = set(ids(searcher.search(Query(text=text))))
    assert set(ids(searcher.search(Query(text=text, filters=filters)))) <= unfiltered
