"""Processes that prepare letters, one for each core; each is asked over its own pipe, so that it ends with the asker.

A reader of PDFs is a C++ library, and some file may end its process. Then the letters of that task are taken one by
one, and the file that ends a process again is a problem of the report.
"""

import gc
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from struct import Struct
from typing import IO

import msgspec

from imrsearch.indexer.prepare import Batch, Block, Files, HeldLetters, Letters, Members, Preparer, Task
from imrsearch.indexer.sources import Unread
from imrsearch.schema.errors import IndexFailure

LENGTH = Struct("<Q")
# Tasks that wait or are done and not yet taken, for each process: what bounds the memory.
AHEAD = 3
# Objects that a process makes before it looks for cycles among them: those of some dozen letters.
OBJECTS = 20_000


class Setting(msgspec.Struct, frozen=True, tag=True):
    """What a process must know to prepare letters as another one does.

    engine      name of the folder of the index as it was when the run began; "" where there was none
    rereads     letters that it holds are understood anew
    dictionary  what letters are compressed with
    """

    index_dir: str
    engine: str
    rereads: bool
    dictionary: bytes

    def preparer(self) -> Preparer:
        """What prepares letters in this process."""
        folder = Path(self.index_dir)
        held = HeldLetters(folder, self.engine) if self.engine else None
        return Preparer(folder, held=held, rereads=self.rereads, dictionary=self.dictionary)


class Ended(Exception):
    """A process ended before it answered."""


def send(stream: IO[bytes] | None, message: bytes) -> None:
    """Write a message behind its length."""
    if stream is None:
        raise Ended
    stream.write(LENGTH.pack(len(message)) + message)
    stream.flush()


def receive(stream: IO[bytes] | None) -> bytes:
    """The next message; Ended where there is none."""
    if stream is None:
        raise Ended
    head = stream.read(LENGTH.size)
    message = stream.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""
    if len(head) < LENGTH.size or len(message) < LENGTH.unpack(head)[0]:
        raise Ended
    return message


class Worker:
    """One process."""

    program = "from imrsearch.indexer.workers import work; work()"

    def __init__(self) -> None:
        # The process finds the package where this one did.
        command = f"import sys; sys.path[:] = {sys.path!r}; {self.program}"
        self.setting = b""
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
                [sys.executable, "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError as error:
            raise IndexFailure(
                f"a process that reads letters cannot be started: {error.strerror}", hint="try --cores 1"
            ) from error

    def ask(self, message: bytes) -> bytes:
        """The answer to a message; Ended where the process ended."""
        try:
            send(self.process.stdin, message)
            return receive(self.process.stdout)
        except (OSError, ValueError) as error:
            raise Ended from error

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                with suppress(OSError):
                    stream.close()
        self.process.wait()


class Workers:
    """Several processes, each asked by a thread of its own; none is started before there is work for it."""

    def __init__(self, number: int, *, of: type[Worker] = Worker) -> None:
        self.of = of
        self.setting = b""
        self.started: list[Worker] = []
        self.idle: SimpleQueue[Worker | None] = SimpleQueue()
        for _ in range(number):
            self.idle.put(None)
        self.threads = ThreadPoolExecutor(number)
        self.most = number * AHEAD
        self.is_closing = False

    def use(self, setting: Setting) -> None:
        """Let the processes prepare what is asked from now on by this setting."""
        self.setting = msgspec.msgpack.encode(setting)

    def start(self, number: int) -> None:
        """Start so many processes at once, as far as there are not more of them; these are asked first."""
        idle = [self.idle.get() for _ in range(self.idle.qsize())]
        for place in range(min(number, len(idle))):
            idle[place] = idle[place] or self.new_worker()
        for worker in idle:
            self.idle.put(worker)

    def prepare_all(self, tasks: Iterable[Task]) -> Iterator[Batch]:
        """What was made of each task, in their order."""
        waiting: deque[Future[list[Batch]]] = deque()
        for task in tasks:
            waiting.append(self.threads.submit(self.prepare, task))
            if len(waiting) >= self.most:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()

    def prepare(self, task: Task) -> list[Batch]:
        """What one process made of the task, else of its parts."""
        try:
            return [self.asked(task)]
        except Ended:
            if self.is_closing:
                raise
            return [self.alone(part) for part in parts_of(task)]

    def alone(self, task: Task) -> Batch:
        """What a process made of a task of one letter, or that it ended the process."""
        try:
            return self.asked(task)
        except Ended:
            hint = "please report it as a fault of imrsearch"
            return Batch((Unread(name_of(task), "it ended the process that read it", hint),), b"", 1)

    def asked(self, task: Task) -> Batch:
        """The answer of an idle process; Ended where it ended, and another one takes its place."""
        worker = self.idle.get()
        try:
            if self.is_closing:
                raise Ended
            worker = worker or self.new_worker()
            if worker.setting != self.setting:
                worker.ask(self.setting)
                worker.setting = self.setting
            return msgspec.msgpack.decode(worker.ask(msgspec.msgpack.encode(task)), type=Batch)
        except Ended:
            if worker:
                worker.close()
                self.started.remove(worker)
            worker = None
            raise
        finally:
            self.idle.put(worker)

    def new_worker(self) -> Worker:
        """One more process."""
        worker = self.of()
        self.started.append(worker)
        return worker

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        self.is_closing = True
        self.threads.shutdown(wait=False, cancel_futures=True)
        for worker in tuple(self.started):
            worker.process.kill()
        self.threads.shutdown()
        for worker in self.started:
            worker.close()


def parts_of(task: Task) -> Iterator[Task]:
    """The task's letters one by one; a block of the store has no parts."""
    match task:
        case Files(paths):
            yield from (Files((path,)) for path in paths)
        case Members(path, start, stop, last):
            yield from (Members(path, place, place + 1, last and place + 1 == stop) for place in range(start, stop))
        case Letters(letters, unread, files):
            yield from (Letters((letter,)) for letter in letters)
            yield Letters((), unread, files)
        case Block():
            yield task


def name_of(task: Task) -> str:
    """Where the task's one letter is from."""
    match task:
        case Files(paths):
            return ", ".join(paths)
        case Letters(letters):
            return ", ".join(letter.source.path for letter in letters)
        case Members(path, start):
            return f"member {start + 1} of {path}"
        case Block(kept):
            return f"store/{kept.segment}"


def work() -> None:
    """Answer over stdin and stdout until the asker ends: a setting first, then tasks."""
    # Ctrl-C reaches every process of the terminal; the asker decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not land among the answers.
    os.dup2(2, 1)
    # Letters hardly make cycles: looked for as often as usual, that takes a tenth of the time.
    gc.freeze()
    gc.set_threshold(OBJECTS)
    preparer: Preparer | None = None
    with suppress(Ended, BrokenPipeError):
        while True:
            message = msgspec.msgpack.decode(receive(sys.stdin.buffer), type=Setting | Task)
            try:
                if isinstance(message, Setting):
                    preparer, answer = message.preparer(), b""
                elif preparer:
                    answer = msgspec.msgpack.encode(preparer.prepare(message))
            except Exception:
                # A fault of ours costs its letter: the asker finds out which one. No traceback reaches a user.
                if os.environ.get("IMRSEARCH_DEBUG"):
                    raise
                return
            send(answers, answer)
