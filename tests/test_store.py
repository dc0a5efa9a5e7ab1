"""The letter store and the generations: nothing read twice, nothing half published, nothing damaged in silence."""

import os
import random
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import msgspec
import pytest

from imrsearch.indexer import build, prepare
from imrsearch.indexer.build import build_index, reindex
from imrsearch.indexer.check import check_index
from imrsearch.indexer.reading import reading
from imrsearch.indexer.update import Machine
from imrsearch.indexer.workers import Setting, Worker, Workers
from imrsearch.schema.errors import IndexFailure, IndexMissing, LetterError
from imrsearch.schema.families import BOILERPLATE, FAMILIES, ROWS, SENTENCES
from imrsearch.schema.frames import FrameFile, FrameWriter
from imrsearch.schema.letterfile import LETTERS
from imrsearch.schema.manifest import MANIFEST, STORE, read_manifest, write_manifest
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from tests.corpus import case_of, letters

RECORDS = (LETTERS, ROWS, SENTENCES, FAMILIES, BOILERPLATE)
SMALL = Machine(cores=2, heap=60_000_000, commit_items=10)
QUESTIONS = (
    "",
    "pain",
    "klonopin",
    "medically necessary",
    '"not medically necessary"',
    "norco OR xanax",
    "weeks /5 pain",
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The fictional letters as text, twice: as they are, and under other case numbers."""
    folder = tmp_path_factory.mktemp("written")
    for again in (False, True):
        for key, letter in letters().items():
            number = letter["case_number"].replace("-99", "-98") if again else letter["case_number"]
            own = {**letter, "case_number": number, "key": f"{key}-again" if again else key}
            case = case_of(own, letter["form"], "text")
            (folder / case.filename).write_bytes(case.content)
    return folder


@pytest.fixture
def files(written, tmp_path):
    """The letters of `written` in a folder of the test's own."""
    return sorted(shutil.copytree(written, tmp_path / "letters").iterdir())


def answers(folder):
    """What an index says to the questions, scores included."""
    searcher = Searcher.open(folder)
    return [
        [(hit.id, hit.score, hit.snippet) for hit in searcher.search(Query(text=text, limit=500)).hits]
        for text in QUESTIONS
    ]


@pytest.fixture
def in_small_tasks(monkeypatch):
    """Four letters in a task; processes are started after two of them."""
    monkeypatch.setattr("imrsearch.indexer.tasks.TOGETHER", 4)


@pytest.fixture
def here(in_small_tasks, monkeypatch):
    """Four letters in a task, and all tasks done in this process: for tests of what a run leaves, not of its speed."""
    monkeypatch.setattr(build, "HERE", 1_000)


# From the store alone.
def test_an_index_is_made_anew_from_its_store(files, folder):
    first = build_index(files, folder)
    said = answers(folder)
    for path in files:
        path.rename(path.with_name(f"gone-{path.name}"))
    report = reindex(folder)
    assert (report.added, report.letters, report.items) == (first.added, first.letters, first.items)
    assert (report.generation, report.problems) == (2, ())
    assert answers(folder) == said
    assert check_index(folder).findings == ()


@pytest.mark.parametrize("lost", ["engine", "manifest", "all but the store"])
def test_the_store_is_enough(lost, files, folder, tmp_path):
    build_index(files[:20], folder)
    build_index(files[10:40], folder)
    said = answers(folder)
    if lost == "engine":
        shutil.rmtree(folder / read_manifest(folder).engine)
    elif lost == "manifest":
        (folder / MANIFEST).write_bytes(b"{")
    else:
        shutil.copytree(folder / STORE, tmp_path / "backup" / STORE)
        folder = tmp_path / "backup"
    assert reindex(folder).letters == read_manifest(folder).letters == 40
    assert answers(folder) == said
    assert check_index(folder).findings == ()


def test_letters_of_a_store_without_an_index_are_not_lost(files, folder):
    build_index(files[:5], folder)
    (folder / MANIFEST).unlink()
    shutil.rmtree(folder / "engine-1")
    with pytest.raises(IndexMissing) as error:
        build_index(files[5:8], folder)
    assert "reindex" in error.value.hint
    assert reindex(folder).letters == 5
    assert build_index(files[5:8], folder).letters == 8


def test_a_letter_that_cannot_be_opened_is_read_anew(files, folder):
    build_index(files[:5], folder)
    path = folder / "engine-1" / LETTERS
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    rewrite(path, content)
    report = build_index(files[:5], folder)
    assert (report.replaced, report.unchanged, report.failed) == (1, 4, 0)
    assert len(answers(folder)[0]) == report.items


def test_letters_after_many_that_cannot_be_read(files, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("imrsearch.indexer.tasks.TOGETHER", 2)
    bad = [tmp_path / f"bad-{number}.txt" for number in range(6)]
    for path in bad:
        path.write_bytes(b"no letter")
    report = build_index([*bad, *files[:5]], folder)
    assert (report.failed, report.letters) == (6, 5)
    assert check_index(folder).findings == ()
    assert len(answers(folder)[0]) == report.items


def test_without_a_store_there_is_nothing_to_make_anew(folder):
    with pytest.raises(IndexMissing):
        reindex(folder)
    build_index([], folder)
    with pytest.raises(IndexMissing) as error:
        reindex(folder)
    assert "imrsearch index" in error.value.hint


def test_the_newer_reading_of_a_letter_counts(files, folder):
    changed = next(
        path for path in files if b"CM16" in path.read_bytes() and b"Decision rationale" in path.read_bytes()
    )
    build_index(files, folder)
    changed.write_bytes(changed.read_bytes().replace(b"medically necessary", b"a zebra"))
    assert build_index([changed], folder).replaced == 1
    said = [hit.id for hit in Searcher.open(folder).search(Query(text="zebra")).hits]
    assert said
    report = reindex(folder)
    assert report.letters == len(files)
    assert [hit.id for hit in Searcher.open(folder).search(Query(text="zebra")).hits] == said


def test_letters_of_another_parser_are_understood_anew_without_their_files_being_read(files, folder, monkeypatch):
    build_index(files, folder)
    manifest = read_manifest(folder)
    write_manifest(folder, msgspec.structs.replace(manifest, reading="another parser"))
    monkeypatch.setattr("imrsearch.indexer.sources.files.lines_of_content", None)
    report = build_index(files[:20], folder, machine=SMALL)
    assert (report.replaced, report.failed, report.letters) == (20, 0, len(files))
    assert len(list((folder / STORE).iterdir())) == 1
    assert read_manifest(folder).reading == "another parser"
    reindex(folder)
    assert read_manifest(folder).reading == reading()


def test_a_rebuild_keeps_only_its_own_letters(files, folder):
    build_index(files, folder)
    build_index(files[:3], folder, rebuild=True)
    assert reindex(folder).letters == 3


def test_an_archive_is_kept_letter_by_letter(files, folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        for number, path in enumerate(files):
            archive.write(path, f"{number % 3}/{path.name}")
    report = build_index([tmp_path / "letters.zip"], folder, machine=SMALL)
    assert (report.letters, report.failed) == (len(files), 0)
    (tmp_path / "letters.zip").unlink()
    assert reindex(folder).letters == len(files)


# Processes.
def test_several_processes_do_what_one_does(files, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("imrsearch.indexer.tasks.TOGETHER", 4)
    many = build_index(files, folder, machine=SMALL)
    monkeypatch.setattr(build, "HERE", 1_000)
    one = build_index(files, tmp_path / "one", machine=SMALL)
    assert (many.letters, many.items, many.notes) == (one.letters, one.items, one.notes)
    assert answers(folder) == answers(tmp_path / "one")


class Mortal(Worker):
    """A process that ends where a letter says so: what a fault in a reader of PDFs does."""

    program = """
import os, signal
from imrsearch.indexer.sources import files
read = files.lines_of_content
def mortal(content, kind):
    if b"deadly" in content:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(content, kind)
files.lines_of_content = mortal
from imrsearch.indexer.workers import work
work()
"""


def test_a_file_that_ends_its_process_is_a_problem_and_no_more(files, tmp_path):
    text = next(path for path in files if path.suffix == ".txt")
    paths = []
    for name in ("one", "deadly", "two"):
        paths.append(tmp_path / f"{name}.txt")
        paths[-1].write_bytes(text.read_bytes() + name.encode())
    workers = Workers(2, of=Mortal)
    try:
        workers.use(Setting(str(tmp_path), "", rereads=False, dictionary=b""))
        given = [prepare.Files(tuple(map(str, paths))), prepare.Files((str(paths[0]),))]
        outcomes = [outcome for batch in workers.prepare_all(given) for outcome in batch.outcomes]
    finally:
        workers.close()
    assert [type(outcome).__name__ for outcome in outcomes] == ["Prepared", "Unread", "Prepared", "Prepared"]
    assert (outcomes[1].path, outcomes[1].reason) == (str(paths[1]), "it ended the process that read it")


def test_processes_that_were_started_are_asked_first():
    workers = Workers(4)
    try:
        workers.start(2)
        assert [bool(workers.idle.get()) for _ in range(4)] == [True, True, False, False]
    finally:
        workers.close()


def test_processes_that_are_ended_are_not_started_again(files, tmp_path):
    workers = Workers(2)
    workers.use(Setting(str(tmp_path), "", rereads=False, dictionary=b""))
    batches = workers.prepare_all(prepare.Files((str(path),)) for path in files)
    next(batches)
    workers.close()
    assert all(worker.process.poll() is not None for worker in workers.started)
    assert len(workers.started) <= 2


# Generations.
def test_an_index_made_anew_under_the_same_number_is_noticed(files, folder):
    build_index(files[:3], folder)
    searcher = Searcher.open(folder)
    shutil.rmtree(folder)
    build_index(files[:5], folder)
    assert searcher.manifest.generation == searcher.latest().manifest.generation == 1
    assert searcher.latest().search(Query()).total_letters == 5


def test_a_generation_stays_while_it_is_read(files, folder):
    build_index(files[:5], folder)
    searcher = Searcher.open(folder)
    build_index(files[:9], folder)
    assert (folder / "engine-1").exists()
    assert searcher.search(Query()).total_letters == 5
    assert searcher.latest().search(Query()).total_letters == 9
    assert searcher.latest().latest().manifest.generation == 2
    del searcher
    build_index(files[:10], folder)
    assert sorted(path.name for path in folder.glob("engine-*")) == ["engine-3"]


@pytest.mark.parametrize(
    ("keep", "kept"), [(0, ["5"]), (2, ["3", "4", "5"]), (3, ["2", "3", "4", "5"]), (9, ["1", "2", "3", "4", "5"])]
)
def test_generations_are_kept_where_that_is_asked(keep, kept, files, folder):
    for number in range(1, 6):
        build_index(files[:number], folder, keep=keep)
    assert sorted(path.name for path in folder.glob("engine-*")) == [f"engine-{number}" for number in kept]


def read_during_rebuilds(files, folder, *, readers, rebuilds):
    """Each answer is from one generation, while the index is made anew again and again."""
    build_index(files[:10], folder)
    sizes = {10: Searcher.open(folder).search(Query()).total}
    seen: list[tuple[int, int]] = []
    failures: list[Exception] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                found = Searcher.open(folder).search(Query(text="", limit=3))
                seen.append((found.total_letters, found.total))
            except Exception as error:  # noqa: BLE001 - whatever a reader meets fails the test
                failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(readers)]
    for thread in threads:
        thread.start()
    for number in range(rebuilds):
        report = build_index(files if number % 2 == 0 else files[:10], folder, rebuild=True, machine=SMALL)
        sizes[report.letters] = report.items
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(seen) <= set(sizes.items())
    assert len(seen) > rebuilds


def test_readers_never_see_half_an_index(files, folder):
    read_during_rebuilds(files, folder, readers=3, rebuilds=3)


@pytest.mark.scale
def test_many_readers_never_see_half_an_index(files, folder):
    read_during_rebuilds(files, folder, readers=8, rebuilds=20)


def test_what_a_late_reader_leaves_of_a_removed_generation_is_no_obstacle(files, folder):
    build_index(files[:3], folder)
    for name in ("readers", ".tantivy-meta.lock"):
        (folder / "engine-0").mkdir(exist_ok=True)
        (folder / "engine-0" / name).touch()
        build_index(files[:4], folder, rebuild=True)
        assert not (folder / "engine-0").exists()


# Crashes.
def crash(*arguments):
    """Runs killed at random calls, in a process that can be forked."""
    command = [sys.executable, "-m", "tests.crash", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
    assert "nothing lost, nothing twice" in done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that are forked")
def test_killed_runs_lose_nothing_and_go_on():
    crash("--letters", "12", "--bulk", "10", "--publishing", "5", "--first", "2", "--questions", "10")


@pytest.mark.scale
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that are forked")
def test_many_killed_runs_lose_nothing():
    crash("--bulk", "200", "--publishing", "100", "--first", "100", "--questions", "1000", "--seed", "2")


def test_another_command_does_not_keep_what_a_killed_one_did_not_commit(files, folder):
    def stop(done):
        raise RuntimeError

    build_index(files[:4], folder)
    with pytest.raises(RuntimeError):
        build_index(files[4:12], folder, progress=stop)
    assert build_index(files[12:15], folder).letters == 7
    assert reindex(folder).letters == 7


def test_what_was_committed_is_not_taken_again(files, folder, monkeypatch):
    def stop(done):
        if done.letters > 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(files, folder, machine=SMALL, progress=stop)
    assert not (folder / MANIFEST).exists()
    report = build_index(files, folder, machine=SMALL)
    assert report.letters == len(files)
    assert report.unchanged > 20


# Runs that were stopped, and go on.
def stop_after(letters, run):
    """Stop a run that has met so many letters."""

    def stop(done):
        if done.letters >= letters:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(progress=stop)


@pytest.mark.parametrize("before", [0, 5], ids=["no index before", "an index before"])
def test_a_rebuild_that_was_stopped_goes_on(before, files, folder, tmp_path, in_small_tasks):
    def run(**named):
        return build_index(iter(files), folder, rebuild=True, given=[tmp_path / "letters"], machine=SMALL, **named)

    whole = build_index(files, tmp_path / "whole", rebuild=True, machine=SMALL)
    if before:
        build_index(files[-before:], folder)
    stop_after(30, run)
    report = run()
    assert report.unchanged >= 30
    assert (report.letters, report.notes) == (len(files), whole.notes)
    assert answers(folder) == answers(tmp_path / "whole")
    assert check_index(folder).findings == ()
    assert run().unchanged == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"given": ["a"]}, {"given": ["b"]}, id="other paths"),
        pytest.param({"given": ["a"]}, {}, id="paths that are not known"),
        pytest.param({}, {}, id="neither known"),
    ],
)
def test_a_rebuild_of_other_paths_begins_anew(first, second, files, folder, here):
    stop_after(20, lambda **named: build_index(iter(files), folder, rebuild=True, machine=SMALL, **first, **named))
    report = build_index(iter(files[:5]), folder, rebuild=True, machine=SMALL, **second)
    assert (report.unchanged, report.letters) == (0, 5)
    assert reindex(folder).letters == 5


def test_a_rebuild_goes_on_from_another_folder_by_the_same_paths(files, folder, monkeypatch, here):
    def run(**named):
        return build_index(iter(files), folder, rebuild=True, machine=SMALL, **named)

    stop_after(20, lambda **named: run(given=[files[0].parent], **named))
    monkeypatch.chdir(files[0].parent.parent)
    assert run(given=["letters"]).unchanged >= 20


def test_a_rebuild_that_goes_on_reads_what_changed_and_tells_what_is_gone(files, folder, here):
    changed, gone = [path for path in files if b"CM16" in path.read_bytes() and b"pain" in path.read_bytes()][:2]

    def run(**named):
        there = (path for path in files if path.exists())
        return build_index(there, folder, rebuild=True, given=["letters"], machine=SMALL, **named)

    stop_after(len(files), run)
    changed.write_bytes(changed.read_bytes().replace(b"pain", b"zebra"))
    gone.unlink()
    report = run()
    assert (report.replaced, report.unchanged, report.letters) == (1, len(files) - 2, len(files))
    assert any(note.startswith("1 letters were read before") for note in report.notes)
    assert Searcher.open(folder).search(Query(text="zebra")).total
    assert run().letters == len(files) - 1


def test_letters_that_another_parser_read_are_not_understood_twice(files, folder, here):
    build_index(files[::2], folder)
    write_manifest(folder, msgspec.structs.replace(read_manifest(folder), reading="another parser"))

    def run(**named):
        return build_index(files, folder, machine=SMALL, **named)

    stop_after(40, run)
    report = run()
    assert report.unchanged >= 40
    assert report.replaced + report.added == len(files) - report.unchanged
    assert read_manifest(folder).reading == reading()
    assert check_index(folder).findings == ()
    # What was read before it was stopped is in the store, too.
    assert reindex(folder).letters == len(files)


@pytest.mark.parametrize(
    ("name", "damage", "goes_on"),
    [
        pytest.param(LETTERS, lambda content: flipped(content, len(content) // 2), False, id="a byte of a letter"),
        pytest.param(ROWS, lambda content: content[:640], False, id="rows cut off"),
        pytest.param(ROWS, lambda content: content + content[:30], True, id="a part of one more row"),
        pytest.param(SENTENCES, lambda content: content[:40], False, id="sentences cut off"),
        pytest.param(SENTENCES, lambda content: content + b"12", True, id="a part of one more sentence"),
    ],
)
def test_a_run_whose_remains_are_damaged_begins_anew(name, damage, goes_on, files, folder, here):
    def run(**named):
        return build_index(files, folder, rebuild=True, machine=SMALL, **named)

    stop_after(40, run)
    path = folder / "engine-1" / name
    rewrite(path, damage(path.read_bytes()))
    report = run()
    assert (bool(report.unchanged), report.letters) == (goes_on, len(files))
    assert check_index(folder).findings == ()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="which file is synced is told there only")
def test_files_and_their_names_are_on_the_disk_before_the_manifest_tells_of_them(files, folder, monkeypatch):
    synced, named, sync, replace = set(), set(), os.fsync, os.replace

    def synced_now(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        synced.add(path)
        if path.is_dir():
            named.update(path.iterdir())
        sync(descriptor)

    def replaced(path, other):
        engine = folder / "engine-1"
        # All but what the engine syncs itself.
        ours = {folder / "manifest.json.new", folder / STORE / "1", *(engine / name for name in RECORDS)}
        assert ours <= synced
        assert ours - {folder / "manifest.json.new"} <= named
        replace(path, other)

    monkeypatch.setattr(os, "fsync", synced_now)
    monkeypatch.setattr(os, "replace", replaced)
    build_index(files[:3], folder)
    assert read_manifest(folder).generation == 1


def test_an_error_of_the_disk_leaves_the_old_index(files, folder, monkeypatch):
    build_index(files[:10], folder)
    said = answers(folder)

    def full(self, payload):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FrameWriter, "add", full)
        with pytest.raises(IndexFailure, match="disk is full"):
            build_index(files, folder)
    assert answers(folder) == said
    assert build_index(files, folder).letters == len(files)


LIMITED = """
import resource, signal, sys
from pathlib import Path
from imrsearch.indexer.build import build_index
from imrsearch.indexer.reading import reading
from imrsearch.indexer.update import Machine
from imrsearch.schema.errors import IndexFailure
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
try:
    build_index([Path(name) for name in sys.argv[3:]], Path(sys.argv[1]), machine=Machine(1, 30_000_000, 10))
except IndexFailure as error:
    print(error.message)
    sys.exit(3)
"""


def seeds(number, *, quick):
    """So many trials, of which the first are for every day."""
    return [pytest.param(seed, marks=[pytest.mark.scale] * (seed >= quick)) for seed in range(number)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of file sizes")
@pytest.mark.parametrize("number", seeds(25, quick=4))
def test_a_disk_that_fills_leaves_the_old_index(number, files, folder):
    build_index(files[:10], folder)
    said = answers(folder)
    room = int(100 * 1.35**number)
    command = [sys.executable, "-c", LIMITED, str(folder), str(room), *map(str, files)]
    done = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert answers(folder) == said
    assert build_index(files, folder).letters == len(files)
    assert check_index(folder).findings == ()


# Damage.
def published(folder):
    """Every file that says something of the published index."""
    manifest = read_manifest(folder)
    engine = folder / manifest.engine
    return [
        folder / MANIFEST,
        *(engine / seal.name for seal in manifest.files),
        *(folder / STORE / seal.name for seal in manifest.store),
    ]


def rewrite(path, content):
    """Put another file in the place of one that somebody may still have mapped."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def flipped(content, place):
    """The content with one bit of a byte changed."""
    return content[:place] + bytes((content[place] ^ 4,)) + content[place + 1 :]


def failure_of(run, *given, **named):
    """What a run fails with, if it does."""
    try:
        run(*given, **named)
    except IndexFailure as error:
        return error
    return None


def flip_bytes(files, folder, *, times, seed):
    """Every byte that is flipped anywhere in a published index is found."""
    build_index(files[:6], folder)
    pick = random.Random(seed)
    for _ in range(times):
        path = pick.choice([path for path in published(folder) if path.stat().st_size])
        content = path.read_bytes()
        damaged = bytearray(content)
        place = pick.randrange(len(content))
        damaged[place] ^= 1 << pick.randrange(8)
        rewrite(path, damaged)
        findings = check_index(folder).findings
        rewrite(path, content)
        assert findings, f"{path.name} at {place}"
        assert all(found.hint for found in findings)
    assert check_index(folder).findings == ()


def test_flipped_bytes_are_found(files, folder):
    flip_bytes(files, folder, times=40, seed=1)


@pytest.mark.scale
def test_many_flipped_bytes_are_found(files, folder):
    flip_bytes(files, folder, times=500, seed=2)


@pytest.mark.parametrize("how", ["cut", "missing", "longer"])
def test_a_file_that_is_cut_or_gone_is_found(how, files, folder):
    build_index(files[:6], folder)
    for path in published(folder)[1:]:
        content = path.read_bytes()
        if not content or (how == "longer" and (path.name == LETTERS or path.parent.name == STORE)):
            continue
        path.unlink()
        if how != "missing":
            rewrite(path, content[:-1] if how == "cut" else content + b"x")
        [finding, *_] = check_index(folder).findings
        assert path.name in finding.path
        rewrite(path, content)
    assert check_index(folder).findings == ()


@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_damage_is_not_hidden_by_letters_that_come_later(how, files, folder):
    """The next generation shares, copies or reads what is damaged: it is refused, or still found."""
    one = Machine(cores=1, heap=30_000_000)
    build_index(files[:6], folder, machine=one)
    for seal in read_manifest(folder).files:
        if how == "flipped" and not seal.bytes:
            continue
        damaged = shutil.copytree(folder, folder.with_name("damaged"), ignore=shutil.ignore_patterns("*lock"))
        path = damaged / "engine-1" / seal.name
        content = path.read_bytes()
        path.unlink()
        if how == "flipped":
            path.write_bytes(flipped(content, seal.bytes // 2))
        failure = failure_of(build_index, files[:8], damaged, machine=one)
        assert failure is None or "reindex" in failure.hint or "check" in failure.hint, seal.name
        assert check_index(damaged).findings, seal.name
        shutil.rmtree(damaged)


def test_damage_is_not_hidden_by_merging(files, folder):
    """After some runs the engine makes one file of several, and gives up that which was damaged."""
    one = Machine(cores=1, heap=30_000_000)
    build_index(files[:1], folder, machine=one)
    [path] = folder.glob("engine-1/*.pos")
    rewrite(path, flipped(path.read_bytes(), path.stat().st_size // 2))
    for number in range(2, len(files)):
        merging = number > 2 and not (folder / read_manifest(folder).engine / path.name).exists()
        assert not merging, "the damaged file is gone, and nothing told of it"
        failure = failure_of(build_index, files[:number], folder, machine=one)
        if failure:
            assert path.name in failure.message
            assert "reindex" in failure.hint
            break
        assert any(path.name in found.path for found in check_index(folder).findings)
    else:
        pytest.fail("nothing was merged")
    reindex(folder)
    assert check_index(folder).findings == ()


def test_an_index_of_other_fields_says_so(files, folder):
    build_index(files[:3], folder)
    write_manifest(folder, msgspec.structs.replace(read_manifest(folder), fingerprint="0" * 16))
    [finding] = check_index(folder).findings
    assert "other fields" in finding.reason
    assert "reindex" in finding.hint


def damage(segment, how):
    """Damage a file of the store: a byte of its first block, or of its last one's length, its end, or all of it."""
    content = bytearray(segment.read_bytes())
    places = list(FrameFile(segment).places(end=len(content)))
    segment.unlink()
    if how == "gone":
        return
    if how == "first":
        content[places[0] + 100] ^= 1
    elif how == "length":
        content[places[-1] + 1] ^= 1
    segment.write_bytes(content[: places[-1]] if how == "cut" else content)


@pytest.mark.parametrize("how", ["first", "length", "cut", "gone"])
def test_a_damaged_store_is_not_made_an_index_of_unless_that_is_asked(how, files, folder, monkeypatch):
    monkeypatch.setattr("imrsearch.indexer.tasks.TOGETHER", 16)
    build_index(files, folder)
    said = answers(folder)
    damage(folder / STORE / "1", how)
    with pytest.raises(IndexFailure) as error:
        reindex(folder)
    assert "--skip-damaged" in error.value.hint
    assert answers(folder) == said
    assert next(finding.path for finding in check_index(folder).findings) == f"{STORE}/1"
    report = reindex(folder, skip_damaged=True)
    assert report.failed == 1
    assert "store/1" in report.problems[0].path
    if how == "gone":
        assert answers(folder) == said
    else:
        assert 0 < report.letters < len(files)


@pytest.mark.skipif(os.name == "nt", reason="links of files")
def test_what_was_published_is_never_written_again(files, folder):
    build_index(files[:20], folder)
    manifest = read_manifest(folder)
    before = {seal.name: (folder / "engine-1" / seal.name).read_bytes()[: seal.bytes] for seal in manifest.files}
    reader = Searcher.open(folder)
    build_index(files, folder, machine=SMALL)
    after = {seal.name: (folder / "engine-1" / seal.name).read_bytes()[: seal.bytes] for seal in manifest.files}
    assert before == after
    assert reader.search(Query()).total == manifest.items


def test_a_strict_run_that_fails_leaves_nothing_for_the_next(files, folder, tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"")
    with pytest.raises(LetterError):
        build_index([*files, bad], folder, strict=True, machine=SMALL)
    assert not list(folder.glob("engine-*"))
    assert list(Path(folder / STORE).iterdir()) == []
