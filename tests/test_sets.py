"""Sets: what is in their files, whoever writes to them and whatever happens meanwhile."""

import io
import json
import shlex
import signal
import subprocess
import sys

import pytest

from imrsearch.schema.errors import UsageError
from imrsearch.search import sets, shelf
from imrsearch.search.helptext import HELP
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from tests.corpus import letters

CASE = letters()["xanax-ambien"]["case_number"]
EDITED = "# for the hearing\nA1:1\n\n  A1:2   # the one on tapering\nletter #3:1\n"


@pytest.fixture
def kept(tmp_path):
    return sets.sets_in(tmp_path)


def text_of(kept, name):
    return (kept.folder / f"{name}.txt").read_text("utf-8")


def edit(kept, name, text):
    kept.folder.mkdir(exist_ok=True)
    (kept.folder / f"{name}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_set_is_a_file_of_ids(kept):
    assert sets.add(kept, "mine", ["A1:1", "A2:10", "A1:1"]) == (2, 2)
    assert sets.add(kept, "mine", ["A2:10", "a1:1", "B:3"]) == (1, 3)
    assert text_of(kept, "mine") == "A1:1\nA2:10\nB:3\n"
    assert sets.ids_of(kept, "mine") == ("A1:1", "A2:10", "B:3")
    assert kept.names() == ["mine"]


def test_remarks_stay_where_they_are(kept):
    edit(kept, "mine", EDITED)
    assert sets.ids_of(kept, "mine") == ("A1:1", "A1:2", "letter #3:1")
    sets.add(kept, "mine", ["B:1"])
    assert text_of(kept, "mine") == EDITED + "B:1\n"
    assert sets.remove(kept, "mine", ["a1:2"]) == (1, 3)
    assert text_of(kept, "mine") == EDITED.replace("  A1:2   # the one on tapering\n", "") + "B:1\n"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("", (), id="empty"),
        pytest.param("A:1\r\nB:2\r\n", ("A:1", "B:2"), id="line-ends-of-windows"),
        pytest.param("\ufeffA:1\nB:2", ("A:1", "B:2"), id="mark-of-an-editor-and-no-last-line-end"),
        pytest.param("A:1#2:3", ("A:1#2:3",), id="a-sign-inside-an-id"),
        pytest.param("A:1 # B:2\n#C:3", ("A:1",), id="ids-in-remarks"),
        pytest.param("A:1\nA:1\n", ("A:1",), id="twice"),
    ],
)
def test_edited_files(kept, text, ids):
    edit(kept, "mine", text)
    assert sets.ids_of(kept, "mine") == ids
    sets.add(kept, "mine", ["Z:9"])
    assert sets.ids_of(kept, "mine") == (*ids, "Z:9")


@pytest.mark.parametrize(
    ("given", "left"),
    [
        pytest.param(["A1:1"], ("A1:2", "A1:11", "B:1"), id="item"),
        pytest.param(["a1"], ("B:1",), id="all-of-a-letter"),
        pytest.param(["A1:1", "A1"], ("B:1",), id="one-named-twice"),
        pytest.param(["A1", "B"], (), id="all"),
    ],
)
def test_remove(kept, given, left):
    sets.add(kept, "mine", ["A1:1", "A1:2", "A1:11", "B:1"])
    sets.remove(kept, "mine", given)
    assert sets.ids_of(kept, "mine") == left


def test_what_is_not_in_the_set_removes_nothing(kept):
    sets.add(kept, "mine", ["A1:1"])
    with pytest.raises(UsageError, match="C:1 is not in the set mine"):
        sets.remove(kept, "mine", ["A1:1", "C:1"])
    assert sets.ids_of(kept, "mine") == ("A1:1",)


@pytest.mark.parametrize("id", ["#A:1", "A", "", "A:1\nB:1", " A:1", "A:1 and"])
def test_what_no_line_can_hold(kept, id):
    sets.add(kept, "mine", ["A:1"])
    with pytest.raises(UsageError, match="cannot stand in a set"):
        sets.add(kept, "mine", [id])
    assert text_of(kept, "mine") == "A:1\n"


HOSTILE = (
    *("", ".", "..", "../mine", "/etc/passwd", "a/b", "a\\b", ".hidden", "-x", "--index", "a b", "a\nb", "a\x00b"),
    *("é", "CON", "nul.x", "a" * 65, "a*", "~root", "$HOME", "C:mine"),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_are_none(kept, name):
    for use in (
        lambda: sets.add(kept, name, ["A:1"]),
        lambda: sets.ids_of(kept, name),
        lambda: sets.delete(kept, name),
    ):
        with pytest.raises(UsageError, match="cannot be named"):
            use()
    assert not kept.names()


@pytest.mark.parametrize("name", ["a", "A.b-c_1", "2016", "x.txt", "lock", "a" * 64])
def test_names(kept, name):
    sets.add(kept, name, ["A:1"])
    assert kept.names() == [name]
    assert sets.ids_of(kept, name) == ("A:1",)
    sets.delete(kept, name)
    assert kept.names() == []


def test_a_name_is_the_same_in_upper_and_lower_case(kept):
    sets.add(kept, "Mine", ["A:1"])
    sets.add(kept, "mINE", ["B:1"])
    assert kept.names() == ["Mine"]
    assert sets.ids_of(kept, "mine") == ("A:1", "B:1")
    sets.delete(kept, "MINE")
    with pytest.raises(UsageError, match="there is no set Mine"):
        sets.ids_of(kept, "Mine")


def test_a_set_that_is_not_there_names_the_others(kept):
    for name in ("hearing", "weaning"):
        sets.add(kept, name, ["A:1"])
    with pytest.raises(UsageError, match="there is no set hering") as raised:
        sets.ids_of(kept, "hering")
    assert raised.value.hint.startswith("one of: hearing, weaning; ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("A:1\nA 2\n", "line 2: 'A 2' is no id", id="no-id"),
        pytest.param("# x\n\nA:1 B:2\n", "line 3: 'A:1 B:2' is no id", id="two-in-a-line"),
        pytest.param(b"A:1\nB\xff:1\n", "line 2: this is no UTF-8", id="no-text"),
        pytest.param("A:1".encode("utf-16"), "line 1: this is no UTF-8", id="utf-16"),
    ],
)
def test_a_damaged_file_is_named_with_its_line_and_left_alone(kept, text, said):
    sets.add(kept, "good", ["A:1"])
    edit(kept, "bad", text)
    before = (kept.folder / "bad.txt").read_bytes()
    uses = (
        sets.ids_of,
        lambda kept, name: sets.add(kept, name, ["B:1"]),
        lambda kept, name: sets.remove(kept, name, ["A:1"]),
    )
    for use in uses:
        with pytest.raises(UsageError) as raised:
            use(kept, "bad")
        assert f"bad.txt, {said}" in raised.value.message
        assert raised.value.hint
    assert (kept.folder / "bad.txt").read_bytes() == before
    assert sets.ids_of(kept, "good") == ("A:1",)


def test_a_file_that_is_a_link_stays_one(kept, tmp_path):
    edit(kept, "elsewhere", "A:1\n")
    (kept.folder / "elsewhere.txt").rename(tmp_path / "real")
    (kept.folder / "mine.txt").symlink_to(tmp_path / "real")
    sets.add(kept, "mine", ["B:1"])
    assert (tmp_path / "real").read_text() == "A:1\nB:1\n"
    assert (kept.folder / "mine.txt").is_symlink()


ADD = """
import os, signal, sys
from pathlib import Path
from imrsearch.search import sets, shelf
kept = sets.sets_in(Path(sys.argv[1]))
"""
KILLED = "shelf.sync_file = lambda path: os.kill(os.getpid(), signal.SIGKILL)\nsets.add(kept, 'mine', ['B:1'])"
MANY = "for number in range(25): sets.add(kept, 'mine', [f'{sys.argv[2]}:{number}'])"


def started(script, *arguments):
    return subprocess.Popen([sys.executable, "-c", ADD + script, *map(str, arguments)], stderr=subprocess.PIPE)


def test_killed_in_the_middle_of_writing(kept, tmp_path):
    sets.add(kept, "mine", ["A:1"])
    with started(KILLED, tmp_path) as killed:
        assert killed.wait(timeout=60) == -signal.SIGKILL
    assert (kept.folder / "mine.txt.new").exists()
    assert kept.names() == ["mine"]
    assert sets.ids_of(kept, "mine") == ("A:1",)
    assert sets.add(kept, "mine", ["C:1"]) == (1, 2)
    assert sets.ids_of(kept, "mine") == ("A:1", "C:1")


def test_several_processes_at_once_lose_nothing(kept, tmp_path):
    running = [started(MANY, tmp_path, writer) for writer in "ABCD"]
    for process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert sorted(sets.ids_of(kept, "mine")) == sorted(f"{writer}:{n}" for writer in "ABCD" for n in range(25))


def test_a_process_that_does_not_end_is_told_of(kept, monkeypatch):
    monkeypatch.setattr(shelf, "PATIENCE", 0.05)
    with kept.writing(), pytest.raises(UsageError, match="another process has been writing"):
        sets.add(sets.sets_in(kept.folder.parent), "mine", ["A:1"])


@pytest.mark.parametrize("failing", ["sync_file", "sync_folder"])
def test_a_disk_that_fails_is_told_of(kept, monkeypatch, failing):
    sets.add(kept, "mine", ["A:1"])

    def fail(path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(shelf, failing, fail)
    with pytest.raises(UsageError, match="cannot be written: No space left on device"):
        sets.add(kept, "mine", ["B:1"])
    assert "A:1" in sets.ids_of(kept, "mine")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "sets").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        sets.add(sets.sets_in(tmp_path), "mine", ["A:1"])


# The command line.
@pytest.fixture
def imr(run, index_dir, monkeypatch):
    """The command line on the fictional letters."""
    monkeypatch.setenv("IMRSEARCH_INDEX", str(index_dir))
    return run


def set_file(tmp_path, name):
    return tmp_path / "data" / "imrsearch" / "sets" / f"{name}.txt"


def test_ids_from_a_search(imr, tmp_path):
    ids = [hit["id"] for hit in json.loads(imr("norco", "--json").out)["hits"]]
    done = imr("set", "add", "mine", "-", stdin="\n".join(ids) + "\n\n")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"mine: {len(ids)} items added; it has {len(ids)} items\n"
    assert set_file(tmp_path, "mine").read_text().splitlines() == ids
    shown = json.loads(imr("set", "show", "mine", "--json").out)
    assert [item["id"] for item in shown["items"]] == ids
    again = imr("set", "add", "other", "-", stdin="# a set's own file\n" + set_file(tmp_path, "mine").read_text())
    assert again.code == 0
    assert imr("set", "show", "other").out == imr("set", "show", "mine").out.replace("mine", "other")


def test_a_letter_is_all_its_items(imr, tmp_path):
    imr("set", "add", "mine", CASE.lower())
    items = letters()["xanax-ambien"]["items"]
    assert set_file(tmp_path, "mine").read_text().splitlines() == [f"{CASE}:{n}" for n in range(1, len(items) + 1)]
    assert imr("set", "add", "mine", f"{CASE}:1").out.startswith("mine: 0 items added, 1 there already")


@pytest.mark.parametrize("ids", [["CM00-0000000:1"], [f"{CASE}:1", "nonsense"]])
def test_an_id_that_is_not_in_the_index_adds_nothing(imr, tmp_path, ids):
    done = imr("set", "add", "mine", *ids)
    assert (done.code, done.out) == (2, "")
    assert "no letter or item has the id" in done.err
    assert not set_file(tmp_path, "mine").exists()


def test_stdin_that_is_no_text(imr, monkeypatch):
    noise = io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), encoding="utf-8")
    monkeypatch.setattr("io.StringIO", lambda _: noise)
    done = imr("set", "add", "mine", "-")
    assert (done.code, done.out) == (2, "")
    assert "stdin is no UTF-8 text" in done.err


def test_removed_by_stdin(imr):
    imr("set", "add", "mine", CASE)
    done = imr("set", "remove", "mine", "-", stdin=f"{CASE}:1 # not this one\n")
    assert done.out.startswith("mine: 1 item removed; it has ")


def test_no_ids(imr):
    done = imr("set", "add", "mine", "-")
    assert done.code == 2
    assert "no id was given" in done.err


def test_show_and_export_name_what_is_gone(imr, tmp_path, index_dir):
    imr("set", "add", "mine", f"{CASE}:1")
    with set_file(tmp_path, "mine").open("a") as file:
        file.write("CM00-0000000:1\n")
    item = letters()["xanax-ambien"]["items"][0]
    shown = imr("set", "show", "mine")
    assert (shown.code, shown.err) == (0, "")
    head, first, gone = shown.out.splitlines()
    assert head == "mine: 2 items, 1 not in the index"
    assert first.split("\t")[::3] == [f"{CASE}:1", item["treatment"]]
    assert gone == "CM00-0000000:1\tnot in the index"
    listed = json.loads(imr("set", "show", "mine", "--json").out)["items"]
    assert [each["indexed"] for each in listed] == [True, False]
    assert listed[0]["treatment"] == item["treatment"]
    exported = imr("set", "export", "mine")
    assert exported.code == 0
    assert exported.out == imr("show", f"{CASE}:1").out
    assert "CM00-0000000:1 is not in the index" in exported.err
    lines = imr("set", "export", "mine", "--json").out
    assert lines == imr("show", f"{CASE}:1", "--json").out


def test_list_goes_on_after_a_damaged_set(imr, tmp_path):
    assert imr("set", "list").code == 1
    for name in ("a", "b", "c"):
        imr("set", "add", name, f"{CASE}:1")
    set_file(tmp_path, "b").write_text("?\n")
    done = imr("set", "list")
    assert (done.code, done.out) == (2, "a\t1 item\nc\t1 item\n")
    assert "b.txt, line 1: '?' is no id of an item" in done.err
    assert [json.loads(line)["set"] for line in imr("set", "list", "--json").out.splitlines()] == ["a", "c"]
    assert imr("set", "remove", "b").code == 0
    assert imr("set", "list").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param("set show mine --json", id="last"),
        pytest.param("set show --json mine", id="between"),
        pytest.param("set --json show mine", id="in-the-group"),
        pytest.param("--json set show mine", id="first"),
        pytest.param("--index INDEX set show mine --json", id="with-a-value-first"),
        pytest.param("set --index INDEX show --json -- mine", id="with-a-value-inside"),
    ],
)
def test_options_anywhere(imr, index_dir, arguments, monkeypatch):
    imr("set", "add", "mine", f"{CASE}:1")
    if "INDEX" in arguments:
        monkeypatch.delenv("IMRSEARCH_INDEX")
    done = imr(*arguments.replace("INDEX", str(index_dir)).split())
    assert json.loads(done.out)["items"][0]["id"] == f"{CASE}:1", done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["set", "weaning"], "imrsearch search set weaning", id="words-after-a-group"),
        pytest.param(["saved", "by", "--year", "2016"], "imrsearch search saved by --year 2016", id="with-options"),
        pytest.param(["new", "onset"], "imrsearch search WORDS", id="no-such-name"),
        pytest.param(["new", "onset", "pain"], "imrsearch search WORDS", id="several-words"),
    ],
)
def test_words_that_are_also_commands(imr, arguments, said):
    done = imr(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    as_text = " ".join(word for word in arguments if not word.startswith("-"))
    assert json.loads(imr(as_text, "--json").out)["query"] == as_text
    assert json.loads(imr("search", *arguments, "--json").out)["query"].startswith(arguments[0])


@pytest.mark.parametrize("group", ["set", "saved"])
def test_a_group_by_itself_is_its_help(imr, group):
    assert imr(group) == imr(group, "--help")
    assert imr(group).code == 0


@pytest.mark.parametrize("command", ["add", "show", "export", "list", "remove"])
def test_every_command_has_help(imr, command):
    done = imr("set", command, "--help")
    assert done.code == 0
    assert f"imrsearch set {command}" in done.out


def test_the_examples_of_the_help_run(imr, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [line.strip() for line in HELP["set"].splitlines() if line.startswith("  imrsearch set ")]
    for line in lines:
        asked = shlex.split(line.partition(" > ")[0])[1:]
        done = imr(*(word.replace("CM17-0019171:2", f"{CASE}:1").replace("CM17-0019173", CASE) for word in asked))
        assert done.code == 0, (line, done.err)


def test_an_index_that_is_read_by_hand(index_dir):
    """The two walks of a set: ids to items, and items to what is shown."""
    searcher = Searcher.open(index_dir)
    ids = [hit.id for hit in searcher.search(Query(limit=100)).hits]
    assert list(sets.ids_named(searcher, ids)) == ids
    assert all(item.indexed and item.treatment for item in sets.set_items(searcher, ids))
