"""What an index folder says of itself: `manifest.json`, which names the engine's folder beside it."""

import os
from pathlib import Path

import msgspec
from msgspec import Struct

from imrsearch.schema.errors import IndexFailure, IndexMissing, StaleIndex

MANIFEST = "manifest.json"
LOCK = "lock"


class Manifest(Struct, frozen=True):
    """An index as it was last published.

    fingerprint  of the field list, the analysis and the engine that built it
    reading      of the parser and the vocabulary that read its letters
    generation   1 for the first build; each published change adds one
    engine       name of the engine's folder
    built_at     ISO time with zone
    letters      letters in the index
    items        items, that is documents, in the index
    """

    fingerprint: str
    reading: str
    generation: int
    engine: str
    built_at: str
    letters: int
    items: int


def read_manifest(index_dir: Path) -> Manifest:
    """The manifest of the index at `index_dir`; IndexMissing, StaleIndex or IndexFailure else."""
    try:
        return msgspec.json.decode((index_dir / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexMissing(
            f"there is no index at {index_dir}", hint=f"run: imrsearch index LETTERS --index {index_dir}"
        ) from error
    except msgspec.ValidationError as error:
        raise StaleIndex(
            f"the index at {index_dir} was built by another version of imrsearch",
            hint=f"run: imrsearch index LETTERS --rebuild --index {index_dir}",
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise IndexFailure(
            f"the manifest of the index at {index_dir} cannot be read: {error}",
            hint=f"run: imrsearch index LETTERS --rebuild --index {index_dir}",
        ) from error


def write_manifest(index_dir: Path, manifest: Manifest) -> None:
    """Put the manifest in place in one step, and on the disk: a reader sees the old one or the new one."""
    beside = index_dir / f"{MANIFEST}.{os.getpid()}"
    with beside.open("wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(index_dir / MANIFEST)
