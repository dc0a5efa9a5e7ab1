"""Writes the generated pages, and the README's outputs: `python -m tests.write_docs`, or `make docs`."""

import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from imrsearch.schema.fields import FIELDS
from imrsearch.search import cli, reports
from imrsearch.search.language import grammar

ROOT = Path(__file__).parent.parent
COMMANDS = (
    *(
        "search",
        "similar",
        "contrast",
        "stats",
        "guidelines",
        "index",
        "parse",
        "show",
        "cite",
        "status",
        "fields",
        "demo",
        "help",
    ),
    *("set add", "set show", "set export", "set list", "set remove"),
    *("save", "run", "new", "saved list", "saved remove"),
    *("serve", "mcp"),
)
# A block of the README: commands after "$ ", each with what it prints.
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
SECONDS = re.compile(r"\(\d+\.\d s\)")


def run(arguments: list[str], folder: Path) -> str:
    """What `imrsearch ARGUMENTS` prints in `folder` when piped."""
    before, out, err = dict(os.environ), io.StringIO(), io.StringIO()
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "IMRSEARCH_INDEX": str(folder / "none")}
    code: object = 0
    try:
        with chdir(folder), redirect_stdout(out), redirect_stderr(err), arguments_of(arguments):
            cli.main()
    except SystemExit as end:
        code = end.code
    finally:
        os.environ.clear()
        os.environ |= before
    if code not in (None, 0, 1):
        raise RuntimeError(f"{shlex.join(arguments)}: {err.getvalue()}")
    return SECONDS.sub("(0.5 s)", out.getvalue())


@contextmanager
def arguments_of(arguments: list[str]) -> Iterator[None]:
    """The command line's arguments, for a while."""
    before = sys.argv
    sys.argv = ["imrsearch", *arguments]
    try:
        yield
    finally:
        sys.argv = before


def fields_page() -> str:
    """docs/fields.md."""
    rows = [f"| {field.option} | {field.kind} | {field.help} | {reports.uses_of(field)} |" for field in FIELDS]
    head = ["# Fields", "", "Made from `schema/fields.py` by `make docs`; do not edit.", ""]
    return "\n".join([*head, "| field | kind | what it holds | uses |", "|---|---|---|---|", *rows, ""])


def cli_page() -> str:
    """docs/cli.md."""
    pages = ["# Command line", "", "Made from `imrsearch --help` by `make docs`; do not edit.", ""]
    with tempfile.TemporaryDirectory() as folder:
        for arguments in ([], *(name.split() for name in COMMANDS)):
            title = " ".join(["imrsearch", *arguments])
            pages += [f"## {title}", "", "```", run([*arguments, "--help"], Path(folder)).strip(), "```", ""]
    return "\n".join(pages)


def readme_with_outputs(readme: str) -> str:
    """The README with the output of each command as it is now, on an index of the fictional letters."""
    with tempfile.TemporaryDirectory() as folder:
        run(["demo", "--index", "demo"], Path(folder))

        def block(match: re.Match[str]) -> str:
            command = match.group(1).splitlines()[0]
            output = run(shlex.split(command.removeprefix("$ imrsearch ")), Path(folder))
            return f"```console\n{command}\n{output.rstrip()}\n```"

        return CONSOLE.sub(block, readme)


def query_page() -> str:
    """docs/query.md."""
    title, _, text = grammar().partition("\n")
    head = [f"# {title}", "", "Made from `search/query_help.txt` by `make docs`; do not edit.", ""]
    return "\n".join([*head, "```text", text.strip(), "```", ""])


PAGES = {"docs/fields.md": fields_page, "docs/cli.md": cli_page, "docs/query.md": query_page}


def main() -> None:
    """Write every generated page."""
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
    readme = ROOT / "README.md"
    readme.write_text(readme_with_outputs(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
