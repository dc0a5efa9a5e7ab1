"""Letters into the index: what a second run does, what survives a failure, and what the report says."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import msgspec
import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("reportlab")
pytest.importorskip("pikepdf")

from imrsearch.indexer import build, update, writer
from imrsearch.indexer.build import build_index
from imrsearch.indexer.letter import parse_letter
from imrsearch.indexer.sources import read_letters
from imrsearch.schema.errors import IndexBusy, IndexFailure, LetterError, StaleIndex, UsageError
from imrsearch.schema.letterfile import LETTERS
from imrsearch.schema.manifest import LOCK, MANIFEST, STORE, read_manifest, write_manifest
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from tests.corpus import case_of, letters
from tests.factories import index_of

HEADED = ("xanax-ambien", "facet-medial-branch", "fusion-with-services")
HEADERLESS = "klonopin-norco-colace"


@cache
def case(key, kind):
    """A fictional letter in its own form."""
    return case_of(letters()[key], letters()[key]["form"], kind)


def write(folder, key, *, name="", kind="text"):
    """The letter as a file in the folder."""
    written = case(key, kind)
    path = folder / (name or written.filename)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written.content)
    return path


@pytest.fixture
def files(tmp_path):
    return [write(tmp_path / "letters", key) for key in HEADED]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


def item_count(*keys):
    return sum(len(letters()[key]["items"]) for key in keys)


def digests(folder):
    """Of every file of the index that says something; of the letters those that the manifest counts."""
    files = read_manifest(folder).files if (folder / MANIFEST).exists() else ()
    [letters_bytes] = [seal.bytes for seal in files if seal.name == LETTERS] or [None]
    return {
        str(path.relative_to(folder)): hashlib.sha256(
            path.read_bytes()[: letters_bytes if path.name == LETTERS else None]
        ).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and path.name not in (LOCK, "readers")
    }


def holds(folder, before):
    """Every file of before is as it was; files that no commit names may lie beside until the next run."""
    return before.items() <= digests(folder).items()


def num_docs(folder):
    return tantivy.Index.open(str(folder / read_manifest(folder).engine)).searcher().num_docs


def ids(folder, **asked):
    return [hit.id for hit in Searcher.open(folder).search(Query(**({"limit": 1000} | asked))).hits]


def test_a_first_run(files, folder):
    report = build_index(files, folder)
    assert (report.read, report.added, report.failed, report.generation) == (3, 3, 0, 1)
    assert (report.letters, report.items) == (3, item_count(*HEADED))
    assert num_docs(folder) == report.items == read_manifest(folder).items
    assert report.index == str(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["engine-1", LOCK, MANIFEST, STORE]


def test_the_same_run_twice_changes_nothing(letters_dir, folder):
    files = sorted(letters_dir.iterdir())
    first = build_index(files, folder)
    before = digests(folder)
    second = build_index(files, folder)
    assert digests(folder) == before
    assert (second.unchanged, second.added, second.replaced) == (first.added, 0, 0)
    assert (second.generation, second.letters, second.items) == (first.generation, first.letters, first.items)


def test_an_empty_run_makes_an_empty_index(folder):
    report = build_index([], folder)
    assert (report.letters, report.items, report.generation) == (0, 0, 1)
    assert ids(folder) == []


def test_a_new_letter_is_added(files, folder):
    build_index(files[:2], folder)
    report = build_index(files, folder)
    assert (report.added, report.unchanged, report.generation) == (1, 2, 2)
    assert num_docs(folder) == item_count(*HEADED)


def test_a_changed_file_replaces_its_letter(files, folder):
    build_index(files, folder)
    files[0].write_text(files[0].read_text("utf-8").replace("is not medically necessary", "was mentioned by a zebra"))
    report = build_index(files, folder)
    assert (report.replaced, report.unchanged, report.generation) == (1, 2, 2)
    assert (report.letters, report.items) == (3, item_count(*HEADED))
    assert {id.split(":")[0] for id in ids(folder, text="zebra")} == {letters()[HEADED[0]]["case_number"]}
    assert len(ids(folder)) == len(set(ids(folder))) == num_docs(folder)


def test_a_letter_replaced_by_one_of_fewer_items(files, folder):
    build_index(files, folder)
    number = letters()["fusion-with-services"]["case_number"]
    other = letters()["xanax-ambien"]["case_number"]
    files[2].write_text(files[0].read_text("utf-8").replace(other, number))
    report = build_index(files, folder)
    assert (report.replaced, report.items) == (1, item_count("xanax-ambien", "xanax-ambien", "facet-medial-branch"))
    assert num_docs(folder) == report.items


def test_another_file_of_the_same_letter_replaces_it(tmp_path, files, folder):
    build_index(files, folder)
    report = build_index([write(tmp_path / "pdf", HEADED[0], kind="pdf")], folder)
    assert (report.replaced, report.letters, report.items) == (1, 3, item_count(*HEADED))


def test_a_letter_whose_file_is_gone_stays(files, folder):
    build_index(files, folder)
    files[0].unlink()
    report = build_index(files[1:], folder)
    assert (report.letters, report.generation) == (3, 1)
    assert len(ids(folder)) == item_count(*HEADED)


def test_the_first_file_of_a_letter_counts(tmp_path, files, folder):
    twin = write(tmp_path / "pdf", HEADED[0], kind="pdf")
    report = build_index([*files, twin], folder)
    assert (report.read, report.added, report.duplicates, report.letters) == (4, 3, 1, 3)
    assert any(str(twin) in note and str(files[0]) in note for note in report.notes)
    again = build_index([*files, twin], folder)
    assert (again.unchanged, again.duplicates, again.replaced, again.generation) == (3, 1, 0, 1)


def test_two_letters_of_the_same_name_without_a_case_number(tmp_path, folder):
    one = write(tmp_path / "a", HEADERLESS, name="letter.txt")
    other = write(tmp_path / "b", "klonipin-zanaflex-opioids", name="letter.txt")
    report = build_index([one, other], folder)
    assert (report.added, report.failed) == (1, 1)
    assert report.problems[0].path == str(other)
    assert "letter" in report.problems[0].reason
    assert report.problems[0].hint
    assert build_index([one, other], folder).failed == 1


def test_a_copy_of_a_letter_without_a_case_number_is_read_twice(tmp_path, folder):
    """The same bytes are no other letter: nothing is lost, so nothing has failed, in the first run as in the second."""
    files = [write(tmp_path / name, HEADERLESS, name="letter.txt") for name in "ab"]
    for _ in range(2):
        report = build_index(files, folder)
        assert (report.letters, report.duplicates, report.failed) == (1, 1, 0)


def test_copies_under_two_names_without_a_case_number(tmp_path, folder):
    files = [write(tmp_path, HEADERLESS, name=f"{name}.txt") for name in "ab"]
    first, second = build_index(files, folder), build_index(files, folder)
    assert (second.letters, second.items, second.generation) == (first.letters, first.items, first.generation)


def test_a_letter_that_becomes_like_another_one_is_not_left_as_it_was(tmp_path, folder):
    one = write(tmp_path, HEADERLESS, name="one.txt")
    two = write(tmp_path, "klonipin-zanaflex-opioids", name="two.txt")
    build_index([one, two], folder)
    two.write_bytes(one.read_bytes())
    report = build_index([one, two], folder)
    held = {hit.id: hit.treatment for hit in Searcher.open(folder).search(Query(limit=100)).hits}
    assert held.get("two:1", held["one:1"]) == held["one:1"]
    assert len(held) == report.items


def test_failed_files_are_named_and_the_rest_is_indexed(tmp_path, files, folder):
    bad = tmp_path / "letters" / "bad.txt"
    bad.write_bytes(b"")
    missing = tmp_path / "letters" / "missing.txt"
    report = build_index([files[0], bad, missing, *files[1:]], folder)
    assert (report.added, report.failed, report.letters) == (3, 2, 3)
    assert [problem.path for problem in report.problems] == [str(bad), str(missing)]
    assert all(problem.reason for problem in report.problems)


def test_strict_stops_at_the_first_and_changes_nothing(tmp_path, files, folder):
    build_index(files[:1], folder)
    before = digests(folder)
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"")
    with pytest.raises(LetterError, match=r"bad\.txt: the file is empty"):
        build_index([files[1], bad, files[2]], folder, strict=True)
    assert holds(folder, before)
    assert build_index(files, folder).letters == 3


def test_progress_says_how_far_the_run_has_come(letters_dir, tmp_path, folder):
    files = sorted(letters_dir.iterdir())
    told = []
    report = build_index(iter([*files, tmp_path / "missing.txt"]), folder, progress=told.append)
    assert told == sorted(told, key=lambda done: done.files)
    assert (told[-1].files, told[-1].letters, told[-1].items) == (len(files) + 1, report.read, report.items)
    assert told[-1].failed == 1


# Rebuilding.
def test_a_rebuild_leaves_nothing_of_the_old_index(files, folder):
    build_index(files, folder)
    report = build_index(files[:1], folder, rebuild=True)
    assert (report.added, report.letters, report.generation, report.index) == (1, 1, 2, str(folder))
    assert read_manifest(folder).generation == 2
    assert num_docs(folder) == item_count(HEADED[0])
    assert [path.name for path in folder.parent.iterdir() if "index" in path.name] == ["index"]
    assert {path.name for path in folder.iterdir()} - {LOCK} == {read_manifest(folder).engine, MANIFEST, STORE}
    assert [path.name for path in (folder / STORE).iterdir()] == ["2"]


def test_a_rebuild_where_nothing_was(files, folder):
    assert build_index(files, folder, rebuild=True).generation == 1


def test_a_rebuild_that_fails_leaves_the_old_index(tmp_path, files, folder):
    build_index(files, folder)
    before = digests(folder)
    (tmp_path / "bad.txt").write_bytes(b"")
    with pytest.raises(LetterError):
        build_index([files[0], tmp_path / "bad.txt"], folder, rebuild=True, strict=True)
    assert holds(folder, before)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("index")] == ["index"]


def test_a_reader_goes_on_during_a_rebuild(files, folder):
    build_index(files, folder)
    searcher = Searcher.open(folder)
    build_index(files[:1], folder, rebuild=True)
    assert searcher.search(Query(limit=100)).total == item_count(*HEADED)


def test_an_index_of_other_fields_must_be_rebuilt(files, folder):
    build_index(files, folder)
    manifest = read_manifest(folder)
    write_manifest(folder, msgspec.structs.replace(manifest, fingerprint="0" * 16))
    with pytest.raises(StaleIndex) as error:
        build_index(files, folder)
    assert "reindex" in error.value.hint
    with pytest.raises(StaleIndex):
        Searcher.open(folder)
    assert build_index(files, folder, rebuild=True).generation == 2
    assert len(ids(folder)) == item_count(*HEADED)


def test_a_manifest_that_cannot_be_read(files, folder):
    build_index(files, folder)
    (folder / MANIFEST).write_bytes(b"{")
    with pytest.raises(IndexFailure):
        build_index(files, folder)
    assert build_index(files, folder, rebuild=True).letters == 3


# Folders.
def test_a_folder_with_other_files_is_refused(tmp_path, files):
    kept = {path.name: path.read_bytes() for path in files}
    for rebuild in (False, True):
        with pytest.raises(UsageError, match="holds other files"):
            build_index(files, files[0].parent, rebuild=rebuild)
    assert {path.name: path.read_bytes() for path in files[0].parent.iterdir()} == kept


def test_a_folder_where_files_stand_beside_an_index_is_not_rebuilt(files, folder):
    build_index(files, folder)
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError):
        build_index(files, folder, rebuild=True)
    assert (folder / "thesis.txt").exists()


@pytest.mark.parametrize("name", ["engineering.txt", "manifest.json.backup", "engine-parts", "engine-1", LOCK])
def test_files_named_like_those_of_an_index_are_not_destroyed(name, files, folder):
    folder.mkdir()
    (folder / name).write_text("years of work")
    for rebuild in (False, True):
        with contextlib.suppress(UsageError, IndexFailure):
            build_index(files, folder, rebuild=rebuild)
        assert (folder / name).read_text() == "years of work"


@pytest.mark.parametrize("name", ["engine", "engine-1", "engine-2"])
def test_a_folder_of_ones_own_named_engine_is_not_destroyed(name, files, folder):
    (folder / name).mkdir(parents=True)
    (folder / name / "blueprint.txt").write_text("years of work")
    for rebuild in (False, True):
        with contextlib.suppress(UsageError):
            build_index(files, folder, rebuild=rebuild)
        assert (folder / name / "blueprint.txt").read_text() == "years of work"


def test_a_file_is_no_folder(files, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        build_index(files, tmp_path / "file")


def test_folders_above_the_index_are_made(files, tmp_path):
    for rebuild in (False, True):
        folder = tmp_path / str(rebuild) / "some" / "index"
        assert build_index(files[:1], folder, rebuild=rebuild).letters == 1


def test_an_empty_folder_is_taken(files, folder):
    folder.mkdir()
    assert build_index(files, folder).letters == 3


def test_a_folder_that_may_not_be_written(files, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(IndexFailure, match="Permission denied"):
        build_index(files, tmp_path / "index")


# Writers and failures.
def test_a_second_writer_is_told_who_the_first_is(files, folder):
    build_index(files[:1], folder)
    with writer.one_writer(folder), pytest.raises(IndexBusy, match=f"pid {os.getpid()}, since") as error:
        build_index(files, folder)
    assert error.value.hint
    assert build_index(files, folder).letters == 3


HOLD = """
import sys
from functools import cache
from pathlib import Path
from imrsearch.indexer.writer import one_writer
with one_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_writer_of_another_process(files, folder):
    build_index(files[:1], folder)
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(IndexBusy, match=f"pid {other.pid}"):
            build_index(files, folder)
        other.kill()
    assert build_index(files, folder).letters == 3


class Accident(Exception):
    """What no code of ours expects."""


def accident(files):
    yield from files
    raise Accident


@pytest.mark.parametrize("rebuild", [False, True])
def test_an_accident_leaves_the_old_index_and_no_lock(rebuild, tmp_path, files, folder):
    build_index(files[:1], folder)
    before = digests(folder)
    with pytest.raises(Accident):
        build_index(accident(files), folder, rebuild=rebuild)
    assert holds(folder, before)
    assert len(ids(folder)) == item_count(HEADED[0])
    assert build_index(files, folder).letters == 3
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("index")] == ["index"]


def test_an_accident_in_the_first_run_leaves_no_index_but_can_be_mended(files, folder):
    with pytest.raises(Accident):
        build_index(accident(files), folder)
    assert not (folder / MANIFEST).exists()
    assert build_index(files, folder).letters == 3


def test_an_interruption_is_an_accident_too(files, folder, monkeypatch):
    def interrupt(done):
        raise KeyboardInterrupt

    build_index(files[:1], folder)
    before = digests(folder)
    with pytest.raises(KeyboardInterrupt):
        build_index(files, folder, progress=interrupt)
    assert holds(folder, before)
    assert build_index(files, folder).letters == 3


def test_documents_that_the_engine_drops_are_noticed(files, folder, monkeypatch):
    class Losing(update.Update):
        def put(self, letter, kept):
            super().put(letter, kept)
            self.items += 1

    build_index(files[:1], folder)
    monkeypatch.setattr(build, "Update", Losing)
    with pytest.raises(IndexFailure, match="holds"):
        build_index(files, folder)


KILL = """
import os, signal, sys
from pathlib import Path
from imrsearch.indexer.build import build_index
files = [Path(name) for name in sys.argv[2:]]
def kill(done):
    os.kill(os.getpid(), signal.SIGKILL)
build_index(files, Path(sys.argv[1]), progress=kill)
"""


def test_a_killed_run_leaves_the_old_index(files, folder):
    build_index(files[:1], folder)
    before = digests(folder)
    done = subprocess.run([sys.executable, "-c", KILL, str(folder), *map(str, files)], check=False, timeout=30)
    assert done.returncode == -9
    assert holds(folder, before)
    assert len(ids(folder)) == item_count(HEADED[0])
    assert build_index(files, folder).letters == 3


# There and back.
def test_what_parse_prints_is_read_back(fictional, tmp_path, folder, plain):
    printed = tmp_path / "letters.jsonl"
    printed.write_bytes(b"".join(msgspec.json.encode(letter) + b"\n" for letter in fictional))
    again = [parse_letter(raw) for raw in read_letters(printed)]
    assert [{**plain(letter), "source": None} for letter in again] == [
        {**plain(letter), "source": None} for letter in fictional
    ]
    report = build_index([printed], folder)
    assert (report.added, report.problems) == (len(fictional), ())
    assert build_index([printed], folder).unchanged == len(fictional)


def test_a_letter_read_back_replaces_the_file_it_was_read_from(files, tmp_path, folder):
    build_index(files, folder)
    [letter] = [parse_letter(raw) for raw in read_letters(files[0])]
    printed = tmp_path / "one.jsonl"
    printed.write_bytes(msgspec.json.encode(letter) + b"\n")
    report = build_index([printed], folder)
    assert (report.replaced, report.letters, report.items) == (1, 3, item_count(*HEADED))


def test_a_jsonl_line_needs_few_keys(tmp_path, folder):
    record = {"case_number": "CM17-9900099", "items": [{"treatment": "Klonopin 1mg #30", "outcome": "Upheld"}]}
    (tmp_path / "few.jsonl").write_text(json.dumps(record))
    report = build_index([tmp_path / "few.jsonl"], folder)
    assert (report.letters, report.problems) == (1, ())
    assert ids(folder, filters={"drug": ("clonazepam",), "outcome": ("upheld",)}) == ["CM17-9900099:1"]


def test_letters_come_back_from_the_index(fictional, folder):
    searcher = Searcher.open(index_of(fictional, folder))
    assert [searcher.letter(letter.letter_id) for letter in fictional] == list(fictional)
    for letter in fictional:
        for item in letter.items:
            shown = searcher.show(item.id)
            assert (shown.item, shown.letter) == (item, letter)


TEXTS = st.text(max_size=60)


@pytest.mark.property
@settings(max_examples=15)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.none() | st.integers(0, 10**6)), min_size=1, max_size=8))
def test_any_letter_comes_back_from_the_index(fictional, tmp_path_factory, given):
    letter = fictional[0]
    items = tuple(
        msgspec.structs.replace(
            letter.items[0], id=f"X:{place}", item=place, treatment=treatment, rationale=rationale, quantity=quantity
        )
        for place, (treatment, rationale, quantity) in enumerate(given, start=1)
    )
    odd = msgspec.structs.replace(letter, letter_id="X", items=items)
    assert Searcher.open(index_of([odd], tmp_path_factory.mktemp("index") / "index")).letter("X") == odd


def test_ids_with_any_characters_are_replaced_too(tmp_path, folder):
    for name in ("CAPITALS ÄÖ.txt", "a" * 200 + ".txt", "two  spaces.txt"):
        path = write(tmp_path / "odd", HEADERLESS, name=name)
        path.write_bytes(path.read_bytes() + name.encode())
        build_index([path], folder)
        path.write_bytes(path.read_bytes().replace(b"medically", b"really"))
        assert build_index([path], folder).replaced == 1
    assert num_docs(folder) == 3 * item_count(HEADERLESS)


@pytest.mark.skipif(os.name == "nt", reason="names differ in case only")
def test_ids_that_differ_in_case_only_are_one_letter_or_two_but_never_half(tmp_path, folder):
    one = write(tmp_path / "a", HEADERLESS, name="Letter.txt")
    two = write(tmp_path / "b", "klonipin-zanaflex-opioids", name="letter.txt")
    report = build_index([one, two], folder)
    assert num_docs(folder) == report.items
    again = build_index([one, two], folder)
    assert (again.generation, again.items) == (report.generation, report.items)
    two.write_bytes(two.read_bytes() + b"\n")
    after = build_index([one, two], folder)
    assert (after.letters, after.items) == (report.letters, report.items)
