"""Everything that a query finds: in the order of the pages, as the command line gives it, at constant memory."""

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imrsearch.search import cli, everything
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from tests.corpus.generator import generated
from tests.factories import index_of, item, letter

COMMAND = [sys.executable, "-m", "imrsearch.search.cli"]
TEXTS = {
    "csv": lambda text: sum(not line.startswith("#") for line in text.splitlines()) - 1,
    "tsv": lambda text: sum(not line.startswith("#") for line in text.splitlines()) - 1,
    "jsonl": lambda text: len(text.splitlines()) - 1,
    "markdown": lambda text: text.count("\n## "),
    "bibtex": lambda text: text.count("\n@misc{"),
    "ris": lambda text: text.count("TY  - CASE\r\n"),
}


@pytest.fixture
def run(monkeypatch, capsysbinary):
    """Run the command line in this process: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["imrsearch", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capsysbinary.readouterr()
        assert b"Traceback" not in err
        return code, out.decode("utf-8", "replace"), err.decode("utf-8")

    return run


# Order.
@pytest.fixture(scope="module")
def ties_dir(tmp_path_factory) -> Path:
    """Letters that differ in little: many of one day, many undated, the same words again and again."""
    days = ("2016-05-04", "2016-05-05", None)
    letters = (
        letter(
            f"CM16-{(place * 7919) % 1000:07}", *(item("Back brace"),) * (1 + place % 3), decision_date=days[place % 3]
        )
        for place in range(60)
    )
    return index_of(letters, tmp_path_factory.mktemp("ties") / "index", segments=3)


@pytest.mark.parametrize("page", [1, 4, 50_000])
@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest"])
@pytest.mark.parametrize("text", ["", "brace", "outcome:upheld", "pain OR weaning", "the request", "zzzz"])
@pytest.mark.parametrize("kept", ["index_dir", "ties_dir"])
def test_a_listing_is_all_pages_in_their_order(kept, text, sort, page, request, monkeypatch):
    monkeypatch.setattr(everything, "PAGE", page)
    monkeypatch.setattr(everything, "KEPT_LETTERS", 2)
    searcher = Searcher.open(request.getfixturevalue(kept))
    results = searcher.search(Query(text=text, sort=sort, limit=1_000))
    listing = searcher.listing(Query(text=text, sort=sort, limit=1_000))
    assert listing.head.total == listing.head.listed == results.total
    listed = [(each.item.id, each.letter.letter_id, each.score, each.passage) for each in listing.items]
    assert listed == [(hit.id, hit.letter_id, hit.score, hit.snippet) for hit in results.hits]


@pytest.mark.parametrize(
    ("text", "sort", "said"),
    [("pain", "relevance", "relevance"), ("", "relevance", "newest"), ("outcome:upheld", "relevance", "newest"),
     ("pain", "oldest", "oldest"), ("", "oldest", "oldest")],
)  # fmt: skip
def test_the_head_says_the_order_that_was_taken(text, sort, said, index_dir):
    assert Searcher.open(index_dir).listing(Query(text=text, sort=sort)).head.order == said


@pytest.mark.parametrize(
    ("offset", "limit", "listed"),
    [(0, 3, 3), (2, 3, 3), (80, 10, 2), (82, 10, 0), (0, 0, 0), (81, 10**30, 1), (10**30, 1, 0)],
)
def test_a_part_of_a_listing(offset, limit, listed, index_dir):
    query = Query(sort="newest", offset=offset, limit=limit)
    searcher = Searcher.open(index_dir)
    listing = searcher.listing(query)
    assert searcher.manifest.items == 82
    assert listing.head.listed == listed
    assert (listing.head.first, listing.head.total) == (offset + 1, 82)
    assert [each.item.id for each in listing.items] == [hit.id for hit in searcher.search(query).hits]


# The command line.
@pytest.mark.parametrize("format", TEXTS)
def test_everything_is_listed_unless_a_limit_is_given(format, run, index_dir):
    code, out, err = run("", "--format", format, "--index", index_dir)
    assert (code, err, TEXTS[format](out)) == (0, "", 82)
    code, out, err = run("", "--format", format, "--limit", 3, "--index", index_dir)
    assert (code, err, TEXTS[format](out)) == (0, "", 3)


def test_a_file_by_its_ending(run, index_dir, tmp_path):
    output = tmp_path / "out.csv"
    arguments = ("klonopin", "--outcome", "upheld", "-o", output, "--index", index_dir)
    code, out, err = run(*arguments)
    rows = [row for row in csv.reader(io.StringIO(output.read_text("utf-8-sig"))) if not row[0].startswith("#")]
    assert (code, out, err) == (0, "", f"{output}: {len(rows) - 1} items\n")
    assert len(rows) > 2
    before = output.read_bytes()
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err == f"error: {output} exists\nhint: name another file, or write over it: --force\n"
    assert output.read_bytes() == before
    assert run(*arguments, "--force")[0] == 0
    assert output.read_bytes() == before
    assert os.listdir(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("format", ["xlsx", "docx"])
def test_an_archive_goes_through_a_pipe(format, index_dir):
    done = subprocess.run(
        [*COMMAND, "klonopin", "--format", format, "--index", str(index_dir)], capture_output=True, check=True
    )
    assert done.stdout.startswith(b"PK")
    assert done.stderr == b""


@pytest.mark.parametrize("format", ["xlsx", "docx"])
def test_an_archive_does_not_go_to_a_terminal(format, index_dir):
    ours, theirs = pty.openpty()
    command = [*COMMAND, "klonopin", "--format", format, "--index", str(index_dir)]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert done.stderr == f"error: {format} is not for a terminal\nhint: name a file: --output FILE.{format}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--format", "pdf"], "there is no format pdf", id="no-such-format"),
        pytest.param(["-o", "out"], "the format of out is not known", id="no-ending"),
        pytest.param(["-o", "no/folder/out.csv"], "cannot be written: No such file or directory", id="no-such-folder"),
        pytest.param(["-o", ".", "--format", "csv"], ". is not a file", id="a-folder"),
        pytest.param(["-o", "/dev/null", "--format", "csv", "--force"], "/dev/null is not a file", id="a-device"),
        pytest.param(["-o", f"{'x' * 300}.csv"], "cannot be written: File name too long", id="too-long"),
        pytest.param(["--format", "csv", "--json"], "--json does not go with --format", id="json"),
        pytest.param(["--format", "csv", "--facets", "drug"], "--facets does not go with --format", id="facets"),
        pytest.param(["--format", "csv", "--collapse"], "--collapse does not go with --format", id="collapse"),
        pytest.param(["-o", "-"], "the format is not known", id="stdout-without-a-format"),
        pytest.param(["-o", "a.csv", "--explain"], "--explain does not go with --format", id="explain"),
    ],
)
def test_what_cannot_be_written_is_said_first(arguments, message, run, index_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("klonopin", *arguments, "--index", index_dir)
    assert (code, out) == (2, "")
    assert message in err.splitlines()[0]
    assert err.splitlines()[1].startswith("hint: ")
    assert os.listdir(tmp_path) == []


def test_a_hyphen_is_stdout(run, index_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = ("klonopin", "--format", "jsonl", "--index", index_dir)
    assert run(*asked, "-o", "-") == run(*asked)
    assert os.listdir(tmp_path) == []


def test_nothing_found_is_exported_too(run, index_dir):
    code, out, _ = run("zzzzqqqq", "--format", "jsonl", "--index", index_dir)
    assert code == 1
    assert json.loads(out)["export"]["total"] == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is full")
@pytest.mark.parametrize("more", [["--format", "csv"], ["--format", "xlsx"], ["--json"], ["--limit", "1"]])
def test_a_full_disk_is_said(more, index_dir):
    with open("/dev/full", "w") as full:
        command = [*COMMAND, "klonopin", *more, "--index", str(index_dir)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "error: stdout cannot be written: No space left on device",
        "hint: make room, or write elsewhere",
    ]


def test_a_reader_that_leaves_is_no_failure(index_dir):
    command = [*COMMAND, "", "--format", "csv", "--index", str(index_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        running.stdout.close()
        err = running.stderr.read()
        running.wait(timeout=20)
    assert err == ""
    assert running.returncode in (0, 141, -signal.SIGPIPE)


@pytest.mark.slow
def test_an_interrupted_export_leaves_no_file(tmp_path):
    letters = (letter(f"CM16-{place:07}", item(rationale="Pain. " * 500)) for place in range(4_000))
    index = index_of(letters, tmp_path / "index")
    command = [*COMMAND, "", "-o", str(tmp_path / "out.xlsx"), "--index", str(index)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not list(tmp_path.glob(".out.xlsx.*.new")):
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=20)
    assert (running.returncode, err.partition("\n")[0]) == (130, "error: interrupted")
    assert os.listdir(tmp_path) == ["index"]


# Cite.
def test_cite(run, index_dir):
    hit = Searcher.open(index_dir).search(Query(text="klonopin", sort="newest", limit=1)).hits[0]
    code, out, err = run("cite", hit.id, "--index", index_dir)
    assert (code, err) == (0, "")
    first, empty, block = out.splitlines()
    assert first.startswith(f"IMR Final Determination {hit.letter_id}, item {hit.item} (")
    assert empty == ""
    assert block.startswith("“")
    assert block.endswith(f"” {first}.")
    rationale = Searcher.open(index_dir).show(hit.id).item.rationale
    assert all(part in rationale for part in block[1:].partition("”")[0].split(" … "))
    told = json.loads(run("cite", hit.id, "--json", "--index", index_dir)[1])
    assert told == {"id": hit.id, "citation": first, "passage": block[1:].partition("”")[0]}


def test_a_letter_cited_is_each_of_its_items(run, index_dir):
    searcher = Searcher.open(index_dir)
    whole = max(
        (searcher.letter(hit.letter_id) for hit in searcher.search(Query(limit=82)).hits),
        key=lambda one: len(one.items),
    )
    code, out, _ = run("cite", whole.letter_id, whole.items[1].id, "--json", "--index", index_dir)
    assert code == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == [one.id for one in whole.items]
    code, out, _ = run("cite", whole.letter_id, "--format", "ris", "--index", index_dir)
    assert (code, out.count("TY  - CASE")) == (0, len(whole.items))
    assert "N1  - list: items cited\r\n" in out


def test_ids_to_cite_come_from_stdin(run, index_dir, monkeypatch):
    ids = [hit.id for hit in Searcher.open(index_dir).search(Query(text="klonopin")).hits]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(ids)))
    _, out, _ = run("cite", "-", "--json", "--index", index_dir)
    assert [json.loads(line)["id"] for line in out.splitlines()] == ids
    code, out, err = run("cite", "-", "--index", index_dir)
    assert (code, out, err.splitlines()[0]) == (2, "", "error: no id was given")


def test_the_passage_with_the_words_is_cited(run, index_dir):
    searcher = Searcher.open(index_dir)
    hit = searcher.search(Query(text="weaning", widen=False, limit=1)).hits[0]
    told = json.loads(run("cite", hit.id, "--passage", "weaning", "--json", "--index", index_dir)[1])
    assert told["passage"] == hit.snippet
    code, out, err = run("cite", hit.id, "--passage", "zzzqqq", "--index", index_dir)
    assert (code, out) == run("cite", hit.id, "--index", index_dir)[:2]
    assert err == f"note: {hit.id} has none of these words; the passage that decides is quoted\n"


def test_nothing_is_cited_where_one_id_is_wrong(run, index_dir, tmp_path):
    good = Searcher.open(index_dir).search(Query(limit=1)).hits[0].id
    for more in ([], ["-o", tmp_path / "out.bib"]):
        code, out, err = run("cite", good, "CM99-0", *more, "--index", index_dir)
        assert (code, out) == (2, "")
        assert err.startswith("error: no letter or item has the id CM99-0\n")
    assert os.listdir(tmp_path) == []


# Memory.
def letters_made(number: int):
    """Generated letters, as records."""
    for place, truth in enumerate(generated(number, seed=5)):
        items = (
            item(
                one["treatment"], outcome=one["outcome"], rationale=one["rationale"], imr_guideline=one["imr_guideline"]
            )
            for one in truth["items"]
        )
        yield letter(f"CM16-{place:07}", *items, decision_date=truth["decision_date"], summary=truth["summary"])


EXPORT = """
import sys
from pathlib import Path
from imrsearch.search.export import write_items
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher

def memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))

def measured(items, every):
    for place, listed in enumerate(items):
        if place % every == 0:
            held.append(memory())
        yield listed

held = []
index, format, sort = sys.argv[1:]
listing = Searcher.open(Path(index)).listing(Query(text="the OR request OR pain", sort=sort, limit=10**9))
with open("/dev/null", "wb") as stream:
    write_items(measured(listing.items, listing.head.listed // 20), listing.head, format=format, stream=stream)
held.append(memory())
print(listing.head.listed, *held)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell what a process holds")
@pytest.mark.parametrize(("format", "sort"), [("csv", "relevance"), ("csv", "newest"), ("xlsx", "relevance")])
@pytest.mark.parametrize(
    "letters", [pytest.param(1_500, marks=pytest.mark.slow), pytest.param(44_000, marks=pytest.mark.scale)]
)
def test_memory_does_not_grow_with_the_list(letters, format, sort, grown):
    done = subprocess.run(
        [sys.executable, "-c", EXPORT, str(grown(letters)), format, sort], capture_output=True, text=True, check=True
    )
    listed, *held = map(int, done.stdout.split())
    assert listed > 2 * letters
    # After the first tenth all caches are full; kB.
    assert max(held[2:]) - held[2] < 12_000, held


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """An index of so many generated letters, made once."""
    made: dict[int, Path] = {}

    def grown(letters: int) -> Path:
        if letters not in made:
            made[letters] = index_of(letters_made(letters), tmp_path_factory.mktemp("grown") / "index", segments=4)
        return made[letters]

    return grown
