"""The command line: `imrsearch QUERY`, and the commands that read, index and show letters."""

import contextlib
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from imrsearch.schema.errors import ImrSearchError, IndexMissing, Interrupted, StaleIndex, UsageError
from imrsearch.search.arguments import with_command
from imrsearch.search.cli_desk import app as desk_commands
from imrsearch.search.cli_export import AsFormat, Force, Output, Target, export, most, target_of
from imrsearch.search.cli_export import app as export_commands
from imrsearch.search.cli_index import app as index_commands
from imrsearch.search.cli_serve import app as serve_commands
from imrsearch.search.cli_sets import app as set_commands
from imrsearch.search.cli_stats import app as stats_commands
from imrsearch.search.filters import (
    Collapse,
    Every,
    Expand,
    Limit,
    Offset,
    Order,
    Since,
    Until,
    Widen,
    Words,
    with_filters,
)
from imrsearch.search.helptext import EXAMPLES, HELP
from imrsearch.search.terminal import (
    AsJson,
    IndexDir,
    data_folder,
    index_folder,
    print_answer,
    print_error,
    print_footer,
    say,
    searcher_at,
)

if TYPE_CHECKING:
    from imrsearch.search.query import Query, Sort
    from imrsearch.search.searcher import Searcher

# Ids of the fictional letters: case numbers that cannot exist, and files named so.
FICTIONAL = re.compile(r"CM\d\d-99\d{5,6}$|fictional-")
MOST_DEMO_ITEMS = 200

Explained = Annotated[bool, typer.Option("--explain", help="Say how the question was understood and scored.")]
Recorded = Annotated[
    bool, typer.Option("--record", help="Instead of hits print a record of the search that lets others repeat it.")
]
Facets = Annotated[str | None, typer.Option(metavar="NAMES", help="Count values: outcome,specialty,... or all.")]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=f"Search California Independent Medical Review letters by disputed item.\n\n{EXAMPLES}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> None:
    """Run the command line; every error of ours ends in one line, a hint and the error's exit code."""
    signal.signal(signal.SIGINT, interrupt)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter of the text shows its code.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        command = typer.main.get_group(app)
        commands = {name: tuple(getattr(each, "commands", ())) for name, each in command.commands.items()}
        arguments = with_command(sys.argv[1:], commands, with_value=value_options(command))
        code = command(args=arguments, prog_name="imrsearch", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except ImrSearchError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except Exception as error:
        if misuse := getattr(error, "format_message", None):
            hint = "imrsearch COMMAND --help shows what there is; imrsearch search WORDS searches for any words"
            print_error(UsageError(misuse().rstrip("."), hint=hint))
            sys.exit(UsageError.exit_code)
        # No traceback reaches a user; whoever looks for the fault sets IMRSEARCH_DEBUG.
        if os.environ.get("IMRSEARCH_DEBUG"):
            raise
        print(f"error: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print("hint: please report it; IMRSEARCH_DEBUG=1 shows where it happened", file=sys.stderr)
        sys.exit(70)


def value_options(group: typer.core.TyperGroup) -> set[str]:
    """Every option of a command that takes a value."""
    names: set[str] = set()
    for command in group.commands.values():
        if isinstance(command, typer.core.TyperGroup):
            names |= value_options(command)
        for option in command.params:
            if option.param_type_name == "option" and not getattr(option, "is_flag", False):
                names.update(option.opts)
    return names


def interrupt(_signal: int, _frame: object) -> None:
    """Ctrl-C: let every writer end in good order."""
    hint = "what was published is as it was; index and reindex, run again, go on where they stopped"
    raise Interrupted("interrupted", hint=hint)


@app.command("search", help=HELP["search"])
@with_filters
def search(
    *,
    query: Words = None,
    filters: dict[str, tuple[str, ...]],
    since: Since = None,
    until: Until = None,
    facets: Facets = None,
    sort: Order = "relevance",
    limit: Limit = None,
    offset: Offset = 0,
    collapse: Collapse = False,
    every: Every = False,
    expand: Expand = True,
    widen: Widen = True,
    explain: Explained = False,
    record: Recorded = False,
    format: AsFormat = None,
    output: Output = None,
    force: Force = False,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Search the disputed items. `imrsearch QUERY` is short for this."""
    from imrsearch.search.query import Query, facet_names

    others = {"--json": json, "--facets": facets, "--explain": explain, "--record": record, "--collapse": collapse}
    target = target_of(format, output, force=force, others=others)
    asked = Query(
        text=" ".join(query or ()), filters=filters, since=since, until=until, facets=facet_names(facets), letters=True,
        sort=cast("Sort", sort), limit=most(target, limit), offset=offset, expand=expand, widen=widen,
        collapse=(collapse or not (json or target)) and not every,
    )  # fmt: skip
    searcher = searcher_at(index)
    if record:
        found = print_record(searcher, asked, json=json)
    elif target:
        found = export_found(searcher, asked, target)
    else:
        found = print_found(searcher, asked, explain=explain, json=json)
    sys.exit(0 if found else 1)


def print_found(searcher: "Searcher", query: "Query", *, explain: bool, json: bool) -> int:
    """Print a page of what the query finds, and say how many items that is."""
    from imrsearch.search.explain import Clock
    from imrsearch.search.query import checked

    query = checked(query)
    answer = searcher.answer(query, Clock())
    print_answer(answer.results, searcher.explain(query) if explain else None, json=json)
    if not json:
        print_footer(searcher, query, answer)
    return answer.results.total


def export_found(searcher: "Searcher", query: "Query", target: Target) -> int:
    """Write all that the query finds where it is to go, and say how many items it finds."""
    listing = searcher.listing(query)
    export(listing, target)
    return listing.head.total or 0


def print_record(searcher: "Searcher", query: "Query", *, json: bool) -> int:
    """Print the record of a search, in lines or as one JSON object, and say how many items it finds."""
    from imrsearch.search.record import record_json, record_of, record_text

    kept = record_of(searcher, query)
    say(record_json(kept) if json else record_text(kept))
    return kept.items


app.add_typer(index_commands)
app.add_typer(desk_commands)
app.add_typer(stats_commands)
app.add_typer(export_commands)
app.add_typer(set_commands)
app.add_typer(serve_commands)


@app.command(help=HELP["show"])
def show(
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="An item, CM17-9900405:2, or a letter, CM17-9900405.")],
    specific: Annotated[bool, typer.Option("--specific", help="Leave out sentences that many letters have.")] = False,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Show an item in full with its letter's header, or a whole letter."""
    from imrsearch.search import render

    shown = searcher_at(index).show(id)
    if json:
        say(render.shown_json(shown))
    elif sys.stdout.isatty():
        render.print_shown(shown, specific=specific)
    else:
        say(render.shown_plain(shown, specific=specific))


@app.command()
def status(*, json: AsJson = False, index: IndexDir = None) -> None:
    """Say which index is used, what it holds and how old it is."""
    from imrsearch.search import reports
    from imrsearch.search.searcher import Searcher

    folder = index_folder(index)
    found = reports.status_of(folder, Searcher.open(folder))
    say(reports.status_json(found) if json else reports.status_text(found))


@app.command()
def fields(*, json: AsJson = False) -> None:
    """List the fields: what each holds, and what can be done with it."""
    from imrsearch.search import reports

    say(reports.fields_json() if json else reports.fields_text())


@app.command()
def demo(*, index: IndexDir = None) -> None:
    """Index the fictional letters that come with imrsearch, and query them."""
    from importlib import resources

    from imrsearch.indexer.build import build_index
    from imrsearch.search import reports

    folder = index or data_folder() / "demo"
    with resources.as_file(resources.files("imrsearch.indexer") / "demo") as letters:
        files = sorted(file for file in letters.iterdir() if file.name != "README.txt")
        check_demo_folder(folder)
        report = build_index(files, folder, rebuild=True)
    say(reports.report_text(report))
    say(f'\n$ imrsearch "benzodiazepines 4 weeks" --outcome upheld --limit 3 --index {folder}\n')
    search(query=["benzodiazepines 4 weeks"], outcome=["upheld"], limit=3, index=folder)


def check_demo_folder(folder: Path) -> None:
    """UsageError where the folder holds an index of other letters than the fictional ones: it would be lost."""
    from imrsearch.search.query import Query
    from imrsearch.search.searcher import Searcher

    with contextlib.suppress(IndexMissing, StaleIndex):
        hits = Searcher.open(folder).search(Query(limit=MOST_DEMO_ITEMS)).hits
        if not all(FICTIONAL.match(hit.letter_id) for hit in hits):
            raise UsageError(f"{folder} holds an index of other letters", hint="name another folder: --index DIR")


@app.command("help")
def help_on(*, topic: Annotated[str, typer.Argument(metavar="TOPIC", help="query: how to ask.")] = "query") -> None:
    """Explain the query language: imrsearch help query."""
    from imrsearch.search.language import grammar

    if topic != "query":
        raise UsageError(f"there is no help on {topic}", hint="imrsearch help query, or imrsearch COMMAND --help")
    say(grammar())


@app.callback(invoke_without_command=True)
def options(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False
) -> None:
    """Options that stand without a command."""
    if version:
        from importlib.metadata import version as installed

        say(f"imrsearch {installed('imrsearch')}")
        sys.exit(0)


if __name__ == "__main__":
    main()
