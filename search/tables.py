"""Rates and guidelines as tables: aligned lines for people, CSV for spreadsheets, JSON."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from imrsearch.schema.editions import Source
from imrsearch.schema.fields import FIELD
from imrsearch.search.exports.characters import without_formula
from imrsearch.search.guidelines import LEVELS, Cited, Currency, Guidelines
from imrsearch.search.render import NOT_COUNTED, counted, found_line, lines_of, printable
from imrsearch.search.stats import FEW, Counted, Rate, Share, Statistics

# A name takes at most so many characters of a line; a bar so many, or as many as the line has left, if not too few.
LONGEST_NAME = 40
LONGEST_BAR, LEAST_BAR = 20, 4
# Where the width of the screen is not known.
WIDTH = 100
HEAD = ("items", "letters", "families", "", "upheld", "", "overturned")
INTERVAL = "in brackets the 95% interval"
MARK_OF_FEW = f"* fewer than {FEW} of both together"
LEGEND = f"{INTERVAL}; # upheld, o overturned; {MARK_OF_FEW}"
# Eighths of the highest, for streams that can show them, and for all others.
LEVELS_OF_LINE = "▁▂▃▄▅▆▇█"
PLAIN_LEVELS = "12345678"
RATE_COLUMNS = (
    "items", "letters", "families", "upheld", "upheld_share", "upheld_low", "upheld_high",
    "overturned", "overturned_share", "overturned_low", "overturned_high", "other", "few",
)  # fmt: skip
ASKED_COLUMNS = ("query", "filters", "generation")
Cell = str | int | float | None


def as_json(counted: Counted) -> str:
    """All of it, on one line."""
    return msgspec.json.encode(counted).decode()


def statistics_plain(found: Statistics, *, levels: str = LEVELS_OF_LINE, width: int = WIDTH) -> str:
    """What was counted, a row for each value, all of it in the last row.

    levels  eight characters for the line of years, the lowest first
    width   so many characters of a line are seen
    """
    field = FIELD[found.by]
    rows = [(printable(str(row.value)), row) for row in found.rows]
    lines = [*heading(found, f"by {field.option}"), ""]
    lines += [*table(field.option, rows, found.total, width=width), ""] if found.total.items else []
    if found.by == "year" and len(rows) > 1:
        lines += [*year_lines(found.rows, levels), ""]
    if found.total.items:
        lines.append(LEGEND)
    for note in statistics_notes(found):
        lines += lines_of(f"note: {note}")
    if note := not_each(found):
        lines.append(f"note: {note}; --limit 0 has {'a row for each' if found.rung_size else 'all'}")
    return "\n".join(lines)


def statistics_notes(found: Statistics) -> Iterator[str]:
    """What there is to say of the rows, and what the search has to say."""
    field = FIELD[found.by]
    yield from notes_of(found)
    if field.many and found.rows:
        yield "an item with several values counts in the row of each"
    if found.without:
        yield having_no(found.without, field.option)


def not_each(found: Statistics) -> str:
    """A sentence where not each value has a row of its own; or empty."""
    if found.rung_size:
        return f"too many values for a row each: up to {found.rung_size} in a row"
    if found.values > len(found.rows):
        return f"{len(found.rows):,} of {found.values:,} values, those with the most items"
    return ""


def guidelines_plain(found: Guidelines, *, limit: int, width: int = WIDTH) -> str:
    """What was counted, the tree, and all of it in the last row.

    limit  at most so many below each part of the tree; 0: all
    width  so many characters of a line are seen
    """
    rows: list[tuple[str, Rate | None]] = []
    sources = sources_of(found, limit=limit)
    for depth, one in lines_of_tree(found.cited, limit=limit):
        indent = "  " * depth
        if isinstance(one, int):
            rows.append((f"{indent}and {one:,} more; --limit 0 has all", None))
            continue
        rows.append((indent + printable(one.name), one.rate))
        if one.currency:
            number = sources.index(one.currency.superseded.source) + 1
            rows.append((f"{indent}  {currency_line(one.currency)} [{number}]", None))
    lines = [*heading(found, by_citation(found))]
    lines += ["", *table("cited", rows, found.total, width=width), ""] if found.total.items else []
    lines += [f"[{number}] {source_line(source)}: {source.url}" for number, source in enumerate(sources, 1)]
    if found.total.items:
        lines.append(LEGEND)
    for note in guidelines_notes(found):
        lines += lines_of(f"note: {note}")
    return "\n".join(lines)


def by_citation(found: Guidelines) -> str:
    """What the rows are by."""
    return f"by what reviewers cite, down to the {found.depth}"


def guidelines_notes(found: Guidelines) -> Iterator[str]:
    """What there is to say of the tree, and what the search has to say."""
    yield from notes_of(found)
    if found.cited:
        yield "an item that cites several counts in the row of each"
    if found.without:
        yield having_no(found.without, "citation")


def lines_of_tree(cited: Sequence[Cited], *, limit: int, depth: int = 0) -> Iterator[tuple[int, Cited | int]]:
    """Each part of the tree with its depth, then how many more there are; at most `limit` below each, 0: all."""
    for one in cited[: limit or None]:
        yield depth, one
        yield from lines_of_tree(one.below, limit=limit, depth=depth + 1)
    if limit and len(cited) > limit:
        yield depth, len(cited) - limit


def sources_of(found: Guidelines, *, limit: int) -> list[Source]:
    """Where the dates are from that those lines name, each once."""
    parts = (one for _, one in lines_of_tree(found.cited, limit=limit) if isinstance(one, Cited))
    return list(dict.fromkeys(one.currency.superseded.source for one in parts if one.currency))


def currency_line(currency: Currency) -> str:
    """ "superseded on 2017-12-01 by ..., 8 CCR 9792.24.2; 3 of these decided since"."""
    known = currency.superseded
    without = "" if known.edition else "cited without a year; its last edition "
    line = f"{without}superseded on {known.on} by {known.by}, 8 CCR {known.regulation}"
    if currency.at_the_time is not None:
        line += f"; {currency.at_the_time:,} of these decided since"
    return f"{line}, {currency.undated:,} undated" if currency.undated else line


def source_line(source: Source) -> str:
    """Where a date is from, without its address."""
    return source.title + (f"; for {source.applies_to}" if source.applies_to else "")


def heading(found: Counted, by: str) -> Iterator[str]:
    """What was counted, in which index, and what it means."""
    yield f"{total_line(found.total)}, {by}"
    yield found.meaning
    if found.query_as_run:
        yield printable(f"query as run: {found.query_as_run}")
    if found.filters:
        yield printable(f"filters: {filters_line(found)}")
    index = found.index
    yield f"index: generation {index.generation}, {found_line(index.items, index.letters)}"


def total_line(total: Rate) -> str:
    """ "57 items in 31 letters, 40 families"."""
    return found_line(total.items, total.letters, families=total.families)


def filters_line(found: Counted) -> str:
    """ "outcome: upheld; since: 2016"."""
    return "; ".join(
        f"{name.replace('_', '-')}: {asked if isinstance(asked, str) else ' or '.join(asked)}"
        for name, asked in found.filters.items()
    )


def notes_of(found: Counted) -> Iterator[str]:
    """The outcomes that no share holds, and what the search has to say."""
    if found.other_outcomes:
        words = ", ".join(f"{word} {count:,}" for word, count in found.other_outcomes.items())
        yield f"not in the shares, for they are neither upheld nor overturned: {words}"
    yield from found.notices


def having_no(items: int, what: str) -> str:
    """ "3 items have no drug: in the last row only"."""
    return f"{counted(items, 'item')} {'has' if items == 1 else 'have'} no {what}: in the last row only"


def table(name: str, rows: Sequence[tuple[str, Rate | None]], total: Rate, *, width: int) -> Iterator[str]:
    """Aligned lines; a row without a rate is a remark on the row above it."""
    shown = [(shortened(label), rate) for label, rate in rows if rate] + [(str(total.value), total)]
    cells = {id(rate): rate_cells(rate) for _, rate in shown}
    widths = [max(len(name), *(len(label) for label, _ in shown))]
    widths += [max(len(head), *(len(each[at]) for each in cells.values())) for at, head in enumerate(HEAD)]
    head = aligned(name, HEAD, widths)
    # Behind the numbers stand a space and a mark.
    left = min(width - len(head) - 2, LONGEST_BAR)
    yield head
    for label, rate in (*rows, (str(total.value), total)):
        if rate is None:
            yield label
            continue
        mark = "*" if rate.few else " "
        line = f"{aligned(shortened(label), cells[id(rate)], widths)} {mark}"
        yield (line + bar(rate, left) if left >= LEAST_BAR else line).rstrip()


def aligned(label: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    """A line of the table; the first width is the label's."""
    return "  ".join((label.ljust(widths[0]), *map(str.rjust, cells, widths[1:])))


def rate_cells(rate: Rate) -> tuple[str, ...]:
    """The numbers of a row."""
    shares = (cell for share in (rate.upheld, rate.overturned) for cell in (f"{share.count:,}", percent(share)))
    families = NOT_COUNTED if rate.families is None else f"{rate.families:,}"
    return (f"{rate.items:,}", f"{rate.letters:,}", families, *shares)


def percent(share: Share) -> str:
    """ "31% (26-37)", and with a decimal where both ends of the interval would be the same."""
    if share.share is None or share.low is None or share.high is None:
        return "-"
    parts = (share.share, share.low, share.high)
    whole, low, high = (f"{100 * part:.0f}" for part in parts)
    if low == high:
        whole, low, high = (f"{100 * part:.1f}" for part in parts)
    return f"{whole}% ({low}-{high})"


def bar(rate: Rate, length: int) -> str:
    """Upheld and overturned side by side; neither vanishes where there is one of it."""
    if rate.upheld.share is None:
        return ""
    upheld = round(length * rate.upheld.share)
    upheld = min(max(upheld, 1 if rate.upheld.count else 0), length - (1 if rate.overturned.count else 0))
    return "#" * upheld + "o" * (length - upheld)


def year_lines(rows: Sequence[Rate], levels: str) -> Iterator[str]:
    """Items and the share overturned, year after year; a year without items is a gap."""
    for name, values, highest in year_series(by_year(rows)):
        yield f"{name:<10}  {rows[0].value} {line_of(values, levels)} {rows[-1].value}  highest {highest}"


def by_year(rows: Sequence[Rate]) -> list[Rate | None]:
    """The rows from the first year to the last; null for a year without items."""
    held = {int(row.value): row for row in rows}
    return [held.get(year) for year in range(min(held), max(held) + 1)]


def year_series(years: Sequence[Rate | None]) -> Iterator[tuple[str, list[float | None], str]]:
    """What is drawn year after year: its name, a value or none for each, and the highest; no share where all are 0."""
    items: list[float | None] = [row.items if row else None for row in years]
    yield "items", items, f"{max(row.items for row in years if row):,}"
    shares = [row.overturned.share if row else None for row in years]
    if highest := max((share for share in shares if share is not None), default=None):
        yield "overturned", shares, f"{100 * highest:.0f}%"


def line_of(values: Sequence[float | None], levels: str) -> str:
    """One character a value, from the lowest level for 0 to the highest; a gap for none."""
    most = max((value for value in values if value is not None), default=0) or 1
    last = len(levels) - 1
    return "".join(" " if value is None else levels[round(last * value / most)] for value in values)


def levels_for(encoding: str | None) -> str:
    """The levels of a line that a stream of this encoding can show."""
    try:
        LEVELS_OF_LINE.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN_LEVELS
    return LEVELS_OF_LINE


def shortened(name: str) -> str:
    """At most LONGEST_NAME characters: of a long name its beginning and its end, where the edition stands."""
    if len(name) <= LONGEST_NAME:
        return name
    end = LONGEST_NAME // 3
    return f"{name[: LONGEST_NAME - end - 3].rstrip()} … {name[-end:].lstrip()}"


def statistics_csv(found: Statistics) -> str:
    """A row for each value and one for all; each says what it was counted of."""
    rows = (
        [FIELD[found.by].option, row.value, *rate_values(row), *asked_values(found)]
        for row in (*found.rows, found.total)
    )
    return csv_text(["by", "value", *RATE_COLUMNS, *ASKED_COLUMNS], rows)


def guidelines_csv(found: Guidelines) -> str:
    """A row for each part of the tree and one for all, with the path in parts."""
    head = [*LEVELS[: LEVELS.index(found.depth) + 1], "superseded_on", "superseded_by", "source", "decided_since"]
    rows: list[list[Cell]] = []
    for one, parts in paths_of(found.cited):
        currency: list[Cell] = [None] * 4
        if one.currency:
            known = one.currency.superseded
            currency = [known.on, known.by, known.source.url, one.currency.at_the_time]
        named: list[Cell] = [parts.get(level) for level in LEVELS[: LEVELS.index(found.depth) + 1]]
        rows.append([*named, *currency, *rate_values(one.rate), *asked_values(found)])
    rows.append([found.total.value, *[None] * (len(head) - 1), *rate_values(found.total), *asked_values(found)])
    return csv_text([*head, *RATE_COLUMNS, *ASKED_COLUMNS], rows)


def paths_of(cited: Sequence[Cited], above: dict[str, str] | None = None) -> Iterator[tuple[Cited, dict[str, str]]]:
    """Every part of the tree with its own name and the names above it, by level."""
    for one in cited:
        parts = (above or {}) | {one.level: one.name}
        yield one, parts
        yield from paths_of(one.below, parts)


def rate_values(rate: Rate) -> list[Cell]:
    """The values of RATE_COLUMNS."""
    shares = (
        part for share in (rate.upheld, rate.overturned) for part in (share.count, share.share, share.low, share.high)
    )
    return [rate.items, rate.letters, rate.families, *shares, rate.other, "yes" if rate.few else "no"]


def asked_values(found: Counted) -> list[Cell]:
    """The values of ASKED_COLUMNS."""
    return [found.query, filters_line(found), found.index.generation]


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as CSV; numbers are numbers, and no text is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([without_formula(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue().rstrip("\n")
