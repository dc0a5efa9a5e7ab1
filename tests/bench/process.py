"""Whole processes, with their time and the memory of all that they start."""

import contextlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Seconds between two looks at the memory.
PAUSE = 0.05


@dataclass(frozen=True)
class Ended:
    """A process that has ended.

    seconds  from its start to its end
    cpu      seconds of processors that it took, with its children: what a busy machine does not change
    peak     bytes in memory at once, its children's among them
    """

    seconds: float
    cpu: float
    peak: int
    output: str


class Failed(Exception):
    """A process of the benchmark did not do what was asked."""


def python(*arguments: str | Path) -> list[str]:
    return [sys.executable, *map(str, arguments)]


def run(command: Sequence[str]) -> Ended:
    """Run the command to its end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    before = cpu_seconds(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env=environment, text=True
    ) as process:
        watch = Watch(process.pid)
        watch.start()
        output, _ = process.communicate()
        seconds = time.perf_counter() - started
        watch.ended.set()
        watch.join()
    if process.returncode:
        raise Failed(f"{' '.join(command)}\n{output[-2000:]}")
    return Ended(seconds, cpu_seconds(resource.RUSAGE_CHILDREN) - before, watch.peak, output)


def cpu_seconds(*whose: int) -> float:
    """User and system seconds so far."""
    used = [resource.getrusage(each) for each in whose]
    return sum(each.ru_utime + each.ru_stime for each in used)


class Watch(threading.Thread):
    """Looks at a process and its children, and keeps the most memory that they had at once."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.peak = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(PAUSE):
            self.peak = max(self.peak, sum(map(memory_of, family_of(self.process))))


def family_of(process: int) -> Iterator[int]:
    """The process and all that it started."""
    yield process
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in path.read_text().split():
                yield from family_of(int(child))


def memory_of(process: int) -> int:
    """Bytes of the process's own and its share of what it shares; 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
