"""Generated letters as files: `DIR/letters/00000/`, a thousand to a folder, and `DIR/truth.jsonl` beside them."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path

import msgspec

from . import file_name
from .forms import document_of, truth_of
from .generator import generated
from .kinds import KINDS, bytes_of, jsonl_bytes
from .quicktext import quick_text
from .truth import Truth

# What `--kind` offers: kinds of file that take turns. Records are no files of letters, so they stand apart.
KIND_SETS: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "pdf": ("pdf",),
    "html": tuple(kind for kind in KINDS if kind.startswith("html")),
    "jsonl": (),
    "mixed": tuple(KINDS),
}
A_FOLDER = 1_000


def write_letters(folder: Path, number: int, *, seed: int = 0, kind: str = "text", jobs: int | None = None) -> Path:
    """Write NUMBER letters and their truth; the folder of the letters. Several processes share the work."""
    letters_dir = folder / "letters"
    letters_dir.mkdir(parents=True)
    starts = range(0, number, A_FOLDER)
    write = partial(write_folder, letters_dir, number, seed, kind)
    with (folder / "truth.jsonl").open("wb") as truths:
        if len(starts) == 1:
            truths.writelines(map(write, starts))
        else:
            with ProcessPoolExecutor(jobs or os.cpu_count()) as pool:
                truths.writelines(pool.map(write, starts))
    return letters_dir


def write_folder(letters_dir: Path, number: int, seed: int, kind: str, start: int) -> bytes:
    """Write up to a thousand letters from START on; their truths, one a line."""
    several = generated(min(A_FOLDER, number - start), seed=seed, start=start)
    name = f"{start // A_FOLDER:05d}"
    if kind == "jsonl":
        letters = list(several)
        (letters_dir / f"{name}.jsonl").write_bytes(jsonl_bytes(letters))
        return lines_of(truth_of(letter, "table") for letter in letters)
    (letters_dir / name).mkdir()
    return lines_of(
        write_letter(letters_dir / name, letter, KIND_SETS[kind][place % len(KIND_SETS[kind])])
        for place, letter in enumerate(several, start=start)
    )


def write_letter(folder: Path, letter: Truth, kind: str) -> Truth:
    """Write one letter in its own form; what a perfect reader finds in it."""
    document = document_of(letter, letter["form"])
    path = folder / file_name(letter, letter["form"], kind)
    path.write_bytes(quick_text(document).encode() if kind == "text" else bytes_of(document, kind))
    return truth_of(letter, letter["form"], letter_id=path.stem)


def lines_of(truths: Iterator[Truth]) -> bytes:
    return b"".join(chain.from_iterable((msgspec.json.encode(truth), b"\n") for truth in truths))
