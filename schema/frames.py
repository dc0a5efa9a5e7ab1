"""Files that only grow: frames one behind another, each with its length and its own digest.

A frame is 4 bytes of length, 8 bytes of digest, and the payload. A reader that knows where a frame begins takes it from
there; whoever walks from the first frame finds every flipped byte and every cut.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from imrsearch.schema.errors import IndexFailure

HEAD = struct.Struct("<I8s")


def digest_of(payload: bytes | memoryview) -> bytes:
    """8 bytes that tell this payload, and its length, from others."""
    return blake2b(payload, digest_size=8, salt=len(payload).to_bytes(8, "little")).digest()


class FrameFile:
    """A file of frames as it was when it was opened, for reading by any number of threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                # An empty file cannot be mapped.
                self.content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        except OSError as error:
            raise IndexFailure(f"{path} cannot be opened: {error.strerror}", hint=damage_hint(path)) from error

    def frame(self, offset: int) -> memoryview:
        """The payload of the frame that begins at `offset`; IndexFailure where it is damaged."""
        start = offset + HEAD.size
        if offset >= 0 and start <= len(self.content):
            length, digest = HEAD.unpack_from(self.content, offset)
            payload = memoryview(self.content)[start : start + length]
            if len(payload) == length and digest_of(payload) == digest:
                return payload
        raise IndexFailure(f"{self.path} is damaged at byte {offset:,}", hint=damage_hint(self.path))

    def frames(self, *, end: int | None = None) -> Iterator[tuple[int, memoryview]]:
        """Each frame up to `end`, where the last one must end, with where it begins."""
        offset = 0
        last = len(self.content) if end is None else end
        while offset < last:
            payload = self.frame(offset)
            yield offset, payload
            offset += HEAD.size + len(payload)
        if offset != last:
            raise IndexFailure(f"{self.path} is damaged at byte {last:,}", hint=damage_hint(self.path))

    def verify(self, *, end: int) -> None:
        """IndexFailure where a byte up to `end` is not as it was written."""
        for _ in self.frames(end=end):
            pass

    def places(self, *, end: int) -> Iterator[int]:
        """Where each frame begins up to `end`, by the lengths alone; the last may be where a damaged length leads."""
        offset = 0
        while offset < end:
            yield offset
            if offset + HEAD.size > len(self.content):
                return
            offset += HEAD.size + HEAD.unpack_from(self.content, offset)[0]

    def end_of(self, offset: int) -> int:
        """Where the frame ends that begins at `offset`."""
        return offset + HEAD.size + len(self.frame(offset))

    def whole(self) -> int:
        """Where the whole frames end that follow each other from the first on."""
        end = 0
        try:
            for offset, payload in self.frames():
                end = offset + HEAD.size + len(payload)
        except IndexFailure:
            return end
        return end


class FrameWriter:
    """A file of frames that is written: what was there stays, new frames come behind it.

    size  bytes so far
    """

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        """Open or make the file; what lies behind byte `keep` goes."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.path = path
        self.size = keep
        # Readers map what was published, which is never cut.
        os.truncate(path, keep)
        self.stream = path.open("ab")

    def add(self, payload: bytes) -> int:
        """Write a frame behind the others, and say where it begins."""
        place = self.size
        self.stream.write(HEAD.pack(len(payload), digest_of(payload)))
        self.stream.write(payload)
        self.size += HEAD.size + len(payload)
        return place

    def sync(self) -> None:
        """Put everything on the disk."""
        self.stream.flush()
        os.fsync(self.stream.fileno())

    def close(self) -> None:
        """End writing; what was not synced may be lost."""
        self.stream.close()


def damage_hint(path: Path) -> str:
    """What to do about a damaged file."""
    return f"run: imrsearch check --index {path.parent.parent}"
