"""The letter store: every letter as it was read, so that no file is read twice; the index is made from it.

A file of the store holds what one run read, in blocks of some letters. It is never changed once a manifest names it,
and a copy of the folder is a backup of the index.
"""

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import msgspec
import zstandard

from imrsearch.schema.errors import IndexFailure
from imrsearch.schema.frames import FrameFile, damage_hint
from imrsearch.schema.letterfile import Kept
from imrsearch.schema.manifest import STORE, FileSeal
from imrsearch.schema.records import RawLetter

COUNT = struct.Struct("<H")
LEVEL = 3
# Opened files and read blocks that are kept at hand.
OPENED = 64
DAMAGED_HINT = "put it back from a backup, or leave out what it lost: imrsearch reindex --skip-damaged"
DECODER = msgspec.msgpack.Decoder(tuple[RawLetter, ...])


def packed_letters(raws: Sequence[RawLetter]) -> bytes:
    """Letters as they were read, compressed together."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(msgspec.msgpack.encode(raws))


def framed_block(packed: bytes, taken: Sequence[bool]) -> bytes:
    """The payload of a block's frame; taken: whether each letter came into the index."""
    return COUNT.pack(len(taken)) + bytes(taken) + packed


def letters_of_block(payload: memoryview) -> tuple[tuple[RawLetter, ...], tuple[bool, ...]]:
    """The letters of a block, and whether each came into the index."""
    (count,) = COUNT.unpack_from(payload)
    taken = tuple(map(bool, payload[COUNT.size : COUNT.size + count]))
    return DECODER.decode(zstandard.ZstdDecompressor().decompress(payload[COUNT.size + count :])), taken


def segment_path(index_dir: Path, segment: int) -> Path:
    """The store's file of that number."""
    return index_dir / STORE / str(segment)


class Store:
    """The store of an index, for reading."""

    def __init__(self, index_dir: Path) -> None:
        self.index_dir = index_dir
        self.segment = lru_cache(OPENED)(self.open_segment)
        self.block = lru_cache(2)(self.read_block)

    def open_segment(self, segment: int) -> FrameFile:
        """The opened file of that number."""
        return FrameFile(segment_path(self.index_dir, segment))

    def read_block(self, segment: int, offset: int) -> tuple[tuple[RawLetter, ...], tuple[bool, ...]]:
        """The letters of the block, and whether each came into the index; IndexFailure where it is damaged."""
        file = self.segment(segment)
        try:
            return letters_of_block(file.frame(offset))
        except (zstandard.ZstdError, msgspec.MsgspecError, struct.error) as error:
            raise IndexFailure(f"{file.path}: {error}", hint=damage_hint(file.path)) from error

    def letter(self, kept: Kept) -> RawLetter:
        """The letter as it was read."""
        return self.block(kept.segment, kept.offset)[0][kept.number]

    def blocks(self, seals: Sequence[FileSeal]) -> Iterator[Kept]:
        """Every block of the files, the newest first; of a file that is gone its beginning, which cannot be read."""
        for seal in reversed(seals):
            places = [0]
            with suppress(IndexFailure):
                places = list(self.segment(int(seal.name)).places(end=seal.bytes))
            yield from (Kept(int(seal.name), offset, 0) for offset in reversed(places))

    def verify(self, seals: Sequence[FileSeal]) -> None:
        """IndexFailure where a byte of the files is not as it was written."""
        try:
            for seal in seals:
                self.segment(int(seal.name)).verify(end=seal.bytes)
        except IndexFailure as error:
            raise IndexFailure(error.message, hint=DAMAGED_HINT) from error


def segments_found(index_dir: Path) -> tuple[FileSeal, ...]:
    """The store's files where no manifest names them: oldest first, each up to its last whole block."""
    folder = index_dir / STORE
    numbers = sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal()) if folder.is_dir() else []
    return tuple(FileSeal(str(number), FrameFile(folder / str(number)).whole()) for number in numbers)
