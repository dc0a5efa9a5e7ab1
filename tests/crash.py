"""Runs that are killed anywhere, again and again: nothing may be lost, and nothing taken twice.

    python -m tests.crash --bulk 200 --publishing 100 --first 100 --questions 1000

Each trial begins with an index of some letters, kills runs that add the others at a random call of ours (in reading and
writing, or while the outcome is published), looks that the old index or the new one answers, then lets the same command
end and compares every answer, scores included, with those of a run that nobody killed.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType

from imrsearch.indexer import build, generation, prepare, store, tasks, update
from imrsearch.indexer.build import build_index, reindex
from imrsearch.indexer.check import check_index
from imrsearch.indexer.report import IndexReport
from imrsearch.indexer.update import Machine
from imrsearch.schema import frames, manifest
from imrsearch.schema.manifest import read_manifest
from imrsearch.schema.records import Letter
from imrsearch.search.query import Query
from imrsearch.search.searcher import Searcher
from tests.corpus import case_of, letters

MODULES = (build, frames, generation, manifest, prepare, store, tasks, update)
MACHINE = Machine(cores=1, heap=30_000_000, commit_items=12)
# Letters that the index holds before the run that is killed.
HELD = 10

Answers = list[list[tuple[str, float, str]]]


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


def answers(folder: Path, asked: list[str]) -> Answers:
    """What an index says to the questions, scores included; first the families of the first items."""
    searcher = Searcher.open(folder)
    first = searcher.search(Query(limit=20)).hits
    return [
        [(each.id, 0.0, "") for hit in first for each in searcher.family(hit.id)],
        *(
            [(hit.id, hit.score, hit.snippet) for hit in searcher.search(Query(text=text, limit=20)).hits]
            for text in asked
        ),
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


def trial(
    files: list[Path], folder: Path, asked: list[str], said: Answers, pick: random.Random, *, publishing: bool
) -> int:
    """How many runs were killed before the same command ended in the same index."""
    build_index(files[:HELD], folder, machine=MACHINE)
    old = answers(folder, asked[:20])
    anew = pick.random() < 0.3
    if anew:
        build_index(files, folder, machine=MACHINE)
        old = answers(folder, asked[:20])

    def run() -> IndexReport:
        return reindex(folder, machine=MACHINE) if anew else build_index(files, folder, machine=MACHINE)

    kills = 0
    for _ in range(3):
        before = read_manifest(folder).generation
        at = pick.randint(1, 300) if publishing else int(10 ** pick.uniform(0.5, 4))
        if not killed(run, at=at, only_in_publishing=publishing):
            break
        kills += 1
        if read_manifest(folder).generation != before:
            old = said[: len(old)]
        assert answers(folder, asked[:20]) == old, "half an index was published"
    report = run()
    assert report.letters == len(files), "letters were lost"
    assert answers(folder, asked) == said, "the index answers otherwise"
    assert check_index(folder).findings == (), "the index is damaged"
    return kills


def kill_first_run(files: list[Path], folder: Path, *, at: int) -> None:
    """A first run that is killed: nothing was published, and the same command ends as if nothing had been."""
    killed(lambda: build_index(files, folder, machine=MACHINE), at=at, only_in_publishing=False)
    assert build_index(files, folder, machine=MACHINE).letters == len(files), "letters were lost"
    assert check_index(folder).findings == (), "the index is damaged"


def kill_runs(*, bulk: int, publishing: int, first: int, number: int, seed: int) -> tuple[int, int]:
    """At least so many kills of each sort, and how many there were; AssertionError where anything is lost."""
    tasks.TOGETHER = 4
    folder = Path(tempfile.mkdtemp())
    done = {False: 0, True: 0}
    try:
        files = write_letters(folder / "letters")
        build_index(files[:HELD], folder / "whole", machine=MACHINE)
        build_index(files, folder / "whole", machine=MACHINE)
        asked = questions(Searcher.open(folder / "whole"), number)
        said = answers(folder / "whole", asked)
        pick = random.Random(seed)
        for place in range(first):
            kill_first_run(files[:6], folder / f"first-{place}", at=1 + 3 * place)
        for sort, wanted in ((False, bulk), (True, publishing)):
            while done[sort] < wanted:
                index = folder / f"index-{sum(done.values())}"
                done[sort] += trial(files, index, asked, said, pick, publishing=sort)
                # A process of a killed run may still be about to open it.
                shutil.rmtree(index, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return done[False], done[True]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bulk", type=int, default=200)
    parser.add_argument("--publishing", type=int, default=100)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    bulk, publishing = kill_runs(
        bulk=given.bulk, publishing=given.publishing, first=given.first, number=given.questions, seed=given.seed
    )
    print(f"{bulk} runs killed in reading and writing, {publishing} in publishing: nothing lost, nothing twice")
    sys.exit(0)


if __name__ == "__main__":
    main()
