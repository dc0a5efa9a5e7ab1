"""Runs that are killed anywhere, again and again: nothing may be lost, and nothing taken twice.

    python -m tests.crash --bulk 200 --publishing 100 --first 100 --questions 1000

Each trial begins with an index of some letters, kills a command that adds the others, replaces some, understands them
anew or makes all anew, at a random call of ours (in reading and writing, or while the outcome is published), looks that
the old index or the new one answers, then lets the same command end and compares every answer with those of a run that
nobody killed: totals, counts, ids and snippets always, order and scores where nothing was deleted, and where something
was after both were made anew from their stores.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

from msgspec import structs

from imrsearch.indexer import build, families, generation, prepare, rows, store, tasks, update
from imrsearch.indexer.build import build_index, reindex
from imrsearch.indexer.check import check_index
from imrsearch.indexer.reading import reading
from imrsearch.indexer.report import IndexReport
from imrsearch.indexer.update import Machine
from imrsearch.schema import frames, manifest
from imrsearch.schema.manifest import read_manifest, write_manifest
from imrsearch.schema.records import Letter
from imrsearch.search.query import Query
from imrsearch.search.results import FacetCount
from imrsearch.search.searcher import Searcher
from tests.corpus import case_of, letters

MODULES = (build, families, frames, generation, manifest, prepare, rows, store, tasks, update)
MACHINE = Machine(cores=1, heap=30_000_000, commit_items=4)
# Of so many letters the index holds one before the run that is killed.
HELD = 3


class Answer(NamedTuple):
    """What an index says to a question.

    hits  id, score and snippet, the best first
    """

    total: int
    letters: int
    counts: dict[str, list[FacetCount]]
    hits: list[tuple[str, float, str]]

    def unscored(self) -> "Answer":
        """The answer without scores, and so in no order."""
        return self._replace(hits=sorted((hit, 0.0, snippet) for hit, _, snippet in self.hits))


def write_letters(folder: Path) -> list[Path]:
    """The fictional letters as files, each in its own form as text."""
    folder.mkdir()
    for letter in letters().values():
        case = case_of(letter, letter["form"], "text")
        (folder / case.filename).write_bytes(case.content)
    return sorted(folder.iterdir())


def questions(searcher: Searcher, number: int) -> list[str]:
    """Words and pairs of words of the index, the same each time."""
    held: list[Letter] = [
        searcher.letter(hit.letter_id) for hit in searcher.search(Query(limit=1_000)).hits if hit.item == 1
    ]
    words = sorted({word for letter in held for item in letter.items for word in item.rationale.split()})
    pick = random.Random(7)
    return ["", *(" ".join(pick.choices(words, k=1 + number % 2)) for number in range(number))]


def answers(folder: Path, asked: list[str]) -> list[Answer]:
    """What an index says to the questions: every hit, with its family."""
    searcher = Searcher.open(folder)
    found = (searcher.search(Query(text=text, limit=1_000, facets=("outcome", "drug"))) for text in asked)
    return [
        Answer(
            each.total,
            each.total_letters,
            each.facets,
            [(hit.id, hit.score, f"{hit.family}: {hit.snippet}") for hit in each.hits],
        )
        for each in found
    ]


def counted(count: Callable[[], None], *, only_in_publishing: bool) -> None:
    """Let every function of ours that has to do with an index call `count` first."""
    publishing = not only_in_publishing

    def wrapped(function: FunctionType) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            nonlocal publishing
            publishing = publishing or function.__qualname__ == "Update.publish"
            if publishing:
                count()
            return function(*given, **named)

        return call

    for module in MODULES:
        for owner, name, function in list(functions_of(module)):
            setattr(owner, name, wrapped(function))
    for name in ("fsync", "link", "mkdir", "replace", "rmdir", "truncate", "unlink"):
        setattr(os, name, wrapped_system_call(getattr(os, name), lambda: publishing and count()))


def wrapped_system_call(function: Callable[..., object], count: Callable[[], object]) -> Callable[..., object]:
    """The system's function, counted before and after."""

    def call(*given: object, **named: object) -> object:
        count()
        done = function(*given, **named)
        count()
        return done

    return call


def functions_of(module: ModuleType) -> Iterator[tuple[object, str, FunctionType]]:
    """The functions of a module wherever they are called from, and the methods of its classes."""
    for name, value in list(vars(module).items()):
        if isinstance(value, FunctionType) and value.__module__.startswith("imrsearch."):
            yield module, name, value
        elif isinstance(value, type) and value.__module__ == module.__name__:
            for inner, method in list(vars(value).items()):
                if isinstance(method, FunctionType):
                    yield value, inner, method


def killed(run: Callable[[], IndexReport], *, at: int, only_in_publishing: bool) -> bool:
    """Whether the run, in a process of its own, was killed at that call of ours before it ended."""
    child = os.fork()
    if child == 0:
        calls = 0

        def count() -> None:
            nonlocal calls
            calls += 1
            if calls == at:
                os.kill(os.getpid(), signal.SIGKILL)

        counted(count, only_in_publishing=only_in_publishing)
        run()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0, "the run failed by itself"
    return os.WIFSIGNALED(status)


class Work(NamedTuple):
    """A command that is killed.

    begin    makes the index that it works on
    run      the command
    deletes  letters that the index held are written anew: until the engine has merged its files, what it deleted
             counts in the scores, and when it merges depends on how often it committed
    """

    begin: Callable[[Path], object]
    run: Callable[[Path], IndexReport]
    deletes: bool = False


def works_on(files: list[Path]) -> dict[str, Work]:
    """Every command that writes an index, each from its own beginning."""
    held = files[::HELD]
    first = {path: path.read_bytes() for path in files}
    later = first | {path: first[path].replace(b"pain", b"zebra") for path in held}

    def index(folder: Path, chosen: list[Path], texts: dict[Path, bytes], *, rebuild: bool = False) -> IndexReport:
        for path, text in texts.items():
            path.write_bytes(text)
        return build_index(chosen, folder, rebuild=rebuild, machine=MACHINE)

    def of_another_parser(folder: Path) -> None:
        index(folder, held, first)
        write_manifest(folder, structs.replace(read_manifest(folder), reading="another parser"))

    def with_old_readings(folder: Path) -> None:
        index(folder, held, first)
        index(folder, files, later)

    def some(folder: Path) -> None:
        index(folder, held, first)

    return {
        "add": Work(some, lambda folder: index(folder, files, first)),
        "replace": Work(some, lambda folder: index(folder, files, later), deletes=True),
        "reread": Work(of_another_parser, lambda folder: index(folder, files, first), deletes=True),
        "rebuild": Work(some, lambda folder: index(folder, files, later, rebuild=True)),
        "reindex": Work(with_old_readings, lambda folder: reindex(folder, machine=MACHINE)),
    }


class Whole:
    """What an index says that nobody killed: after the command, and made anew from its store.

    begun  the index before the command
    """

    def __init__(self, work: Work, folder: Path, number: int) -> None:
        self.work = work
        self.begun = folder / "begun"
        work.begin(self.begun)
        index = self.beginning(folder / "whole")
        self.letters = work.run(index).letters
        self.asked = questions(Searcher.open(index), number)
        self.said = answers(index, self.asked)
        reindex(index, machine=MACHINE)
        self.said_anew = answers(index, self.asked)

    def beginning(self, folder: Path) -> Path:
        """An index for the command, at `folder`."""
        return shutil.copytree(self.begun, folder)

    def compare(self, folder: Path, number: int) -> None:
        """AssertionError where the index says something else to the first questions."""
        found, said = answers(folder, self.asked[:number]), self.said[:number]
        if self.work.deletes:
            found, said = [answer.unscored() for answer in found], [answer.unscored() for answer in said]
        assert found == said, "the index answers otherwise"

    def compare_anew(self, folder: Path) -> None:
        """AssertionError where an index made anew from the store says something else, scores included."""
        reindex(folder, machine=MACHINE)
        assert answers(folder, self.asked) == self.said_anew, "the store holds something else"


def trial(whole: Whole, folder: Path, pick: random.Random, *, publishing: bool, most: int) -> int:
    """How many runs were killed, `most` at most, before the same command ended in the same index."""
    work, kills = whole.work, 0
    whole.beginning(folder)
    # Letters are read in the process that is killed, or in others that outlive it for a moment.
    build.HERE = pick.choice((2, 1_000))
    for _ in range(most):
        before, old = read_manifest(folder).generation, answers(folder, whole.asked[:20])
        at = pick.randint(1, 300) if publishing else int(10 ** pick.uniform(0.5, 4))
        if not killed(lambda: work.run(folder), at=at, only_in_publishing=publishing):
            break
        kills += 1
        if read_manifest(folder).generation != before:
            whole.compare(folder, 20)
        else:
            assert answers(folder, whole.asked[:20]) == old, "half an index was published"
    assert work.run(folder).letters == whole.letters, "letters were lost"
    assert read_manifest(folder).reading == reading(), "letters were not understood anew"
    whole.compare(folder, len(whole.asked))
    assert check_index(folder).findings == (), "the index is damaged"
    if work.deletes:
        whole.compare_anew(folder)
    return kills


def kill_first_run(files: list[Path], folder: Path, *, at: int, rebuild: bool) -> None:
    """A first run that is killed: nothing was published, and the same command ends as if nothing had been."""

    def run() -> IndexReport:
        return build_index(files, folder, rebuild=rebuild, machine=MACHINE)

    killed(run, at=at, only_in_publishing=False)
    assert run().letters == len(files), "letters were lost"
    assert check_index(folder).findings == (), "the index is damaged"


def kill_runs(asked: argparse.Namespace) -> tuple[int, int]:
    """At least so many kills of each sort, and how many there were; AssertionError where anything is lost."""
    tasks.TOGETHER = 4
    folder = Path(tempfile.mkdtemp())
    done = {False: 0, True: 0}
    try:
        files = write_letters(folder / "letters")[: asked.letters]
        wholes = [Whole(work, folder / name, asked.questions) for name, work in works_on(files).items()]
        pick = random.Random(asked.seed)
        for place in range(asked.first):
            kill_first_run(files[:6], folder / f"first-{place}", at=1 + 3 * place, rebuild=place % 2 == 1)
        for sort, wanted in ((False, asked.bulk), (True, asked.publishing)):
            # The commands take turns, so that few kills meet each of them.
            turns = cycle(wholes)
            at_once = min(8, -(-wanted // len(wholes)))
            while done[sort] < wanted:
                index = Path(tempfile.mkdtemp(dir=folder)) / "index"
                most_kills = min(at_once, wanted - done[sort])
                done[sort] += trial(next(turns), index, pick, publishing=sort, most=most_kills)
                # A process of a killed run may still be about to open it.
                shutil.rmtree(index, ignore_errors=True)
                print(f"{done[False]} runs killed in reading and writing, {done[True]} in publishing", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return done[False], done[True]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, help="of the fictional letters so many, else all")
    parser.add_argument("--bulk", type=int, default=200)
    parser.add_argument("--publishing", type=int, default=100)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    bulk, publishing = kill_runs(parser.parse_args())
    print(f"{bulk} runs killed in reading and writing, {publishing} in publishing: nothing lost, nothing twice")
    sys.exit(0)


if __name__ == "__main__":
    main()
