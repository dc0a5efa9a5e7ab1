"""Families of items with nearly the same rationale, and sentences that many letters share, in four files.

rows         of each item, by its running number, where its letter lies and what its rationale is recognised by
sentences    digests of the sentences of all rationales, in the order of the rows
families     the family of each row, and the rows of each family
boilerplate  digests of the sentences that many letters share, in order

All numbers are of 4 bytes. A row stays for life; those of letters that were replaced stand in no family.
"""

import mmap
import struct
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from imrsearch.schema.errors import IndexFailure
from imrsearch.schema.frames import damage_hint
from imrsearch.schema.records import OUTCOMES

ROWS, SENTENCES, FAMILIES, BOILERPLATE = "rows", "sentences", "families", "boilerplate"
# Two rationales are alike where they share so many hundredths of their shingles: runs of so many words.
ALIKE = 85
SHINGLE = 5
# Of 66 least hashes of the shingles each 6 make a band. Rationales that share 0.85 of their shingles have a band in
# common with a probability of 0.994, those that share 0.5 with one of 0.16.
BANDS, BAND = 11, 6
NUMBER = 4
# Place of the letter, the bands, where the row's sentences end, number of the item, shingles, outcome.
RECORD = struct.Struct(f"<Q{BANDS * NUMBER}sIIHBx")
PLACE_AND_ITEM = struct.Struct(f"<Q{NUMBER * (BANDS + 1)}xI")
FIRST_BAND = 2
# In numbers of 4 bytes: where in a record that one stands which begins with the shingles, in 2 bytes.
SHINGLES, SHINGLES_ONLY = 15, 0xFFFF
OUTCOME_CODES = ("other", *OUTCOMES)
# Between two sentences.
END = ". "
# The least words of a sentence that is recognised.
LEAST_WORDS = 4


class Row(NamedTuple):
    """What is known of an item without opening its letter.

    place      of its letter in the letter file
    item       its number in the letter
    shingles   how many different ones its rationale has; 0 where there is none
    sentences  up to where in `sentences` its own reach
    outcome    of OUTCOME_CODES
    """

    place: int
    item: int
    shingles: int
    sentences: int
    outcome: str


class Spaces(dict[int, str]):
    """Spaces in place of all that is not a letter, a digit or a "_"; what was asked for is known."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        self[code] = character if character.isalnum() or character == "_" else " "
        return self[code]


# Three times as quick as a pattern.
SPACES = Spaces()


def words_in(text: str) -> list[str]:
    """The words by which texts are compared."""
    return text.lower().translate(SPACES).split()


def words_of_parts(text: str) -> Iterator[list[str]]:
    """The words of each part of a text, by which texts are compared; it is cut at every point before a space.

    Parts are sentences, or pieces of those that hold an abbreviation.
    """
    lower = text.lower()
    # One character for each.
    spaced = lower.translate(SPACES)
    start = 0
    for part in lower.split(END):
        end = start + len(part)
        yield spaced[start:end].split()
        start = end + len(END)


def runs_of(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Every run of SHINGLE words; of fewer words the one run that they are."""
    return zip(*(words[start:] for start in range(min(SHINGLE, len(words)))), strict=False)


def shingles_of(words: Sequence[str]) -> list[str]:
    """Every run of words as a text."""
    return list(map(" ".join, runs_of(words)))


def sentence_digest(words: Sequence[str]) -> int:
    """4 bytes that tell a sentence, or a part of one, of these words from others."""
    return crc32(" ".join(words).encode())


def outcome_code(outcome: str) -> int:
    """The place of the outcome among OUTCOME_CODES."""
    return OUTCOME_CODES.index(outcome) if outcome in OUTCOME_CODES else 0


def mapped(path: Path) -> memoryview:
    """The file's bytes; IndexFailure where it cannot be read."""
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            # An empty file cannot be mapped.
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")
    except OSError as error:
        raise IndexFailure(f"{path} cannot be opened: {error.strerror}", hint=damage_hint(path)) from error


def numbers_in(path: Path) -> memoryview:
    """The file's numbers; IndexFailure where it holds parts of one."""
    content = mapped(path)
    if len(content) % NUMBER:
        raise IndexFailure(f"{path} is cut off", hint=damage_hint(path))
    return content.cast("I")


class Rows:
    """The rows of an index as they were when they were opened."""

    def __init__(self, engine_dir: Path) -> None:
        self.path = engine_dir / ROWS
        self.content = mapped(self.path)
        if len(self.content) % RECORD.size:
            raise IndexFailure(f"{self.path} is cut off", hint=damage_hint(self.path))
        self.numbers = self.content.cast("I")

    def __len__(self) -> int:
        return len(self.content) // RECORD.size

    def row(self, number: int) -> Row:
        """The row of that number."""
        if not 0 <= number < len(self):
            raise self.without(number)
        place, _, sentences, item, shingles, outcome = RECORD.unpack_from(self.content, number * RECORD.size)
        return Row(place, item, shingles, sentences, OUTCOME_CODES[outcome % len(OUTCOME_CODES)])

    def where(self, number: int) -> tuple[int, int]:
        """Where the letter of a row lies in the letter file, and the number of its item: the quick part of `row`."""
        if not 0 <= number < len(self):
            raise self.without(number)
        place, item = PLACE_AND_ITEM.unpack_from(self.content, number * RECORD.size)
        return place, item

    def without(self, number: int) -> IndexFailure:
        """The file does not tell of that row."""
        return IndexFailure(f"{self.path} has no row {number:,}", hint=damage_hint(self.path))

    def shingles(self, number: int) -> int:
        """How many different shingles the rationale of a row has."""
        if not 0 <= number < len(self):
            raise self.without(number)
        return self.numbers[number * (RECORD.size // NUMBER) + SHINGLES] & SHINGLES_ONLY

    def band(self, band: int) -> list[int]:
        """One band of every row."""
        return self.numbers[FIRST_BAND + band :: RECORD.size // NUMBER].tolist()

    def signature(self, number: int) -> bytes:
        """All bands of a row: rows with the same ones are taken for one text."""
        start = number * RECORD.size + FIRST_BAND * NUMBER
        return bytes(self.content[start : start + BANDS * NUMBER])


class Families:
    """The families of an index, for reading by any number of threads; each file is opened when it is first needed."""

    def __init__(self, engine_dir: Path) -> None:
        self.engine_dir = engine_dir

    @cached_property
    def rows(self) -> Rows:
        """What is known of each item."""
        return Rows(self.engine_dir)

    @cached_property
    def parts(self) -> tuple[memoryview, memoryview, memoryview, memoryview]:
        """The family of each row, where the rows of each family begin, its items by outcome, and the rows of all."""
        path = self.engine_dir / FAMILIES
        numbers = numbers_in(path)
        rows, families, members = numbers[:3] if len(numbers) > 2 else (0, 0, -1)
        if len(numbers) != 3 + rows + families + 1 + families * len(OUTCOME_CODES) + members:
            raise IndexFailure(f"{path} is cut off", hint=damage_hint(path))
        starts = 3 + rows
        counts = starts + families + 1
        ends = counts + families * len(OUTCOME_CODES)
        return numbers[3:starts], numbers[starts:counts], numbers[counts:ends], numbers[ends:]

    @cached_property
    def boilerplate(self) -> memoryview:
        """Digests of the sentences that many letters share, in order."""
        return numbers_in(self.engine_dir / BOILERPLATE)

    def open(self) -> None:
        """Open every file now: it can be read on when the folder is gone."""
        _ = self.rows, self.parts, self.boilerplate

    def __len__(self) -> int:
        """How many families of several items there are."""
        return len(self.parts[1]) - 1

    def of(self, row: int) -> int:
        """The number of the row's family, from 1; 0 where no other item is like it."""
        family: int = self.parts[0][row]
        return family

    def members(self, family: int) -> memoryview:
        """The rows of a family, by letter and item; IndexFailure where the file does not tell of two or more."""
        _, starts, _, members = self.parts
        found = members[starts[family - 1] : starts[family]] if 0 < family < len(starts) else members[:0]
        if len(found) < 2:
            raise self.without(family)
        return found

    def without(self, family: int) -> IndexFailure:
        """The file does not tell of that family."""
        path = self.engine_dir / FAMILIES
        return IndexFailure(f"{path} has no family {family:,}", hint=damage_hint(path))

    def count(self, rows: Iterable[int]) -> int:
        """How many families the rows belong to; an item that is like no other is one by itself."""
        found = Counter(map(self.parts[0].__getitem__, rows))
        return len(found) + found[0] - (0 in found)

    def total(self, items: int) -> int:
        """How many families all items of the index belong to; an item that is like no other is one by itself."""
        return items - len(self.parts[3]) + len(self)

    def outcomes(self, family: int) -> dict[str, int]:
        """How many items of the family had each outcome, the commonest first; an unusual word is "other"."""
        if not 0 < family <= len(self):
            raise self.without(family)
        first = (family - 1) * len(OUTCOME_CODES)
        counts = zip(OUTCOME_CODES, self.parts[2][first : first + len(OUTCOME_CODES)], strict=True)
        return {code: count for code, count in sorted(counts, key=itemgetter(1), reverse=True) if count}

    def is_boilerplate(self, sentence: str) -> bool:
        """Many letters have the sentence, or each of its parts that is long enough to be told."""
        told = [words for words in words_of_parts(sentence) if len(words) >= LEAST_WORDS]
        return bool(told) and all(map(self.is_shared, map(sentence_digest, told)))

    def is_shared(self, digest: int) -> bool:
        """Many letters have a sentence of that digest."""
        place = bisect_left(self.boilerplate, digest)
        return place < len(self.boilerplate) and bool(self.boilerplate[place] == digest)
