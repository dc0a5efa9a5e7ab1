"""The one process that writes to an index: it holds a lock, and tells who it is."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from imrsearch.schema.errors import IndexBusy, IndexFailure
from imrsearch.schema.manifest import LOCK, WRITER


class Writer(Struct, frozen=True):
    """Who writes.

    since  local time, "10:02:33"
    """

    pid: int
    command: str
    since: str


@contextmanager
def one_writer(index_dir: Path) -> Iterator[None]:
    """Keep other processes from writing; IndexBusy where one already does."""
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(index_dir / LOCK, timeout=0)
        lock.acquire()
    except Timeout as error:
        raise IndexBusy(
            f"{named(index_dir)} is writing to the index at {index_dir}",
            hint="wait for it to end, then run this again",
        ) from error
    except OSError as error:
        raise IndexFailure(
            f"the folder {index_dir} cannot be written: {error.strerror}", hint="name another folder: --index DIR"
        ) from error
    told = index_dir / WRITER
    command = Path(sys.argv[0]).name + "".join(f" {word}" for word in sys.argv[1:2])
    try:
        # A disk without room for these bytes is told of when it matters.
        with suppress(OSError):
            now = datetime.now().strftime("%H:%M:%S")
            told.write_bytes(msgspec.json.encode(Writer(os.getpid(), command, now)))
        yield
    finally:
        with suppress(OSError):
            told.unlink(missing_ok=True)
        lock.release()


def named(index_dir: Path) -> str:
    """The process that writes, as far as it told."""
    with suppress(OSError, msgspec.MsgspecError):
        writer = msgspec.json.decode((index_dir / WRITER).read_bytes(), type=Writer)
        return f"another process ({writer.command}, pid {writer.pid}, since {writer.since})"
    return "another process"
