"""Drafts: read in memory from every kind of file, refused in plain words, and never written anywhere."""

import gc
import io
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import docx
import pytest
from reportlab.pdfgen.canvas import Canvas

from imrsearch.indexer.sources.drafts import LARGEST, LONGEST, read_draft
from imrsearch.schema.drafts import named_in, requested_in, saying_nothing_of
from imrsearch.schema.errors import ImrSearchError
from tests.corpus import KINDS, case_of, letters
from tests.factories import index_of
from tests.precedents import precedents

CANARY = "quokkaparasol"
TEXT = f"The {CANARY} of this worker hurts. The request for Norco 10/325mg #60 is before us."


def as_docx(text=TEXT):
    document = docx.Document()
    document.add_paragraph(text)
    document.add_table(rows=1, cols=2).rows[0].cells[1].text = "In a table: a brace."
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_pdf(text=TEXT):
    out = io.BytesIO()
    canvas = Canvas(out)
    for number, sentence in enumerate(text.split(". ")):
        canvas.drawString(72, 700 - 14 * number, sentence)
    canvas.save()
    return out.getvalue()


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def with_document(inside):
    """A Word file whose body holds this XML."""
    named = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    with zipfile.ZipFile(io.BytesIO(as_docx())) as whole:
        members = {name.replace("/", "__"): whole.read(name) for name in whole.namelist()}
    return zipped(**members | {"word__document.xml": f"<w:document {named}><w:body>{inside}</w:body></w:document>"})


def paragraph_of(text):
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def with_flags(content, *, flags):
    """The archive with these flags for each member."""
    changed = bytearray(content)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(mark)
        while at >= 0:
            changed[at + place] |= flags
            at = changed.find(mark, at + 4)
    return bytes(changed)


def with_hole(content):
    """The archive with its first member's content overwritten."""
    start = 30 + int.from_bytes(content[26:28], "little") + 4
    return content[:start] + bytes(40) + content[start + 40 :]


WHOLE = {
    "text": TEXT.encode(),
    "html": f"<html><body><p>{TEXT}</p></body></html>".encode(),
    "pdf": as_pdf(),
    "docx": as_docx(),
}
BROKEN = {
    "empty": (b" \n\t ", "empty"),
    "too-large": (b"a " * (LARGEST // 2 + 1), "larger than 8 MB"),
    "too-long": (f"{CANARY} ".encode() * (LONGEST // 10), "more than 500,000 characters"),
    "binary": (bytes(range(256)) * 20 + CANARY.encode(), "cannot be read"),
    "no-words": (b"123 456 --- 789", "no words"),
    "half-pdf": (as_pdf()[:-400] + CANARY.encode(), "cannot be read"),
    "half-docx": (as_docx()[:-400], "cannot be read"),
    "another-zip": (zipped(notes=TEXT), "cannot be read"),
    "bad-xml": (zipped(**{"word__document.xml": f"<a>{TEXT}"}), "cannot be read"),
    "damaged-docx": (with_hole(as_docx()), "cannot be read"),
    "locked-docx": (with_flags(as_docx(), flags=1), "cannot be read"),
    "swollen-docx": (zipped(**{"word__document.xml": "<a/>", "junk": "a" * 30_000_001}), "cannot be read"),
    "old-word": (b"\xd0\xcf\x11\xe0" + TEXT.encode(), "older kind"),
    "rich-text": (b"{\\rtf1 " + TEXT.encode(), "older kind"),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_every_kind_is_read(kind):
    draft = read_draft(WHOLE[kind])
    assert draft.kind == kind
    assert CANARY in draft.text
    assert "Norco 10/325mg #60" in draft.text
    assert draft.letter is None
    assert CANARY not in repr(draft)


def test_tables_of_a_word_file_are_read():
    assert "In a table: a brace." in read_draft(WHOLE["docx"]).text


def test_tables_of_any_size_are_read_at_once():
    wide = f'<w:tc><w:tcPr><w:gridSpan w:val="99999999"/></w:tcPr>{paragraph_of(CANARY)}</w:tc>'
    row = f"<w:tr>{wide}<w:tc><w:tbl><w:tr><w:tc>{paragraph_of('inner')}</w:tc></w:tr></w:tbl></w:tc></w:tr>"
    began = time.process_time()
    draft = read_draft(with_document(f"<w:tbl>{row * 2_000}</w:tbl>"))
    assert time.process_time() - began < 5
    assert draft.text.split() == [CANARY, "inner"] * 2_000


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_draft_is_refused_without_its_words(case):
    content, message = BROKEN[case]
    with pytest.raises(ImrSearchError, match=message) as raised:
        read_draft(content)
    error = raised.value
    assert error.hint
    assert CANARY not in f"{error.message} {error.hint}"
    assert error.__cause__ is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_that_reads_as_a_letter_is_one(kind):
    written = letters()["xanax-ambien"]
    draft = read_draft(case_of(written, written["form"], kind).content)
    assert draft.letter is not None
    assert [one.treatment for one in draft.letter.items] == [one["treatment"] for one in written["items"]]


@pytest.mark.parametrize("text", [TEXT, f"{CANARY} 10mg #30: Upheld\n\nThe IMR reviewer: {CANARY}. Rationale: {TEXT}"])
def test_nothing_that_is_kept_ready_holds_a_draft(text):
    read_draft(text.encode())
    gc.collect()
    ready = [each for each in gc.get_objects() if type(each).__name__ == "_lru_cache_wrapper"]
    assert len(ready) > 10
    assert not [
        each.__wrapped__ for each in ready if CANARY in str([key for key in gc.get_referents(each) if type(key) is str])
    ]


def test_names_in_prose_are_exact():
    named = named_in("Klonopin and clonazepam for the low back; an MRI; Klonopim is a slip.")
    assert named.drugs == ("clonazepam",)
    assert named.body_parts == ("lumbar spine",)
    assert ("Diagnostic Testing", "Imaging / Radiology") in named.categories
    assert named_in("Klonopim is a slip.").drugs == ()


@pytest.mark.parametrize(
    ("request_line", "asked"),
    [
        ("Request: Klonopin 0.5mg #60, 2 refills. She is well", "Klonopin 0.5mg #60, 2 refills"),
        ("Requested treatment: MRI of the knee Diagnosis: sprain", "MRI of the knee"),
        ("Treatment requested: MRI of the knee", "MRI of the knee"),
        ("in dispute: six sessions of acupuncture; no more", "six sessions of acupuncture"),
        ("The provider is requesting authorization of an MRI.", "an MRI"),
        ("Her physician requests Klonopin 1mg", "Klonopin 1mg"),
        ("It was requested by the clinic. The request was denied.", ""),
    ],
)
def test_requests_are_written_in_many_ways(request_line, asked):
    assert requested_in(f"The patient takes Soma. {request_line}") == asked


def test_only_what_is_requested_is_requested():
    text = "The patient takes Soma. The request for Norco 10/325mg #60 is not medically necessary."
    assert named_in(text).drugs == ("carisoprodol", "hydrocodone", "acetaminophen")
    assert named_in(requested_in(text)).drugs == ("hydrocodone", "acetaminophen")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """An index, and folders of its own for everything that a program may write to."""
    own = tmp_path_factory.mktemp("own")
    for name in ("tmp", "home", "data", "cache", "state", "config", "work"):
        (own / name).mkdir()
    index_of(precedents(), own / "data" / "imrsearch" / "index")
    return own


def ask(folders, arguments, content):
    """The real command in a process of its own, with the draft on stdin."""
    return in_process(folders, ["-m", "imrsearch", *arguments], content)


def in_process(folders, arguments, content):
    """Python in a process of its own, away from the user's folders."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("IMRSEARCH", "XDG"))}
    environment |= {"HOME": str(folders / "home"), "PYTHONPATH": str(Path(__file__).parents[1])}
    environment |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folders / "tmp"))
    environment |= {f"XDG_{name.upper()}_HOME": str(folders / name) for name in ("data", "cache", "state", "config")}
    return subprocess.run(
        [sys.executable, *arguments],
        input=content,
        cwd=folders / "work",
        env=environment,
        capture_output=True,
        check=False,
    )


def files_with(folder, word):
    """Files below the folder, or their names, that hold the word in some spelling."""
    spelled = [word.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    return [
        path
        for path in folder.rglob("*")
        if word in path.name or (path.is_file() and any(each in path.read_bytes() for each in spelled))
    ]


# The command with a draft on stdin, then with a file; their codes are the last line.
TWICE = """
import sys
from imrsearch.search.cli import main
command, file = sys.argv[1:]
codes = []
for arguments in ["-"], ["--json", "--file", file]:
    sys.argv = ["imrsearch", command, *arguments]
    try:
        main()
        codes.append(0)
    except SystemExit as end:
        codes.append(end.code or 0)
print("\\n" + " ".join(map(str, codes)))
"""


@pytest.mark.parametrize(
    ("command", "kind", "code"),
    [
        *(("similar", kind, 0) for kind in WHOLE),
        *(("contrast", kind, 0) for kind in ("text", "docx", "pdf")),
        *(("similar", kind, 4) for kind in ("bad-xml", "half-pdf", "binary")),
        ("similar", "too-long", 2),
    ],
)
def test_no_file_holds_a_word_of_the_draft(folders, command, kind, code, tmp_path):
    content = WHOLE[kind] if kind in WHOLE else BROKEN[kind][0]
    file = tmp_path / "draft"
    file.write_bytes(content)
    done = in_process(folders, ["-c", TWICE, command, str(file)], content)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{code} {code}".encode()), done.stderr
    assert CANARY.encode() not in done.stderr
    assert b"Traceback" not in done.stderr
    assert files_with(folders, CANARY) == []


@pytest.mark.parametrize("debug", [False, True])
def test_a_fault_says_nothing_of_the_draft(debug, monkeypatch, capsys):
    monkeypatch.setenv("IMRSEARCH_DEBUG", "1" if debug else "")
    with pytest.raises(ImrSearchError) as raised, saying_nothing_of(read_draft(WHOLE["text"])):
        raise ValueError(TEXT)
    assert CANARY not in f"{raised.value.message} {raised.value.hint}"
    assert raised.value.__suppress_context__
    told = capsys.readouterr().err
    assert CANARY not in told
    assert ("test_drafts.py" in told) == debug


def test_a_text_on_the_command_line_is_refused_and_not_repeated(folders):
    done = ask(folders, ["similar", *TEXT.split()], b"")
    assert done.returncode == 2
    assert CANARY.encode() not in done.stderr
    assert b"similar - < draft.txt" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["similar"], b"nothing was asked for", id="nothing"),
        pytest.param(["similar", "CM17-0001000:1", "--file", "x"], b"--file stands alone", id="both"),
        pytest.param(["contrast", "--file", "not-there"], b"not-there cannot be opened", id="no-file"),
        pytest.param(["similar", "CM17-9999999:1"], b"no letter or item has the id CM17-9999999:1", id="unknown-id"),
        pytest.param(["similar", "-"], b"the draft is empty", id="empty"),
    ],
)
def test_what_cannot_be_asked(folders, arguments, message):
    done = ask(folders, arguments, b"")
    assert done.returncode == 2
    assert message in done.stderr
    assert b"hint: " in done.stderr
