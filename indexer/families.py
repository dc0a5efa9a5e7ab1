"""Families of a generation: items whose rationales share most of their shingles, found and written at its end.

    rows --bands--> groups of rows that may be alike --shingles--> pairs that are --> families

Items that are alike at a distance, by others between them, are one family. Of a generation that adds to another one
only new rows are compared; a family that lost a row to a newer reading of its letter is found anew.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import compress
from operator import and_
from pathlib import Path

from msgspec import Struct

from imrsearch.schema.families import (
    ALIKE,
    BANDS,
    BOILERPLATE,
    FAMILIES,
    NUMBER,
    OUTCOME_CODES,
    SENTENCES,
    Families,
    Rows,
    numbers_in,
    shingles_of,
    words_in,
)
from imrsearch.schema.letterfile import LetterFile
from imrsearch.schema.manifest import sync_file, sync_folder

# In a group of so many different texts each is compared with each, in a larger one with so many of its neighbours in
# the order of their bands: those that share most bands stand side by side.
WHOLE, NEIGHBOURS = 64, 16
# Rationales whose shingles are kept at hand: 10 to 20 kilobytes each.
AT_HAND = 4_096
PAIRS_AT_HAND = 100_000
# A sentence is boilerplate where so many letters have it, and items of so many families: copies of a text are one.
LETTERS, OTHERS = 5, 3
# Sentences are first counted by some bits of their digests, at least so many, which leaves few that must be looked at.
TALLY_BITS = 16
# Of the numbers in the files.
KIND = "I"


class Circles:
    """Rows that belong together: each has one circle, and two circles can be joined."""

    def __init__(self, rows: int) -> None:
        self.parents = array("I", range(rows))

    def first(self, row: int) -> int:
        """The least row of its circle."""
        parents = self.parents
        while parents[row] != row:
            parents[row] = parents[parents[row]]
            row = parents[row]
        return row

    def join(self, row: int, other: int) -> None:
        """Make one circle of two."""
        one, two = self.first(row), self.first(other)
        self.parents[max(one, two)] = min(one, two)

    def several(self) -> list[list[int]]:
        """The circles of several rows."""
        found: dict[int, list[int]] = {}
        for row, parent in enumerate(self.parents):
            if parent != row:
                first = self.first(row)
                found.setdefault(first, [first]).append(row)
        return list(found.values())


class Reasons(Struct, frozen=True):
    """What of an item its family is found by."""

    item: int
    rationale: str = ""


class Named(Struct, frozen=True):
    """A letter by its name."""

    letter_id: str


class Compared(Struct, frozen=True):
    """A letter's items by their reasons."""

    items: tuple[Reasons, ...]


class Comparer:
    """Compares rationales by their shingles; those that were compared last are at hand."""

    def __init__(self, rows: Rows, letters: LetterFile) -> None:
        self.rows = rows
        self.letters = letters
        self.shingles = lru_cache(AT_HAND)(self.read)
        # Pairs that share several bands and are not alike are compared once.
        self.compared = lru_cache(PAIRS_AT_HAND)(self.compare)

    def read(self, row: int) -> frozenset[int]:
        """A number for each shingle of the row's rationale, the same throughout this process."""
        known = self.rows.row(row)
        letter = self.letters.part(known.place, Compared)
        rationale = next((item.rationale for item in letter.items if item.item == known.item), "")
        return frozenset(map(hash, shingles_of(words_in(rationale))))

    def alike(self, row: int, other: int) -> bool:
        """The rationales share ALIKE hundredths of their shingles."""
        return self.compared(row, other) if row < other else self.compared(other, row)

    def compare(self, row: int, other: int) -> bool:
        """Likewise, by the shingles."""
        many, others = self.rows.shingles(row), self.rows.shingles(other)
        if 100 * min(many, others) < ALIKE * max(many, others):
            return False
        one, two = self.shingles(row), self.shingles(other)
        shared = len(one & two)
        return 100 * shared >= ALIKE * (len(one) + len(two) - shared)

    def name(self, row: int) -> tuple[str, int]:
        """The letter of the row's item, and the item's number."""
        known = self.rows.row(row)
        return self.letters.part(known.place, Named).letter_id, known.item


class Finder:
    """Finds the families of a generation.

    living  1 for each row that the index holds and that has a rationale
    fresh   1 for each row that was not compared before
    """

    def __init__(self, engine_dir: Path, alive: Iterable[int]) -> None:
        self.rows = Rows(engine_dir)
        self.living = bytearray(len(self.rows))
        for row in alive:
            self.living[row] = self.rows.row(row).shingles > 0
        self.fresh = bytearray(self.living)
        self.circles = Circles(len(self.rows))
        self.signature = lru_cache(AT_HAND)(self.rows.signature)
        self.comparer = Comparer(self.rows, LetterFile(engine_dir))

    def keep(self, before: Families) -> None:
        """Take over the families of the generation that this one adds to, but those that lost a row."""
        held = len(before.parts[0])
        self.fresh[:held] = bytes(held)
        for number in range(1, len(before) + 1):
            members = before.members(number)
            whole = all(self.living[row] for row in members)
            for row in members:
                if whole:
                    self.circles.join(members[0], row)
                else:
                    self.fresh[row] = self.living[row]

    def families(self) -> list[list[int]]:
        """The rows of each family of several."""
        found: list[tuple[int, array[int]]] = []
        reachable = Circles(len(self.rows))
        if any(self.fresh):
            for band in range(BANDS):
                for group in self.groups(self.rows.band(band)):
                    for row in group:
                        reachable.join(group[0], row)
                    found.append((band, array(KIND, group)))
        # Groups that share rows come one after the other, so that what was read is still at hand.
        found.sort(key=lambda each: reachable.first(each[1][0]))
        for band, rows in found:
            self.join_alike(self.distinct(rows), band)
        return self.circles.several()

    def groups(self, band: Sequence[int]) -> Iterable[list[int]]:
        """Living rows with the same value, in groups of several with a fresh one among them."""
        counts = Counter(compress(band, self.living))
        wanted = {value for value in set(compress(band, self.fresh)) if counts[value] > 1}
        found: dict[int, list[int]] = {}
        for row in compress(range(len(band)), map(and_, self.living, map(wanted.__contains__, band))):
            found.setdefault(band[row], []).append(row)
        return found.values()

    def distinct(self, group: Iterable[int]) -> list[int]:
        """One row for each text, one that was compared before where there is one; rows of the same text are joined."""
        firsts: dict[bytes, int] = {}
        for row in sorted(group, key=self.fresh.__getitem__):
            self.circles.join(firsts.setdefault(self.signature(row), row), row)
        return list(firsts.values())

    def join_alike(self, rows: list[int], band: int) -> None:
        """Join those that are alike, of two at least one fresh."""
        # Turned, so that those which share the bands behind this one too stand side by side.
        start = band * NUMBER
        rows.sort(key=lambda row: self.signature(row)[start:] + self.signature(row)[:start])
        reach = len(rows) if len(rows) <= WHOLE else NEIGHBOURS
        fresh, alike = self.fresh, self.comparer.alike
        circles = [self.circles.first(row) for row in rows]
        for place, row in enumerate(rows):
            for at in range(max(0, place - reach), place):
                one, two = circles[place], circles[at]
                if one != two and (fresh[row] or fresh[rows[at]]) and alike(row, rows[at]):
                    self.circles.join(row, rows[at])
                    circles = [min(one, two) if circle in (one, two) else circle for circle in circles]


def write_families(engine_dir: Path, alive: Iterable[int], *, before: Path | None = None) -> None:
    """Find the families and the boilerplate among the rows in the folder, and write them beside.

    alive   rows whose items the index holds
    before  the folder of the generation that this one adds to, if any
    """
    finder = Finder(engine_dir, alive)
    if before:
        finder.keep(Families(before))
    # The order of rows is that in which letters came: names put families in one that is always the same.
    named = ([(finder.comparer.name(row), row) for row in rows] for rows in finder.families())
    families = [[row for _, row in members] for members in sorted(map(sorted, named))]
    family_of = array(KIND, bytes(NUMBER * len(finder.rows)))
    starts = array(KIND, [0])
    for number, members in enumerate(families, 1):
        starts.append(starts[-1] + len(members))
        for row in members:
            family_of[row] = number
    outcomes = (Counter(finder.rows.row(row).outcome for row in members) for members in families)
    tallies = array(KIND, (counts[name] for counts in outcomes for name in OUTCOME_CODES))
    in_families = array(KIND, (row for members in families for row in members))
    head = array(KIND, (len(family_of), len(families), len(in_families)))
    write_anew(engine_dir / FAMILIES, (head, family_of, starts, tallies, in_families))
    write_anew(engine_dir / BOILERPLATE, (array(KIND, sorted(boilerplate(finder, engine_dir, family_of))),))
    sync_folder(engine_dir)


def boilerplate(finder: Finder, engine_dir: Path, family_of: Sequence[int]) -> set[int]:
    """Digests of sentences that LETTERS letters have, in rationales of OTHERS families."""
    digests = numbers_in(engine_dir / SENTENCES)
    # More counts than sentences: with fewer, most would be shared by several in an index of millions of items.
    bits = min(max(TALLY_BITS, len(digests).bit_length() + 1), 8 * NUMBER)
    tally = bytearray(1 << bits)
    shift = 8 * NUMBER - bits
    for digest in digests:
        if tally[digest >> shift] < LETTERS:
            tally[digest >> shift] += 1
    # Of a digest the letters, the last of them, and the families; rows of a letter stand side by side.
    counted: dict[int, tuple[int, int, frozenset[int]]] = {}
    done: set[int] = set()
    start = 0
    for number in range(len(finder.rows)):
        row = finder.rows.row(number)
        own, start = digests[start : row.sentences], row.sentences
        if not finder.living[number]:
            continue
        family = frozenset((family_of[number] or -number - 1,))
        for digest in own:
            if digest in done or tally[digest >> shift] < LETTERS:
                continue
            letters, last, families = counted.get(digest, (0, -1, frozenset()))
            letters += last != row.place
            families = families if len(families) >= OTHERS else families | family
            counted[digest] = letters, row.place, families
            if letters >= LETTERS and len(families) >= OTHERS:
                done.add(digest)
    return done


def write_anew(path: Path, parts: Iterable["array[int]"]) -> None:
    """Write numbers into a new file of that name; one that was there may be another generation's, too."""
    path.unlink(missing_ok=True)
    with path.open("wb") as stream:
        for part in parts:
            part.tofile(stream)
    sync_file(path)
