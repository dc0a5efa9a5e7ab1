"""Lists of items in every format, read back by another program's reader; how an item is cited."""

import csv
import io
import json
import re
import zipfile
from datetime import datetime

import docx
import markdown_it
import msgspec
import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from imrsearch.schema.errors import UsageError
from imrsearch.schema.records import Letter
from imrsearch.search import export
from imrsearch.search.citation import citation_of, quotation
from imrsearch.search.exports.tables import COLUMNS, CUT
from imrsearch.search.listing import Head, Listed
from imrsearch.search.results import IndexFigures
from tests.factories import citation, item, letter

HEAD = Head(
    about="search",
    query='-weaning "4 weeks", {a} @b',
    query_as_run="-weaning =4",
    filters={"outcome": ["upheld", "overturned"], "drug_class": ["opioids"], "since": "2016"},
    order="newest",
    total=1_234,
    total_letters=700,
    total_families=900,
    notices=('the last quote is left open\n    "4 weeks\n    ^',),
    listed=3,
    index=IndexFigures(7, 1_000, 2_400),
    date="2020-02-29",
)
# What letters and their files' names may hold, with what makes each a trap.
HOSTILE = {
    "formula": '=HYPERLINK("http://example.org","click")',
    "plus": "+1 visit",
    "minus": "-2 tablets",
    "at": "@SUM(A1)",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "spaces": "   =1+1",
    "full-width": "＝1+1",
    "controls": "Norco\x00\x1b[31m\x07 #60",
    "line-ends": "one\ntwo\r\nthree\u2028four\x85five",
    "half-character": "half \ud800 one",
    "quotes": 'say "yes", "no"',
    "open-quote": '"',
    "comment": "# no comment",
    "emoji": "🦴 bone ’ – §",
    "markup": "<b>*x*</b> _y_ `z` [a](b) &lt; & \\ ~~s~~",
    "tex": "{ $5 & 50% #60 _x_ ^ ~ \\ } }",
    "tag": "TY  - CASE",
    "entry": "@misc{x,",
    "xml": "_x0041_ ]]> &#65; </t>",
}
FORMULA_SIGNS = set("=+-@＝＋－＠\t\r")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def hostile(name: str) -> Listed:
    text = HOSTILE[name]
    one = item(
        text, rationale=text, imr_guideline=text, drugs=("b", "a"), quantity=-5, strength="10/325mg",
        imr_citations=(citation("Opioids", pages=(76, 77)), citation("Weaning")),
    )  # fmt: skip
    return Listed(letter("CM16-0000001", one, decision_date="2016-05-04", specialties=("Pain", "Surgery")), 1.5)


PLAIN = Listed(letter("00123", item("Back brace", rationale="A brace helps. The request is not medically necessary.")))


def written(format: str, *items: Listed, head: Head = HEAD) -> bytes:
    stream = io.BytesIO()
    export.write_items(iter(items), head, format=format, stream=stream)
    return stream.getvalue()


def one_line(text: str) -> str:
    """As a reader sees it: white space is white space."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text).split())


# The house form.
@pytest.mark.parametrize(
    ("letter_id", "day", "cited"),
    [
        pytest.param("CM16-0241231", "2017-01-19", "CM16-0241231, item 1 (Jan. 19, 2017)", id="day"),
        pytest.param("scan 4", None, "scan 4, item 1 (n.d.)", id="no-date-no-case-number"),
        *(
            pytest.param("x", f"2015-{number:02}-01", f"x, item 1 ({month} 1, 2015)", id=month)
            for number, month in enumerate(
                "Jan. Feb. Mar. Apr. May June July Aug. Sept. Oct. Nov. Dec.".split(), start=1
            )
        ),
    ],
)  # fmt: skip
def test_citation(letter_id, day, cited):
    one = letter(letter_id, decision_date=day)
    assert citation_of(one, one.items[0]) == f"IMR Final Determination {cited}"


def test_the_place_of_the_item_is_cited():
    one = letter("CM16-0241231", item(), item("Walker"))
    assert citation_of(one, one.items[1]) == "IMR Final Determination CM16-0241231, item 2 (n.d.)"


def test_a_passage_is_quoted_as_printed():
    assert quotation('He said "no".', "IMR") == '“He said "no".” IMR.'
    assert PLAIN.passage == "A brace helps. The request is not medically necessary."


# Tables.
def table_rows(content: bytes, delimiter: str) -> list[list[str]]:
    text = content.decode("utf-8")
    assert not CONTROL.search(text.replace("\t", "") if delimiter == "\t" else text)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


@pytest.mark.parametrize(("format", "delimiter"), [("csv", ","), ("tsv", "\t")])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_holds_what_the_letter_says_and_no_formula(name, format, delimiter):
    rows = table_rows(written(format, hostile(name), PLAIN), delimiter)
    head = [row for row in rows if row[0].startswith("#")]
    names, *items = rows[len(head) :]
    assert names == list(COLUMNS)
    row = dict(zip(names, items[0], strict=True))
    text = one_line(HOSTILE[name])
    assert one_line(row["treatment"]).removeprefix("'").strip() == text
    assert one_line(row["rationale"]).removeprefix("'").strip() == text
    for cell, value in row.items():
        if cell not in ("quantity", "item", "score"):
            assert not set(value.lstrip()[:1]) & FORMULA_SIGNS, cell
    assert {cell: row[cell] for cell in ("id", "item", "quantity", "score", "decision_date")} == {
        "id": "CM16-0000001:1",
        "item": "1",
        "quantity": "-5",
        "score": "1.5",
        "decision_date": "2016-05-04",
    }
    assert row["drugs"] == "b; a"
    assert row["specialties"] == "Pain; Surgery"
    assert row["imr_citations"] == (
        "MTUS Chronic Pain Medical Treatment 2009, Opioids, p. 76-77; MTUS Chronic Pain Medical Treatment 2009, Weaning"
    )
    assert row["citation"] == "IMR Final Determination CM16-0000001, item 1 (May 4, 2016)"
    assert items[1][:3] == ["00123:1", "00123", "1"]
    assert len(items) == 2


def test_the_head_of_a_table():
    head = [row for row in table_rows(written("csv"), ",") if row[0].startswith("#")]
    assert head == [
        ["# list", "search"],
        ["# query", '\'-weaning "4 weeks", {a} @b'],
        ["# query as run", "'-weaning =4"],
        ["# filter outcome", "upheld or overturned"],
        ["# filter drug-class", "opioids"],
        ["# filter since", "2016"],
        ["# order", "newest"],
        ["# found", "1,234 items in 700 letters, 900 families"],
        ["# listed", "3 items"],
        ["# note", "the last quote is left open"],
        ["# index", "generation 7: 2,400 items in 1,000 letters"],
        ["# date", "2020-02-29"],
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_the_head_of_a_table_is_all_that_begins_like_a_comment(name):
    """So whoever leaves out the lines that begin with # has the table, whatever the letters hold."""
    one = hostile(name)
    stem = Listed(msgspec.structs.replace(one.letter, letter_id="# scan", items=(item(id="# scan:1"),)))
    lines = written("csv", one, stem).decode("utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert [row["id"] for row in rows] == ["CM16-0000001:1", "# scan:1"]
    assert all(line.startswith("# ") for line in lines[:12])


def test_texts_are_quoted_and_numbers_are_not():
    line = written("csv", hostile("plus")).decode("utf-8").splitlines()[-1]
    assert line.startswith('"CM16-0000001:1","CM16-0000001",1,"\'+1 visit","upheld","2016-05-04",')
    assert line.endswith(",1.5")


# A record in an index holds no half character.
@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "half-character"])
def test_json_lines_hold_the_record(name):
    lines = written("jsonl", hostile(name), PLAIN).decode("utf-8").split("\n")
    assert lines.pop() == ""
    head, row, _ = map(json.loads, lines)
    assert list(head) == ["export"]
    assert head["export"]["query"] == HEAD.query
    assert [head["export"][name] for name in ("total", "total_letters", "total_families")] == [1_234, 700, 900]
    assert head["export"]["index"] == {"generation": 7, "letters": 1_000, "items": 2_400}
    assert list(row) == list(COLUMNS)
    assert row["treatment"] == HOSTILE[name]
    assert row["drugs"] == ["b", "a"]
    assert row["imr_citations"][0]["pages"] == [76, 77]
    assert row["quantity"] == -5


def sheets_of(content: bytes):
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["About", "Items"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.namelist():
            assert b"<f>" not in archive.read(part), part
    return book


@pytest.mark.parametrize("name", HOSTILE)
def test_a_workbook_holds_what_the_letter_says(name):
    book = sheets_of(written("xlsx", hostile(name), PLAIN))
    names, first, second = book["Items"].iter_rows()
    assert [cell.value for cell in names] == list(COLUMNS)
    row = dict(zip(COLUMNS, first, strict=True))
    assert one_line(unescape(row["treatment"].value)).removeprefix("'").strip() == one_line(HOSTILE[name])
    assert not any(str(cell.value).lstrip()[:1] in FORMULA_SIGNS for cell in first if cell.data_type == "s")
    assert row["decision_date"].value == datetime(2016, 5, 4)
    assert row["decision_date"].is_date
    assert {cell: row[cell].value for cell in ("item", "quantity", "score")} == {
        "item": 1,
        "quantity": -5,
        "score": 1.5,
    }
    assert second[1].value == "00123"
    assert second[1].data_type == "s"
    assert second[5].value is None


def test_the_head_of_a_workbook_is_a_sheet_of_its_own():
    book = sheets_of(written("xlsx", PLAIN))
    assert [tuple(cell.value for cell in row) for row in book["About"].iter_rows()][:2] == [
        ("list", "search"),
        ("query", '\'-weaning "4 weeks", {a} @b'),
    ]
    assert book.active.title == "Items"
    assert book["Items"].freeze_panes == "B2"
    assert book["Items"].auto_filter.ref == "A1:T2"


@pytest.mark.parametrize("text", ["x" * 40_000, "🦴" * 20_000, "x" + "🦴" * 20_000], ids=["long", "pairs", "odd-pairs"])
def test_a_text_too_long_for_a_cell_is_cut_and_says_so(text):
    book = sheets_of(written("xlsx", Listed(letter("CM16-1", item("Brace", rationale=text)))))
    cell = book["Items"].cell(2, list(COLUMNS).index("rationale") + 1).value
    units = len(cell.encode("utf-16-le")) // 2
    assert 32_700 < units <= 32_767
    assert cell.endswith(CUT)
    assert text.startswith(cell.removesuffix(CUT))
    whole = written("csv", Listed(letter("CM16-1", item("Brace", rationale=text)))).decode("utf-8")
    assert text in whole


# Documents.
@pytest.mark.parametrize("name", HOSTILE)
def test_a_word_document_holds_what_the_letter_says(name):
    document = docx.Document(io.BytesIO(written("docx", hostile(name), PLAIN)))
    paragraphs = [(one.style.name, one_line(one.text)) for one in document.paragraphs if one.text]
    headings = [text for style, text in paragraphs if style == "Heading 2"]
    assert headings == [hostile(name).citation, PLAIN.citation]
    text = one_line(HOSTILE[name])
    at = paragraphs.index(("Heading 2", headings[0]))
    assert paragraphs[at + 1 : at + 4] == [
        ("Normal", one_line(f"Treatment: {text}")),
        ("Normal", "Outcome: Upheld: the denial stands"),
        ("Normal", one_line(f"Guideline: {text}")),
    ]
    style, quote = paragraphs[at + 4]
    assert style == "Quote"
    assert quote == one_line(quotation(hostile(name).passage, headings[0]))
    assert paragraphs[-1] == ("Quote", f"“{PLAIN.passage}” {PLAIN.citation}.")


def test_the_head_of_a_word_document():
    document = docx.Document(io.BytesIO(written("docx", PLAIN)))
    first, *facts = document.paragraphs[:13]
    assert (first.style.name, first.text) == ("Heading 1", f"search: {HEAD.query}")
    assert [one.text for one in facts] == [f"{name}: {value}" for name, value in HEAD.facts()]
    assert document.core_properties.title == f"search: {HEAD.query}"


def as_shown(markdown: str) -> list[tuple[str, str]]:
    """Blocks of the text as a reader of CommonMark shows them: where each stands, and its words."""
    tokens = markdown_it.MarkdownIt("commonmark").enable("strikethrough").parse(markdown)
    blocks, within = [], []
    for token in tokens:
        if token.nesting:
            within = [*within, token.tag] if token.nesting > 0 else within[:-1]
        elif token.type == "inline":
            assert {child.type for child in token.children} <= {"text", "strong_open", "strong_close"}, token.content
            blocks.append(
                (within[0] if within[0] != "ul" else "ul", "".join(child.content for child in token.children))
            )
        else:
            raise AssertionError(token.type)
    return blocks


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_shows_what_the_letter_says(name):
    blocks = as_shown(written("markdown", hostile(name), PLAIN).decode("utf-8"))
    assert blocks[0] == ("h1", f"search: {HEAD.query}")
    assert [text for tag, text in blocks if tag == "ul"] == [f"{name}: {value}" for name, value in HEAD.facts()]
    at = blocks.index(("h2", hostile(name).citation))
    text = one_line(HOSTILE[name])
    assert [(tag, one_line(shown)) for tag, shown in blocks[at + 1 : at + 5]] == [
        ("p", one_line(f"Treatment: {text}")),
        ("p", "Outcome: Upheld: the denial stands"),
        ("p", one_line(f"Guideline: {text}")),
        ("blockquote", one_line(quotation(hostile(name).passage, hostile(name).citation))),
    ]
    assert blocks[-1] == ("blockquote", f"“{PLAIN.passage}” {PLAIN.citation}.")


# References.
BIBTEX_FIELD = re.compile(r"  ([a-z]+) = (.*),")
TEX_NAMES = {"backslash": "\\", "braceleft": "{", "braceright": "}", "asciicircum": "^", "asciitilde": "~"}


def bibtex_entries(text: str) -> dict[str, dict[str, str]]:
    """Entries by key, read by the rules of BibTeX: what stands between entries is passed over up to the next @."""
    entries: dict[str, dict[str, str]] = {}
    place = 0
    while (place := text.find("@", place)) >= 0:
        kind, start = re.match(r"@(\w+)\{", text[place:])[1], text.index("{", place)
        depth, end = 0, start
        while end == start or depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body, place = text[start + 1 : end - 1], end
        if kind == "comment":
            assert "@" not in body
            continue
        key, *lines = body.strip("\n").split("\n")
        assert kind == "misc"
        assert re.fullmatch(r"[^\s,{}()\"#%'=~\\]+,", key)
        assert key not in entries
        entries[key[:-1]] = dict(BIBTEX_FIELD.fullmatch(line).groups() for line in lines)
    return entries


def printed_by_tex(value: str) -> str:
    named = re.sub(r"\\text(\w+)\{\}", lambda match: f"\0{match[1]}\0", value)
    bare = re.sub(r"\\([$&#_%])", r"\1", named).strip("{}")
    assert not re.search(r"(?<!\\)[$&#_%^~\\{}]", re.sub(r"\\[$&#_%]", "", named).strip("{}")), value
    return re.sub("\0(\\w+)\0", lambda match: TEX_NAMES[match[1]], bare)


@pytest.mark.parametrize("name", HOSTILE)
def test_bibtex_holds_what_the_letter_says(name):
    stem = msgspec.structs.replace(PLAIN.letter, items=(item(id="scan (2), {x}:1", treatment="x"),))
    entries = bibtex_entries(written("bibtex", hostile(name), PLAIN, Listed(stem)).decode("utf-8"))
    assert list(entries) == ["CM16-0000001:1", "00123:1", "scan-20-282-29-2c-20-7bx-7d:1"]
    first, undated, _ = entries.values()
    assert first["title"] == "{{IMR Final Determination CM16-0000001, item 1}}"
    assert (first["year"], first["month"], first["day"]) == ("{2016}", "may", "{4}")
    assert one_line(printed_by_tex(first["annote"])) == one_line(f"{HOSTILE[name]}. Upheld: the denial stands")
    assert one_line(printed_by_tex(first["abstract"])) == one_line(f"“{hostile(name).passage}”")
    assert undated["note"] == "{n.d.}"
    assert "year" not in undated


def test_the_head_of_bibtex_is_a_comment():
    text = written("bibtex").decode("utf-8")
    assert text.startswith('@comment{\n  list: search\n  query: -weaning "4 weeks", (a) (at)b\n')
    assert bibtex_entries(text) == {}


def ris_records(text: str) -> list[list[tuple[str, str]]]:
    records: list[list[tuple[str, str]]] = []
    for line in text.removesuffix("\r\n").split("\r\n"):
        tag, value = re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line).groups()
        if tag == "TY":
            records.append([])
        records[-1].append((tag, value))
    assert all([tag for tag, _ in record].index("ER") == len(record) - 1 for record in records)
    return records


@pytest.mark.parametrize("name", HOSTILE)
def test_ris_holds_what_the_letter_says(name):
    head, first, undated = ris_records(written("ris", hostile(name), PLAIN).decode("utf-8"))
    assert head[:2] == [("TY", "GEN"), ("TI", f"imrsearch, search: {HEAD.query}")]
    assert [value for tag, value in head if tag == "N1"] == [f"{name}: {value}" for name, value in HEAD.facts()]
    fields = dict(first)
    assert fields["TY"] == "CASE"
    assert fields["TI"] == "IMR Final Determination CM16-0000001, item 1"
    assert (fields["PY"], fields["DA"]) == ("2016", "2016/05/04/")
    assert one_line(fields["N1"]) == one_line(f"{HOSTILE[name]}. Upheld: the denial stands")
    assert [value for tag, value in first if tag == "KW"] == ["upheld", "b", "a"]
    assert not {"PY", "DA"} & dict(undated).keys()


# Limits.
@pytest.mark.parametrize(("format", "most"), [("docx", 2_000), ("xlsx", 1_048_575)])
def test_more_than_a_format_holds(format, most):
    head = msgspec.structs.replace(HEAD, listed=most + 1)
    with pytest.raises(UsageError, match=f"{most:,} items, not {most + 1:,}") as raised:
        written(format, head=head)
    assert "--format csv" in raised.value.hint


@pytest.mark.parametrize("format", export.FORMATS)
def test_a_list_of_nothing_still_has_its_head(format):
    assert len(written(format)) > 200


@pytest.mark.parametrize(
    ("given", "name", "format"),
    [
        pytest.param("csv", None, "csv", id="named"),
        pytest.param("BibTeX", None, "bibtex", id="capitals"),
        pytest.param(None, "a.XLSX", "xlsx", id="ending"),
        pytest.param(None, "a.md", "markdown", id="short-ending"),
        pytest.param(None, "a.bib", "bibtex", id="bib"),
        pytest.param("tsv", "a.txt", "tsv", id="both"),
        pytest.param("pdf", "a.csv", None, id="no-such-format"),
        pytest.param(None, "a", None, id="no-ending"),
    ],
)
def test_format(given, name, format, tmp_path):
    output = tmp_path / name if name else None
    if format:
        assert export.format_of(given, output) == format
        return
    with pytest.raises(UsageError) as raised:
        export.format_of(given, output)
    assert "csv" in raised.value.hint


# Files.
def failing(error: BaseException):
    yield PLAIN
    raise error


@pytest.mark.parametrize("format", export.FORMATS)
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["stopped", "full"]
)
def test_what_fails_half_way_leaves_no_file(format, error, tmp_path):
    output = tmp_path / f"out.{format}"
    with pytest.raises((KeyboardInterrupt, UsageError)):
        export.write_file(failing(error), HEAD, format=format, output=output)
    assert list(tmp_path.iterdir()) == []
    output.write_text("as it was")
    with pytest.raises((KeyboardInterrupt, UsageError)):
        export.write_file(failing(error), HEAD, format=format, output=output, force=True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["as it was"]


def test_a_file_that_came_meanwhile_is_not_written_over(tmp_path):
    output = tmp_path / "out.csv"

    def items():
        output.write_text("another's")
        yield PLAIN

    with pytest.raises(UsageError, match="exists"):
        export.write_file(items(), HEAD, format="csv", output=output)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["another's"]


def test_force_writes_what_a_link_names(tmp_path):
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)
    export.write_file([PLAIN], HEAD, format="csv", output=link, force=True)
    assert link.is_symlink()
    assert "00123:1" in real.read_text("utf-8")


def test_a_spreadsheet_is_told_that_a_file_is_utf8(tmp_path):
    export.write_file([hostile("emoji")], HEAD, format="csv", output=tmp_path / "a.csv")
    content = (tmp_path / "a.csv").read_bytes()
    assert content == b"\xef\xbb\xbf" + written("csv", hostile("emoji"))
    assert b"\xef\xbb\xbf" not in written("csv", PLAIN)


def test_the_columns_are_the_records_own():
    names = {*Letter.__struct_fields__, *type(PLAIN.item).__struct_fields__, "citation", "score"}
    assert set(COLUMNS) <= names
