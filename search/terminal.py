"""What every command shares: the index's folder, results on stdout, errors on stderr; part of `cli.py`."""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imrsearch.schema.errors import ImrSearchError, QueryError, UsageError

if TYPE_CHECKING:
    from imrsearch.search.explain import Explanation
    from imrsearch.search.query import Query
    from imrsearch.search.results import Results
    from imrsearch.search.searcher import Answer, Searcher

IndexDir = Annotated[
    Path | None,
    typer.Option(
        "--index", metavar="DIR", help="Folder of the index; else $IMRSEARCH_INDEX, else the user data folder."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IDS_HELP = "Items, CM17-9900405:2, or letters, for all their items; - reads ids from stdin."


def say(text: str) -> None:
    """Print a result."""
    with while_read():
        print(text, flush=True)


@contextlib.contextmanager
def while_read() -> Iterator[None]:
    """A reader of stdout that has had enough, such as `head`, ends the run without a complaint."""
    try:
        yield
    except BrokenPipeError:
        drop_stdout()
        sys.exit(0)
    except OSError as error:
        drop_stdout()
        raise UsageError(f"stdout cannot be written: {error.strerror}", hint="make room, or write elsewhere") from error


def drop_stdout() -> None:
    """Let what stdout still holds go nowhere: when the run ends it would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(text: str) -> None:
    """Say what is no result, on stderr."""
    print(text, file=sys.stderr)


def print_error(error: ImrSearchError) -> None:
    """`error: ...`, the place in a query, `hint: ...`, on stderr."""
    from imrsearch.search.render import printable

    tell(printable(f"error: {error.message}"))
    if isinstance(error, QueryError):
        tell(error.shown)
    if error.hint:
        tell(printable(f"hint: {error.hint}"))


def print_answer(results: "Results", explanation: "Explanation | None", *, json: bool) -> None:
    """Cards on a terminal, plain lines elsewhere, or one JSON object."""
    from imrsearch.search import render, reports

    if json:
        say(render.as_json(results, explanation))
        return
    if sys.stdout.isatty():
        render.print_cards(results)
    else:
        say(render.as_plain(results))
    if explanation:
        say(reports.explanation_plain(explanation))


def print_footer(searcher: "Searcher", query: "Query", answer: "Answer") -> None:
    """Below the hits of a list, what the rest of it would bring."""
    from imrsearch.search.enough import enough, enough_lines

    if answer.results.hits:
        say("\n".join(("", *enough_lines(enough(searcher, query, answer)))))


def index_folder(given: Path | None) -> Path:
    """The index's folder: as given, else of the environment, else in the user's data folder."""
    if given:
        return given
    if named := os.environ.get("IMRSEARCH_INDEX"):
        return Path(named)
    return data_folder() / "index"


def searcher_at(index: Path | None) -> "Searcher":
    """The index in the folder given, or else where it is kept, opened."""
    # Slow to import, and not every command searches.
    from imrsearch.search.searcher import Searcher

    return Searcher.open(index_folder(index))


def data_folder() -> Path:
    """The user's data folder for imrsearch."""
    from platformdirs import user_data_path

    return user_data_path("imrsearch", appauthor=False)


def some_ids(ids: Iterable[str]) -> list[str]:
    """Likewise as `given_ids`; UsageError where there is none."""
    given = given_ids(ids)
    if not given:
        raise UsageError("no id was given", hint="stdin held none: imrsearch QUERY --json | jq -r '.hits[].id'")
    return given


def given_ids(ids: Iterable[str]) -> list[str]:
    """The ids; "-" stands for those on stdin, one a line, also as a set's file has them."""
    from imrsearch.search.sets import LINE

    given: list[str] = []
    for id in ids:
        try:
            lines = [line.strip() for line in sys.stdin] if id == "-" else [id]
        except UnicodeDecodeError as error:
            raise UsageError("stdin is no UTF-8 text", hint="give it one id a line") from error
        for line in lines:
            if line and not line.startswith("#"):
                match = LINE.fullmatch(line)
                given.append(match["id"] if match else line)
    return given
