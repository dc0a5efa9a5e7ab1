"""Documents as PDF, laid out and encrypted as the state's own files are."""

import io

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from .forms import FormDocument
from .layout import Line, Page, pages_of

LEFT = 72
TOP = 712
LEADING = 13.8
SIZE = 12
PAPER = (612, 792)
TEXT_WIDTH = PAPER[0] - 2 * LEFT
FACES = {False: "Times-Roman", True: "Times-Bold"}

# Where the cells of a table begin: two pairs of label and value, or one.
CELLS = {4: (72.5, 180, 329.8, 428), 2: (72.5, 252)}
CELL_FACES = ("Helvetica-Bold", "Helvetica")
CELL_SIZE = 11


def pdf_bytes(document: FormDocument, *, tight: bool = False) -> bytes:
    """The document encrypted with AES and an empty user password; TIGHT leaves no space between paragraphs.

    The bytes differ from run to run, since AES starts from random bytes; the pages do not (see `same_pages`).
    """
    from pikepdf import Encryption, Pdf, Permissions

    out = io.BytesIO()
    with Pdf.open(io.BytesIO(open_pdf(document, tight=tight))) as pdf:
        allow = Permissions(extract=False, modify_annotation=False, modify_other=False)
        pdf.save(out, encryption=Encryption(owner="fiction", user="", R=4, allow=allow), static_id=True)
    return out.getvalue()


def open_pdf(document: FormDocument, *, tight: bool = False) -> bytes:
    """The document before encryption: the same bytes every time."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=PAPER, invariant=True, pageCompression=1)
    canvas.setTitle(document.title)
    canvas.setAuthor("imrsearch (fictional letters)")
    pages = pages_of(document, width=TEXT_WIDTH, measure=by_points)
    for number, page in enumerate(pages, start=1):
        draw_page(canvas, page, tight=tight)
        draw_running(canvas, document.head, 752)
        draw_running(canvas, document.foot.format(page=number, pages=len(pages)), 40)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def by_points(text: str, bold: bool) -> float:
    return stringWidth(text, FACES[bold], SIZE)


def draw_page(canvas: Canvas, page: Page, *, tight: bool) -> None:
    for number, line in enumerate(page):
        y = TOP - LEADING * (number if tight else line.row)
        if line.cells:
            draw_cells(canvas, line, y)
        else:
            draw_line(canvas, line, y)


def draw_cells(canvas: Canvas, line: Line, y: float) -> None:
    for number, (x, cell) in enumerate(zip(CELLS[len(line.cells)], line.cells, strict=True)):
        canvas.setFont(CELL_FACES[number % 2], CELL_SIZE)
        canvas.drawString(x, y, cell)


def draw_line(canvas: Canvas, line: Line, y: float) -> None:
    """One line, run by run, each ending in the space that a word processor leaves there."""
    width = sum(by_points(run.text, run.bold) for run in line.runs)
    x = LEFT + (TEXT_WIDTH - width) / 2 if line.centered else LEFT
    for number, run in enumerate(line.runs, start=1):
        canvas.setFont(FACES[run.bold], SIZE)
        canvas.drawString(x, y, run.text + " " * (number == len(line.runs)))
        x += by_points(run.text, run.bold)


def draw_running(canvas: Canvas, text: str, y: float) -> None:
    """A head or foot: its parts, which wide space separates, spread over the line."""
    canvas.setFont(FACES[False], 10)
    parts = [part.strip() for part in text.split("   ") if part.strip()]
    if not parts:
        return
    canvas.drawString(LEFT, y, parts[0])
    if len(parts) > 2:
        canvas.drawCentredString(PAPER[0] / 2, y, parts[1])
    if len(parts) > 1:
        canvas.drawRightString(PAPER[0] - LEFT, y, parts[-1])


def same_pages(one: bytes, other: bytes) -> bool:
    """Whether two PDF files hold the same pages and the same title, however they are encrypted."""
    return contents(one) == contents(other)


def contents(pdf_file: bytes) -> list[bytes]:
    from pikepdf import Pdf

    with Pdf.open(io.BytesIO(pdf_file), password="") as pdf:
        return [str(pdf.docinfo.get("/Title")).encode(), *(page.Contents.read_bytes() for page in pdf.pages)]
