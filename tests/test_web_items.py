"""The pages of items and letters, source files and the help: what they show, and that no text of theirs is more."""

import csv
import hashlib
import io
import os
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec import json, structs
from starlette.testclient import TestClient

from imrsearch.indexer.sources import read_letters
from imrsearch.indexer.sources.original import is_there, original_of
from imrsearch.schema.records import Source
from imrsearch.search.language import grammar
from imrsearch.search.render import printable, shown_json
from imrsearch.search.searcher import Searcher
from imrsearch.search.web.address import Address, query_of
from imrsearch.search.web.app import application
from imrsearch.search.web.asking import sections_of
from imrsearch.search.web.html import item_path
from imrsearch.search.web.items import Piece, cited_in, disposition, facts, pieces_of
from tests.corpus import KINDS, case_of, letters
from tests.factories import citation, index_of, item, letter

SCRIPT = "<script>alert(1)</script>"
ODD_IDS = (
    "two words", "50%", "quo\"te's", "a/b", "a//b", "/begins", SCRIPT, "q?x=1#y", "and&more=1",
    "plus+plus", "new\nline", "rtl\u202emark", "esc\x1b[31m", "report.json",
    "report.csv", "report/source", "Größe 10µg", "C:\\letters\\x", "semi;colon:1:2", "{id}",
)  # fmt: skip
SHARED = "As such, no part of this request is found to be of use."
OWN = "Letter{0} tells of number{0} and of what{0} came after{0} and why{0}."
WORDS = "Pain lasted. The brace helped her walk."


class Page(HTMLParser):
    """Links, headings and texts of a page, and the elements that would run or load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.copies: list[str] = []
        self.elements: list[str] = []
        self.words: dict[str, str] = {}
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        self.elements.append(tag)
        self.open.append(tag)
        assert not any(name.startswith("on") or name == "style" for name in held)
        if tag == "a":
            self.links.append(held["href"])
        if "data-copy" in held:
            self.copies.append(held["data-copy"])

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, text):
        for tag in {*self.open}:
            self.words[tag] = self.words.get(tag, "") + text


def letter_path(id: str) -> str:
    return str(Address(f"/letters/{id}"))


def page_of(answer) -> Page:
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


@pytest.fixture(scope="module")
def web(index_dir):
    """The fictional letters as a site."""
    return TestClient(application(index_dir))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Where the odd letters' files are."""
    return tmp_path_factory.mktemp("odd files")


def source_of(path: Path, content: bytes, kind: str = "text") -> Source:
    """A file written, as an index knows it."""
    path.write_bytes(content)
    return Source(str(path), kind, hashlib.sha256(content).hexdigest())


@pytest.fixture(scope="module")
def odd(files):
    """Letters with odd ids and odd files as a site."""
    page = f"<html><body><p>{SCRIPT} café</p></body></html>".encode("cp1252")
    sources = {
        "text": source_of(files / "a.txt", "µg\n".encode()),
        "html": source_of(files / 'näme "q" %0d.html', page, "html"),
        "pdf": source_of(files / "a.pdf", b"%PDF-1.4 made up", "pdf"),
        "changed": structs.replace(source_of(files / "c.txt", b"new words"), sha256="0" * 64),
        "gone": Source(str(files / f"{SCRIPT}.txt"), "text", "0" * 64),
        "folder": Source(str(files), "text", "0" * 64),
        "jsonl": source_of(files / "many.jsonl", b"{}\n", "jsonl"),
    }
    one = item(f"Brace {SCRIPT}", rationale=WORDS, imr_citations=(citation(SCRIPT, pages=(24, 25)),))
    two = item("Norco #60 was requested", requested="Norco #60", authorized="Norco #25", disputed="Norco #35")
    made = [letter(id, one, two, summary=SCRIPT) for id in ODD_IDS]
    made += [letter(f"file-{name}", source=source) for name, source in sources.items()]
    made += [letter(f"common-{n}", item(rationale=f"{OWN.format(n)} {SHARED}")) for n in range(6)]
    return TestClient(application(index_of(made, files / "index")))


def test_the_page_of_an_item_shows_what_is_known_of_it(web, fictional):
    """Its heading, outcome in words, reasons, guidelines, header, summary, siblings, and what the buttons copy."""
    for held in fictional:
        for one in held.items:
            shown = page_of(web.get(item_path(one.id)))
            words, main = shown.words["html"], shown.words["main"]
            assert shown.words["h1"].strip() == one.treatment
            assert {"upheld": "denial stands", "overturned": "treatment is approved"}.get(one.outcome, "") in main
            for text in (one.rationale, one.ur_guideline, one.imr_guideline, held.summary, *held.specialties):
                assert text in words
            assert {item_path(other.id) for other in held.items if other != one} <= {*shown.links}
            short, long = shown.copies
            assert short in main
            assert long in main
            assert held.letter_id in short
            assert long.endswith(f"” {short}.")


def test_every_link_of_a_fact_or_citation_finds_the_item(index_dir, fictional):
    searcher = Searcher.open(index_dir)
    asked: dict = {}
    for held in fictional:
        for one in held.items:
            cited = [cited_in(each, searcher) for each in one.imr_citations]
            links = [link for record in (held, one) for fact in facts(record) for _, link in fact.values]
            links += [link for each in cited for link in (each.path, *(page for _, page in each.pages))]
            for link in filter(None, links):
                asked.setdefault(link, set()).add(one.id)
    assert len(asked) > 200
    for link, ids in asked.items():
        query = structs.replace(query_of(link), limit=500, facets=(), snippets=False, letters=False)
        assert ids <= {hit.id for hit in searcher.search(query).hits}, str(link)


@pytest.mark.parametrize("id", ODD_IDS)
def test_any_id_has_its_pages_and_their_links_lead_there(odd, id):
    first = page_of(odd.get(item_path(f"{id}:1")))
    assert first.words["h1"].strip() == f"Brace {SCRIPT}"
    # The two that the page itself loads.
    assert first.elements.count("script") == 2
    second = page_of(odd.get(next(link for link in first.links if link == item_path(f"{id}:2"))))
    assert "Norco #35" in second.words["dd"]
    whole = page_of(odd.get(item_path(id)))
    assert whole.words["h1"] == f"Letter {printable(id)}"
    assert item_path(f"{id}:2") in whole.links
    programs = [f"{page}{ending}" for page in (item_path(f"{id}:1"), letter_path(id)) for ending in (".json", ".csv")]
    assert {*programs} <= {*first.links, *whole.links}
    answers = [odd.get(link) for link in programs]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [answers[0].json()["letter"]["letter_id"], answers[2].json()["letter_id"]] == [id, id]
    assert all(answer.headers["content-disposition"].isascii() for answer in answers[1::2])
    assert all(printable(line) == line for line in odd.get(item_path(f"{id}:1")).text.split("\n"))


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        pytest.param("/items/none:1", 404, "no letter or item has the id none:1", id="unknown"),
        pytest.param("/letters/none/source", 404, "no letter or item has the id none", id="unknown-source"),
        pytest.param("/items/none.json", 404, '"error":"no letter or item has the id none"', id="unknown-json"),
        pytest.param("/items/file-pdf:7", 404, "it has file-pdf:1", id="no-such-item"),
        pytest.param("/items/file-pdf:1?specifc=yes", 400, "did you mean specific?", id="unknown-parameter"),
        pytest.param("/items/file-pdf:1?specific=perhaps", 400, "takes yes or no", id="no-switch"),
        pytest.param("/items/file-pdf:1?query=" + "+/5+".join("abcdefghijk"), 400, "^", id="bad-query"),
        pytest.param("/letters/file-changed/source", 404, "is no longer at", id="changed"),
        pytest.param("/letters/file-gone/source", 404, "&lt;script&gt;alert(1)", id="gone"),
        pytest.param("/letters/file-folder/source", 404, "is no longer at", id="folder"),
        pytest.param("/letters/file-jsonl/source", 404, "it has no file of its own", id="jsonl"),
        pytest.param("/items/file-jsonl:1", 200, "has no file of its own", id="page-of-jsonl"),
        pytest.param("/items/file-gone:1", 200, "which is no longer at", id="page-of-gone"),
        pytest.param("/items/file-pdf:1", 200, "/letters/file-pdf/source", id="page-with-file"),
        pytest.param("/items/FILE-PDF:1", 200, "file-pdf:1", id="other-case"),
    ],
)
def test_what_is_not_there_is_told(odd, path, status, says):
    answer = odd.get(path)
    assert answer.status_code == status
    assert says in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        pytest.param("/items/file-pdf", "/letters/file-pdf", id="letter"),
        pytest.param("/items/file-pdf.json?query=brace", "/letters/file-pdf.json?query=brace", id="as-json"),
        pytest.param("/letters/file-pdf:1.csv", "/items/file-pdf:1.csv", id="item"),
        pytest.param("/items/a%2Fb", "/letters/a/b", id="slash"),
        pytest.param("/items/50%25", "/letters/50%25", id="percent"),
    ],
)
def test_an_id_of_the_other_kind_leads_to_its_page(odd, path, leads_to):
    answer = odd.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, leads_to)


@pytest.mark.parametrize(
    ("name", "kind", "content", "filename"),
    [
        pytest.param("text", "text/plain; charset=utf-8", "µg\n".encode(), "a.txt", id="text"),
        pytest.param("pdf", "application/pdf", b"%PDF-1.4 made up", "a.pdf", id="pdf"),
        pytest.param(
            "html",
            "text/plain; charset=utf-8",
            f"<html><body><p>{SCRIPT} café</p></body></html>".encode(),
            "n%C3%A4me%20%22q%22%20%250d.html.txt",
            id="html-as-text",
        ),
    ],
)
def test_a_source_file_is_given_and_never_rendered(odd, name, kind, content, filename):
    answer = odd.get(f"/letters/file-{name}/source")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, kind, content)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].endswith(f"filename*=UTF-8''{filename}")
    assert ("sandbox" in answer.headers.get("content-security-policy", "")) == (name != "pdf")


@pytest.mark.parametrize("name", ["plain.file", "two words %41.x", "line\nend\x1b[1m.x", b"caf\xe9.x", "back\\slash.x"])
@pytest.mark.parametrize("packed", [False, True], ids=["file", "archive"])
def test_a_letter_s_bytes_are_found_again_as_long_as_they_are_the_same(tmp_path, name, packed):
    """Under any name, in an archive too; a link to the file is as good."""
    content = case_of(letters()["ativan-lexapro"], "table", "text").content
    path = tmp_path / os.fsdecode(name)
    if packed:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("other/letter.txt", b"not the one")
            archive.writestr("inner/letter.txt", content)
    else:
        path.write_bytes(content)
    *_, read = read_letters(path)
    source = read.source
    assert original_of(source) == content
    kept = tmp_path / "kept"
    path.rename(kept)
    assert not is_there(source)
    assert original_of(source) is None
    path.symlink_to(kept)
    assert original_of(source) == content
    path.unlink()
    path.write_bytes(b"PK\x03\x04 damaged" if packed else content + b"\n")
    assert is_there(source)
    assert original_of(source) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_found_again(tmp_path, kind):
    case = case_of(letters()["ativan-lexapro"], "table", kind)
    path = tmp_path / case.filename
    path.write_bytes(case.content)
    for raw in read_letters(path):
        found = original_of(raw.source)
        assert (found is None) == (raw.source.kind == "jsonl")
        assert found is None or hashlib.sha256(found).hexdigest() == raw.source.sha256


def test_what_a_program_gets_is_what_the_command_line_prints(web, index_dir, fictional):
    held = max(fictional, key=lambda each: len(each.items))
    searcher = Searcher.open(index_dir)
    for id in (held.letter_id, held.items[0].id):
        folder = "letters" if id == held.letter_id else "items"
        assert web.get(f"/{folder}/{id}.json").text == shown_json(searcher.show(id))
        answer = web.get(f"/{folder}/{id}.csv")
        rows = list(csv.reader(line for line in io.StringIO(answer.text) if not line.startswith(("#", "\ufeff"))))
        assert [row[0] for row in rows[1:]] == [one.id for one in held.items if id in (held.letter_id, one.id)]
    assert json.decode(web.get(f"/letters/{held.letter_id}.json").content)["summary"] == held.summary


def test_the_words_of_the_search_are_marked_and_kept(odd):
    shown = page_of(odd.get("/items/a/b:1?query=brace+walk"))
    assert shown.words["mark"] == "Bracebracewalk"
    assert "/letters/a/b?query=brace+walk" in shown.links
    assert "brace" in page_of(odd.get("/letters/a/b?query=brace")).words["mark"]


@pytest.mark.parametrize(
    ("shared", "marks", "pieces"),
    [
        pytest.param((), (), [("one two three", (), False)], id="all-its-own"),
        pytest.param(((0, 3),), (), [("one", (), True), (" two three", (), False)], id="at-the-start"),
        pytest.param(((0, 13),), (), [("one two three", (), True)], id="all-common"),
        pytest.param(
            ((0, 3), (4, 13)), (), [("one", (), True), (" ", (), False), ("two three", (), True)], id="side-by-side"
        ),
        pytest.param(
            ((4, 7),),
            ((2, 9),),
            [("one ", ((2, 4),), False), ("two", ((0, 3),), True), (" three", ((0, 2),), False)],
            id="mark-across",
        ),
    ],
)
def test_a_rationale_is_cut_at_what_many_letters_have(shared, marks, pieces):
    found = pieces_of("one two three", shared=shared, marks=marks)
    assert found == [Piece(*each) for each in pieces]


def test_sentences_that_many_letters_have_can_be_left_out(odd):
    whole = page_of(odd.get("/items/common-3:1"))
    assert SHARED in whole.words["span"]
    assert OWN.format(3) not in whole.words["span"]
    [leave_out] = [link for link in whole.links if "specific=yes" in link]
    left = page_of(odd.get(leave_out))
    assert SHARED not in left.words["article"].replace(left.copies[1], "")
    assert OWN.format(3) in left.words["article"]
    assert item_path("common-3:1") in left.links
    assert SHARED not in page_of(odd.get("/letters/common-3?specific=yes")).words["main"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        pytest.param("CM17-1.pdf", 'filename="CM17-1.pdf"', id="plain"),
        pytest.param('a"; x="b.txt', 'filename="a__ x__b.txt"', id="quotes"),
        pytest.param("a\r\nSet-Cookie: x.txt", 'filename="a__Set-Cookie_ x.txt"', id="line-ends"),
        pytest.param("Größe\u202e.txt", 'filename="Gr__e_.txt"', id="beyond-ascii"),
        pytest.param("half\udc80", 'filename="half_"', id="half-a-character"),
    ],
)
def test_a_file_s_name_is_no_header(name, plain):
    header = disposition("inline", name)
    assert header.isascii()
    assert header.isprintable()
    assert plain in header


def test_the_help_says_all_of_the_grammar(web):
    shown = " ".join(page_of(web.get("/help")).words["main"].split())
    assert all(" ".join(line.split()) in shown for line in grammar().split("\n\n") if "   " not in line)
    for key in ("/", "j", "k", "Enter", "c", "?"):
        assert web.get("/help").text.count(f"<kbd>{key}</kbd>") == 2, "on the page and in the dialog"
    sections = list(sections_of(grammar()))
    assert [each.title for each in sections] == [
        "How to ask", "Exact words", "Near each other", "Fields", "Numbers and codes", "Pasted text"
    ]  # fmt: skip
    examples = [row for each in sections for block in each.blocks if isinstance(block, tuple) for row in block]
    assert len(examples) == sum(line.startswith("  ") for line in grammar().splitlines())


def test_every_example_of_the_help_can_be_asked(web):
    links = [link for link in page_of(web.get("/help")).links if link.startswith("/search?query=")]
    assert len(links) > 20
    assert {web.get(link).status_code for link in links} == {200}
