"""The command line: `imrsearch QUERY`, and the commands that read, index and show letters."""

import contextlib
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from imrsearch.schema.errors import ImrSearchError, QueryError, UsageError
from imrsearch.schema.fields import FACETS, FIELD, FILTERS

EXAMPLES = """\
\b
Examples:
  imrsearch demo                                         try it on fictional letters
  imrsearch index ~/letters                              read a folder of letters
  imrsearch "benzodiazepines 4 weeks" --outcome upheld   search the reasons
  imrsearch klonopin --facets outcome,specialty          count what was found
  imrsearch '"weaning" treatment:norco -acupuncture' --since 2016
  imrsearch --drug tramadol --sort newest                all items on a drug
  imrsearch show CM17-0019171:2                          one item in full
"""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help=f"Search California Independent Medical Review letters by disputed item.\n\n{EXAMPLES}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

IndexDir = Annotated[
    Path | None,
    typer.Option(
        "--index", metavar="DIR", help="Folder of the index; else $IMRSEARCH_INDEX, else the user data folder."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Paths = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Files, folders or globs; - reads paths from stdin.")
]


def main() -> None:
    """Run the command line; every error of ours ends in one line, a hint and the error's exit code."""
    try:
        app(args=with_command(sys.argv[1:]), prog_name="imrsearch")
    except ImrSearchError as error:
        print_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader, such as `head`, has had enough; nothing more can be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        # No traceback reaches a user; whoever looks for the fault sets IMRSEARCH_DEBUG.
        if os.environ.get("IMRSEARCH_DEBUG"):
            raise
        print(f"error: unexpected {type(error).__name__}: {error}", file=sys.stderr)
        print("hint: please report it; IMRSEARCH_DEBUG=1 shows where it happened", file=sys.stderr)
        sys.exit(70)


def with_command(arguments: list[str]) -> list[str]:
    """The arguments with their command first: `search` where none is named, so that `imrsearch QUERY` searches.

    Options may stand before the command or the query: `--json --index DIR status`, `--outcome upheld klonopin`.
    """
    if not arguments or arguments[0] in ("-h", "--help", "--version"):
        return arguments
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    place = first_positional(arguments)
    if place is not None and arguments[place] in commands:
        return [arguments[place], *arguments[:place], *arguments[place + 1 :]]
    return ["search", *arguments]


def first_positional(arguments: list[str]) -> int | None:
    """Place of the first argument that is neither an option nor an option's value."""
    place = 0
    while place < len(arguments):
        argument = arguments[place]
        if not argument.startswith("-") or argument == "-":
            return place
        place += 2 if argument in VALUE_OPTIONS else 1
    return None


def print_error(error: ImrSearchError) -> None:
    """`error: ...`, the place in a query, `hint: ...`, on stderr."""
    print(f"error: {error.message}", file=sys.stderr)
    if isinstance(error, QueryError):
        print(f"    {error.query}\n    {' ' * error.place}^", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)


def index_folder(given: Path | None) -> Path:
    """The index's folder: as given, else of the environment, else in the user's data folder."""
    if given:
        return given
    if named := os.environ.get("IMRSEARCH_INDEX"):
        return Path(named)
    return data_folder() / "index"


def data_folder() -> Path:
    """The user's data folder for imrsearch."""
    from platformdirs import user_data_path

    return user_data_path("imrsearch", appauthor=False)


def filter_options() -> Iterator[inspect.Parameter]:
    """One repeatable option for each filter of the field list."""
    for field in FILTERS:
        # Typer reads an option from its annotation, which the field list supplies here: the one place for Any.
        annotation: Any = Annotated[
            list[str] | None, typer.Option(f"--{field.option}", metavar="VALUE", help=field.help)
        ]
        yield inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each filter, given to it as `filters`."""
    own = inspect.signature(command)
    kept = [parameter for parameter in own.parameters.values() if parameter.name != "filters"]
    options = list(filter_options())

    def run(**values: Any) -> None:
        filters = {option.name: tuple(given) for option in options if (given := values.pop(option.name, None))}
        command(filters=filters, **values)

    run.__doc__ = command.__doc__
    run.__signature__ = own.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*kept, *options)}
    return run


@app.command("search")
@with_filters
def search(
    *,
    query: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]...", help='Words, "phrases", field:value, OR, -word.')
    ] = None,
    filters: dict[str, tuple[str, ...]],
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Decided on or after: 2016, 2016-07, 2016-07-01.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Decided on or before.")] = None,
    facets: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Count values: outcome,specialty,... or all.")
    ] = None,
    sort: Annotated[str, typer.Option(metavar="ORDER", help="relevance, newest or oldest.")] = "relevance",
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many hits.")] = 10,
    offset: Annotated[int, typer.Option(min=0, help="How many hits to pass over first.")] = 0,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Search the disputed items. `imrsearch QUERY` is short for this."""
    from imrsearch.search import render
    from imrsearch.search.query import Query
    from imrsearch.search.searcher import Searcher

    asked = Query(
        text=" ".join(query or ()), filters=filters, since=since, until=until, facets=facet_names(facets),
        sort=choice(sort, ("relevance", "newest", "oldest"), "--sort"), limit=limit, offset=offset,
    )  # fmt: skip
    results = Searcher.open(index_folder(index)).search(asked)
    if json:
        print(render.as_json(results))
    elif sys.stdout.isatty():
        render.print_cards(results)
    else:
        print(render.as_plain(results))
    sys.exit(0 if results.total else 1)


def facet_names(given: str | None) -> tuple[str, ...]:
    """Names of the facets asked for; UsageError for one that is not counted."""
    names = [name.strip().replace("-", "_") for name in (given or "").split(",") if name.strip()]
    if names == ["all"]:
        return tuple(field.name for field in FACETS)
    for name in names:
        if name not in FIELD or not FIELD[name].facet:
            raise UsageError(
                f"no such facet: {name}", hint=f"one of: {', '.join(field.option for field in FACETS)}, all"
            )
    return tuple(names)


def choice(given: str, allowed: tuple[str, ...], option: str) -> Any:
    """The given word where it is allowed; the caller's Literal type is checked here, at the door."""
    if given not in allowed:
        raise UsageError(f"{option} {given}: not one of {', '.join(allowed)}")
    return given


@app.command()
def index(
    *,
    paths: Paths,
    rebuild: Annotated[bool, typer.Option(help="Leave nothing of the old index.")] = False,
    strict: Annotated[bool, typer.Option(help="Stop at the first letter that cannot be read.")] = False,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Read letters (PDF, HTML, text, ZIP, JSONL) into the index; run it again to bring the index up to date."""
    from imrsearch.indexer.build import build_index
    from imrsearch.search import reports

    files = list(named_files(paths))
    with progress_bar(len(files)) as progress:
        report = build_index(files, index_folder(index), rebuild=rebuild, strict=strict, progress=progress)
    print(reports.report_json(report) if json else reports.report_text(report))
    sys.exit(4 if report.problems else 0)


def named_files(paths: Iterable[str]) -> Iterator[Path]:
    """The files that the paths name; "-" stands for the paths on stdin, one a line."""
    from imrsearch.indexer.sources import letter_files

    for path in paths:
        if path == "-":
            yield from letter_files(line.rstrip("\n") for line in sys.stdin if line.strip())
        else:
            yield from letter_files([path])


@contextlib.contextmanager
def progress_bar(files: int) -> Iterator[Callable[[Path], None]]:
    """A bar on stderr while files are read, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda file: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading letters"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=files)
        yield lambda file: bar.advance(task)


@app.command()
def parse(*, paths: Paths, json: AsJson = False) -> None:
    """Print letters as understood, without an index; with --json one letter a line."""
    from imrsearch.indexer.letter import parse_letter
    from imrsearch.indexer.sources import Unread, read_letters
    from imrsearch.schema.errors import LetterError
    from imrsearch.search import render, reports

    failed = False
    for file in named_files(paths):
        for read in read_letters(file):
            try:
                if isinstance(read, Unread):
                    raise LetterError(read.reason, hint=read.hint)
                letter = parse_letter(read)
                print(reports.letter_json(letter) if json else render.letter_plain(letter))
            except LetterError as error:
                failed = True
                path = read.path if isinstance(read, Unread) else read.source.path
                print_error(LetterError(f"{path}: {error.message}", hint=error.hint))
    sys.exit(4 if failed else 0)


@app.command()
def show(
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="An item, CM17-0019171:2, or a letter, CM17-0019171.")],
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Show an item in full with its letter's header and siblings, or a whole letter."""
    from imrsearch.search import render
    from imrsearch.search.searcher import Searcher

    shown = Searcher.open(index_folder(index)).show(id)
    if json:
        print(render.shown_json(shown))
    elif sys.stdout.isatty():
        render.print_shown(shown)
    else:
        print(render.shown_plain(shown))


@app.command()
def status(*, json: AsJson = False, index: IndexDir = None) -> None:
    """Say which index is used, what it holds and how old it is."""
    from imrsearch.search import reports
    from imrsearch.search.searcher import Searcher

    folder = index_folder(index)
    found = reports.status_of(folder, Searcher.open(folder))
    print(reports.status_json(found) if json else reports.status_text(found))


@app.command()
def fields(*, json: AsJson = False) -> None:
    """List the fields: what each holds, and whether it is counted, filtered or searched by plain words."""
    from imrsearch.search import reports

    print(reports.fields_json() if json else reports.fields_text())


@app.command()
def demo(*, index: IndexDir = None) -> None:
    """Index the fictional letters that come with imrsearch and run a query on them."""
    from importlib import resources

    from imrsearch.indexer.build import build_index
    from imrsearch.search import reports

    folder = index or data_folder() / "demo"
    with resources.as_file(resources.files("imrsearch.indexer") / "demo") as letters:
        files = sorted(file for file in letters.iterdir() if file.name != "README.txt")
        report = build_index(files, folder, rebuild=True)
    print(reports.report_text(report))
    print(f'\n$ imrsearch "benzodiazepines 4 weeks" --outcome upheld --limit 3 --index {folder}\n', flush=True)
    search(query=["benzodiazepines 4 weeks"], outcome=["upheld"], limit=3, index=folder)


@app.callback(invoke_without_command=True)
def options(
    *, version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False
) -> None:
    """Options that stand without a command."""
    if version:
        from importlib.metadata import version as installed

        print(f"imrsearch {installed('imrsearch')}")
        sys.exit(0)


# Options that take the next argument as their value, so that it is not taken for the query.
VALUE_OPTIONS = frozenset(
    {f"--{field.option}" for field in FILTERS}
    | {"--since", "--until", "--facets", "--sort", "--limit", "-n", "--offset", "--index"}
)

if __name__ == "__main__":
    main()
