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
# "Times-Bold", "Helvetica-BoldOblique": the fonts that every reader has need not be in the file, nor their weight.
LONGEST_NAME = 64
# PDFium writes text in units of UTF-16.
UNITS = ctypes.POINTER(ctypes.c_ushort)
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
    lines = 0
    for number in range(len(document)):
        found.append(page_of(document, number))
        lines += len(found[-1])
        check_lines(lines)
    if not any(found):
        raise SourceError("a scan without a text layer", hint="run it through OCR first; imrsearch reads text only")
    distances = [distances_of([height for _, height in page]) for page in found]
    usual = usual_distance([distance for page in distances for distance in page])
    pages = [with_gaps([line for line, _ in page], apart, usual) for page, apart in zip(found, distances, strict=True)]
    return lines_of(pages)


def page_of(document: Any, number: int) -> list[tuple[Line, float]]:
    """The lines of one page. By PDFium's own functions: what pypdfium2 puts around each page costs a twentieth."""
    page = raw.FPDF_LoadPage(document.raw, number)
    if not page:
        raise pdfium.PdfiumError("Failed to load page.")
    try:
        textpage = raw.FPDFText_LoadPage(page)
        if not textpage:
            raise pdfium.PdfiumError("Failed to load text page.")
        try:
            return page_lines(textpage)
        finally:
            raw.FPDFText_ClosePage(textpage)
    finally:
        raw.FPDF_ClosePage(page)


def page_text(textpage: Any) -> str:
    """The page's text; its first and last characters may be none of the text, and PDFium must not be asked for them."""
    first, last = 0, raw.FPDFText_CountChars(textpage) - 1
    while first <= last and (start := raw.FPDFText_GetTextIndexFromCharIndex(textpage, first)) < 0:
        first += 1
    while first <= last and (end := raw.FPDFText_GetTextIndexFromCharIndex(textpage, last)) < 0:
        last -= 1
    if first > last:
        return ""
    buffer = ctypes.create_string_buffer(2 * (end - start + 2))
    units = raw.FPDFText_GetText(textpage, first, last - first + 1, ctypes.cast(buffer, UNITS))
    return buffer.raw[: 2 * (units - 1)].decode("utf-16-le", errors="ignore")


def page_lines(textpage: Any) -> list[tuple[Line, float]]:
    """Each line of a page that holds text, with the height of its baseline in points from the page's foot."""
    found = []
    x, y = ctypes.c_double(), ctypes.c_double()
    origin = raw.FPDFText_GetCharOrigin
    for match in TEXT_LINE.finditer(page_text(textpage)):
        text = match.group()
        if words := plain(text):
            first = match.start()
            if text[0].isspace():
                first += len(text) - len(text.lstrip())
            origin(textpage, first, x, y)
            found.append((Line(words, bold=is_bold(textpage, first)), y.value))
    return found


def is_bold(textpage: Any, place: int) -> bool:
    """The character is set in bold, as its font's weight says, or the font's name where it gives no weight."""
    if weight := raw.FPDFText_GetFontWeight(textpage, place):
        return bool(weight >= BOLD)
    name = ctypes.create_string_buffer(LONGEST_NAME)
    raw.FPDFText_GetFontInfo(textpage, place, name, LONGEST_NAME, None)
    return b"Bold" in name.value


def distances_of(heights: list[float]) -> list[float | None]:
    """Points from the line above; None for the first line and where a line does not lie below the one before."""
    apart: list[float | None] = [None]
    for above, below in pairwise(heights):
        apart.append(above - below if above > below else None)
    return apart[: len(heights)]
