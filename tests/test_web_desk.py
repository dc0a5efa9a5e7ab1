"""The pages that compare and count say what the commands say, with links that find it; a draft leaves no trace."""

import csv
import io
import json
import os
import tempfile
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from factories import citation, index_of, item, letter
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from imrsearch.indexer.sources.drafts import LARGEST
from imrsearch.schema.fields import FIELD
from imrsearch.search import render_desk, tables
from imrsearch.search.contrast import contrast
from imrsearch.search.guidelines import guidelines
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from imrsearch.search.similar import similar
from imrsearch.search.stats import statistics
from imrsearch.search.web import drafting
from imrsearch.search.web.address import ASKED, Address, address_of, query_of
from imrsearch.search.web.app import application
from imrsearch.search.web.door import door_of
from imrsearch.search.web.guard import Guard
from imrsearch.search.web.rates import items_of
from tests.precedents import ENDS, precedents, twins
from tests.test_drafts import BROKEN, CANARY, TEXT, WHOLE, files_with

TWIN = "CM17-0002000:1"
HOSTILE = "<script>alert(1)</script><b>\u202e\x1b[31m"
OWN = ("took_ms", "engine_ms")


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory):
    """Twins, families and citations, and one letter that would like to be more than text."""
    bracing = citation("Bracing", document='The "knee"')
    hostile = item(f"Zorbital brace {HOSTILE}", rationale=f"{HOSTILE} It wants a trial.", drugs=(HOSTILE, "norco"),
                   imr_citations=(citation("Opioids", pages=(7,)), bracing))  # fmt: skip
    undone = item("Norco #30", outcome="modified", drugs=("hydrocodone",), quantity=30, imr_citations=(bracing,))
    copies = [letter(f"CM18-000000{number}", twins("Zorbital brace", 2)[1]) for number in (1, 2)]
    letters = [*precedents(), letter("CM15-0000009", hostile, undone, decision_date="2015-01-01"), *copies]
    return index_of(letters, tmp_path_factory.mktemp("desk") / "index")


@pytest.fixture(scope="module")
def searcher(index_dir):
    return Searcher.open(index_dir)


@pytest.fixture(scope="module")
def client(index_dir):
    guard = Guard(application(index_dir), door_of("127.0.0.1", 8765))
    return TestClient(guard, base_url="http://127.0.0.1:8765")


def page_of(answer, status=200) -> LexborHTMLParser:
    assert answer.status_code == status, answer.text
    return LexborHTMLParser(answer.text)


def words_of(node) -> str:
    return " ".join(node.text(separator=" ").split())


def found_at(searcher, href: str) -> int:
    """How many items the search finds that the link leads to."""
    parts = urlsplit(href)
    assert parts.path == "/search"
    asked = address_of(parts.path, parse_qsl(parts.query), known=ASKED)
    return searcher.search(query_of(asked, limit=0)).total


# What the commands say.
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/similar.json?id=CM17-0002000:1&limit=2", lambda at: render_desk.as_json(similar(at, TWIN, limit=2))),
        ("/contrast.json?asked=CM17-0002000:1", lambda at: render_desk.as_json(contrast(at, TWIN))),
        ("/contrast.json?asked=norco+function", lambda at: render_desk.as_json(contrast(at, "norco function"))),
        ("/stats.json?by=drug&query=norco", lambda at: tables.as_json(statistics(at, Query(text="norco"), by="drug"))),
        ("/guidelines.json?depth=3", lambda at: tables.as_json(guidelines(at, Query(), depth=3))),
    ],
)  # fmt: skip
def test_json_is_what_the_command_prints(client, searcher, address, told):
    def lasting(text):
        return {name: value for name, value in json.loads(text).items() if name not in OWN}

    assert lasting(client.get(address).text) == lasting(told(searcher))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/stats.csv?by=drug", lambda at: tables.statistics_csv(statistics(at, Query(), by="drug"))),
        ("/guidelines.csv?depth=4", lambda at: tables.guidelines_csv(guidelines(at, Query(), depth=4))),
        ("/similar.csv?id=CM17-0002000:1", lambda at: render_desk.as_csv(similar(at, TWIN))),
    ],
)
def test_csv_is_what_the_command_prints(client, searcher, address, told):
    answer = client.get(address)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == told(searcher) + "\n"


def test_a_row_for_each_item_shown(client, searcher):
    rows = list(csv.DictReader(io.StringIO(client.get(f"/contrast.csv?asked={TWIN}").text)))
    found = contrast(searcher, TWIN)
    assert [row["id"] for row in rows] == [hit.id for hit in (*found.upheld, *found.overturned)]
    assert {row["asked"] for row in rows} == {TWIN}
    assert rows[1]["why"] == render_desk.why_line(found.upheld[1].why)


# Pages.
def test_the_contrast_page_shows_what_differs(client, searcher):
    shown = page_of(client.get(f"/contrast?asked={TWIN}"))
    found = contrast(searcher, TWIN)
    assert "differences in text, not causes" in words_of(shown.body)
    heads = [words_of(head) for head in shown.css(".columns h2")]
    assert heads == [
        "✗ Upheld: the denial stands · 3 items",
        "✓ Overturned: the treatment is approved · 3 items",
    ]
    pair = shown.css_first(".pair")
    assert words_of(pair.css_first(".facts")) == render_desk.shared_line(found.pairs[0])
    for side in ("upheld", "overturned"):
        alone = [words_of(text) for text in pair.css(f".only.{side} .reading")]
        assert alone == [words.format(n=2) for words in ENDS[side]]
    assert [words_of(mark) for mark in pair.css(".only.upheld mark")] == ["not"]
    assert len(pair.css("details .reading")) == len(found.pairs[0].shared)
    assert {link.attributes["href"] for link in pair.css("h2 a")} == {f"/items/{id}" for id in (TWIN, "CM17-0002100:1")}


def test_near_twins_that_are_not_shown_are_linked(client, searcher):
    links = page_of(client.get(f"/contrast?asked={TWIN}")).css(".twins a")
    ids = [words_of(link) for link in links]
    assert ids == render_desk.twins_not_shown(contrast(searcher, TWIN)) == ["CM18-0000001:1", "CM18-0000002:1"]
    assert [link.attributes["href"] for link in links] == [f"/items/{id}" for id in ids]


def test_similar_items_of_each_outcome_and_why(client, searcher):
    found = similar(searcher, TWIN, limit=2)
    shown = page_of(client.get(f"/similar?id={TWIN}&limit=2"))
    lists = [[words_of(id) for id in group.css(".card .id")] for group in shown.css(".columns section")]
    assert lists == [list(ids) for ids in found.outcomes.values()]
    whys = {words_of(why) for why in shown.css(".why")}
    assert whys == {render_desk.why_line(hit.why) for hit in found.hits}


@pytest.mark.parametrize("address", ["/contrast", "/similar", "/draft"])
def test_where_nothing_is_asked_there_is_a_form(client, address):
    shown = page_of(client.get(address))
    assert len(shown.css("h1")) == 1
    assert shown.css_first(f'form[action="{address}"]')


# Rates.
def rows_of(shown) -> list[list[str]]:
    return [[words_of(cell) for cell in row.css("th, td")[:8]] for row in shown.css(".rates tbody tr:not(.remark)")]


@pytest.mark.parametrize("by", ["drug", "year", "quantity", "section", "outcome"])
def test_the_table_has_the_numbers_of_the_json(client, by):
    told = client.get(f"/stats.json?by={by}").json()
    shown = page_of(client.get(f"/stats?by={by}&limit=0"))
    rows = rows_of(shown)
    assert len(rows) == told["values"] == len(told["rows"])
    for cells, row in zip(rows, told["rows"], strict=True):
        assert cells[1:4] == [str(row[name]) for name in ("items", "letters", "families")]
        assert [cells[4], cells[6]] == [str(row[side]["count"]) for side in ("upheld", "overturned")]
        share = row["upheld"]["share"]
        assert cells[5].startswith("-" if share is None else f"{100 * share:.0f}")
        assert cells[5].endswith("*") == row["few"]
    assert len(shown.css("tbody svg.bar")) == sum(row["upheld"]["share"] is not None for row in told["rows"])
    assert len(shown.css(".years svg")) == (2 if by == "year" else 0)


@pytest.mark.parametrize(
    "asked",
    ["", "query=brace+OR+norco", "query=%22brace&year=2017", "query=brace+NOT", "drug=hydrocodone", "citation=MTUS",
     "drug=norco&outcome=upheld", "query=brace+fell&year=2017"],
)  # fmt: skip
def test_each_row_links_to_the_search_that_finds_its_items(client, searcher, asked):
    followed = 0
    pages = [f"/stats?by={by}&{asked}" for by in ("drug", "year", "quantity", "citation", "page", "document")]
    for address in (*pages, f"/stats?by=quantity&limit=1&{asked}", f"/guidelines?depth=4&{asked}"):
        for row in page_of(client.get(address)).css(".rates tbody tr:not(.remark), .rates tfoot tr"):
            if link := row.css_first("th a"):
                assert found_at(searcher, link.attributes["href"]) == int(words_of(row.css_first("td"))), link.html
                followed += 1
    assert followed > 8


def test_a_row_that_no_search_finds_has_no_link():
    asked = Address("/stats", (("document", "Bracing"),))
    assert items_of(asked, FIELD["document"], "Opioids") is None
    assert str(items_of(asked, FIELD["document"], "BRACING")) == "/search?document=BRACING"


def test_superseded_editions_name_their_source(client, searcher):
    found = guidelines(searcher, Query(), depth=2)
    shown = page_of(client.get("/guidelines"))
    sources = tables.sources_of(found, limit=0)
    assert [link.attributes["href"] for link in shown.css("ol a")] == [source.url for source in sources]
    assert any("superseded on 2016-07-28" in words_of(remark) for remark in shown.css(".remark"))


def test_other_outcomes_and_hidden_rows_are_told(client):
    shown = page_of(client.get("/stats?by=drug&limit=1"))
    notes = [words_of(note) for note in shown.css("main > p")]
    assert "not in the shares, for they are neither upheld nor overturned: modified 1" in notes
    [left_out] = [note for note in notes if "those with the most items" in note]
    assert left_out.startswith("1 of ")
    assert 'href="/stats?by=drug&amp;limit=0"' in shown.html


@pytest.mark.parametrize(
    ("address", "status", "message"),
    [
        ("/stats?by=treatment", 400, "there is no field to count by treatment"),
        ("/stats?by=drug&limt=3", 400, "there is no parameter limt"),
        ("/guidelines?depth=5", 400, "depth is from 1 to 4, not 5"),
        ("/similar?id=CM17-9999999", 404, "CM17-9999999"),
        ("/similar.json", 400, "nothing was asked for"),
        ("/contrast?asked=norco&limit=0", 400, "limit counts from 1"),
        ("/draft?draft=secret+words", 400, "there is no parameter draft"),
    ],
)
def test_what_cannot_be_asked(client, address, status, message):
    answer = client.get(address)
    assert (answer.status_code, message in answer.text) == (status, True)
    assert "secret" not in answer.text


# Letters that would like to be more than text.
@pytest.mark.parametrize(
    "address",
    ["/contrast?asked=trial", "/similar?id=CM15-0000009:1", "/stats?by=drug", "/guidelines?depth=4",
     "/stats?by=drug&query={}", "/contrast?asked={}", "/stats?drug={}"],
)  # fmt: skip
def test_nothing_of_a_letter_or_an_address_is_markup(client, address):
    answer = client.get(address.replace("{}", quote(HOSTILE)))
    assert answer.status_code == 200
    for sign in ("<script>alert", "<b>", "\u202e", "\x1b", " style="):
        assert sign not in answer.text


# Drafts.
def form_of(content: bytes, kind: str) -> dict:
    """The draft as a browser sends it."""
    if kind == "text":
        return {"files": {"draft": (None, content), "file": ("", b"")}}
    return {"files": {"draft": (None, b""), "file": (f"{CANARY}.{kind}", content)}}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_draft_is_compared(client, kind):
    answer = client.post("/draft", **form_of(WHOLE[kind], kind))
    shown = page_of(answer)
    assert "in dispute: hydrocodone" in words_of(shown.body)
    assert shown.css(".card")
    assert shown.css(".pair")
    assert shown.css_first("textarea").text().strip() == (TEXT if kind == "text" else "")
    shown.css_first("textarea").decompose()
    assert CANARY not in shown.html


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        pytest.param(WHOLE["text"], {"content-type": "text/plain"}, id="plain"),
        pytest.param(WHOLE["docx"], {}, id="a-file"),
        pytest.param(b"draft=" + TEXT.replace(" ", "+").replace("#", "%23").encode(),
                     {"content-type": "application/x-www-form-urlencoded"}, id="short-form"),
    ],
)  # fmt: skip
def test_a_draft_may_come_by_itself(client, content, headers):
    told = client.post("/draft.json?limit=1", content=content, headers=headers).json()
    assert [len(ids) for ids in told["similar"]["outcomes"].values()] == [1, 1, 1]
    assert told["contrast"]["treatment"] == {"by": "drug", "values": ["hydrocodone"]}


def test_a_draft_as_rows(client):
    rows = list(csv.DictReader(io.StringIO(client.post("/draft.csv", content=WHOLE["text"]).text)))
    assert {row["asked"] for row in rows} == {"a draft"}


def test_no_answer_to_a_draft_is_kept(client):
    answers = [
        client.get("/draft"),
        client.get("/draft?x=1"),
        client.post("/draft", **form_of(WHOLE["text"], "text")),
        client.post("/draft", **form_of(b"", "text")),
        client.post("/draft.json", content=WHOLE["text"]),
        client.post("/draft.json", content=b""),
        client.post("/draft.csv", content=WHOLE["text"]),
    ]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert all(CANARY not in str(answer.headers) for answer in answers)
    assert 'autocomplete="off"' in page_of(answers[0]).css_first("textarea").html


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_draft_is_told_without_its_words(client, case):
    content, message = BROKEN[case]
    for answer in (client.post("/draft", **form_of(content, "pdf")), client.post("/draft.json", content=content)):
        assert answer.status_code in (400, 415)
        assert message in answer.text
        assert CANARY not in answer.text


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        pytest.param({"content": b"a" * (LARGEST + 20_000)}, "larger than 8 MB", id="too-large"),
        pytest.param({"data": {"text": CANARY}}, "the form holds no draft", id="another-field"),
        pytest.param({"files": {"draft": (None, CANARY), "file": ("a", CANARY)}}, "a text and a file", id="both"),
        pytest.param({"content": CANARY, "headers": {"content-type": "multipart/form-data"}}, "no draft", id="no-form"),
        pytest.param({"data": {f"draft{number}": CANARY for number in range(30)}}, "too many fields", id="many-fields"),
    ],
)  # fmt: skip
def test_what_a_draft_cannot_be_sent_as(client, sent, message):
    answer = client.post("/draft.json", **sent)
    assert (answer.status_code, message in answer.text) == (413 if "MB" in message else 400, True)
    assert CANARY not in answer.text


def test_a_fault_says_nothing_of_the_draft(client, monkeypatch, caplog, capsys):
    def fails(*_, **__):
        raise ValueError(TEXT)

    monkeypatch.setattr(drafting, "similar", fails)
    for answer in (client.post("/draft", **form_of(WHOLE["text"], "text")), client.post("/draft.json", content=TEXT)):
        assert "the draft could not be compared (ValueError)" in answer.text
        assert (CANARY in answer.text, answer.headers["cache-control"]) == (False, "no-store")
    assert CANARY not in caplog.text + "".join(capsys.readouterr())


def test_no_file_holds_a_word_of_the_draft(index_dir, monkeypatch, tmp_path):
    for name in ("HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "TMPDIR"))
    written, open_file = [], os.open

    def watched(path, flags, *given, **named):
        if flags & (os.O_WRONLY | os.O_RDWR):
            written.append(path)
        return open_file(path, flags, *given, **named)

    client = TestClient(application(index_dir))
    with monkeypatch.context() as patched:
        # A file without a name would be gone before anybody looks.
        patched.setattr(os, "open", watched)
        for content, kind in ((WHOLE["text"] + b" padding" * 200_000, "pdf"), (WHOLE["pdf"], "pdf"), (TEXT, "text")):
            client.post("/draft", **form_of(content, kind))
    assert written == []
    assert [*files_with(tmp_path, CANARY), *files_with(index_dir, CANARY)] == []
