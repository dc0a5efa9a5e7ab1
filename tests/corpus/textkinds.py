"""Documents as plain text, the way copiers and crawlers leave it."""

from .forms import FormDocument, Run
from .layout import Line, Page, pages_of

# Columns where `pdftotext -layout` puts the cells of the header table, and of the two-column fields of 2013.
COLUMNS = {4: (0, 22, 54, 75), 2: (0, 32)}
WIDTH = 95


def plain_text(document: FormDocument) -> str:
    """A blank line between paragraphs."""
    return "\n".join("\n" * line.gap + line.text for line in all_lines(document)).lstrip("\n") + "\n"


def tight_text(document: FormDocument) -> str:
    """No blank line at all."""
    return "\n".join(line.text for line in all_lines(document)) + "\n"


def double_text(document: FormDocument) -> str:
    """A blank line after every line, a line with one space more at paragraphs; a space at each line's end."""
    lines = all_lines(document)
    return " " + "\n".join(f"{opening(line)}{line.text} \n" for line in lines).lstrip("\n") + "\n \n\n"


def opening(line: Line) -> str:
    """What stands above a line in double-spaced text: two empty lines more where a page begins."""
    if not line.row:
        return "\n\n"
    return " \n\n" if line.gap else ""


def layout_text(document: FormDocument) -> str:
    """What `pdftotext -layout` prints: titles centered, cells in columns, a form feed after each page."""
    pages = pages_of(document, width=WIDTH)
    return "".join(page_layout(document, page, number, len(pages)) for number, page in enumerate(pages, start=1))


def page_layout(document: FormDocument, page: Page, number: int, total: int) -> str:
    lines = [document.head, ""] if document.head else []
    for line in page:
        lines += [""] * (line.gap and line.row > 0)
        lines.append(row_text(line))
    if document.foot:
        lines += ["", document.foot.format(page=number, pages=total)]
    return "\n".join(lines) + "\n\f"


def row_text(line: Line) -> str:
    """A line with its cells in columns, or centered, or as it is."""
    if not line.cells:
        return line.text.center(WIDTH).rstrip() if line.centered else line.text
    row = ""
    for column, cell in zip(COLUMNS[len(line.cells)], line.cells, strict=True):
        row = row.ljust(column) + cell
    return row.rstrip()


def all_lines(document: FormDocument) -> list[Line]:
    """Every line in reading order; heads and feet land between the lines of two pages."""
    pages = pages_of(document, width=WIDTH)
    lines: list[Line] = []
    for number, page in enumerate(pages, start=1):
        lines += running(document.head, number, len(pages))
        lines += page
        lines += running(document.foot, number, len(pages))
    return lines


def running(text: str, number: int, total: int) -> list[Line]:
    return [Line((Run(text.format(page=number, pages=total)),), "running", row=-1)] if text else []
