"""Ask a server as fast as it answers, and say how fast that is: python -m tests.load --index DIR.

The server has one core for itself and the asker another."""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from msgspec import structs

from imrsearch import Searcher
from imrsearch.search.explain import Clock
from imrsearch.search.query import checked
from imrsearch.search.web.address import Address, query_of
from imrsearch.search.web.facets import BESIDE

ROOT = Path(__file__).parents[1]
WORDS = (
    "tramadol benzodiazepines opioids weaning functional improvement lumbar cervical MRI therapy physical acupuncture "
    "injection epidural chronic pain sleep compound topical cream urine drug screen gabapentin neuropathic "
    "surgery knee shoulder arthroscopy brace TENS unit home exercise chiropractic psychological evaluation norco "
    "muscle relaxant"
).split()
FILTERS = ({}, {}, {}, {"outcome": "upheld"}, {"outcome": "overturned"}, {"sort": "newest"}, {"offset": "10"})
MOST_REQUESTS = 1_000_000


@dataclass
class Load:
    """What a run showed.

    milliseconds  of each answer, in the order in which they ended
    failures      the first lines of answers that were none
    resident      kilobytes of the server: before, and then after each tenth of the requests
    """

    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    busy: float = 0.0

    def at(self, part: float) -> float:
        """Milliseconds in which that part of the answers came."""
        ordered = sorted(self.milliseconds)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


class Server(NamedTuple):
    """A server that runs."""

    port: int
    process: int

    def resident(self) -> int:
        """Kilobytes in memory."""
        status = Path(f"/proc/{self.process}/status").read_text("ascii")
        return int(status.partition("VmRSS:")[2].split()[0])

    def busy(self) -> float:
        """Seconds of the processor."""
        fields = Path(f"/proc/{self.process}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(index_dir: Path, port: int, *, core: int) -> Iterator[Server]:
    """A server of its own process on one core."""
    program = f"import os; os.sched_setaffinity(0, {{{core}}}); from imrsearch.search.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", "--port", str(port), "--index", str(index_dir)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stderr.readline()
            if "imrsearch is at" not in line:
                raise RuntimeError(line + process.stderr.read())
            yield Server(port, process.pid)
        finally:
            process.terminate()


def questions(seed: int, *, repeated: float) -> Iterator[str]:
    """Addresses without end; that part of them is of a hundred that come again and again."""
    random, common = Random(seed), Random(0)
    again = [question(common) for _ in range(100)]
    while True:
        yield random.choice(again) if random.random() < repeated else question(random)


def question(random: Random) -> str:
    words = random.sample(WORDS, random.choice((1, 2, 2, 3)))
    text = " ".join(words)
    if random.random() < 0.2:
        text = f"{text} -{random.choice(WORDS)}"
    return "/search?" + urlencode({"query": text, **random.choice(FILTERS)})


def ask(port: int, addresses: Iterator[str], load: Load, *, until: float) -> None:
    """Ask one after the other over one connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as answers:
        for address in addresses:
            began = time.perf_counter()
            if began > until:
                return
            connection.sendall(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            first = answers.readline()
            length = 0
            while (line := answers.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            answers.read(length)
            load.milliseconds.append((time.perf_counter() - began) * 1000)
            if b" 200 " not in first:
                load.failures.append(f"{first.decode('latin-1').strip()} {address}")


def loaded(running: Server, *, requests: int, connections: int, seconds: float, repeated: float = 0.5) -> Load:
    """So many requests over so many connections at once, or as many as the seconds allow."""
    load = Load(resident=[running.resident()])
    began, busy = time.perf_counter(), running.busy()
    until = began + seconds
    for tenth in range(10):
        share = max(requests // 10 // connections, 1)
        with ThreadPoolExecutor(connections) as askers:
            asked = [
                askers.submit(
                    ask,
                    running.port,
                    islice(questions(requests + tenth * 1000 + place, repeated=repeated), share),
                    load,
                    until=until,
                )
                for place in range(connections)
            ]
        for each in asked:
            each.result()
        load.resident.append(running.resident())
    load.seconds = time.perf_counter() - began
    load.busy = running.busy() - busy
    return load


def of_the_engine(index_dir: Path, *, port: int, addresses: list[str]) -> tuple[float, float]:
    """Milliseconds in the middle of a page, and of the same answer with its facets through the Python API, by turns."""
    searcher = Searcher.open(index_dir)
    answers: list[float] = []
    load = Load()
    for address in addresses:
        ask(port, iter([address]), load, until=time.perf_counter() + 60)
        asked = query_of(Address("/search", tuple(parse_qsl(address.partition("?")[2]))), collapse=True)
        # The page counts these, and the letters of no value.
        asked = structs.replace(asked, facets=tuple(field.name for field in BESIDE), letters=False)
        began = time.perf_counter()
        searcher.answer(checked(asked), Clock())
        answers.append((time.perf_counter() - began) * 1000)
    return load.at(0.5), sorted(answers)[len(answers) // 2]


def main(arguments: list[str] | None = None) -> None:
    options = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    options.add_argument("--index", type=Path, required=True, help="folder of the index")
    options.add_argument("--requests", type=int, default=4_000, help=f"at most {MOST_REQUESTS:,}")
    options.add_argument("--connections", type=int, default=8, help="open at once")
    options.add_argument("--repeated", type=float, default=0.5, help="part of the questions that come again")
    options.add_argument("--seconds", type=float, default=600.0, help="at most")
    options.add_argument("--port", type=int, default=8816)
    asked = options.parse_args(arguments)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    with serving(asked.index, asked.port, core=cores[0]) as running:
        warm = loaded(running, requests=400, connections=2, seconds=60, repeated=0)
        load = loaded(
            running,
            requests=min(asked.requests, MOST_REQUESTS),
            connections=asked.connections,
            seconds=asked.seconds,
            repeated=asked.repeated,
        )
        page, answer = of_the_engine(
            asked.index, port=asked.port, addresses=list(islice(questions(7, repeated=0), 300))
        )
    count = len(load.milliseconds)
    print(f"{count:,} requests in {load.seconds:.1f} s over {asked.connections} connections")
    print(f"{count / load.seconds:.0f} requests/s; {load.busy / count * 1000:.2f} ms of the processor each")
    print(
        f"p50 {load.at(0.5):.1f} ms, p95 {load.at(0.95):.1f} ms, p99 {load.at(0.99):.1f} ms, most {load.at(1):.1f} ms"
    )
    print("memory MB: " + ", ".join(f"{each / 1024:.0f}" for each in load.resident))
    print(f"page {page:.2f} ms, the same through Python {answer:.2f} ms: {page / answer:.2f} times")
    failures = warm.failures + load.failures
    print(f"{len(failures)} failures", *failures[:5], sep="\n  ")


if __name__ == "__main__":
    main()
