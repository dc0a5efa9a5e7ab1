"""Counts beside the hits: what a filter leaves of them, how citations lead from guideline to page, how they print."""

import io
import json
from collections import Counter
from itertools import product

import pytest
from factories import citation, index_of, item, letter
from msgspec import structs
from rich.console import Console

from imrsearch.schema.errors import IndexFailure
from imrsearch.schema.fields import FACETS, FIELD, chunks_of, citation_paths
from imrsearch.search import counts, render
from imrsearch.search.counts import with_chosen
from imrsearch.search.engine import Engine
from imrsearch.search.query import Query
from imrsearch.search.results import FacetCount
from imrsearch.search.searcher import Searcher

OPIOIDS = citation("Opioids, criteria for use", pages=(76, 77))
ODG = citation("Bracing", guideline="ODG", document="Official Disability Guidelines", edition=None)
LETTERS = (
    letter(
        "A1",
        item("Norco 10/325mg", imr_citations=(OPIOIDS, ODG), drugs=("hydrocodone", "acetaminophen")),
        item("Knee brace", outcome="overturned", imr_citations=(ODG,)),
        decision_date="2015-03-01",
        specialties=("Pain Medicine",),
    ),
    letter(
        "B2",
        item(
            "Knee surgery", outcome="overturned", imr_citations=(citation("Opioids, criteria for use", edition=2016),)
        ),
        item("Tramadol 50mg", imr_citations=(OPIOIDS, OPIOIDS), drugs=("tramadol",)),
        decision_date="2016-03-01",
        specialties=("Neurology", "Pain Medicine"),
    ),
    letter("C3", item("Knee x-ray", outcome="modified"), decision_date="2014-01-01"),
)
CHUNKS = [chunk for one in LETTERS for chunk in chunks_of(one)]
MTUS = "MTUS > Chronic Pain Medical Treatment 2009"


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    return Searcher.open(index_of(LETTERS, tmp_path_factory.mktemp("facets") / "index"))


def values_of(chunk, name: str) -> tuple:
    value = getattr(chunk, name)
    return value if FIELD[name].many else () if value is None else (value,)


def holds(chunk, filters) -> bool:
    return all(
        {str(each).lower() for each in values_of(chunk, name)} & {each.lower() for each in wanted}
        for name, wanted in filters.items()
    )


def plain(results, name: str) -> dict:
    return {found.value: found.count for found in results.facets[name] if found.count}


def letters_by_value(chunks, name: str) -> Counter:
    return Counter(
        value for value, _ in {(value, chunk.letter_id) for chunk in chunks for value in values_of(chunk, name)}
    )


FILTERS = [
    {"outcome": ("upheld",)},
    {"outcome": ("UPHELD", "modified")},
    {"outcome": ("overturned",), "year": ("2016",)},
    {"guideline": ("ODG",), "specialty": ("Neurology",)},
    {"page": ("76",), "outcome": ("upheld",), "drug": ("tramadol",)},
    {"citation": (f"{MTUS} > Opioids, criteria for use",), "year": ("2015", "2016")},
]


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: "-".join(filters))
@pytest.mark.parametrize("text", ["", "knee"])
def test_a_facet_is_counted_without_its_own_filter_and_with_all_others(searcher, text, filters):
    results = searcher.search(Query(text=text, filters=filters, facets=tuple(field.name for field in FACETS)))
    for field in FACETS:
        others = {name: wanted for name, wanted in filters.items() if name != field.name}
        found = [chunk for chunk in CHUNKS if holds(chunk, others) and text in chunk.treatment.lower()]
        assert plain(results, field.name) == Counter(value for chunk in found for value in values_of(chunk, field.name))
        assert {one.value: one.letters for one in results.facets[field.name] if one.count} == letters_by_value(
            found, field.name
        )
    assert results.total == sum(holds(chunk, filters) and text in chunk.treatment.lower() for chunk in CHUNKS)


def test_what_the_text_itself_asks_for_narrows_its_facet_too(searcher):
    results = searcher.search(Query(text="outcome:upheld", facets=("outcome",)))
    assert results.facets["outcome"] == [FacetCount("upheld", 2, 2)]


def test_days_narrow_the_years(searcher):
    results = searcher.search(Query(since="2015", filters={"year": ("2016",)}, facets=("year",)))
    assert results.facets["year"] == [FacetCount(2015, 2, 1), FacetCount(2016, 2, 1, True)]


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        pytest.param(
            Query(text="tramadol", filters={"outcome": ("OVERTURNED", "upheld")}, facets=("outcome",)),
            [("upheld", 1, True), ("overturned", 0, True)],
            id="as-printed",
        ),
        pytest.param(
            Query(text="tramadol", filters={"guideline": ("odg",)}, facets=("guideline",)),
            [("MTUS", 1, False), ("ODG", 0, True)],
            id="beside-what-is-found",
        ),
        pytest.param(
            Query(text="tramadol", filters={"drug": ("norco",)}, facets=("drug",)),
            [("tramadol", 1, False), ("acetaminophen", 0, True), ("hydrocodone", 0, True)],
            id="brand",
        ),
        pytest.param(
            Query(text="tramadol", filters={"year": ("2014",)}, facets=("year",)),
            [(2014, 0, True), (2016, 1, False)],
            id="number",
        ),
        pytest.param(
            Query(text="tramadol", filters={"page": ("076",)}, facets=("page",)),
            [(76, 1, True), (77, 1, False)],
            id="noughts-before-a-number",
        ),
        pytest.param(
            Query(text="tramadol", filters={"page": ("999",)}, facets=("page",)),
            [(76, 1, False), (77, 1, False), (999, 0, True)],
            id="a-value-that-no-item-has",
        ),
    ],
)
def test_chosen_values_stay_in_sight_with_0(searcher, query, counts):
    found = searcher.search(query).facets[query.facets[0]]
    assert [(each.value, each.count, each.chosen is True) for each in found] == counts


def test_numbers_stand_in_their_order_and_other_values_by_count(searcher):
    facets = searcher.search(Query(facets=("year", "page", "outcome", "guideline"))).facets
    assert [each.value for each in facets["year"]] == [2014, 2015, 2016]
    assert [each.value for each in facets["page"]] == [76, 77]
    assert [each.value for each in facets["outcome"]] == ["overturned", "upheld", "modified"]
    assert [each.value for each in facets["guideline"]] == ["MTUS", "ODG"]


def test_a_value_that_letters_print_in_two_ways_keeps_both(tmp_path):
    sections = (item(imr_citations=(citation(name),)) for name in ("Weaning", "WEANING", "Opioids"))
    held = Searcher.open(index_of([letter("A1", *sections)], tmp_path / "index"))
    found = held.search(Query(filters={"section": ("weaning",)}, facets=("section",))).facets["section"]
    assert found == [FacetCount("Opioids", 1, 1), FacetCount("WEANING", 1, 1, True), FacetCount("Weaning", 1, 1, True)]


def test_too_many_values_for_one_request_are_counted_one_facet_at_a_time(searcher, monkeypatch):
    """The engine counts 65,000 values in one request, and fails beyond."""
    query = Query(facets=tuple(field.name for field in FACETS), filters={"outcome": ("upheld",)})
    expected = searcher.search(query).facets
    aggregate = Engine.aggregate

    def at_its_limit(engine, query, request):
        if len(request) > 1 and not any("aggs" in asked for asked in request.values()):
            raise IndexFailure("too many values", hint="")
        return aggregate(engine, query, request)

    monkeypatch.setattr(Engine, "aggregate", at_its_limit)
    assert searcher.search(query).facets == expected


def test_letters_are_counted_across_segments_and_filters(tmp_path):
    """The parts of an index are counted apart: the items of a letter may lie in several."""
    letters = [
        letter(
            f"A{number}",
            *(item(outcome="overturned" if (number * place) % 3 else "upheld") for place in range(number % 4 + 1)),
            specialties=("Neurology", "Pain Medicine")[: number % 3],
            decision_date=f"201{number % 3}-01-01",
        )
        for number in range(40)
    ]
    held = Searcher.open(index_of(letters, tmp_path / "index", segments=5))
    assert held.engine.searcher.num_segments > 1
    chunks = [chunk for one in letters for chunk in chunks_of(one)]
    names = ("outcome", "specialty", "year")
    for filters in ({}, {"outcome": ("upheld",)}):
        results = held.search(Query(filters=filters, facets=names, limit=0))
        assert results.total_letters == len({chunk.letter_id for chunk in chunks if holds(chunk, filters)})
        for name in names:
            left = {} if name in filters else filters
            expected = letters_by_value([chunk for chunk in chunks if holds(chunk, left)], name)
            assert {one.value: one.letters for one in results.facets[name]} == expected


@pytest.mark.parametrize(
    ("most", "counted"),
    [
        pytest.param(5, {"outcome"}, id="the-first"),
        pytest.param(9, {"outcome", "page"}, id="a-smaller-one"),
        pytest.param(100, {"outcome", "specialty", "page"}, id="all"),
    ],
)
def test_letters_are_counted_as_far_as_they_can_be(searcher, monkeypatch, most, counted):
    monkeypatch.setattr(counts, "MOST_LETTERED", most)
    monkeypatch.setattr(counts, "QUICK", 5)
    names = ("outcome", "specialty", "page")
    results = searcher.search(Query(text="", facets=names, limit=0, letters=True))
    assert {name for name, values in results.facets.items() if None not in {one.letters for one in values}} == counted
    quick = searcher.search(Query(text="", facets=names, limit=0)).facets
    assert {name for name, values in quick.items() if None not in {one.letters for one in values}} == {"outcome"}
    told = [line for line in results.notices if line.startswith("too many items to count the letters")]
    assert len(told) == (len(counted) < 3)
    assert all(name in line for line in told for name in {"outcome", "specialty", "page"} - counted)
    assert ("  Pain Management\t4\t-" in render.as_plain(results).splitlines()) == ("specialty" not in counted)


def test_the_engine_at_its_limit_leaves_letters_uncounted(searcher, monkeypatch):
    aggregate = Engine.aggregate

    def at_its_limit(engine, query, request):
        if any("aggs" in asked for asked in request.values()):
            raise IndexFailure("too many values", hint="")
        return aggregate(engine, query, request)

    monkeypatch.setattr(Engine, "aggregate", at_its_limit)
    found = searcher.search(Query(facets=("outcome",))).facets["outcome"]
    assert [(one.count, one.letters) for one in found] == [(2, None), (2, None), (1, None)]


@pytest.mark.parametrize("text", ["", "knee"])
def test_letters_and_passages_can_be_left_out(searcher, text):
    asked = Query(text=text, facets=("outcome", "year"))
    whole, bare = searcher.search(asked), searcher.search(structs.replace(asked, letters=False, snippets=False))
    assert bare.total == whole.total > 0
    assert [(hit.id, hit.score) for hit in bare.hits] == [(hit.id, hit.score) for hit in whole.hits]
    assert {(hit.snippet, hit.highlights, hit.marks) for hit in bare.hits} == {("", (), ())}
    for name in asked.facets:
        assert bare.facets[name] == [structs.replace(found, letters=None) for found in whole.facets[name]]
    assert (bare.total_letters, bare.notices) == (None, whole.notices)
    items = "1 item" if whole.total == 1 else f"{whole.total} items"
    assert render.counts_line(bare).endswith(items)


def test_a_range_chooses_no_single_value(searcher):
    counts = [FacetCount(2015, 1)]
    assert with_chosen(searcher.engine, counts, name="year", chosen=["2014..2016", ""]) == counts


# From guideline to page.
@pytest.mark.parametrize(
    ("given", "paths"),
    [
        pytest.param((), [], id="none"),
        pytest.param(
            (citation("Weaning", pages=(7, 8)),),
            ["MTUS", MTUS, f"{MTUS} > Weaning", f"{MTUS} > Weaning > p. 7", f"{MTUS} > Weaning > p. 8"],
            id="pages",
        ),
        pytest.param((citation(pages=(7,)),), ["MTUS", MTUS, f"{MTUS} > p. 7"], id="page-without-section"),
        pytest.param(
            (citation(guideline="other", document="", edition=None),), ["other"], id="guideline-without-document"
        ),
        pytest.param((citation("Age > 50"),), ["MTUS", MTUS, f"{MTUS} > Age 50"], id="sign-in-a-name"),
        pytest.param((citation("A"), citation("B")), ["MTUS", MTUS, f"{MTUS} > A", f"{MTUS} > B"], id="two-sections"),
    ],
)
def test_citation_paths(given, paths):
    assert list(citation_paths(letter(), item(imr_citations=given))) == paths


def test_below_a_guideline_stand_its_own_documents_only(searcher):
    """Norco's item cites both guidelines."""
    counts = plain(searcher.search(Query(filters={"guideline": ("MTUS",)}, facets=("citation",))), "citation")
    assert counts["ODG"] == 1
    assert [path for path in counts if path.startswith("MTUS > ") and "Official" in path] == []
    assert (counts["MTUS"], counts[MTUS], counts["MTUS > Chronic Pain Medical Treatment 2016"]) == (3, 2, 1)


def test_each_step_down_is_a_filter_that_finds_what_was_counted(searcher):
    for path, count in plain(searcher.search(Query(facets=("citation",))), "citation").items():
        assert searcher.search(Query(filters={"citation": (path,)})).total == count, path


# In print.
def cards(results, *, colour: bool = False) -> str:
    out = io.StringIO()
    render.print_cards(results, Console(file=out, width=200, force_terminal=colour, highlight=False))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def test_paths_print_as_a_tree(searcher):
    results = searcher.search(Query(text="knee", facets=("citation",), limit=0))
    assert cards(results).splitlines()[2:] == [
        "citation                               items  letters",
        "MTUS                                       1        1",
        "  Chronic Pain Medical Treatment 2016      1        1",
        "    Opioids, criteria for use              1        1",
        "ODG                                        1        1",
        "  Official Disability Guidelines           1        1",
        "    Bracing                                1        1",
    ]
    assert (
        f"  {MTUS.replace('2009', '2016')} > Opioids, criteria for use\t1\t1" in render.as_plain(results).splitlines()
    )


def test_a_cut_tree_holds_what_stands_above(searcher):
    names = [" > ".join(parts) for depth in (1, 2, 3) for parts in product("abc", repeat=depth)]
    counts = [FacetCount(name, 4 - name.count(">")) for name in names]
    shown = [found.value for found in render.shown_values(counts, "citation")]
    assert len(shown) == render.MOST_VALUES < len(counts)
    for place, path in enumerate(shown):
        assert set(render.beginnings(path)[:-1]) <= set(shown[:place])


def test_a_path_whose_beginning_is_not_shown_is_printed_whole():
    assert render.in_tree("a > b", {"a"}) == "  b"
    assert render.in_tree("a > b > c", {"a"}) == "a > b > c"


def test_a_chosen_value_is_printed_beyond_the_first(searcher):
    counts = [FacetCount(f"value {number:02}", 1) for number in range(render.MOST_VALUES + 5)]
    counts.append(FacetCount("asked for", 0, chosen=True))
    shown = render.shown_values(counts, "section")
    assert [found.value for found in shown[render.MOST_VALUES :]] == ["asked for"]
    assert list(render.more_values(counts)) == ["and 5 more values; --json has them all"]


def test_chosen_values_stand_out_on_a_terminal(searcher):
    printed = cards(searcher.search(Query(filters={"outcome": ("upheld",)}, facets=("outcome",), limit=0)), colour=True)
    assert "\x1b[1;33mupheld" in printed
    assert "\x1b[1;33moverturned" not in printed


def test_json_holds_values_and_counts_only(searcher):
    results = searcher.search(Query(text="tramadol", filters={"outcome": ("modified",)}, facets=("outcome",)))
    given = json.loads(render.as_json(results))["facets"]["outcome"]
    assert given == [
        {"value": "upheld", "count": 1, "letters": 1},
        {"value": "modified", "count": 0, "letters": 0},
    ]
