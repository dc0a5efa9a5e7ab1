"""Files as they come: every one is a letter or one clear line, and none costs another."""

import hashlib
import io
import json
import os
import random
import re
import resource
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("pikepdf")
pytest.importorskip("reportlab")

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from imrsearch.indexer.build import build_index
from imrsearch.indexer.sources import Unread, letter_files, read_letters
from imrsearch.indexer.sources.html import html_lines
from imrsearch.indexer.sources.pages import FOOTER, PLAIN, is_running, lines_of
from imrsearch.indexer.sources.pages import plain as plain_text
from imrsearch.indexer.sources.text import decode, plain_rows, text_lines
from imrsearch.schema.errors import SourceError, UsageError
from imrsearch.schema.records import Line, RawLetter
from tests.corpus import case_of, letters, render

KEY = "xanax-ambien"
LETTER = letters()[KEY]
TEXT = render(LETTER, "table", "text")
PDF = render(LETTER, "table", "pdf")
ITEMS = len(LETTER["items"])


def pdf_of(*texts: str, password: str = "") -> bytes:
    """A PDF with one page a text; a page without text has a grey square, as a scan has its picture."""
    out = io.BytesIO()
    encrypt = StandardEncryption(password, "owner") if password else None
    page = Canvas(out, encrypt=encrypt, invariant=True)
    for text in texts:
        if text:
            page.drawString(72, 700, text)
        else:
            page.setFillGray(0.5)
            page.rect(72, 72, 400, 600, fill=1)
        page.showPage()
    page.save()
    return out.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def locked_zip() -> bytes:
    """A ZIP whose member says that it is encrypted."""
    content = bytearray(zip_of({"a.txt": TEXT}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def zeros(megabytes: int) -> bytes:
    """A ZIP of so many million zeros, made without holding them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros.txt", "w") as member:
        for _ in range(megabytes):
            member.write(bytes(1_000_000))
    return out.getvalue()


def lying_bomb() -> bytes:
    """A ZIP bomb that declares 2,000 bytes instead of 80 million."""
    content = zeros(80)
    return content.replace((80_000_000).to_bytes(4, "little"), (2_000).to_bytes(4, "little"))


def junk() -> bytes:
    return random.Random(7).randbytes(20_000)


# What is wrong with a file, and what the one line about it says.
BAD = {
    "pdf-truncated.pdf": (lambda: PDF[: len(PDF) // 2], r"cut short"),
    "pdf-torn-middle.pdf": (lambda: b"%PDF-1.7\n" + junk() + b"%%EOF\n", r"damaged"),
    "pdf-password.pdf": (lambda: pdf_of("A letter", password="secret"), r"needs a password"),
    "pdf-scan.pdf": (lambda: pdf_of("", ""), r"a scan without a text layer"),
    "pdf-long.pdf": (lambda: pdf_of(*["A page"] * 501), r"501 pages"),
    "pdf-half.txt": (lambda: PDF[:3000], r"cut short"),
    "empty.txt": (bytes, r"empty"),
    "empty.pdf": (bytes, r"empty"),
    "blank.txt": (lambda: b" \r\n\t\n\x0c\n", r"empty"),
    "bom-only.txt": (lambda: b"\xef\xbb\xbf", r"empty"),
    "blank.html": (lambda: b"<html><body><p>&nbsp;</p><br></body></html>", r"no text"),
    "no-letter.txt": (lambda: b"Minutes of the garden club.\n" * 40, r"no disputed item"),
    "no-letter.html": (lambda: b"<html><body><p>Minutes of the garden club.</p></body></html>", r"no disputed item"),
    "no-letter.pdf": (lambda: pdf_of("Minutes of the garden club."), r"no disputed item"),
    "deep-div.html": (lambda: b"<html><body>" + b"<div>" * 100_000 + b"x", r"nests more than"),
    "deep-b.html": (lambda: b"<html><body>" + b"<b>" * 100_000 + b"x", r"nests more than"),
    "deep-table.html": (lambda: b"<html><body>" + b"<table><tr><td>" * 100_000 + b"x", r"nests more than"),
    "zip-outside.zip": (lambda: zip_of({"../../letter.txt": TEXT}), r"outside the archive"),
    "zip-absolute.zip": (lambda: zip_of({"/etc/letter.txt": TEXT}), r"outside the archive"),
    "zip-drive.zip": (lambda: zip_of({"C:\\letter.txt": TEXT}), r"outside the archive"),
    "zip-bomb.zip": (lambda: zeros(300), r"300,000,000 bytes"),
    "zip-lying-bomb.zip": (lying_bomb, r"damaged"),
    "zip-in-zip.zip": (lambda: zip_of({"inner.zip": zip_of({"a.txt": TEXT})}), r"archive inside an archive"),
    "zip-truncated.zip": (lambda: zip_of({"a.txt": TEXT, "b.txt": PDF})[:-60], r"the ZIP is damaged"),
    "zip-locked.zip": (locked_zip, r"needs a password"),
    "zip-empty.zip": (lambda: zip_of({}), r"empty|no letter"),
    "zip-empty-member.zip": (lambda: zip_of({"a.txt": b""}), r"empty"),
    "word.docx": (lambda: zip_of({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<w/>"}), r"Word"),
    "lines.jsonl": (lambda: b'{"letter_id": 7}\n', r"line 1 is not a letter"),
    "deep.jsonl": (lambda: b'{"a":' * 100_000 + b"\n", r"line 1 is not a letter"),
    "half.jsonl": (lambda: b'{"letter_id": "x", "items": [{"treatm', r"line 1 is not a letter"),
    "latin.jsonl": (lambda: b'{"letter_id": "caf\xe9", "items": []}\n', r"line 1 is not a letter"),
    "no-items.jsonl": (lambda: b'{"letter_id": "x", "items": []}\n', r"no disputed item"),
    "junk.bin": (junk, r"not text"),
    "picture.png": (lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + junk(), r"not text"),
    "letter.gz": (lambda: b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + junk(), r"not text"),
}
GOOD = {
    "good.txt": lambda: TEXT,
    "mislabelled.txt": lambda: render(letters()["facet-medial-branch"], "table", "pdf"),
    "mislabelled.pdf": lambda: render(letters()["fusion-with-services"], "table", "text"),
    "mislabelled.html": lambda: zip_of({"a.bin": render(letters()["klonopin-norco-colace"], "table", "html-tika")}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All of BAD and GOOD in one folder."""
    folder = tmp_path_factory.mktemp("bad")
    for name, (content, _) in BAD.items():
        (folder / name).write_bytes(content())
    for name, content in GOOD.items():
        (folder / name).write_bytes(content())
    return folder


@pytest.fixture(scope="module")
def report(folder, tmp_path_factory):
    return build_index(letter_files([str(folder)]), tmp_path_factory.mktemp("index") / "index")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_ends_in_one_clear_line(name, folder, report):
    lines = [problem for problem in report.problems if problem.path.startswith(str(folder / name))]
    assert len(lines) == 1, lines
    assert re.search(BAD[name][1], lines[0].reason)
    assert len(lines[0].reason) < 200
    assert "\n" not in lines[0].reason + lines[0].hint
    assert "Error" not in lines[0].reason


def test_the_others_are_indexed(report):
    assert (report.letters, report.added) == (len(GOOD), len(GOOD))
    assert report.failed == len(report.problems)


MEMORY = """
import resource, sys
from pathlib import Path
from imrsearch.indexer.build import build_index
from imrsearch.indexer.sources import letter_files
report = build_index(letter_files([sys.argv[1]]), Path(sys.argv[2]))
print(report.added, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_stays_below_a_gibibyte(folder, tmp_path):
    command = [sys.executable, "-c", MEMORY, str(folder), str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    added, kilobytes = map(int, done.stdout.split())
    assert added == len(GOOD)
    assert kilobytes < 1024 * 1024
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1024 * 1024


LIMITED = """
import resource, sys
from pathlib import Path
from imrsearch.indexer.build import build_index
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
report = build_index([Path(sys.argv[1])], Path(sys.argv[2]))
print(len(report.problems), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("piece", "megabytes"),
    [
        pytest.param(b"a\n", 20, id="lines"),
        pytest.param(b"a\n", 1, id="lines-of-a-size-that-is-read"),
        pytest.param(b"<p>a", 20, id="paragraphs"),
        pytest.param(b"word ", 5, id="one-line"),
    ],
)
def test_a_file_far_longer_than_a_letter(piece, megabytes, tmp_path):
    """Each line and paragraph costs many times its bytes."""
    head = b"<html><body>" if piece.startswith(b"<") else b""
    (tmp_path / "long").write_bytes(head + piece * (megabytes * 1_000_000 // len(piece)))
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "long"), str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=8, check=True)
    problems, kilobytes = map(int, done.stdout.split())
    assert problems == 1
    assert kilobytes < 1024 * 1024


def unread(found) -> list[str]:
    return [one.reason for one in found if isinstance(one, Unread)]


def test_good_members_of_a_zip_with_bad_ones_are_read(read):
    members = {"../a.txt": TEXT, "b.txt": b"", "c/CM15.txt": TEXT, "__MACOSX/._c.txt": b"x", ".hidden": b"x"}
    found = read(zip_of(members), "mixed.zip")
    assert [type(one) for one in found] == [Unread, Unread, RawLetter]
    assert found[2].source.path.endswith("mixed.zip/c/CM15.txt")
    assert found[2].source.kind == "text"


def test_one_damaged_member_costs_no_other(read):
    content = bytearray(zip_of({"a.txt": TEXT, "b.txt": PDF}))
    content[60:80] = bytes(20)
    found = read(bytes(content), "damaged.zip")
    assert [type(one) for one in found] == [Unread, RawLetter]
    assert "damaged" in found[0].reason


def test_a_bad_line_costs_no_other(read, plain, parse):
    record = json.dumps(plain(parse(TEXT))).encode()
    found = read(b"\n".join((record, b"{}", b"", b"nothing", record.replace(b"CM15", b"CM16"))), "some.jsonl")
    assert [type(one) for one in found] == [RawLetter, Unread, Unread, RawLetter]
    assert [reason.split(":")[0] for reason in unread(found)] == ["line 2 is not a letter", "line 4 is not a letter"]


def test_a_letter_printed_over_many_lines_of_json_is_one_failure_at_most(read, plain, parse):
    pretty = json.dumps(plain(parse(TEXT)), indent=2).encode()
    assert len(unread(read(pretty, "pretty.json"))) <= 1


def test_a_jsonl_letter_without_an_id_is_named_after_its_line(read):
    found = read(b'{"items": [{"treatment": "Cane", "outcome": "Upheld "}]}\n' * 2, "nameless.jsonl")
    assert [one.record.letter_id for one in found] == ["nameless-1", "nameless-2"]
    assert found[0].record.items[0].outcome == "upheld"


# HTML that nests where a count of tags may not see it.
@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<div>" * 100_000, id="div"),
        pytest.param("<b>" * 100_000, id="unclosed-b"),
        pytest.param("<p><b>x</p>" * 100_000, id="b-reopened-in-each-paragraph"),
        pytest.param("<table><tr><td>" * 100_000, id="tables"),
        pytest.param("<div></x>" * 100_000, id="ends-that-end-nothing"),
        pytest.param("<div><!--</div>-->" * 100_000, id="ends-in-comments"),
        pytest.param("<div title='</div>'>" * 100_000, id="ends-in-attributes"),
        pytest.param("<svg>" + "<link>" * 100_000, id="svg"),
        pytest.param("<li>" * 100_000, id="list-items-that-end-by-themselves"),
    ],
)
def test_a_deep_page_takes_less_than_two_seconds(page):
    # In a process of its own: a parser that goes astray cannot be stopped in this one.
    script = (
        "import sys; from imrsearch.indexer.sources.html import html_lines; "
        "from imrsearch.schema.errors import SourceError\n"
        "try: html_lines(sys.stdin.buffer.read())\nexcept SourceError: pass"
    )
    page = f"<html><body>{page}x".encode()
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", script], input=page, timeout=4, check=True)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Seconds of the processor, so that other tests at the same time do not count.
    assert ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime < 2


def test_a_page_that_nests_as_pages_do_is_read(read, parse):
    page = render(LETTER, "table", "html-page").replace(b"<body>", b"<body>" + b"<div>" * 200)
    assert len(parse(page, "nested.html").items) == ITEMS


# Encodings.
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TEXT.decode().encode("utf-16-le"), id="utf16-le-without-mark"),
        pytest.param(TEXT.decode().encode("utf-16-be"), id="utf16-be-without-mark"),
        pytest.param(b"\xff\xfe" + TEXT.decode().encode("utf-16-le"), id="utf16-le"),
        pytest.param(b"\xfe\xff" + TEXT.decode().encode("utf-16-be"), id="utf16-be"),
        pytest.param(b"\xef\xbb\xbf" + TEXT, id="utf8-mark"),
        pytest.param(TEXT.replace(b"\n", b"\r\n"), id="cr-lf"),
        pytest.param(TEXT.replace(b"\n", b"\r"), id="cr"),
    ],
)
def test_text_in_any_encoding_gives_the_same_letter(content, parse, plain):
    assert {**plain(parse(content)), "source": None} == {**plain(parse(TEXT)), "source": None}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("the patient’s “pain” – café".encode("cp1252"), "the patient’s “pain” – café", id="cp1252"),
        pytest.param("the patient’s “pain” – café".encode(), "the patient’s “pain” – café", id="utf8"),
        pytest.param("pain é".encode("utf-16-le"), "pain é", id="utf16-short"),
        pytest.param(b"\xef\xbb\xbfpain", "pain", id="mark-is-no-text"),
        pytest.param("café “pain” – ½".encode() + b" \xe9", "café “pain” – ½ \ufffd", id="utf8-with-a-byte-lost"),
        pytest.param(b"pain \x81", "pain �", id="byte-that-means-nothing"),
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"a", "a", id="one-byte"),
    ],
)
def test_decode(content, text):
    assert decode(content) == text


@pytest.mark.parametrize("declared", ["idna", "undefined", "punycode", "hex", "nothing-such", "utf-16", "", "\u00e9"])
def test_a_page_may_declare_any_encoding(declared, read):
    page = f'<html><meta charset="{declared}"><p>caf'.encode("latin-1") + b"\xe9 and the patient\x92s letter</p></html>"
    [found] = read(page, "declared.html")
    assert isinstance(found, RawLetter)
    assert found.lines


def test_a_declared_encoding_counts(read):
    page = '<html><meta charset="windows-1251"><p>Привет</p></html>'.encode("cp1251")
    [found] = read(page, "russian.html")
    assert found.lines[0].text == "Привет"


# Paths.
def test_a_file_without_permission(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "secret.txt").write_bytes(TEXT)
    (tmp_path / "secret.txt").chmod(0)
    assert unread(read_letters(tmp_path / "secret.txt")) == ["cannot be opened: Permission denied"]


def test_a_file_that_may_not_be_opened(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "secret.txt").write_bytes(TEXT)
    monkeypatch.setattr(Path, "open", refuse)
    assert unread(read_letters(tmp_path / "secret.txt")) == ["cannot be opened: Permission denied"]


def test_a_broken_link(tmp_path):
    (tmp_path / "link.txt").symlink_to(tmp_path / "nothing.txt")
    (tmp_path / "good.txt").write_bytes(TEXT)
    for given in (tmp_path, tmp_path / "link.txt"):
        [link] = [path for path in letter_files([str(given)]) if path.name == "link.txt"]
        assert unread(read_letters(link)) == ["cannot be opened: No such file or directory"]


def test_a_folder_where_a_file_was_expected(tmp_path):
    assert unread(read_letters(tmp_path)) == ["cannot be opened: Is a directory"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_a_folder_does_not_hold_up_the_run(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    script = (
        "import sys; from imrsearch.indexer.sources import letter_files, read_letters\n"
        "for path in letter_files(sys.argv[1:]): list(read_letters(path))"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], timeout=3, check=True)


def test_links_that_go_round_are_walked_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "good.txt").write_bytes(TEXT)
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert [path.name for path in letter_files([str(tmp_path)])] == ["good.txt"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(b"new\nline.txt", id="newline"),
        pytest.param(b"caf\xe9.txt", id="not-utf8"),
        pytest.param(b"\x1b[31mred.txt", id="escape"),
        pytest.param("Übersicht № 5.txt".encode(), id="unicode"),
        pytest.param(b"a" * 250 + b".txt", id="long"),
        pytest.param(b"-", id="dash"),
        pytest.param(b"[a]*?.txt", id="glob"),
    ],
)
def test_any_file_name(name, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))
    path.write_bytes(case_of(letters()["klonopin-norco-colace"], "bare", "text").content)
    (folder / "good.txt").write_bytes(TEXT)
    (folder / "other.txt").write_bytes(b"")
    report = build_index(letter_files([str(folder)]), tmp_path / "index")
    assert (report.letters, len(report.problems)) == (2, 1)


def test_paths_are_files_folders_and_globs_each_once(tmp_path):
    for name in ("b/2.txt", "b/1.txt", "b/.hidden.txt", "b/.git/x.txt", "a.txt", "c.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    given = [str(tmp_path / "c.pdf"), str(tmp_path / "**" / "*.txt"), str(tmp_path)]
    assert [path.name for path in letter_files(given)] == ["c.pdf", "a.txt", "1.txt", "2.txt"]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        pytest.param(["b", "b"], ["1.txt", "2.txt"], id="twice"),
        pytest.param(["b", "b/2.txt"], ["1.txt", "2.txt"], id="file-below"),
        pytest.param(["b/2.txt", "b"], ["2.txt", "1.txt"], id="file-below-first"),
        pytest.param(["b/2.txt", "."], ["2.txt", "a.txt", "1.txt", "3.txt"], id="folder-far-above"),
        pytest.param(["b", "./b/../b"], ["1.txt", "2.txt"] * 2, id="as-written"),
        pytest.param(["b", "bc"], ["1.txt", "2.txt", "3.txt"], id="one-name-begins-the-other"),
        pytest.param(["b", "b/.hidden.txt"], ["1.txt", "2.txt", ".hidden.txt"], id="hidden-below"),
    ],
)
def test_a_file_that_is_named_twice_is_given_once(given, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b/2.txt", "b/1.txt", "b/.hidden.txt", "bc/3.txt", "a.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    assert [path.name for path in letter_files(given)] == names


def test_a_walk_keeps_nothing_but_names(tmp_path):
    files = 1_000
    for number in range(files):
        (tmp_path / f"CM17-{number:07d}.txt").touch()
    # In a process of its own: what other tests leave behind would count.
    script = (
        "import sys, tracemalloc; from imrsearch.indexer.sources import letter_files\n"
        "tracemalloc.start(); print(sum(1 for _ in letter_files(sys.argv[1:])), tracemalloc.get_traced_memory()[1])"
    )
    told = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, check=True, text=True)
    found, most = map(int, told.stdout.split())
    assert found == files
    assert most / files < 120


def test_a_link_to_itself_is_one_problem(tmp_path):
    (tmp_path / "link.txt").symlink_to(tmp_path / "link.txt")
    (tmp_path / "good.txt").write_bytes(TEXT)
    found = list(letter_files([str(tmp_path)]))
    assert [path.name for path in found] == ["good.txt", "link.txt"]
    assert unread(read_letters(found[1])) == ["cannot be opened: Too many levels of symbolic links"]


def test_a_path_that_names_nothing(tmp_path):
    with pytest.raises(UsageError, match="no such file or folder"):
        list(letter_files([str(tmp_path / "*.pdf")]))


def test_kind_and_digest_come_from_the_content(read):
    [as_text] = read(TEXT, "letter.pdf")
    [as_pdf] = read(PDF, "letter.txt")
    [as_html] = read(render(LETTER, "table", "html-tika"), "letter")
    assert [raw.source.kind for raw in (as_text, as_pdf, as_html)] == ["text", "pdf", "html"]
    assert as_text.source.sha256 == hashlib.sha256(TEXT).hexdigest()


@pytest.mark.parametrize("before", [b"junk before\n" * 20, b"\r\n\r\n", b"\xef\xbb\xbf"])
def test_a_pdf_may_begin_late(before, parse):
    assert len(parse(before + PDF, "late.pdf").items) == ITEMS


def test_a_known_letter_is_not_read_again(tmp_path):
    (tmp_path / "letter.txt").write_bytes(TEXT)
    [raw] = read_letters(tmp_path / "letter.txt", known=lambda source: len(source.sha256) == 64)
    assert raw.lines == ()


# Page edges.
def pages(*texts: str) -> list[list[Line]]:
    return [[Line(line) for line in text.splitlines()] for text in texts]


def kept(*texts: str) -> list[str]:
    return [line.text for line in lines_of(pages(*texts))]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            ["Determination of Doe\nOne.", "Determination of Doe\nTwo.", "Determination of Doe\nThree."],
            ["One.", "Two.", "Three."],
            id="running-header",
        ),
        pytest.param(
            ["One.\nDraft of 1 May", "Two.\nDraft of 2 May", "Three.\nDraft of 3 May"],
            ["One.", "Two.", "Three."],
            id="running-footer-with-numbers",
        ),
        pytest.param(["One.\nThe same words", "Two.\nThe same words"], None, id="two-pages-are-no-run"),
        pytest.param(
            [
                "The knee\nis not medically necessary.",
                "The hip\nis not medically necessary.",
                "Three.\nis not medically necessary.",
            ],
            None,
            id="the-same-sentence-at-three-page-ends",
        ),
        pytest.param(["One.\nmedically necessary.", "Two.\nmedically necessary."], None, id="two-page-ends"),
        pytest.param(
            ["MRI of the knee: Upheld\nOne.", "MRI of the hip: Upheld\nTwo.", "MRI of the toe: Upheld\nThree."],
            None,
            id="headings-at-the-top-of-three-pages",
        ),
        pytest.param(["Claims Administrator guideline: none\nOne."] * 3, None, id="labels-at-the-top-of-three-pages"),
        pytest.param(["One.\n1", "Two.\n2", "Three.\n3"], ["One.", "Two.", "Three."], id="page-numbers"),
        pytest.param(["One.\n- 1 -", "Two.\n- 2 -"], ["One.", "Two."], id="page-numbers-in-dashes"),
        pytest.param(["Page | 1\nOne.", "Page | 2\nTwo."], ["One.", "Two."], id="page-numbers-with-a-bar"),
        pytest.param(["One was\n90", "tablets a month."], None, id="a-number-that-is-not-the-page's"),
        pytest.param(["One\ntwo\n1\nthree\nfour"], None, id="the-page's-number-away-from-its-edge"),
        pytest.param(
            ["One.\nFinal Letter of Determination Form Effective 12.09.13 Page 3 of 7\nTwo."],
            ["One.", "Two."],
            id="footer-where-pages-are-lost",
        ),
        pytest.param(
            ["IMR Final Determination CM17-0000001\nOne.\nPage 2 of 4"], ["One."], id="head-and-foot-of-one-page"
        ),
        pytest.param(
            ["The Final Determination was based on decisions for the disputed items/services set forth below:\nOne."],
            None,
            id="a-sentence-that-begins-like-a-footer",
        ),
        pytest.param(["As noted on page 2 of 4 reports, the cane helps."], None, id="a-sentence-with-a-page"),
        pytest.param([], [], id="no-page"),
        pytest.param(["", ""], [], id="empty-pages"),
    ],
)
def test_page_edges(given, expected):
    assert kept(*given) == ("\n".join(given).split("\n") if expected is None else expected)


def test_the_gap_above_a_page_is_not_known():
    first, second = [Line("One", gap=False), Line("two", gap=True)], [Line("three", gap=True), Line("four", gap=False)]
    assert [line.gap for line in lines_of([first, second])] == [False, True, None, False]


# Blank lines of text.
@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        pytest.param("a\nb\n\nc\nd\n", [None, False, True, False], id="blank-lines-between-paragraphs"),
        pytest.param("a\n\nb\n\n\nc\n\nd\n\ne\n", [None, False, True, False, False], id="blank-line-after-every-line"),
        pytest.param("a\nb\nc\n", [None, None, None], id="no-blank-line"),
        pytest.param("a\n\nb\n\nc\n", [None, None, None], id="only-single-blank-lines"),
        pytest.param("a\n \t\nb\nc\nd", [None, True, False, False], id="blanks-hold-spaces"),
        pytest.param("\n\n\na\nb\n\nc\nd", [None, False, True, False], id="blank-lines-at-the-top"),
        pytest.param("a\nb\n\nc\nd\n\x0ce\nf\n\ng", [None, False, True, False, None, False, True], id="form-feed"),
    ],
)
def test_gaps_of_text(text, gaps):
    assert [line.gap for line in text_lines(text)] == gaps


def test_text_lines_have_single_spaces_and_plain_hyphens():
    assert [line.text for line in text_lines("  a\u00a0 b\t c \nsoft\u00adware\nzero\u200bwidth")] == [
        "a b c",
        "software",
        "zerowidth",
    ]


# HTML.
def page_of(body: str, head: str = "") -> list[str]:
    return [line.text for line in html_lines(f"<html><head>{head}</head><body>{body}</body></html>".encode())]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        pytest.param("<p>One.</p><p>Two.</p>", ["One.", "Two."], id="paragraphs"),
        pytest.param("clona<span>zepam</span> <b>0.5</b>mg", ["clonazepam 0.5mg"], id="spans-in-words"),
        pytest.param("<p>One<br>two<br/>three</p>", ["One", "two", "three"], id="br"),
        pytest.param("<p>Norco<br>#60</p>", ["Norco", "#60"], id="br-glues-nothing"),
        pytest.param("<p>One</p><p>&nbsp;</p><p>Two</p>", ["One", "Two"], id="nbsp-block"),
        pytest.param("<p>One&nbsp;&#160;two</p>", ["One two"], id="nbsp-in-line"),
        pytest.param(
            "<table><tr><td>Priority:</td><td>Standard</td></tr><tr><td>A</td><td>B</td></tr></table>",
            ["Priority: Standard", "A B"],
            id="rows-are-lines",
        ),
        pytest.param("<ul><li>One<li>Two</ul>", ["One", "Two"], id="list"),
        pytest.param("<dl><dt>One<dd>Two</dl>", ["One", "Two"], id="definition-list"),
        pytest.param(
            "<p>One</p><script>two</script><style>three</style><!-- four --><p>Five", ["One", "Five"], id="silent"
        ),
        pytest.param("One &lt;b&gt; &amp;amp; 5 &gt; 4", ["One <b> &amp; 5 > 4"], id="entities"),
        pytest.param("<p>One\ntwo</p>", ["One", "two"], id="line-ends-of-the-source"),
        pytest.param("<p>One\ntwo<br>three</p>", ["One two", "three"], id="br-outweighs-the-source"),
        pytest.param("<p>exam<wbr>ple and soft&shy;ware</p>", ["example and software"], id="soft-breaks"),
        pytest.param("<p>One<p>Two", ["One", "Two"], id="unclosed"),
        pytest.param("<pre>One\n\nTwo\nThree</pre>", ["One", "Two", "Three"], id="pre"),
        pytest.param("<div>One<p>Two</p>three</div>", ["One", "Two", "three"], id="text-beside-blocks"),
        pytest.param("<p/><p>One</p><a name=1/>Two", ["One", "Two"], id="self-closed"),
    ],
)
def test_blocks_of_html(body, lines):
    assert page_of(body) == lines


def test_a_closed_title_swallows_nothing():
    assert page_of("<p>One</p>", head="<title/>") == ["One"]
    assert page_of("<p>One</p>", head='<title lang="en" /><script src="x"/>') == ["One"]


def test_gaps_and_weights_of_html():
    lines = html_lines(b"<p>One<br>two<br><br><b>Three</b> four</p><h3>Five</h3><p style='font-weight: 700'>Six</p>")
    assert [(line.text, line.gap, line.bold) for line in lines] == [
        ("One", True, False),
        ("two", False, False),
        ("Three four", True, True),
        ("Five", True, True),
        ("Six", True, True),
    ]


def test_a_page_without_text():
    with pytest.raises(SourceError, match="no text"):
        html_lines(b"<html><head><title>x</title></head><body><img src=x></body></html>")


# Hostile text: what repeats a pattern's beginning without its end.
@pytest.mark.parametrize(
    "words",
    [
        pytest.param("MAXIMUS Federal Services, Inc. has determined the request for a cane ", id="determined"),
        pytest.param("is Board Certified in a, has a subspecialty in b, ", id="reviewer"),
        pytest.param("A cane was the original request. ", id="partly"),
        pytest.param("The Claims Administrator cited the ", id="cited"),
        pytest.param("Decision based on MTUS A, Section(s): ", id="basis"),
    ],
)
def test_hostile_text_takes_seconds_at_most(words, tmp_path):
    (tmp_path / "hostile.txt").write_bytes(TEXT + (words * 2_000).encode())
    script = (
        "import sys; from pathlib import Path; from imrsearch.indexer.build import build_index; "
        "build_index([Path(sys.argv[1])], Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "hostile.txt"), str(tmp_path / "index")]
    subprocess.run(command, timeout=5, check=True)


@pytest.mark.parametrize("odd", [*map(chr, PLAIN), "\t", "\n", "\x1f", "\x85", "é", "e\u0301", "\u212a", "’"])
def test_plain_text(odd):
    """The short ways for plain characters give what the long one does."""
    for text in (odd, f"a{odd}b", f" a {odd} {odd} b ", f"{odd}’"):
        assert plain_text(text) == " ".join(unicodedata.normalize("NFC", text.translate(PLAIN)).split())


@pytest.mark.parametrize(
    "text",
    [
        "Final Determination CM17-0000001",
        "fINAL lETTER OF dETERMINATION pAGE 3",
        "IMR Final Determination 2",
        "\u0131mr final determination 2",
        "Form Effective 12.09.13",
        "form effective 12.09.13",
        "Page 2 of 4",
        "PAGE 2 OF 4",
        "Final Letter of Determination   Form Effective 12.09.13   Page 3 of 7",
        "A Letter for Page 2 of 4",
    ],
)
def test_footers_are_left_out_wherever_they_stand(text):
    assert FOOTER.match(text)
    assert is_running(Line(text), (), set(), 1)
    assert lines_of([[Line("One"), Line("two"), Line(text), Line("three"), Line("four")]])[2].text == "three"
    assert not is_running(Line(f"as noted, {text}"), (), set(), 1)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param("  Norco  10/325mg   #60 ", "Norco 10/325mg #60", id="spaces"),
        pytest.param("Norco\t#60\x1f", "Norco #60", id="tab-and-separator"),
        pytest.param("10\x0220\x0016", "10-2016", id="hyphen-and-zero"),
        pytest.param("na\u0131\u0308ve\u00a0\u00adcane\u200b", "na\u0131\u0308ve cane", id="beyond-ascii"),
        pytest.param("cafe\u0301 o\ufb03ce", "caf\u00e9 office", id="accent-and-ligature"),
        pytest.param("\u200b \ufeff", "", id="nothing-to-see"),
    ],
)
def test_a_row_is_plain_whatever_stands_around_it(row, words):
    assert plain_text(row) == words
    for page in (row, f"a cane\n{row}\nb  cane", f"\u2019s cane\n{row}\n"):
        assert words in plain_rows(page.splitlines())
