"""Documents as HTML: what Tika and poppler make of the state's PDFs, and pages that somebody wrote by hand."""

import itertools
import re
from collections.abc import Callable
from html import escape

from .forms import Block, FormDocument, Run, Table
from .layout import WHOLE_WORD, Line, Page, pages_of

NBSP = "&#160;"


def tika(document: FormDocument) -> str:
    """Tika's XHTML: an empty <title/>, a <div class="page"> a page, the lines of a paragraph in one <p>."""
    pages = pages_of(document)
    body = "".join(tika_page(document, page, number, len(pages)) for number, page in enumerate(pages, start=1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml">\n<head>\n'
        '<meta name="pdf:PDFVersion" content="1.6"/>\n'
        '<meta name="X-Parsed-By" content="org.apache.tika.parser.pdf.PDFParser"/>\n'
        f'<meta name="xmpTPg:NPages" content="{len(pages)}"/>\n'
        '<meta name="Content-Type" content="application/pdf"/>\n'
        f"<title/>\n</head>\n<body>{body}</body></html>\n"
    )


def tika_page(document: FormDocument, page: Page, number: int, total: int) -> str:
    paragraphs = [tika_lines(group) for group in groups_of(page)]
    paragraphs = with_running(paragraphs, document, number, total)
    inner = "".join(
        "<p>" + "".join(f"{escape(text, quote=False)} \n" for text in lines) + "</p>\n" for lines in paragraphs
    )
    return f'<div class="page"><p/>\n{inner}<p/>\n</div>\n'


def tika_lines(group: list[Line]) -> list[str]:
    """The lines of a paragraph. Of the header table, the cell of two lines comes before the date beside it."""
    if len(group[0].cells) != 4:
        return [line.text for line in group]
    *rows, application, received = [[cell for cell in line.cells if cell] for line in group]
    return [*(" ".join(row) for row in rows), " ".join(application[:-1]), " ".join(received), application[-1]]


def pdftohtml(document: FormDocument) -> str:
    """`pdftohtml -i -noframes`: lines end in <br/>, a cell is a line, pages end in <hr/>."""
    pages = pages_of(document)
    body = ""
    for number, page in enumerate(pages, start=1):
        pieces = [piece for group in groups_of(page) for piece in poppler_pieces(group)]
        markup = with_running([[piece] for piece in pieces], document, number, len(pages))
        body += f"<a name={number}></a>" + "".join(f"{piece}<br/>\n" for [piece] in markup) + "<hr/>\n"
    return poppler_page(document, body)


def pdftohtml_complex(document: FormDocument) -> str:
    """`pdftohtml -c -i -noframes`: each paragraph placed by CSS, its lines parted by <br/>."""
    return placed_page(document, groups_of)


def pdftohtml_old(document: FormDocument) -> str:
    """The same from an older poppler: each line placed by CSS, and no space that breaks."""
    page = placed_page(document, lambda page: [[line] for line in page])
    return re.sub(r"(?<=>)[^<>\n]+(?=<)", lambda match: match[0].replace(" ", NBSP), page)


def placed_page(document: FormDocument, grouped: Callable[[Page], list[list[Line]]]) -> str:
    pages = pages_of(document)
    body = ""
    for number, page in enumerate(pages, start=1):
        placed = [placed_paragraph(x, row, piece) for group in grouped(page) for x, row, piece in places(group)]
        if document.head:
            placed.insert(0, placed_paragraph(72, -3, document.head))
        if document.foot:
            placed.append(placed_paragraph(72, 49, footer(document, number, len(pages))))
        body += (
            f'<!-- Page {number} -->\n<a name="{number}"></a>\n<style type="text/css">\n<!--\n'
            "\tp {margin: 0; padding: 0;}\t.ft00{font-size:18px;font-family:Times;color:#000000;}\n-->\n</style>\n"
            f'<div id="page{number}-div" style="position:relative;width:918px;height:1188px;">\n'
            + "".join(placed)
            + "</div>\n"
        )
    return poppler_page(document, body)


def placed_paragraph(x: float, row: int, markup: str) -> str:
    top = round((80 + 13.8 * row) * 1.5)
    style = f"position:absolute;top:{top}px;left:{round(x * 1.5)}px;white-space:nowrap"
    return f'<p style="{style}" class="ft00">{markup}</p>\n'


def places(group: list[Line]) -> list[tuple[float, int, str]]:
    """Where the pieces of a group stand: points from the left, row, markup."""
    if group[0].cells:
        columns = (72.5, 180, 329.8, 428) if len(group[0].cells) == 4 else (72.5, 252)
        markup = iter(poppler_pieces(group))
        return [
            (x, line.row, next(markup)) for line in group for x, cell in zip(columns, line.cells, strict=True) if cell
        ]
    left = 200.0 if group[0].centered else 72.0
    return [(left, group[0].row, piece) for piece in poppler_pieces(group)]


def poppler_pieces(group: list[Line]) -> list[str]:
    """A paragraph as poppler marks it up; of a table, each cell. Bold reaches over the <br/>: <b>one<br/></b>two."""
    if group[0].cells:
        rows = [[(number % 2 == 0, cell) for number, cell in enumerate(line.cells) if cell] for line in group]
        return [f"<b>{escape(cell)}</b>" if label else escape(cell) for row in rows for label, cell in row]
    runs = []
    for number, line in enumerate(group, start=1):
        runs += [(run.bold, spaced(run.text)) for run in line.runs]
        runs[-1] = (runs[-1][0], runs[-1][1] + NBSP + "<br/>" * (number < len(group)))
    markup = ""
    for bold, pieces in itertools.groupby(runs, key=lambda run: run[0]):
        text = "".join(piece for _, piece in pieces)
        markup += f"<b>{text}</b>" if bold else text
    return [markup]


def spaced(text: str) -> str:
    """Escaped; a space at the end of a run or next to another one does not break."""
    text = re.sub(r" (?= |$)", "\N{NO-BREAK SPACE}", escape(text, quote=False))
    return text.replace("\N{NO-BREAK SPACE}", NBSP)


def poppler_page(document: FormDocument, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="" xml:lang="">\n<head>\n'
        f"<title>{escape(document.title)}</title>\n"
        '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8"/>\n'
        '<meta name="generator" content="pdftohtml 0.36"/>\n'
        '<style type="text/css">\n<!--\n.xflip {\n    transform: scaleX(-1);\n    filter: fliph;\n}\n-->\n</style>\n'
        f'</head>\n<body bgcolor="#A0A0A0" vlink="blue" link="blue">\n{body}</body>\n</html>\n'
    )


def htmlmeta(document: FormDocument) -> str:
    """`pdftotext -htmlmeta`: one <pre>, no space between paragraphs, tables column by column, a form feed a page."""
    pages = pages_of(document, piece=WHOLE_WORD)
    body = ""
    for number, page in enumerate(pages, start=1):
        lines = [document.head, ""] if document.head else []
        for group in groups_of(page):
            lines += columns_of(group) if group[0].cells else [line.text for line in group]
        lines += ["", footer(document, number, len(pages))] if document.foot else []
        body += "\n".join(lines) + "\n\n\f"
    return (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd"><html xmlns="http://www.w3.org/1999/xhtml">\n'
        f"<head>\n<title>{escape(document.title)}</title>\n"
        '<meta name="Producer" content="imrsearch (fictional letters)"/>\n'
        f"</head>\n<body>\n<pre>\n{escape(body, quote=False)}</pre>\n</body>\n</html>\n"
    )


def columns_of(group: list[Line]) -> list[str]:
    """A table as poppler's reading order has it: the first column, then the second, an empty line after each."""
    lines: list[str] = []
    for column in zip(*(line.cells for line in group), strict=True):
        lines += [*filter(None, column), ""]
    return lines


def groups_of(page: Page) -> list[list[Line]]:
    """The lines of a page by paragraph, as their places on the page suggest it."""
    groups: list[list[Line]] = []
    for line in page:
        apart = line.gap or line.centered or not groups or groups[-1][-1].centered
        if apart or bool(line.cells) != bool(groups[-1][-1].cells):
            groups.append([])
        groups[-1].append(line)
    return groups


def with_running(parts: list[list[str]], document: FormDocument, number: int, total: int) -> list[list[str]]:
    head = [[document.head]] if document.head else []
    foot = [[footer(document, number, total)]] if document.foot else []
    return [*head, *parts, *foot]


def footer(document: FormDocument, number: int, total: int) -> str:
    return " ".join(document.foot.format(page=number, pages=total).split())


def handmade(document: FormDocument, *, charset: str | None = "utf-8", table: str = "table") -> str:
    """A page by hand: h2, h3, p, lists, a table or a <dl>; spans inside words; source lines wrapped anywhere."""
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">\n' if charset else ""
    body = "\n".join(handmade_blocks(document, table))
    return (
        f"<!DOCTYPE html>\n<html lang=en>\n<head>\n{meta}<title>{escape(document.title)}</title>\n"
        "<style>h3 { margin-top: 2em } /* Claims Administrator guideline: none */</style>\n"
        '<script>var labels = "Decision rationale: none";</script>\n'
        f"</head>\n<body>\n<!-- written by hand -->\n<h1>A letter</h1>\n{body}\n</body>\n</html>\n"
    )


def handmade_blocks(document: FormDocument, table: str) -> list[str]:
    out: list[str] = []
    for block in document.blocks:
        if isinstance(block, Table):
            out.append(handmade_table(block) if table == "table" else handmade_dl(block))
        elif block.role == "bullet":
            out.append(f"<ul><li>{inline(block).removeprefix('• ')}</li></ul>")
        elif not block.gap and out and out[-1].endswith("</p>"):
            out[-1] = out[-1].removesuffix("</p>") + f"<br>{inline(block)}</p>"
        else:
            tag = {"title": "h2", "item": "h3"}.get(block.role, "p")
            out.append(f"<{tag}>{inline(block)}</{tag}>")
    return out


def handmade_rows(table: Table) -> list[tuple[str, str]]:
    """Label and value, row by row; the label that wraps in the letters is whole here."""
    pairs = [pair for row in table.rows for pair in zip(row[::2], row[1::2], strict=True) if pair[0]]
    return [("Application Received:" if label == "Application" else label, value) for label, value in pairs if value]


def handmade_table(table: Table) -> str:
    rows = [f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>" for label, value in handmade_rows(table)]
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def handmade_dl(table: Table) -> str:
    rows = [f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in handmade_rows(table)]
    return "<dl>\n" + "\n".join(rows) + "\n</dl>"


def inline(block: Block) -> str:
    """The runs of a block: <strong> for bold outside headings, <em> for an outcome, spans inside some words."""
    return re.sub(r"(.{70}\S*?) ", r"\1\n", "".join(inline_run(run, block.role) for run in block.runs))


def inline_run(run: Run, role: str) -> str:
    text = split_words(escape(run.text, quote=False))
    if role == "item":
        is_outcome = run.text in {"Upheld", "Overturned", "Withdrawn"}
        return ("<br>" if run.newline else "") + (f"<em>{text}</em>" if is_outcome else text)
    return f"<strong>{text}</strong>" if run.bold else text


def split_words(text: str) -> str:
    """Every ninth long word with a span inside: "clona<span>zepam</span>"."""
    count = itertools.count(1)

    def span(match: re.Match[str]) -> str:
        word = match[0]
        return word if next(count) % 9 else f"{word[:5]}<span>{word[5:]}</span>"

    return re.sub(r"\b[A-Za-z]{8,}\b", span, text)
