"""Have I seen enough: what the footer of a result list says, against a plain count."""

import pytest

from imrsearch.search.enough import MOST, STEP, Enough, enough, enough_lines
from imrsearch.search.explain import Clock
from imrsearch.search.query import Query, checked
from imrsearch.search.searcher import Searcher


@pytest.fixture
def searcher(index_dir):
    return Searcher.open(index_dir)


def everything_in(searcher, query):
    """Every hit of the query, in order."""
    return searcher.search(
        query.__class__(text=query.text, filters=query.filters, since=query.since, limit=10_000)
    ).hits


def first_of_family(hit):
    """What tells the hit's family from others."""
    return hit.family or hit.id


QUERIES = [
    pytest.param(Query(), id="everything"),
    pytest.param(Query(text="pain", limit=4), id="word"),
    pytest.param(Query(text="pain", filters={"outcome": ("upheld",)}, since="2014", limit=4), id="filters"),
    pytest.param(Query(text="pain", filters={"outcome": ("upheld",)}, collapse=True, offset=3, limit=2), id="page"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_new_families_and_years_are_counted(searcher, query):
    hits = everything_in(searcher, query)
    told = enough(searcher, checked(query), searcher.answer(checked(query), Clock()))
    seen, new = set(), []
    for start in range(0, min(len(hits), MOST), STEP):
        families = {first_of_family(hit) for hit in hits[start : min(start + STEP, MOST)]}
        new.append(len(families - seen))
        seen |= families
    assert told.new_families == tuple(new)
    years = [int(hit.decision_date[:4]) for hit in hits if hit.decision_date]
    shown = [int(hit.decision_date[:4]) for hit in searcher.search(query).hits if hit.decision_date]
    assert told.years == {year: (shown.count(year), years.count(year)) for year in sorted(set(years))}
    assert told.found == len(hits)


def test_filters_are_left_out_one_by_one(searcher):
    query = Query(text="pain", filters={"outcome": ("upheld",), "state": ("California",)}, since="2014")
    told = enough(searcher, checked(query), searcher.answer(checked(query), Clock()))

    def total(filters, since=None):
        return searcher.search(Query(text="pain", filters=filters, since=since)).total

    outcome, state = {"outcome": ("upheld",)}, {"state": ("California",)}
    assert told.without == {
        "outcome": total(state, "2014"),
        "state": total(outcome, "2014"),
        "since": total(outcome | state),
        "": total({}),
    }
    assert told.without["outcome"] > told.found > 0


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        pytest.param(Enough((3,), {}, 3, {}), [], id="nothing"),
        pytest.param(
            Enough((14, 6), {2015: (0, 3), 2016: (8, 37)}, 40, {}),
            ["new families in each further 20 of 40 items: 14, 6", "years, shown of found: 2015 0 of 3, 2016 8 of 37"],
            id="lists",
        ),
        pytest.param(
            Enough((1,), {}, 1, {"drug_class": 9, "": 12}),
            ["the filters leave 1 of 12 items; without --drug-class 9"],
            id="filters",
        ),
    ],
)
def test_lines(told, lines):
    assert list(enough_lines(told)) == lines


def test_the_footer_stands_below_the_hits(run, index_dir):
    done = run("pain", "--outcome", "upheld", "--limit", "2", "--index", index_dir)
    assert "the filters leave" in done.out.splitlines()[-1]
    assert "new families" not in run("pain", "--json", "--index", index_dir).out
    assert "new families" not in run("zzzqqq", "--index", index_dir).out
