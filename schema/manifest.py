"""What an index folder says of itself: `manifest.json` beside the engine's own folder."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from imrsearch.schema.errors import IndexFailure, IndexMissing

MANIFEST = "manifest.json"
ENGINE = "engine"


class Manifest(Struct, frozen=True):
    """An index as it was last published.

    fingerprint  of the field list, the analysis and the engine that built it
    generation   1 for the first build; each published change adds one
    built_at     ISO time with zone
    letters      letters in the index
    items        items, that is documents, in the index
    """

    fingerprint: str
    generation: int
    built_at: str
    letters: int
    items: int


def read_manifest(index_dir: Path) -> Manifest:
    """The manifest of the index at `index_dir`; IndexMissing or IndexFailure where there is none to read."""
    try:
        return msgspec.json.decode((index_dir / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexMissing(
            f"there is no index at {index_dir}", hint=f"run: imrsearch index LETTERS --index {index_dir}"
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise IndexFailure(
            f"the manifest of the index at {index_dir} cannot be read: {error}",
            hint=f"run: imrsearch index LETTERS --rebuild --index {index_dir}",
        ) from error


def write_manifest(index_dir: Path, manifest: Manifest) -> None:
    """Put the manifest in place in one step: a reader sees the old one or the new one."""
    beside = index_dir / f"{MANIFEST}.{os.getpid()}"
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    beside.replace(index_dir / MANIFEST)


def next_generation(index_dir: Path) -> int:
    """The number after that of the index at `index_dir`; 1 where there is none to read."""
    try:
        return read_manifest(index_dir).generation + 1
    except (IndexMissing, IndexFailure):
        return 1
