"""Tables, one row an item, in the contract's names: CSV, TSV, JSON lines, and a workbook."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO, cast

import msgspec

from imrsearch.schema.errors import UsageError
from imrsearch.schema.records import Citation
from imrsearch.search.exports.characters import without_formula
from imrsearch.search.listing import Head, Listed
from imrsearch.search.render import cited

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Value = str | int | float | tuple[str, ...] | tuple[Citation, ...] | None
Cell = str | int | float | None

COLUMNS: dict[str, Callable[[Listed], Value]] = {
    "id": lambda listed: listed.item.id,
    "letter_id": lambda listed: listed.letter.letter_id,
    "item": lambda listed: listed.item.item,
    "treatment": lambda listed: listed.item.treatment,
    "outcome": lambda listed: listed.item.outcome,
    "decision_date": lambda listed: listed.letter.decision_date,
    "specialties": lambda listed: listed.letter.specialties,
    "drugs": lambda listed: listed.item.drugs,
    "drug_classes": lambda listed: listed.item.drug_classes,
    "category": lambda listed: listed.item.category,
    "subcategory": lambda listed: listed.item.subcategory,
    "body_parts": lambda listed: listed.item.body_parts,
    "strength": lambda listed: listed.item.strength,
    "quantity": lambda listed: listed.item.quantity,
    "imr_guideline": lambda listed: listed.item.imr_guideline,
    "ur_guideline": lambda listed: listed.item.ur_guideline,
    "imr_citations": lambda listed: listed.item.imr_citations,
    "rationale": lambda listed: listed.item.rationale,
    "citation": lambda listed: listed.citation,
    "score": lambda listed: listed.score,
}
DAYS = ("decision_date",)
# Widths of a workbook's columns, in characters.
WIDTHS = {
    "treatment": 40,
    "imr_guideline": 40,
    "ur_guideline": 40,
    "imr_citations": 40,
    "rationale": 80,
    "citation": 55,
}
WIDTH = 16
# What a workbook can hold: rows of a sheet, and units of UTF-16 in a cell.
MOST_ROWS = 1_048_575
MOST_UNITS = 32_767
CUT = " … [cut: a cell holds no more]"


class Line:
    """A file for `csv.writer` that gives back what is written."""

    def write(self, line: str) -> str:
        """The line."""
        return line


def cells_of(listed: Listed) -> list[Cell]:
    """One row: lists joined, nothing that a spreadsheet would compute."""
    return [cell_of(value(listed)) for value in COLUMNS.values()]


def cell_of(value: Value) -> Cell:
    """The value as one cell holds it."""
    if isinstance(value, tuple):
        value = "; ".join(cited(part) if isinstance(part, Citation) else part for part in value)
    return without_formula(value) if isinstance(value, str) else value


def as_csv(items: Iterable[Listed], head: Head, *, delimiter: str = ",") -> Iterator[str]:
    """Lines that begin with # for the head, then a line of names, then a line an item; every text is quoted.

    So no line but the head's begins with #, and no # within a text can be taken for a comment.
    """
    # The writer gives back what its file's `write` does.
    line = cast(
        "Callable[[Iterable[Cell]], str]",
        csv.writer(Line(), delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerow,
    )
    for name, value in head.facts():
        yield f"# {name}{delimiter}{line([without_formula(value)])}"
    yield line(COLUMNS)
    for listed in items:
        yield line(cells_of(listed))


def as_tsv(items: Iterable[Listed], head: Head) -> Iterator[str]:
    """The same with tabs between the cells."""
    return as_csv(items, head, delimiter="\t")


def as_jsonl(items: Iterable[Listed], head: Head) -> Iterator[str]:
    """One object for the head, then one an item, with lists as lists and texts as they are."""
    encode = msgspec.json.Encoder().encode
    yield encode({"export": head}).decode() + "\n"
    for listed in items:
        yield encode({name: value(listed) for name, value in COLUMNS.items()}).decode() + "\n"


def write_xlsx(items: Iterable[Listed], head: Head, stream: BinaryIO) -> None:
    """A workbook with the sheets About and Items; rows go to a file of their own as they come."""
    from xlsxwriter import Workbook

    if head.listed > MOST_ROWS:
        raise UsageError(
            f"a sheet holds {MOST_ROWS:,} items, not {head.listed:,}", hint="take --format csv, or --limit"
        )
    with TemporaryDirectory() as folder:
        book = Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        try:
            bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
            fill_about(book.add_worksheet("About"), head, bold=bold)
            fill_items(book.add_worksheet("Items"), items, bold=bold, day=day)
            book.close()
        finally:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()


def fill_about(sheet: "Worksheet", head: Head, *, bold: "Format") -> None:
    """Two columns: the head's facts by name."""
    sheet.set_column(0, 0, WIDTH)
    sheet.set_column(1, 1, WIDTHS["rationale"])
    for row, (name, value) in enumerate(head.facts()):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, fitting(without_formula(value)))


def fill_items(sheet: "Worksheet", items: Iterable[Listed], *, bold: "Format", day: "Format") -> None:
    """A row of names, which stays in sight, then one an item; the workbook opens here."""
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, WIDTHS.get(name, WIDTH))
        sheet.write_string(0, column, name, bold)
    row = 0
    for row, listed in enumerate(items, start=1):
        write_row(sheet, row, cells_of(listed), day=day)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, row, len(COLUMNS) - 1)
    sheet.activate()


def write_row(sheet: "Worksheet", row: int, cells: Iterable[Cell], *, day: "Format") -> None:
    """Numbers as numbers, days as days, all else as text."""
    for column, (name, cell) in enumerate(zip(COLUMNS, cells, strict=True)):
        if isinstance(cell, int | float):
            sheet.write_number(row, column, cell)
        elif cell and name in DAYS:
            sheet.write_datetime(row, column, date.fromisoformat(cell), day)
        elif cell:
            sheet.write_string(row, column, fitting(cell))


def fitting(text: str) -> str:
    """The text, cut where a cell cannot hold it."""
    if len(text) * 2 <= MOST_UNITS or len(units := text.encode("utf-16-le")) <= 2 * MOST_UNITS:
        return text
    # Half of a pair of units is left out.
    return units[: 2 * (MOST_UNITS - len(CUT))].decode("utf-16-le", "ignore") + CUT
