"""PDF letters: text with line positions and weights, by PDFium."""

import ctypes
import re
from itertools import pairwise
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from imrsearch.indexer.sources.pages import check_lines, lines_of, plain, usual_distance, with_gaps
from imrsearch.schema.errors import SourceError
from imrsearch.schema.records import Line

BOLD = 600
# PDFium ends a line with CR LF, but runs two together where the first ends in a hyphen, with U+FFFE between
# (U+0002 in earlier versions).
TEXT_LINE = re.compile(r"[^\r\n\x02\ufffe]+[\x02\ufffe]?")
# PDFium's own codes, of FPDF_GetLastError.
NEEDS_PASSWORD = 4
MOST_PAGES = 500
# A whole PDF says that it ends; a torn download does not.
END_MARK = b"%%EOF"
END_WITHIN = 4096


def pdf_lines(content: bytes) -> tuple[Line, ...]:
    """Lines of a PDF letter with gaps and bold; SourceError for what is damaged, locked or a scan.

    The letters are encrypted with an empty password, which PDFium tries by itself.
    """
    if END_MARK not in content[-END_WITHIN:]:
        raise SourceError("the PDF is cut short: its end is missing", hint="download the letter again")
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == NEEDS_PASSWORD:
            raise SourceError("the PDF needs a password", hint="save a copy without a password") from error
        raise SourceError("the PDF is damaged: PDFium cannot open it", hint="download the letter again") from error
    try:
        return document_lines(document)
    except pdfium.PdfiumError as error:
        raise SourceError(f"the PDF is damaged: {error}", hint="download the letter again") from error
    finally:
        document.close()


def document_lines(document: Any) -> tuple[Line, ...]:
    """Lines of an opened PDF; SourceError where it holds no text or more than a letter."""
    if len(document) > MOST_PAGES:
        raise SourceError(f"the PDF has {len(document)} pages: not a letter")
    found: list[list[tuple[Line, float]]] = []
    for number in range(len(document)):
        page = document[number]
        textpage = page.get_textpage()
        found.append(page_lines(textpage))
        check_lines(sum(map(len, found)))
        textpage.close()
        page.close()
    if not any(found):
        raise SourceError("a scan without a text layer", hint="run it through OCR first; imrsearch reads text only")
    distances = [distances_of([height for _, height in page]) for page in found]
    usual = usual_distance([distance for page in distances for distance in page])
    pages = [with_gaps([line for line, _ in page], apart, usual) for page, apart in zip(found, distances, strict=True)]
    return lines_of(pages)


def page_lines(textpage: Any) -> list[tuple[Line, float]]:
    """Each line of a page that holds text, with the height of its baseline in points from the page's foot."""
    found = []
    handle = textpage.raw
    x, y = ctypes.c_double(), ctypes.c_double()
    for match in TEXT_LINE.finditer(textpage.get_text_range()):
        text = match.group()
        words = plain(text)
        if words:
            first = match.start() + len(text) - len(text.lstrip())
            raw.FPDFText_GetCharOrigin(handle, first, x, y)
            bold = raw.FPDFText_GetFontWeight(handle, first) >= BOLD
            found.append((Line(words, bold=bold), y.value))
    return found


def distances_of(heights: list[float]) -> list[float | None]:
    """Points from the line above; None for the first line and where a line does not lie below the one before."""
    apart: list[float | None] = [None]
    for above, below in pairwise(heights):
        apart.append(above - below if above > below else None)
    return apart[: len(heights)]
