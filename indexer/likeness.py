"""What an item's rationale is recognised by: by it families are found without reading all rationales again."""

from array import array
from functools import lru_cache
from struct import Struct as Format
from zlib import crc32

import rensa  # type: ignore[import-untyped]
from msgspec import Struct

from imrsearch.schema.families import (
    BAND,
    BANDS,
    LEAST_WORDS,
    NUMBER,
    outcome_code,
    sentence_digest,
    shingles_of,
    words_of_parts,
)
from imrsearch.schema.records import Item

# Hashes are drawn by this number: another one makes other bands.
SEED = 42
HASHES, FOLDED = Format(f"<{BAND * BANDS}I"), Format(f"<{BANDS}I")
HASHES_OF_BANDS = Format(f"{BAND * NUMBER}s" * BANDS)
# Rationales that are remembered: 3 kilobytes each.
KEPT = 1_024
MOST_SHINGLES = 65_535


class Likeness(Struct, frozen=True):
    """What an item's row is made of, but for its place.

    item       number in its letter
    outcome    as a number
    shingles   different runs of words of the rationale, 0 where there is none
    bands      of their least hashes, each of 4 bytes
    sentences  a digest of each, of 4 bytes
    """

    item: int
    outcome: int
    shingles: int
    bands: bytes
    sentences: bytes


def likeness_of(item: Item) -> Likeness:
    """What the item's rationale is recognised by."""
    shingles, bands, sentences = recognised(item.rationale)
    return Likeness(item.item, outcome_code(item.outcome), min(shingles, MOST_SHINGLES), bands, sentences)


# A sixth of the rationales stand in other items, too.
@lru_cache(KEPT)
def recognised(rationale: str) -> tuple[int, bytes, bytes]:
    """How many shingles the rationale has, its bands, and digests of its sentences."""
    words: list[str] = []
    digests = array("I")
    for own in words_of_parts(rationale):
        words += own
        if len(own) >= LEAST_WORDS:
            digests.append(sentence_digest(own))
    shingles = set(shingles_of(words))
    return len(shingles), bands_of(shingles), digests.tobytes()


def bands_of(shingles: set[str]) -> bytes:
    """The bands of 4 bytes each, one behind another."""
    least = rensa.RMinHash(num_perm=BANDS * BAND, seed=SEED)
    least.update(shingles)
    return FOLDED.pack(*map(crc32, HASHES_OF_BANDS.unpack(HASHES.pack(*least.digest()))))
