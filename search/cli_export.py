"""The command that cites items, and lists of items in the formats of other programs; part of `cli.py`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from imrsearch.schema.errors import UsageError
from imrsearch.search.helptext import HELP
from imrsearch.search.terminal import IDS_HELP, AsJson, IndexDir, say, searcher_at, some_ids, tell, while_read

if TYPE_CHECKING:
    from imrsearch.search.listing import Listed, Listing

# How many items a list has where nobody says.
ON_A_PAGE = 10
EVERYTHING = 1_000_000_000
# As the name of a file.
STDOUT = Path("-")

app = typer.Typer()

AsFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="csv, tsv, jsonl, xlsx, docx, markdown, bibtex or ris; else as the name of the file ends.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead of stdout, which is -.")
]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that exists.")]


class Target(Struct, frozen=True):
    """Where a list goes.

    format  one of `export.FORMATS`
    output  a file, or null for stdout
    force   a file that exists is written over
    """

    format: str
    output: Path | None
    force: bool


def target_of(format: str | None, output: Path | None, *, force: bool, others: Mapping[str, object]) -> Target | None:
    """Where a list is to go; null where neither format nor file is named. UsageError where it cannot go there.

    others  options that do not go with it, and what is given of each
    """
    if format is None and output is None:
        return None
    if given := next((option for option, value in others.items() if value), None):
        raise UsageError(f"{given} does not go with --format or --output", hint=f"leave out {given}")
    from imrsearch.search.export import BINARIES, check_output, format_of

    if output == STDOUT:
        if format is None:
            raise UsageError("the format is not known", hint="name it for stdout: --format csv")
        output = None
    name = format_of(format, output)
    if output:
        check_output(output, force=force)
    elif name in BINARIES and sys.stdout.isatty():
        raise UsageError(f"{name} is not for a terminal", hint=f"name a file: --output FILE.{name}")
    return Target(name, output, force)


def most(target: Target | None, limit: int | None) -> int:
    """How many items a list has: as asked, else all of them for a file, and a page of them for people."""
    return limit if limit is not None else EVERYTHING if target else ON_A_PAGE


def export(listing: "Listing", target: Target) -> None:
    """Write the list where it is to go; of a file say how many items it holds, on stderr."""
    from imrsearch.search.export import write_file, write_items
    from imrsearch.search.render import counted

    if target.output:
        write_file(listing.items, listing.head, format=target.format, output=target.output, force=target.force)
        tell(f"{target.output}: {counted(listing.head.listed, 'item')}")
        return
    with while_read():
        write_items(listing.items, listing.head, format=target.format, stream=sys.stdout.buffer)
        sys.stdout.buffer.flush()


@app.command(help=HELP["cite"])
def cite(
    *,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help=IDS_HELP)],
    passage: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Quote the passage with these words, not the one that decides.")
    ] = None,
    format: AsFormat = None,
    output: Output = None,
    force: Force = False,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Cite items in one form, each with its decisive passage to paste."""
    from imrsearch.search.listing import Listing, head_of_items, listed_by_id
    from imrsearch.search.query import Query

    target = target_of(format, output, force=force, others={"--json": json})
    searcher = searcher_at(index)
    wanted = searcher.wanted(Query(text=passage)) if passage else ()
    # All are looked up before one is printed.
    items = list(listed_by_id(some_ids(ids), searcher, wanted=wanted))
    for listed in items:
        if passage and not listed.marked.highlights:
            tell(f"note: {listed.item.id} has none of these words; the passage that decides is quoted")
    if target:
        export(Listing(head_of_items("items cited", len(items), searcher), iter(items)), target)
    elif json:
        for listed in items:
            say(cited_json(listed))
    else:
        say("\n\n".join(map(cited_plain, items)))


def cited_plain(listed: "Listed") -> str:
    """The citation, and below it a block to paste: the quoted passage with what it is from."""
    from imrsearch.search.citation import quotation
    from imrsearch.search.render import printable

    return f"{printable(listed.citation)}\n\n{printable(quotation(listed.passage, listed.citation))}"


def cited_json(listed: "Listed") -> str:
    """Citation and passage, on one line."""
    import msgspec

    return msgspec.json.encode({"id": listed.item.id, "citation": listed.citation, "passage": listed.passage}).decode()
