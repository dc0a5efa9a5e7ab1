"""Document to lines and pages, for any way of measuring a line."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from .forms import Block, FormDocument, Run, Table

# "10-20-2016" may break after a hyphen, as a word processor breaks it: "10-", "20-", "2016".
PIECE = re.compile(r"\s+|[^\s-]+-?|-+")

# Lines that break at spaces only, for tools that swallow a hyphen at a line's end.
WHOLE_WORD = re.compile(r"\s+|\S+")

ROWS = 46

Measure = Callable[[str, bool], float]


@dataclass(frozen=True)
class Line:
    """One printed line.

    gap    more space above than between lines of a paragraph
    cells  of a table row, instead of runs
    row    place on the page, in line heights; 0 at its top, where no gap is seen
    """

    runs: tuple[Run, ...]
    role: str
    gap: bool = False
    centered: bool = False
    cells: tuple[str, ...] = ()
    row: int = 0

    @property
    def text(self) -> str:
        return " ".join(cell for cell in self.cells if cell) or "".join(run.text for run in self.runs).strip()


Page = tuple[Line, ...]


def by_characters(text: str, bold: bool) -> float:
    return len(text)


@lru_cache(maxsize=1_000)
def pages_of(
    document: FormDocument, *, width: float = 95, measure: Measure = by_characters, piece: re.Pattern[str] = PIECE
) -> tuple[Page, ...]:
    """The document's lines on their pages. A page breaks where it is full, also inside a sentence."""
    pages: list[list[Line]] = [[]]
    row = 0
    for block in document.blocks:
        if getattr(block, "new_page", False) and pages[-1]:
            pages.append([])
            row = 0
        for line in lines_of(block, width, measure, piece):
            row += int(line.gap and bool(pages[-1]))
            if row >= ROWS:
                pages.append([])
                row = 0
            pages[-1].append(replace(line, row=row))
            row += 1
    return tuple(tuple(page) for page in pages)


def lines_of(block: Block | Table, width: float, measure: Measure, piece: re.Pattern[str]) -> list[Line]:
    """One block as lines; the first carries the block's gap."""
    if isinstance(block, Table):
        return [Line((), "cells", gap=not number, cells=cells) for number, cells in enumerate(block.rows)]
    wrapped = wrap(words_of(block.runs, piece), width, measure)
    lines = [Line(tuple(runs), block.role, centered=block.centered) for runs in wrapped]
    if block.role == "item" and len(lines) > 1 and len(lines[-1].text.split()) == 1:
        # In the letters an outcome that wraps onto a line of its own is not bold.
        lines[-1] = replace(lines[-1], runs=tuple(replace(run, bold=False) for run in lines[-1].runs))
    return [replace(lines[0], gap=block.gap), *lines[1:]]


def wrap(words: list[list[Run]], width: float, measure: Measure) -> list[list[Run]]:
    """The words filled into lines."""
    lines: list[list[Run]] = [[]]
    used = 0.0
    for word in words:
        size = sum(measure(piece.text.rstrip(), piece.bold) for piece in word)
        if lines[-1] and (word[0].newline or used + size > width):
            lines.append([])
            used = 0.0
        for piece in word:
            lines[-1].append(piece)
            used += measure(piece.text, piece.bold)
    return [joined(line) for line in lines]


def words_of(runs: tuple[Run, ...], piece_form: re.Pattern[str]) -> list[list[Run]]:
    """Pieces that no line break may part: a word with the space behind it, maybe across a change of weight."""
    words: list[list[Run]] = []
    open_word = False
    for run in runs:
        for number, text in enumerate(piece_form.findall(run.text)):
            piece = Run(text, run.bold, run.newline and not number)
            if words and (open_word or text.isspace()) and not piece.newline:
                words[-1].append(piece)
            else:
                words.append([piece])
            open_word = not text.isspace() and not (text.endswith("-") and len(text) > 1)
    return words


def joined(pieces: list[Run]) -> list[Run]:
    """Neighbouring pieces of one weight as one run, without the space at the line's end."""
    runs: list[Run] = []
    for piece in pieces:
        if runs and runs[-1].bold == piece.bold:
            runs[-1] = Run(runs[-1].text + piece.text, piece.bold)
        else:
            runs.append(Run(piece.text, piece.bold))
    runs[-1] = Run(runs[-1].text.rstrip(), runs[-1].bold)
    return [run for run in runs if run.text]
