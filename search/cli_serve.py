"""The commands that answer others: `serve` a page to search on, `mcp` assistants; part of `cli.py`."""

import sys
from typing import Annotated

import typer

from imrsearch.schema.errors import UsageError
from imrsearch.search.terminal import IndexDir, index_folder, tell

app = typer.Typer()

HOST = "127.0.0.1"


@app.command()
def serve(
    *,
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65_535, help="Where the page is found.")] = 8765,
    open: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    index: IndexDir = None,
) -> None:
    """Open a page to search on, and a JSON API, at http://127.0.0.1:8765."""
    import uvicorn

    from imrsearch.search.web.app import application

    app = application(index_folder(index))
    tell(f"imrsearch is at http://{HOST}:{port}; Ctrl-C ends it")
    if open:
        typer.launch(f"http://{HOST}:{port}")
    uvicorn.run(app, host=HOST, port=port, log_level="warning", access_log=False)


@app.command()
def mcp(*, index: IndexDir = None) -> None:
    """Answer an assistant's questions over stdin and stdout (Model Context Protocol)."""
    try:
        from imrsearch.search.mcp.server import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("anyio", "mcp", "mcp_types"):
            raise
        raise UsageError("imrsearch mcp needs the package mcp", hint="pip install 'imrsearch[mcp]'") from error
    if sys.stdin.isatty():
        tell("an assistant starts this command and speaks to it on stdin; Ctrl-C ends it")
    run(index_folder(index))
