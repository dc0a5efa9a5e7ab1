"""The items found by year and outcome, as bars one on the other.

Places are in percent of the width and heights in pixels, so that the words stay as large as they are at every width.
"""

from collections.abc import Iterator

from msgspec import Struct

from imrsearch.schema.records import OVERTURNED, UPHELD
from imrsearch.search.compile import unscored
from imrsearch.search.counts import count_pairs
from imrsearch.search.searcher import Answer, Searcher

# Pixels: the highest bar, and what stands above it and below.
HIGHEST, ABOVE, BELOW = 110, 18, 20
# Part of a year's width that its bar takes, and more years than are named below.
WIDE = 0.7
NAMED = 8
# Fewer years leave room free: two bars are no wider than they are among so many.
FEWEST = 6
# Years without an item stand between the others, unless a wrong date would make the line endless.
MOST_YEARS = 60


class Part(Struct, frozen=True):
    """The items of a year with one outcome.

    top, height  in pixels
    """

    outcome: str
    top: float
    height: float


class Bar(Struct, frozen=True):
    """A year, its items, and where its bar stands.

    left, width, middle  percent of the chart's width
    parts                those with items, from below
    named                there is room for its number
    """

    year: int
    upheld: int
    overturned: int
    other: int
    left: float
    width: float
    middle: float
    parts: tuple[Part, ...]
    named: bool

    @property
    def items(self) -> int:
        """All of the year."""
        return self.upheld + self.overturned + self.other


class Chart(Struct, frozen=True):
    """Bars by year.

    most     items of the highest bar
    undated  items without a year
    """

    bars: tuple[Bar, ...]
    most: int
    undated: int
    height: int = ABOVE + HIGHEST + BELOW
    floor: int = ABOVE + HIGHEST
    ceiling: int = ABOVE

    @property
    def has_others(self) -> bool:
        """Some item has another outcome, or none."""
        return any(bar.other for bar in self.bars)


def chart_of(searcher: Searcher, answer: Answer) -> Chart | None:
    """The chart of all that was found; null where nothing has a year."""
    counted = years_of(searcher, answer)
    if not counted:
        return None
    first, last = min(counted), max(counted)
    years = [*range(first, last + 1)] if last - first < MOST_YEARS else sorted(counted)
    most = max(map(sum, counted.values()))
    undated = answer.results.total - sum(map(sum, counted.values()))
    return Chart(tuple(bars_of(years, counted, most=most)), most, undated)


def years_of(searcher: Searcher, answer: Answer) -> dict[int, tuple[int, int, int]]:
    """Of each year how many items were upheld, overturned, and neither."""
    pairs = count_pairs(searcher.engine, unscored(answer.found), name="year", by="outcome")
    return {
        int(year): (upheld, overturned, items - upheld - overturned)
        for year, (items, outcomes) in pairs.items()
        for upheld, overturned in [(outcomes.get(UPHELD, 0), outcomes.get(OVERTURNED, 0))]
    }


def bars_of(years: list[int], counted: dict[int, tuple[int, int, int]], *, most: int) -> Iterator[Bar]:
    """A bar for each year, as high as it has items."""
    step = 100 / max(len(years), FEWEST)
    # Where not every year can be named, every second is, or every third; the last one always.
    every = -(-len(years) // NAMED)
    for place, year in enumerate(years):
        items = counted.get(year, (0, 0, 0))
        left, middle = step * (place + (1 - WIDE) / 2), step * (place + 0.5)
        named = (len(years) - 1 - place) % every == 0
        parts = tuple(parts_of(items, most=most))
        yield Bar(year, *items, round(left, 2), round(step * WIDE, 2), round(middle, 2), parts, named)


def parts_of(items: tuple[int, int, int], *, most: int) -> Iterator[Part]:
    """What was upheld, on it what was overturned, on that the rest."""
    top = float(ABOVE + HIGHEST)
    for outcome, number in zip((UPHELD, OVERTURNED, "other"), items, strict=True):
        if number:
            height = HIGHEST * number / most
            top -= height
            yield Part(outcome, round(top, 1), round(height, 1))
