"""HTML and XHTML letters: Tika, pdftohtml, pdftotext -htmlmeta and hand-made pages, by selectolax."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser, LexborNode

from imrsearch.indexer.sources.pages import check_lines, lines_of, plain
from imrsearch.indexer.sources.text import decode, text_lines
from imrsearch.schema.errors import SourceError
from imrsearch.schema.records import Line

# `<meta charset="windows-1252">`, `<meta http-equiv=... content="text/html; charset=utf-16">`, `<?xml encoding="...">`
DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
# XHTML's `<title/>` opens an element that an HTML parser never sees closed, and all that follows is its text.
SELF_CLOSED = re.compile(r"<(title|p|a|div|span|b|strong|td|textarea|script|style|iframe)(\s[^<>]*)?/>", re.IGNORECASE)
# A comment, or a tag with its attributes: `<div title="</div>">` is one. Atomic, so that no page can make it backtrack.
TAG = re.compile(r"""<!--(?>.*?(?:-->|\Z))|<(/?)([a-zA-Z][a-zA-Z0-9]*)(?>(?:"[^"]*"|'[^']*'|[^'">])*)""", re.DOTALL)
# Elements without an end, or whose end the parser supplies, so that they do not nest however often they stand.
NEVER_NESTED = frozenset(
    "area base br col hr img input link meta param source wbr p li tr td th dd dt option thead tbody".split()
)
# Deeper than any letter; the parser's time grows with the square of the depth.
DEEPEST = 1000
BLOCKS = frozenset(
    (
        "address article aside blockquote body caption center dd details div dl dt fieldset figure footer form h1 h2 "
        "h3 h4 h5 h6 header hr main nav li ol p pre section table tbody tfoot thead tr ul"
    ).split()
)
CELLS = frozenset(("td", "th"))
BREAKING = BLOCKS | CELLS | {"br"}
SILENT = frozenset("head script style template title noscript svg math select button textarea -comment".split())
BOLD = frozenset("b strong h1 h2 h3 h4 h5 h6 th dt".split())
BOLD_STYLE = re.compile(r"font-weight:\s*(?:bold|[6-9]00)", re.IGNORECASE)
# pdftohtml sets every run at its own place: `<p style="position:absolute;top:205px;left:282px`.
PLACED = re.compile(r"position:\s*absolute;\s*top:\s*(\d+)", re.IGNORECASE)
# Tika: `<div class="page">`; pdftohtml: `<div id="page2-div"` or `<hr/>`.
PAGE_ID = re.compile(r"^(?:page|pf)\d+", re.IGNORECASE)
ENDED = (".", "!", "?", ":", ";", '"', "”", ")")


class Run(Struct, frozen=True):
    """A piece of text, or a break, in reading order.

    kind  "text", "line" (<br>), "block" (a block begins or ends) or "page"
    text  of a piece of text
    bold  set in bold
    top   pixels from the page's head, for blocks that are placed one by one
    """

    kind: str
    text: str = ""
    bold: bool = False
    top: int | None = None


LINE_BREAK, CELL_BREAK, BLOCK_BREAK = Run("line"), Run("text", " "), Run("block")


class Row(Struct, frozen=True):
    """A line with what stood above it.

    block  a block began
    blank  an empty line stood above
    top    as in `Run`
    """

    line: Line
    block: bool
    blank: bool
    top: int | None = None


def html_lines(content: bytes) -> tuple[Line, ...]:
    """Lines of an HTML letter with gaps and bold; SourceError where the page holds no text or is no letter."""
    page = page_text(content)
    check_elements(page)
    tree = LexborHTMLParser(SELF_CLOSED.sub(r"<\1\2></\1>", page))
    body = tree.body or tree.root
    if body is None:
        raise SourceError("the page holds no text")
    if [child.tag for child in body.iter()] == ["pre"]:
        return text_lines(body.text())
    pages = [joined(rows) for rows in pages_of(counted(runs_of(body)))]
    rows = [row for page_rows in pages for row in page_rows]
    if not rows:
        raise SourceError("the page holds no text")
    blocks_are_lines = breaks_sentences(rows)
    return lines_of([[with_gap(row, blocks_are_lines=blocks_are_lines) for row in page_rows] for page_rows in pages])


def page_text(content: bytes) -> str:
    """The page decoded, by what it declares of itself where that is needed."""
    declared = DECLARED.search(content[:4096])
    return decode(content, declared.group(1).decode("ascii", "replace") if declared else None)


def check_elements(page: str) -> None:
    """SourceError for a page with more lines or deeper nested than a letter; an end that ends nothing does not count.

    The parser would need some hundred bytes an element, so this is found before.
    """
    if page.count("<") <= DEEPEST:
        # Not enough of them for either.
        return
    depth = lines = 0
    opened: Counter[str] = Counter()
    for tag in TAG.finditer(page):
        slash, name = tag.group(1), (tag.group(2) or "").lower()
        lines += not slash and (name == "br" or name in BLOCKS)
        check_lines(lines)
        if not name or (name in NEVER_NESTED and not (opened["svg"] or opened["math"])):
            continue
        if slash:
            depth -= 1 if opened[name] else 0
            opened[name] -= 1 if opened[name] else 0
            continue
        opened[name] += 1
        depth += 1
        if depth > DEEPEST:
            raise SourceError(f"the page nests more than {DEEPEST:,} elements: not a letter")


def counted(runs: Iterable[Run]) -> Iterator[Run]:
    """The runs; SourceError once their line ends are more than a letter has."""
    lines = 0
    for run in runs:
        if "\n" in run.text:
            lines += run.text.count("\n")
            check_lines(lines)
        yield run


def runs_of(root: LexborNode) -> Iterator[Run]:
    """Text and breaks of the page in reading order, without recursion."""
    node: LexborNode | None = root
    bold = [False]
    while node is not None:
        below = None
        if node.is_text_node:
            yield Run("text", node.text_content or "", bold[-1])
        elif (tag := node.tag) not in SILENT:
            bold.append(bold[-1] or is_bold(node))
            if tag in BREAKING:
                yield break_at(node)
            below = node.first_child
            if below is None:
                bold.pop()
                yield from breaks_after(node)
        while below is None and node is not None and node.mem_id != root.mem_id:
            below = node.next
            if below is None and (node := node.parent) is not None:
                bold.pop()
                yield from breaks_after(node)
        node = below


def is_bold(node: LexborNode) -> bool:
    """The element sets its text in bold."""
    return node.tag in BOLD or bool(BOLD_STYLE.search(node.attributes.get("style") or ""))


def break_at(node: LexborNode) -> Run:
    """What the start of an element of BREAKING does to the text around it."""
    if node.tag == "br":
        return LINE_BREAK
    if node.tag in CELLS:
        return CELL_BREAK
    attributes = node.attributes
    starts_page = node.tag == "hr" or attributes.get("class") == "page" or PAGE_ID.match(attributes.get("id") or "")
    placed = PLACED.search(attributes.get("style") or "")
    return Run("page" if starts_page else "block", top=int(placed.group(1)) if placed else None)


def breaks_after(node: LexborNode) -> Iterator[Run]:
    """What the end of an element does to the text around it."""
    if (tag := node.tag) in CELLS:
        yield CELL_BREAK
    elif tag in BLOCKS:
        yield BLOCK_BREAK


def pages_of(runs: Iterable[Run]) -> Iterator[list[Row]]:
    """Rows of each page."""
    rows: list[Row] = []
    block: list[Run] = []
    top, blank = None, False
    for run in (*runs, Run("page")):
        if run.kind in ("text", "line"):
            block.append(run)
            continue
        if block:
            found, blank = rows_of(block, top=top, blank=blank)
            rows.extend(found)
            block = []
        top = run.top
        if run.kind == "page":
            yield rows
            rows = []


def rows_of(block: Sequence[Run], *, top: int | None, blank: bool) -> tuple[list[Row], bool]:
    """Rows of one block, and whether an empty line stands at its end.

    Where the block has <br>, those are its line ends; else the line ends of its source are, since extractors keep the
    PDF's own. An empty line is one between two <br>, or a block with nothing but no-break spaces.
    """
    rows: list[Row] = []
    broken = any(run.kind == "line" for run in block)
    for number, pieces in enumerate(split_at_breaks(block, broken=broken)):
        words = plain("".join(run.text for run in pieces))
        if words:
            bold = next(run.bold for run in pieces if run.text.strip())
            rows.append(
                Row(Line(words, bold=bold), block=number == 0 or not rows, blank=blank, top=top if not rows else None)
            )
            blank = False
        elif (broken and number) or any("\xa0" in run.text for run in pieces):
            blank = True
    return rows, blank


def split_at_breaks(block: Sequence[Run], *, broken: bool) -> Iterator[list[Run]]:
    """The pieces of text of each line: cut at <br> where `broken`, else at the line ends of the source."""
    pieces: list[Run] = []
    for run in block:
        if run.kind == "line":
            yield pieces
            pieces = []
            continue
        if broken or "\n" not in run.text:
            pieces.append(run)
            continue
        head, *rest = run.text.split("\n")
        pieces.append(replace(run, text=head))
        for text in rest:
            yield pieces
            pieces = [replace(run, text=text)]
    yield pieces


def joined(rows: Sequence[Row]) -> list[Row]:
    """Rows with those placed at the same height made one: a bold label and the text beside it."""
    beside: list[list[Row]] = []
    for row in rows:
        if beside and row.top is not None and row.top == beside[-1][0].top:
            beside[-1].append(row)
        else:
            beside.append([row])
    return [
        replace(first, line=replace(first.line, text=" ".join(row.line.text for row in (first, *others))))
        if others
        else first
        for first, *others in beside
    ]


def breaks_sentences(rows: Sequence[Row]) -> bool:
    """Blocks are single lines, not paragraphs: many begin in lower case after a line without an end mark."""
    blocks = [(above.line.text, row.line.text) for above, row in pairwise(rows) if row.block]
    broken = sum(1 for above, text in blocks if text[0].islower() and not above.endswith(ENDED))
    return broken > len(blocks) * 0.2


def with_gap(row: Row, *, blocks_are_lines: bool) -> Line:
    """The row's line with its gap: blocks are paragraphs unless they are placed one by one or are single lines."""
    if not row.blank and row.block and (row.top is not None or blocks_are_lines):
        return row.line
    return Line(row.line.text, row.blank or row.block, row.line.bold)
