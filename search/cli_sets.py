"""The commands for what the user keeps: sets of items, and saved searches; part of the front door `cli.py`."""

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, NoReturn, cast

import msgspec
import typer

from imrsearch.schema.errors import ImrSearchError, UsageError
from imrsearch.search.cli_export import AsFormat, Force, Output, export, target_of
from imrsearch.search.filters import Expand, Offset, Order, Since, Until, Widen, Words, with_filters
from imrsearch.search.helptext import HELP
from imrsearch.search.terminal import (
    IDS_HELP,
    AsJson,
    IndexDir,
    data_folder,
    given_ids,
    print_answer,
    print_error,
    print_footer,
    say,
    searcher_at,
    some_ids,
)

if TYPE_CHECKING:
    from imrsearch.search.query import Sort
    from imrsearch.search.results import Shown
    from imrsearch.search.saved import Run
    from imrsearch.search.sets import SetItem

app = typer.Typer()
set_app = typer.Typer(help=HELP["set"])
saved_app = typer.Typer(help="List saved searches, and take them away.")
app.add_typer(set_app, name="set")
app.add_typer(saved_app, name="saved")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, - _ and points.")]


@set_app.command("add")
def set_add(
    *,
    name: Name,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help=IDS_HELP)],
    index: IndexDir = None,
) -> None:
    """Put items into a set; it is made where it is not there."""
    from imrsearch.search import sets
    from imrsearch.search.render import counted

    searcher = searcher_at(index)
    named = list(dict.fromkeys(sets.ids_named(searcher, some_ids(ids))))
    added, held = sets.add(sets.sets_in(data_folder()), name, named)
    there = f", {len(named) - added:,} there already" if added < len(named) else ""
    say(f"{name}: {counted(added, 'item')} added{there}; it has {counted(held, 'item')}")


@set_app.command("show")
def set_show(*, name: Name, json: AsJson = False, index: IndexDir = None) -> None:
    """List a set's items with outcome, date and treatment; those that are not in the index are named."""
    from imrsearch.search import sets

    ids = sets.ids_of(sets.sets_in(data_folder()), name)
    items = list(sets.set_items(searcher_at(index), ids))
    if json:
        say(msgspec.json.encode({"set": name, "items": items}).decode())
    else:
        say("\n".join(set_lines(name, items)))
    sys.exit(0 if any(item.indexed for item in items) else 1)


def set_lines(name: str, items: "list[SetItem]") -> Iterator[str]:
    """How many items a set has, then of each id, outcome, date and treatment between tabs."""
    from imrsearch.search.render import counted, printable

    gone = sum(not item.indexed for item in items)
    yield f"{name}: {counted(len(items), 'item')}" + (f", {gone:,} not in the index" if gone else "")
    for item in items:
        about = (item.outcome, item.decision_date or "no date", item.treatment)
        told = about if item.indexed else ("not in the index",)
        yield "\t".join(printable(part or "") for part in (item.id, *told))


@set_app.command("export")
def set_export(
    *,
    name: Name,
    format: AsFormat = None,
    output: Output = None,
    force: Force = False,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Print a set's items in full with their letters' headers, or write them in another program's format.

    --json prints an object a line.
    """
    from imrsearch.search import sets
    from imrsearch.search.listing import Listing, head_of_items, listed_by_id

    target = target_of(format, output, force=force, others={"--json": json})
    ids = sets.ids_of(sets.sets_in(data_folder()), name)
    searcher = searcher_at(index)
    held: list[str] = []
    for id in ids:
        if sets.is_indexed(searcher, id):
            held.append(id)
        else:
            print_error(UsageError(f"{id} is not in the index", hint=f"imrsearch set remove {name} {shlex.quote(id)}"))
    if target:
        about = head_of_items(f"set {name}", len(held), searcher)
        export(Listing(about, listed_by_id(held, searcher)), target)
    for place, id in enumerate(() if target else held):
        if place and not json:
            say("\n")
        say(exported(searcher.show(id), json=json))
    sys.exit(0 if held else 1)


def exported(shown: "Shown", *, json: bool) -> str:
    """An item of a set as it is exported: the one place that knows the formats."""
    from imrsearch.search import render

    return render.shown_json(shown) if json else render.shown_plain(shown)


@set_app.command("list")
def set_list(*, json: AsJson = False) -> None:
    """List the sets, and how many items each has."""
    from imrsearch.search import sets
    from imrsearch.search.render import counted

    shelf = sets.sets_in(data_folder())
    damaged = False
    for name in shelf.names():
        try:
            held = len(sets.ids_of(shelf, name))
        except ImrSearchError as error:
            damaged = True
            print_error(error)
            continue
        say(msgspec.json.encode({"set": name, "items": held}).decode() if json else f"{name}\t{counted(held, 'item')}")
    sys.exit(UsageError.exit_code if damaged else 0 if shelf.names() else 1)


@set_app.command("remove")
def set_remove(
    *, name: Name, ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help=IDS_HELP)] = None
) -> None:
    """Take items out of a set, or without an id the whole set away."""
    from imrsearch.search import sets
    from imrsearch.search.render import counted

    shelf = sets.sets_in(data_folder())
    if not ids:
        sets.delete(shelf, name)
        say(f"{name}: removed")
        return
    gone, left = sets.remove(shelf, name, given_ids(ids))
    say(f"{name}: {counted(gone, 'item')} removed; it has {counted(left, 'item')}")


@app.command("save", help=HELP["save"])
@with_filters
def save(
    *,
    name: Name,
    query: Words = None,
    filters: dict[str, tuple[str, ...]],
    since: Since = None,
    until: Until = None,
    sort: Order = "relevance",
    expand: Expand = True,
    widen: Widen = True,
    replace: Annotated[bool, typer.Option("--replace", help="Save it in place of the search of that name.")] = False,
) -> None:
    """Save a search under a name."""
    from imrsearch.search import saved
    from imrsearch.search.query import Query

    asked = Query(
        text=" ".join(query or ()), filters=filters, since=since, until=until,
        sort=cast("Sort", sort), expand=expand, widen=widen,
    )  # fmt: skip
    saved.save(saved.searches_in(data_folder()), name, asked, replace=replace)
    say(f"{name}: saved; imrsearch run {name} runs it, imrsearch new {name} prints what is new")


@app.command("run", help=HELP["run"])
def run(
    *,
    name: Name,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many hits.")] = 10,
    offset: Offset = 0,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Ask a saved search again."""
    from msgspec import structs

    from imrsearch.search import saved

    searches = saved.searches_in(data_folder())
    query = structs.replace(saved.load(searches, name), limit=limit, offset=offset, collapse=not json)
    searcher = searcher_at(index)
    ran = saved.run(searcher, query)
    print_answer(ran.results, None, json=json)
    if not json:
        print_footer(searcher, query, ran.answer)
    end_run(name, ran)


@app.command("new", help=HELP["new"])
def new(
    *,
    name: Name,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=0, help="How many hits; all unless given.")] = None,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Print what a saved search finds now and did not find before."""
    from imrsearch.search import saved

    searches = saved.searches_in(data_folder())
    query, seen = saved.load(searches, name), saved.seen_by(searches, name)
    ran = saved.run_new(searcher_at(index), query, seen, limit=limit)
    print_answer(ran.results, None, json=json)
    end_run(name, ran)


def end_run(name: str, ran: "Run") -> NoReturn:
    """Remember what was found, once it is printed."""
    from imrsearch.search import saved

    if ran.ids is not None:
        saved.remember(saved.searches_in(data_folder()), name, ran.ids)
    sys.exit(0 if ran.results.total else 1)


@saved_app.command("list")
def saved_list(*, json: AsJson = False) -> None:
    """List the saved searches: what each asks, and when it was last run."""
    from imrsearch.search import saved
    from imrsearch.search.record import arguments_of, given_in
    from imrsearch.search.render import printable

    searches = saved.searches_in(data_folder())
    damaged = False
    for name in searches.names():
        try:
            query, last_run = saved.load(searches, name), saved.seen_by(searches, name).last_run
        except ImrSearchError as error:
            damaged = True
            print_error(error)
            continue
        if json:
            asked = {"query": query.text, **given_in(query, *saved.KEPT), "filters": query.filters}
            say(msgspec.json.encode({"name": name, **asked, "last_run": last_run}).decode())
        else:
            say(f"{name}\t{printable(shlex.join(arguments_of(query)))}\t{last_run or 'not run'}")
    sys.exit(UsageError.exit_code if damaged else 0 if searches.names() else 1)


@saved_app.command("remove")
def saved_remove(*, name: Name) -> None:
    """Take a saved search away, with what it found."""
    from imrsearch.search import saved

    saved.delete(saved.searches_in(data_folder()), name)
    say(f"{name}: removed")
