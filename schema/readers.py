"""Which generations are being read: a reader holds a lock of its folder, which several readers may hold at once."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imrsearch.schema.manifest import ENGINE_META, READERS

# Windows keeps opened files by itself.
fcntl = importlib.import_module("fcntl") if importlib.util.find_spec("fcntl") else None


def begin_reading(engine_dir: Path) -> int | None:
    """Hold the folder as a reader until the descriptor that is given back is closed; null where it is gone or going."""
    try:
        opened = os.open(engine_dir / READERS, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError:
        return None
    except OSError:
        # A folder that may not be written is not removed either.
        return os.open(engine_dir / ENGINE_META, os.O_RDONLY)
    if is_locked(opened, shared=True):
        return opened
    os.close(opened)
    return None


@contextmanager
def without_readers(engine_dir: Path) -> Iterator[bool]:
    """Whether nobody reads the folder; while this lasts nobody begins to."""
    try:
        opened = os.open(engine_dir / READERS, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield True
        return
    try:
        yield is_locked(opened, shared=False)
    finally:
        os.close(opened)


def is_locked(opened: int, *, shared: bool) -> bool:
    """Whether the file could be locked, with other readers or for oneself; it is unlocked when it is closed."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(opened, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
