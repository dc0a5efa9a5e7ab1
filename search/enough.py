"""Have I seen enough? What the rest of a result list would still bring, for the line below the hits."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress

from msgspec import Struct, structs

from imrsearch.schema.errors import QueryError
from imrsearch.search.compile import compile_query, within_days
from imrsearch.search.counts import count_values
from imrsearch.search.language import Node, Question
from imrsearch.search.order import found_by, ranked
from imrsearch.search.query import Query
from imrsearch.search.searcher import Answer, Searcher

# So many results are a step, and so many of the first ones are looked at.
STEP, MOST = 20, 200


class Enough(Struct, frozen=True):
    """What is left to see of a result list.

    new_families  of each further STEP results, the first MOST at most, how many are unlike all before them
    years         of each year how many items were shown and found, in order; items without a date are left out
    found         items found
    without       how many there would be without each filter, and under "" without all of them; none that cost too much
    """

    new_families: tuple[int, ...]
    years: dict[int, tuple[int, int]]
    found: int
    without: dict[str, int]


def enough(searcher: Searcher, query: Query, answer: Answer) -> Enough:
    """What the checked query still finds besides the hits of its answer."""
    results = answer.results
    found = {int(one.value): one.count for one in count_values(searcher.engine, answer.found, name="year")}
    shown = Counter(int(hit.decision_date[:4]) for hit in results.hits if hit.decision_date)
    return Enough(
        tuple(new_families(searcher, query, answer)),
        {year: (shown[year], found[year]) for year in sorted(found)},
        results.total,
        dict(left_without(searcher, query, answer.question)),
    )


def enough_lines(told: Enough) -> Iterator[str]:
    """A line on each, as far as there is something to tell."""
    if told.found > STEP:
        counts = ", ".join(map(str, told.new_families))
        first = f"the first {MOST} of " if told.found > MOST else ""
        yield f"new families in each further {STEP} of {first}{told.found:,} items: {counts}"
    if told.years:
        years = (f"{year} {shown:,} of {found:,}" for year, (shown, found) in told.years.items())
        yield f"years, shown of found: {', '.join(years)}"
    if "" in told.without:
        each = (f"without --{name.replace('_', '-')} {count:,}" for name, count in told.without.items() if name)
        yield f"the filters leave {told.found:,} of {told.without['']:,} items; {', '.join(each)}"


def new_families(searcher: Searcher, query: Query, answer: Answer) -> Iterator[int]:
    """Of each STEP results how many are unlike all before them."""
    first = structs.replace(query, offset=0, limit=MOST, letters=False)
    tree = answer.question.tree
    found = found_by(searcher.engine, answer.found, ordered=answer.found, query=first, tree=tree)
    rows = ranked(searcher.engine, found, query=first, tree=tree)
    # A row that is like no other is a family by itself: no family has a negative number.
    families = [searcher.engine.families.of(row.number) or -row.number - 1 for row in rows]
    seen: set[int] = set()
    for start in range(0, len(families), STEP):
        new = {*families[start : start + STEP]} - seen
        yield len(new)
        seen |= new


def left_without(searcher: Searcher, query: Query, question: Question) -> Iterator[tuple[str, int]]:
    """How many items there are without each filter, and under "" without all of them."""
    for name in question.filters:
        others = {other: node for other, node in question.filters.items() if other != name}
        yield from counted(name, searcher, query, question, others)
    for name, undated in (("since", {"since": None}), ("until", {"until": None})):
        if getattr(query, name):
            yield from counted(name, searcher, structs.replace(query, **undated), question, question.filters)
    if question.filters or query.since or query.until:
        yield from counted("", searcher, structs.replace(query, since=None, until=None), question, {})


def counted(
    name: str, searcher: Searcher, query: Query, question: Question, filters: Mapping[str, Node]
) -> Iterator[tuple[str, int]]:
    """The name with how many items these filters leave; nothing where there is too much to read one by one."""
    with suppress(QueryError):
        asked = compile_query(structs.replace(question, filters=dict(filters)), searcher.engine)
        yield name, searcher.engine.count(within_days(asked, query, engine=searcher.engine))
