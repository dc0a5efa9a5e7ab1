"""Families of a generation: items whose rationales share most of their shingles, found and written at its end.

    rows --bands--> groups of rows that may be alike --shingles--> pairs that are --> families

Items that are alike at a distance, by others between them, are one family. Of a generation that adds to another one
only new rows are compared; a family that lost a row to a newer reading of its letter is found anew.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, compress
from operator import ne
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
    runs_of,
    words_in,
)
from imrsearch.schema.letterfile import LetterFile
from imrsearch.schema.manifest import sync_file, sync_folder

# In a group of so many different texts each is compared with each, in a larger one with so many of its neighbours in
# the order of their bands: those that share most bands stand side by side.
WHOLE, NEIGHBOURS = 64, 16
# Rationales whose shingles are kept at hand: 10 to 20 kilobytes each.
AT_HAND = 4_096
# Different signs of shingles, in bytes of an integer.
SIGNS = 1_024
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

    def join_all(self, rows: Sequence[int]) -> None:
        """Make one circle of all."""
        parents = self.parents
        if len({parents[row] for row in rows}) > 1:
            least = min(map(self.first, rows))
            for row in rows:
                parents[self.first(row)] = least

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


class Text(Struct, frozen=True):
    """A rationale as it is compared.

    shingles  a number for each, the same throughout this process
    signs     one for each, as a byte of an integer, shared by some
    """

    shingles: frozenset[int]
    signs: int


class Comparer:
    """Compares rationales by their shingles; those that were compared last are at hand."""

    def __init__(self, rows: Rows, letters: LetterFile) -> None:
        self.rows = rows
        self.letters = letters
        self.text = lru_cache(AT_HAND)(self.read)
        self.letter_id = lru_cache(1)(self.read_letter_id)

    def read(self, row: int) -> Text:
        """The row's rationale."""
        known = self.rows.row(row)
        letter = self.letters.part(known.place, Compared)
        rationale = next((item.rationale for item in letter.items if item.item == known.item), "")
        shingles = frozenset(map(hash, runs_of(words_in(rationale))))
        signs = bytearray(SIGNS)
        for shingle in shingles:
            signs[shingle % SIGNS] = 1
        return Text(shingles, int.from_bytes(signs))

    def alike(self, row: int, other: int) -> bool:
        """The rationales share ALIKE hundredths of their shingles."""
        one, two = self.text(row), self.text(other)
        both = len(one.shingles) + len(two.shingles)
        # Of most that are not, the signs tell it: each that only one has stands for a shingle that only one has.
        if (100 + ALIKE) * (one.signs ^ two.signs).bit_count() > (100 - ALIKE) * both:
            return False
        shared = len(one.shingles & two.shingles)
        return 100 * shared >= ALIKE * (both - shared)

    def name(self, row: int) -> tuple[str, int]:
        """The letter of the row's item, and the item's number."""
        known = self.rows.row(row)
        return self.letter_id(known.place), known.item

    def read_letter_id(self, place: int) -> str:
        """The id of the letter that lies there."""
        return self.letters.part(place, Named).letter_id


class Finder:
    """Finds the families of a generation.

    living  1 for each row that the index holds and that has a rationale
    fresh   1 for each row that was not compared before
    apart   1 for each living row that others are compared with: of new rows of the same text one
    """

    def __init__(self, engine_dir: Path, alive: Iterable[int]) -> None:
        self.rows = Rows(engine_dir)
        self.living = bytearray(len(self.rows))
        for row in alive:
            self.living[row] = self.rows.shingles(row) > 0
        self.fresh = bytearray(self.living)
        self.apart = bytearray(self.living)
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
            self.join_copies()
            for band in range(BANDS):
                for group in self.groups(self.rows.band(band)):
                    reachable.join_all(group)
                    found.append((band, array(KIND, group)))
        # Groups that share rows come one after the other, so that what was read is still at hand.
        found.sort(key=lambda each: reachable.first(each[1][0]))
        for band, rows in found:
            self.join_alike(self.distinct(rows), band)
        return self.circles.several()

    def join_copies(self) -> None:
        """Let one of the fresh rows of each text stand for all of them."""
        for group in self.groups(self.rows.band(0)):
            fresh = [row for row in group if self.fresh[row]]
            for row in set(fresh).difference(self.distinct(fresh)):
                self.apart[row] = self.fresh[row] = 0

    def groups(self, band: Sequence[int]) -> Iterable[list[int]]:
        """Rows apart with the same value, in groups of several with a fresh one among them."""
        rows = list(compress(range(len(band)), self.apart))
        values = list(compress(band, self.apart))
        last = dict(zip(values, rows, strict=True))
        # A row that is not the last one of its value has others.
        several = set(compress(values, map(ne, map(last.__getitem__, values), rows)))
        wanted = several.intersection(compress(band, self.fresh))
        found: dict[int, list[int]] = {}
        for row, value in compress(zip(rows, values, strict=True), map(wanted.__contains__, values)):
            found.setdefault(value, []).append(row)
        return found.values()

    def distinct(self, group: Iterable[int]) -> list[int]:
        """One row for each text, one that was compared before where there is one; rows of the same text are joined."""
        firsts: dict[bytes, int] = {}
        for row in sorted(group, key=self.fresh.__getitem__):
            first = firsts.setdefault(self.signature(row), row)
            if first != row:
                self.circles.join(first, row)
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
                    least, other = min(one, two), max(one, two)
                    circles = [least if circle == other else circle for circle in circles]


def write_families(engine_dir: Path, alive: Iterable[int], *, before: Path | None = None) -> None:
    """Find the families and the boilerplate among the rows in the folder, and write them beside.

    alive   rows whose items the index holds
    before  the folder of the generation that this one adds to, if any
    """
    finder = Finder(engine_dir, alive)
    if before:
        finder.keep(Families(before))
    # The order of rows is that in which letters came: names put families in one that is always the same.
    found = finder.families()
    # Rows of a letter stand side by side.
    names = {row: finder.comparer.name(row) for row in sorted(chain.from_iterable(found))}
    families = sorted((sorted(rows, key=names.__getitem__) for rows in found), key=lambda rows: names[rows[0]])
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
        place = digest >> shift
        if tally[place] < LETTERS:
            tally[place] += 1
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
