"""The commands that count outcomes: by the values of a field, and by what the reviewers cite; part of `cli.py`."""

import shutil
import sys
from typing import Annotated

import typer

from imrsearch.schema.errors import UsageError
from imrsearch.search.filters import Expand, Since, Until, Words, with_filters
from imrsearch.search.helptext import HELP
from imrsearch.search.query import DEPTH, MOST_BELOW, MOST_ROWS, Query
from imrsearch.search.terminal import AsJson, IndexDir, say, searcher_at

app = typer.Typer()

AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


@app.command(help=HELP["stats"])
@with_filters
def stats(
    *,
    query: Words = None,
    filters: dict[str, tuple[str, ...]],
    by: Annotated[
        str, typer.Option(metavar="FIELD", help="drug, category, section, specialty, year, quantity, or any facet.")
    ] = "year",
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=0, help=f"How many rows, 0 for all; {MOST_ROWS}, of JSON and CSV all."),
    ] = None,
    expand: Expand = True,
    json: AsJson = False,
    csv: AsCsv = False,
    index: IndexDir = None,
) -> None:
    """Count how many of the items found were upheld and overturned, for each value of a field."""
    from imrsearch.search import tables
    from imrsearch.search.stats import statistics

    asked = asked_of(query, filters, since=since, until=until, expand=expand)
    limit = rows_of(limit, MOST_ROWS, all_of_them=check_format(json=json, csv=csv))
    found = statistics(searcher_at(index), asked, by=by, limit=limit)
    if json:
        say(tables.as_json(found))
    elif csv:
        say(tables.statistics_csv(found))
    else:
        say(tables.statistics_plain(found, levels=tables.levels_for(sys.stdout.encoding), width=seen(tables.WIDTH)))
    sys.exit(0 if found.total.items else 1)


@app.command(help=HELP["guidelines"])
@with_filters
def guidelines(
    *,
    query: Words = None,
    filters: dict[str, tuple[str, ...]],
    depth: Annotated[
        int, typer.Option(min=1, max=4, help="1: guidelines, 2: documents and editions, 3: sections, 4: pages.")
    ] = DEPTH,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", "-n", min=0, help=f"How many below each, 0 for all; {MOST_BELOW}, of JSON and CSV all."
        ),
    ] = None,
    expand: Expand = True,
    json: AsJson = False,
    csv: AsCsv = False,
    index: IndexDir = None,
) -> None:
    """List what the reviewers cite, with outcomes, and which editions were superseded."""
    from imrsearch.search import tables
    from imrsearch.search.guidelines import guidelines as cited_in

    asked = asked_of(query, filters, since=since, until=until, expand=expand)
    limit = rows_of(limit, MOST_BELOW, all_of_them=check_format(json=json, csv=csv))
    found = cited_in(searcher_at(index), asked, depth=depth)
    if json:
        say(tables.as_json(found))
    elif csv:
        say(tables.guidelines_csv(found))
    else:
        say(tables.guidelines_plain(found, limit=limit, width=seen(tables.WIDTH)))
    sys.exit(0 if found.total.items else 1)


def asked_of(
    words: list[str] | None, filters: dict[str, tuple[str, ...]], *, since: str | None, until: str | None, expand: bool
) -> Query:
    """The question that the command line asks."""
    return Query(text=" ".join(words or ()), filters=filters, since=since, until=until, expand=expand)


def check_format(*, json: bool, csv: bool) -> bool:
    """Whether the rows are for a program; UsageError where they should be in two formats at once."""
    if json and csv:
        raise UsageError("--json and --csv are two formats", hint="leave out one of them")
    return json or csv


def rows_of(limit: int | None, most: int, *, all_of_them: bool) -> int:
    """How many rows: as asked, else all or what a reader takes in."""
    return limit if limit is not None else 0 if all_of_them else most


def seen(otherwise: int) -> int:
    """How many characters of a line the terminal shows; `otherwise` where there is none."""
    return shutil.get_terminal_size((otherwise, 0)).columns
