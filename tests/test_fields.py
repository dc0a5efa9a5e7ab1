"""The field list: a field is declared once, and all that is made from it agrees, for every field there is or will "
"be."""

import re
from collections import Counter

import msgspec
import pytest
import tantivy

pytest.importorskip("reportlab")
pytest.importorskip("pikepdf")

from imrsearch.schema import documents
from imrsearch.schema.documents import (
    build_schema,
    exact_field,
    fingerprint,
    has_words,
    to_document,
    value_term,
    words_field,
)
from imrsearch.schema.fields import BOOSTS, FACETS, FIELD, FIELDS, FILTERS, Chunk, chunks_of
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

VALUE = {"keyword": str, "text": str, "number": int, "date": str, "stored": str}


def by_name(field):
    return field.name


@pytest.fixture(scope="module")
def chunks(fictional):
    return [chunk for letter in fictional for chunk in chunks_of(letter)]


@pytest.fixture(scope="module")
def searcher(index_dir):
    return Searcher.open(index_dir)


def values_of(chunk, field):
    """What the chunk holds of the field, as a tuple."""
    value = getattr(chunk, field.name)
    if field.many:
        return value
    return () if value is None else (value,)


@pytest.mark.parametrize("field", FIELDS, ids=by_name)
def test_a_field_says_what_it_is(field):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", field.name)
    assert field.help.endswith(".")
    assert field.help[0].isupper()
    assert "\n" not in field.help
    assert field.option == field.name.replace("_", "-")
    assert FIELD[field.name] is field


@pytest.mark.parametrize("field", FIELDS, ids=by_name)
def test_settings_that_belong_together(field):
    if field.facet or field.filter:
        assert field.kind in ("keyword", "number"), "only exact values can be counted and asked for"
    if field.words:
        assert field.kind == "keyword", "a text's words are searched anyway"
    if field.boost:
        assert field.kind == "text" or field.words, "a boost weighs words"
        assert BOOSTS[field.name] == field.boost > 0
    if field.canonical:
        assert field.filter


@pytest.mark.parametrize("field", FIELDS, ids=by_name)
def test_values_have_the_type_of_their_kind(field, chunks):
    for chunk in chunks:
        value = getattr(chunk, field.name)
        if field.many:
            assert isinstance(value, tuple), chunk.id
            assert len(value) == len(set(value)), f"{chunk.id} has a value twice: {value}"
        for each in values_of(chunk, field):
            assert type(each) is VALUE[field.kind], chunk.id
            assert each == each.strip() if isinstance(each, str) else each >= 0
            if field.kind == "keyword":
                assert each, f"{chunk.id} has an empty value"


@pytest.mark.parametrize("field", FIELDS, ids=by_name)
def test_values_have_the_type_that_the_chunk_declares(field, chunks):
    declared = next(one.type for one in msgspec.structs.fields(Chunk) if one.name == field.name)
    for chunk in chunks:
        value = getattr(chunk, field.name)
        assert msgspec.convert(msgspec.to_builtins(value), type=declared) == value


@pytest.mark.parametrize("field", [field for field in FIELDS if field.facet or field.boost], ids=by_name)
def test_some_fictional_letter_has_a_value(field, chunks):
    """Else the other tests of this field test nothing."""
    assert any(values_of(chunk, field) for chunk in chunks)


@pytest.mark.parametrize("field", FACETS, ids=by_name)
def test_a_facet_counts_what_a_plain_count_counts(field, chunks, searcher):
    results = searcher.search(Query(facets=(field.name,), limit=0))
    assert results.total == len(chunks)
    counted = {found.value: found.count for found in results.facets[field.name]}
    assert counted == Counter(value for chunk in chunks for value in values_of(chunk, field))
    assert len(results.facets[field.name]) == len(counted)


@pytest.mark.parametrize("field", FACETS, ids=by_name)
def test_a_facet_counts_only_what_was_found(field, chunks, searcher):
    results = searcher.search(Query(text="outcome:overturned", facets=(field.name,), limit=0))
    counted = {found.value: found.count for found in results.facets[field.name]}
    found = [chunk for chunk in chunks if chunk.outcome == "overturned"]
    assert counted == Counter(value for chunk in found for value in values_of(chunk, field))


@pytest.mark.parametrize("field", FILTERS, ids=by_name)
def test_a_filter_leaves_the_items_that_hold_the_value(field, chunks, searcher):
    values = Counter(value for chunk in chunks for value in values_of(chunk, field))
    for value in list(values)[:12]:
        results = searcher.search(Query(filters={field.name: (str(value),)}, limit=1000))
        expected = {chunk.id for chunk in chunks if same(value, values_of(chunk, field))}
        assert {hit.id for hit in results.hits} == expected, value
        assert results.total == len(expected)


def same(value, held):
    """Whether the value is held; keywords fold case."""
    return (value_term(value) in map(value_term, held)) if isinstance(value, str) else value in held


@pytest.mark.property
@pytest.mark.parametrize("field", FILTERS, ids=by_name)
def test_a_filter_never_adds_hits(field, chunks, searcher):
    value = next(str(value) for chunk in chunks for value in values_of(chunk, field))
    for text in ("", "pain", "medically necessary", "norco OR klonopin", "-pain"):
        without = {hit.id for hit in searcher.search(Query(text=text, limit=1000)).hits}
        narrowed = {
            hit.id for hit in searcher.search(Query(text=text, filters={field.name: (value,)}, limit=1000)).hits
        }
        assert narrowed <= without, text


@pytest.mark.property
@pytest.mark.parametrize("field", [field for field in FACETS if not field.many], ids=by_name)
def test_counts_of_a_single_valued_facet_sum_to_the_total(field, chunks, searcher):
    results = searcher.search(Query(text="pain", facets=(field.name,), limit=1000))
    with_value = [chunk for chunk in chunks if values_of(chunk, field)]
    found = {hit.id for hit in results.hits} & {chunk.id for chunk in with_value}
    assert sum(count.count for count in results.facets[field.name]) == len(found)


@pytest.mark.parametrize("field", [field for field in FIELDS if field.kind == "text"], ids=by_name)
def test_a_text_field_can_be_searched_by_name(field, chunks, searcher):
    chunk = max(chunks, key=lambda chunk: len(getattr(chunk, field.name)))
    word = max(re.findall(r"[A-Za-z]+", getattr(chunk, field.name)), key=len)
    results = searcher.search(Query(text=f"{field.name}:{word}", limit=1000))
    assert chunk.id in {hit.id for hit in results.hits}


def test_a_word_of_the_summary_is_found_where_asked_for_or_where_no_item_has_it(chunks, searcher, fictional):
    """All items of a letter share it, so that a plain word would find them all."""
    summary = next(letter.summary for letter in fictional if "cashier" in letter.summary)
    assert summary
    assert searcher.search(Query(text="cashier", widen=False)).total == 0
    there = searcher.search(Query(text="summary:cashier"))
    wider = searcher.search(Query(text="cashier"))
    assert [hit.id for hit in wider.hits] == [hit.id for hit in there.hits]
    assert any("in its summary" in notice for notice in wider.notices)


def is_number(name):
    return name in FIELD and FIELD[name].kind in ("number", "date")


def test_the_engine_has_every_field_and_no_other(chunks):
    """The engine drops unknown keys without a word."""
    known = {field.name for field in FIELDS} | {words_field(field) for field in FIELDS}
    known |= {exact_field(field) for field in FIELDS if has_words(field)}
    document = tantivy.Document.from_dict({name: ["1"] for name in known if not is_number(name)}, build_schema())
    assert known == set(document.to_dict()) | {name for name in known if is_number(name)}
    for chunk in chunks:
        assert msgspec.json.decode(to_document(chunk)).keys() <= known


def test_a_chunk_holds_nothing_that_its_letter_does_not_say(fictional):
    for letter in fictional:
        for chunk in chunks_of(letter):
            assert chunk.id.startswith(f"{letter.letter_id}:")
            assert chunk.summary == letter.summary
            assert chunk.source == letter.source.sha256


# The fingerprint.
def test_the_fingerprint_is_stable():
    assert fingerprint() == fingerprint()
    assert re.fullmatch(r"[0-9a-f]{16}", fingerprint())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"name": "colour"}, id="name"),
        pytest.param({"kind": "text"}, id="kind"),
        pytest.param({"many": True}, id="many"),
        pytest.param({"words": True}, id="words"),
        pytest.param({"facet": False}, id="facet"),
    ],
)
def test_the_fingerprint_changes_with_a_field(change, monkeypatch):
    before = fingerprint()
    changed = tuple(msgspec.structs.replace(field, **change) if field.name == "outcome" else field for field in FIELDS)
    monkeypatch.setattr(documents, "FIELDS", changed)
    assert fingerprint() != before


@pytest.mark.parametrize("field", FIELDS, ids=by_name)
def test_the_fingerprint_changes_without_a_field(field, monkeypatch):
    before = fingerprint()
    monkeypatch.setattr(documents, "FIELDS", tuple(other for other in FIELDS if other is not field))
    assert fingerprint() != before


def test_the_fingerprint_changes_with_the_order_analysis_and_engine(monkeypatch):
    found = {fingerprint()}
    changes = (
        (documents, "REVISION", 10**6),
        (documents, "FIELDS", FIELDS[::-1]),
        (tantivy, "__version__", "0"),
    )
    for owner, name, value in changes:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, value)
            found.add(fingerprint())
    assert len(found) == 4


def test_the_fingerprint_does_not_change_with_help_or_weight(monkeypatch):
    """Those are read when a question is asked; the index does not hold them."""
    before = fingerprint()
    changed = tuple(msgspec.structs.replace(field, help="Other words.", boost=9.0) for field in FIELDS)
    monkeypatch.setattr(documents, "FIELDS", changed)
    assert fingerprint() == before
