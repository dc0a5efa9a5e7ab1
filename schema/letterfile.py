"""The letters of an index, each once: what hits and `show` are made from, and where the letter as read is kept.

A letter is compressed with a dictionary made of the first letters of the same index, since letters repeat each other's
words: 1,200 bytes instead of 1,900.
"""

import struct
from collections.abc import Iterable
from pathlib import Path
from threading import local
from typing import NamedTuple, TypeVar

import msgspec
import zstandard

from imrsearch.schema.errors import IndexFailure
from imrsearch.schema.frames import FrameFile, damage_hint
from imrsearch.schema.records import Letter

# Name of the file in the engine's folder.
LETTERS = "letters"
# Bytes of letters that the dictionary is made of.
DICTIONARY_BYTES = 200_000
LEVEL = 3
KEPT = struct.Struct("<IQH")
Part = TypeVar("Part")


class Kept(NamedTuple):
    """Where the letter store keeps a letter as it was read.

    segment  number of the store's file
    offset   of the block in it
    number   of the letter in its block, from 0
    """

    segment: int
    offset: int
    number: int


def dictionary_of(packed: Iterable[bytes]) -> bytes:
    """What compresses letters that are like these ones, which were packed without a dictionary."""
    return b"".join(map(zstandard.ZstdDecompressor().decompress, packed))[-DICTIONARY_BYTES:]


def framed_dictionary(dictionary: bytes) -> bytes:
    """The payload of the first frame of a letter file."""
    return zstandard.ZstdCompressor().compress(dictionary)


class LetterPacker:
    """Letters to bytes, by one dictionary."""

    def __init__(self, dictionary: bytes) -> None:
        self.compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=words_of_letters(dictionary))

    def pack(self, letter: Letter) -> bytes:
        """The letter, compressed."""
        return self.compressor.compress(msgspec.json.encode(letter))

    def packed_anew(self, packed: bytes) -> bytes:
        """A letter that was packed without a dictionary, packed with this one."""
        return self.compressor.compress(zstandard.ZstdDecompressor().decompress(packed))


def framed_letter(packed: bytes, kept: Kept) -> bytes:
    """The payload of a letter's frame."""
    return KEPT.pack(*kept) + packed


def words_of_letters(dictionary: bytes) -> zstandard.ZstdCompressionDict | None:
    """The dictionary as the compressor takes it."""
    return zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if dictionary else None


class LetterFile:
    """An index's letters, for reading by any number of threads."""

    def __init__(self, engine_dir: Path) -> None:
        self.file = FrameFile(engine_dir / LETTERS)
        self.dictionary = zstandard.ZstdDecompressor().decompress(self.file.frame(0))
        self.own = local()

    def letter(self, place: int) -> Letter:
        """The letter whose frame begins at `place`; IndexFailure where it is damaged."""
        return self.part(place, Letter)

    def part(self, place: int, kind: type[Part]) -> Part:
        """What of that letter the kind of record asks for: the less that is, the quicker."""
        frame = self.file.frame(place)
        try:
            return msgspec.json.decode(self.decompressor.decompress(frame[KEPT.size :]), type=kind)
        except (zstandard.ZstdError, msgspec.MsgspecError) as error:
            raise IndexFailure(f"{self.file.path}: {error}", hint=damage_hint(self.file.path)) from error

    def kept(self, place: int) -> Kept:
        """Where the store keeps that letter as it was read."""
        return Kept(*KEPT.unpack_from(self.file.frame(place)))

    @property
    def decompressor(self) -> zstandard.ZstdDecompressor:
        """This thread's own: one serves one thread at a time."""
        if not hasattr(self.own, "decompressor"):
            self.own.decompressor = zstandard.ZstdDecompressor(dict_data=words_of_letters(self.dictionary))
        decompressor: zstandard.ZstdDecompressor = self.own.decompressor
        return decompressor
