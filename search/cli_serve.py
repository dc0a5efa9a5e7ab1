"""The commands that answer others: `serve` a page to search on, `mcp` assistants; part of `cli.py`."""

import contextlib
import os
import secrets
import sys
from threading import Thread
from typing import Annotated

import typer

from imrsearch.schema.errors import Interrupted, UsageError
from imrsearch.search.terminal import IndexDir, index_folder, tell

app = typer.Typer()

Host = Annotated[
    str,
    typer.Option(
        "--host", metavar="ADDRESS", help="Serve others, who need $IMRSEARCH_TOKEN, or else a token that is made."
    ),
]
AllowHost = Annotated[
    list[str] | None, typer.Option("--allow-host", metavar="NAME", help="With --host: a name by which others reach it.")
]


@app.command()
def serve(
    *,
    port: Annotated[int, typer.Option(metavar="PORT", min=1, max=65_535, help="Where the page is found.")] = 8765,
    open: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    host: Host = "127.0.0.1",
    allow_host: AllowHost = None,
    index: IndexDir = None,
) -> None:
    """Open a page to search on, and a JSON API, at http://127.0.0.1:8765."""
    from imrsearch.search.web import server
    from imrsearch.search.web.app import application
    from imrsearch.search.web.door import door_of, is_loopback
    from imrsearch.search.web.guard import Guard

    token = os.environ.get("IMRSEARCH_TOKEN") or ("" if is_loopback(host) else secrets.token_urlsafe())
    door = door_of(host, port, allowed=allow_host or (), token=token)
    guard = Guard(application(index_folder(index)), door)
    listening = server.listening_at(host, port)
    place = door.address

    def begun() -> None:
        tell(f"imrsearch is at {place}; Ctrl-C ends it")
        if not is_loopback(host):
            tell("note: what is asked and answered can be read along on the network")
            tell(
                f"hint: nobody can where it is served as usual, and asked through: ssh -L {port}:127.0.0.1:{port} NAME"
            )
        if open:
            # A browser in the terminal does not come back until it is left.
            Thread(target=typer.launch, args=(place,), daemon=True).start()

    with contextlib.suppress(Interrupted):
        server.serve(guard, listening, begun=begun)
    raise typer.Exit(Interrupted.exit_code)


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
