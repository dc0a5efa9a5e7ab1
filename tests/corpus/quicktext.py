"""Documents as plain text, the quick way: what `textkinds.plain_text` gives, without an object for each line.

Where thousands of letters are written, the general layout would cost more than indexing them.
"""

import re

from .forms import Block, FormDocument, Table
from .layout import ROWS
from .textkinds import WIDTH

# As many characters as fit, up to a space or behind the hyphen of a word; a longer word stands alone.
LINE = re.compile(rf"(?:\S{{{WIDTH + 1},}}|.{{1,{WIDTH}}}(?:(?=\s|$)|(?<=[^\s-]-)(?=[^\s-])))\s*")


def quick_text(document: FormDocument) -> str:
    """A blank line between paragraphs."""
    pages: list[list[str]] = [[]]
    row = 0
    for block in document.blocks:
        if getattr(block, "new_page", False) and pages[-1]:
            pages.append([])
            row = 0
        gap = isinstance(block, Table) or block.gap
        for line in lines_of(block):
            row += gap and bool(pages[-1])
            if row >= ROWS:
                pages.append([])
                row = 0
            pages[-1].append(f"\n{line}" if gap else line)
            row += 1
            gap = False
    whole = [framed(document, page, number, len(pages)) for number, page in enumerate(pages, start=1)]
    return "\n".join(line for page in whole for line in page).lstrip("\n") + "\n"


def framed(document: FormDocument, page: list[str], number: int, total: int) -> list[str]:
    """The page's lines between its head and its foot."""
    head = [document.head.format(page=number, pages=total)] if document.head else []
    return [*head, *page, *([document.foot.format(page=number, pages=total).strip()] if document.foot else [])]


def lines_of(block: Block | Table) -> list[str]:
    if isinstance(block, Table):
        return [" ".join(cell for cell in row if cell) for row in block.rows]
    lines: list[str] = []
    text = ""
    for run in block.runs:
        if run.newline and text:
            lines += [line.rstrip() for line in LINE.findall(text)]
            text = ""
        text += run.text
    return [*lines, *(line.rstrip() for line in LINE.findall(text))]
