"""The commands that read letters: into the index, anew from its store, or by themselves; part of `cli.py`."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from imrsearch.schema.errors import UsageError
from imrsearch.search.helptext import HELP
from imrsearch.search.terminal import AsJson, IndexDir, index_folder, print_error, say

app = typer.Typer()

Keep = Annotated[int, typer.Option(min=0, help="How many earlier generations to keep.")]
Cores = Annotated[int | None, typer.Option(min=1, help="Processes that read letters; all cores unless given.")]
Memory = Annotated[
    int | None, typer.Option(metavar="MB", min=50, help="For the engine; a share of the machine's unless given.")
]
Paths = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Files, folders or globs; - reads paths from stdin.")
]


@app.command(help=HELP["index"])
def index(
    *,
    paths: Paths,
    rebuild: Annotated[bool, typer.Option(help="Leave nothing of the old index.")] = False,
    strict: Annotated[bool, typer.Option(help="Stop at the first letter that cannot be read.")] = False,
    keep: Keep = 0,
    cores: Cores = None,
    memory: Memory = None,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Read letters into the index; run it again to bring it up to date, or to go on where it was stopped.

    PDF, HTML, plain text, ZIP and JSONL are told apart by their content.
    """
    from imrsearch.indexer.build import build_index, this_machine
    from imrsearch.search import progress, reports

    # Paths on stdin come only once.
    given = list(named_files(paths)) if "-" in paths else None
    total = sum(1 for _ in given or named_files(paths))
    if not total:
        raise UsageError(
            "there is no file to read", hint="name a folder of letters, or files: imrsearch index ~/letters"
        )
    with progress.shown(total) as tell:
        report = build_index(
            given or named_files(paths), index_folder(index), given=() if given else paths, rebuild=rebuild,
            strict=strict, keep=keep, machine=this_machine(cores=cores, memory=memory), progress=tell,
        )  # fmt: skip
    say(reports.report_json(report) if json else reports.report_text(report))
    sys.exit(4 if report.problems else 0)


@app.command(help=HELP["reindex"])
def reindex(
    *,
    skip_damaged: Annotated[
        bool, typer.Option("--skip-damaged", help="Leave out letters that the store has lost.")
    ] = False,
    keep: Keep = 0,
    cores: Cores = None,
    memory: Memory = None,
    json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Make the index anew from its letter store; the letters' own files are not read."""
    from imrsearch.indexer.build import blocks_stored, this_machine
    from imrsearch.indexer.build import reindex as made_anew
    from imrsearch.search import progress, reports

    folder = index_folder(index)
    with progress.shown(blocks_stored(folder)) as tell:
        report = made_anew(
            folder,
            skip_damaged=skip_damaged,
            keep=keep,
            machine=this_machine(cores=cores, memory=memory),
            progress=tell,
        )
    say(reports.report_json(report) if json else reports.report_text(report))
    sys.exit(4 if report.problems else 0)


@app.command(help=HELP["check"])
def check(*, json: AsJson = False, index: IndexDir = None) -> None:
    """Look at every byte, letter and item of the index and its store, and say how to repair what is damaged."""
    from imrsearch.indexer.check import check_index
    from imrsearch.search import reports

    report = check_index(index_folder(index))
    say(reports.check_json(report) if json else reports.check_text(report))
    sys.exit(3 if report.findings else 0)


def named_files(paths: Iterable[str]) -> Iterator[Path]:
    """The files that the paths name; "-" stands for the paths on stdin, one a line."""
    from imrsearch.indexer.sources import letter_files

    for path in paths:
        if path == "-":
            for line in filter(str.strip, sys.stdin):
                named = line.rstrip("\n")
                # One path that is gone is one problem in the report, and no reason to stop.
                yield from letter_files([named]) if os.path.lexists(named) else [Path(named)]
        else:
            yield from letter_files([path])


@app.command(help=HELP["parse"])
def parse(*, paths: Paths, json: AsJson = False) -> None:
    """Print letters as understood, without an index."""
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
                say(reports.letter_json(letter) if json else render.letter_plain(letter))
            except LetterError as error:
                failed = True
                path = read.path if isinstance(read, Unread) else read.source.path
                print_error(LetterError(f"{path}: {error.message}", hint=error.hint))
    sys.exit(4 if failed else 0)
