"""How far a run has come, on stderr: a bar on a terminal, elsewhere a line now and then."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imrsearch.search.render import counted

if TYPE_CHECKING:
    from imrsearch.indexer.build import Done

# Seconds between two lines where there is no terminal.
BETWEEN = 10.0


def in_words(done: "Done", *, seconds: float, total: int) -> str:
    """ "1,200 letters, 2,800 items (130 letters/s, 300 items/s), 2 failed, 1 minute left"."""
    parts = [f"{counted(done.letters, 'letter')}, {counted(done.items, 'item')}"]
    if seconds > 0:
        parts[0] += f" ({done.letters / seconds:,.0f} letters/s, {done.items / seconds:,.0f} items/s)"
    if done.failed:
        parts.append(f"{done.failed:,} failed")
    if 0 < done.files < total:
        parts.append(f"{duration(seconds / done.files * (total - done.files))} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """ "2 h 5 min", "3 min", "12 s"."""
    minutes = int(seconds // 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


@contextmanager
def shown(total: int) -> Iterator[Callable[["Done"], None]]:
    """What is told of each step of a run over so many files."""
    started = time.monotonic()

    def words(done: "Done") -> str:
        return in_words(done, seconds=time.monotonic() - started, total=total)

    if not sys.stderr.isatty():
        told = started

        def tell(done: "Done") -> None:
            nonlocal told
            if time.monotonic() - told >= BETWEEN:
                told = time.monotonic()
                sys.stderr.write(f"{words(done)}\n")

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.percentage:.0f}%  {task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total or None)
        yield lambda done: bar.update(task, completed=done.files, description=words(done))
