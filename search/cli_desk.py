"""The commands that compare: an item or a draft with what was decided before; part of `cli.py`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imrsearch.schema.errors import UsageError
from imrsearch.search.helptext import HELP
from imrsearch.search.query import CONTRASTING, SIMILAR
from imrsearch.search.terminal import AsJson, IndexDir, say, searcher_at

if TYPE_CHECKING:
    from imrsearch.schema.drafts import Draft

DRAFT_HINT = "a draft comes from a file or from stdin: imrsearch {0} --file DRAFT, imrsearch {0} - < draft.txt"

app = typer.Typer()

FromFile = Annotated[
    Path | None, typer.Option("--file", metavar="PATH", help="A draft: plain text, HTML, PDF or Word (.docx).")
]


@app.command(help=HELP["similar"])
def similar(
    *,
    asked: Annotated[
        list[str] | None, typer.Argument(metavar="[ID|-]", help="An item, CM17-9900405:2; or - for a draft on stdin.")
    ] = None,
    file: FromFile = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many items of each outcome.")] = SIMILAR,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Show the items most like an item or a draft, a few of each outcome, and why."""
    from imrsearch.schema.drafts import saying_nothing_of
    from imrsearch.search import render_desk
    from imrsearch.search.similar import similar as similar_to

    draft = draft_given(asked or [], file, command="similar")
    with saying_nothing_of(draft):
        found = similar_to(searcher_at(index), draft or id_given(asked or []), limit=limit)
    if json:
        say(render_desk.as_json(found))
    elif sys.stdout.isatty():
        render_desk.print_similar(found)
    else:
        say(render_desk.similar_plain(found))
    sys.exit(0 if found.hits else 1)


@app.command(help=HELP["contrast"])
def contrast(
    *,
    asked: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUERY|ID|-]", help="Words as for search, an item, or - for a draft on stdin."),
    ] = None,
    file: FromFile = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many items of each outcome.")] = CONTRASTING,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Set the nearest upheld and overturned items of one treatment side by side."""
    from imrsearch.schema.drafts import saying_nothing_of
    from imrsearch.search import render_desk
    from imrsearch.search.contrast import contrast as contrast_of

    draft = draft_given(asked or [], file, command="contrast")
    with saying_nothing_of(draft):
        found = contrast_of(searcher_at(index), draft or " ".join(asked or ()), limit=limit)
    if json:
        say(render_desk.as_json(found))
    elif sys.stdout.isatty():
        render_desk.print_contrast(found)
    else:
        say(render_desk.contrast_plain(found))
    sys.exit(0 if found.upheld or found.overturned else 1)


def draft_given(asked: list[str], file: Path | None, *, command: str) -> "Draft | None":
    """The draft of the file or of stdin, read in memory; null where something else was asked for."""
    hint = DRAFT_HINT.format(command)
    if file is not None and asked:
        raise UsageError("--file stands alone: the draft is what is asked for", hint=hint)
    if file is None and asked != ["-"]:
        if not asked:
            raise UsageError("nothing was asked for", hint=hint)
        return None
    from imrsearch.indexer.sources.drafts import LARGEST, read_draft

    if file is None:
        return read_draft(sys.stdin.buffer.read(LARGEST + 1))
    try:
        with file.open("rb") as stream:
            return read_draft(stream.read(LARGEST + 1))
    except OSError as error:
        raise UsageError(f"{file} cannot be opened: {error.strerror or error}", hint=hint) from error


def id_given(asked: list[str]) -> str:
    """The id; UsageError for a text, which is not repeated: what stands on a command line is kept in many places."""
    id = " ".join(asked).strip()
    if " " in id or not any(map(str.isdigit, id)):
        raise UsageError("similar takes the id of an item or letter, not a text", hint=DRAFT_HINT.format("similar"))
    return id
