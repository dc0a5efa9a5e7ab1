"""What an index folder says of itself: `manifest.json` names the engine's folder and the store's files beside it.

manifest.json   the published generation
engine-7/       the engine's files of generation 7, and its letters
store/5, 7      letters as they were read, by the generation that read them: the truth that is backed up
lock, writer    held, and told of, by the one process that writes
"""

import hashlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from imrsearch.schema.errors import IndexFailure, IndexMissing, StaleIndex

MANIFEST = "manifest.json"
LOCK = "lock"
WRITER = "writer"
STORE = "store"
READERS = "readers"
# What the engine says of itself, in its own folder.
ENGINE_META = "meta.json"


class FileSeal(Struct, frozen=True):
    """A file as it was published.

    name    in its folder
    bytes   its length, or of a file that grows how much of it counts
    digest  SHA-256 of all of it, hexadecimal; "" of a file of frames, which have their own
    """

    name: str
    bytes: int
    digest: str = ""


class Manifest(Struct, frozen=True):
    """An index as it was last published.

    fingerprint  of the field list, the analysis and the engine that built it
    reading      of the parser and the vocabulary that read its letters
    generation   1 for the first build; each published change adds one
    engine       name of the engine's folder
    built_at     ISO time with zone
    letters      letters in the index
    items        items, that is documents, in the index
    files        of the engine's folder
    store        of the letter store, oldest first
    """

    fingerprint: str
    reading: str
    generation: int
    engine: str
    built_at: str
    letters: int
    items: int
    files: tuple[FileSeal, ...] = ()
    store: tuple[FileSeal, ...] = ()


class SealedManifest(Manifest, frozen=True):
    """A manifest as it is written.

    seal  SHA-256 of the manifest's JSON without the seal, hexadecimal
    """

    seal: str = ""


def seal_of(manifest: Manifest) -> str:
    """What no flipped byte of the manifest leaves as it is."""
    return hashlib.sha256(msgspec.json.encode(manifest)).hexdigest()


def reindex_hint(index_dir: Path) -> str:
    """How an index is made anew from its letter store."""
    return f"run: imrsearch reindex --index {index_dir}"


def read_manifest(index_dir: Path) -> Manifest:
    """The manifest of the index at `index_dir`; IndexMissing, StaleIndex or IndexFailure else."""
    again = reindex_hint(index_dir)
    try:
        written = msgspec.json.decode((index_dir / MANIFEST).read_bytes(), type=SealedManifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        left = again if (index_dir / STORE).is_dir() else f"run: imrsearch index LETTERS --index {index_dir}"
        raise IndexMissing(f"there is no index at {index_dir}", hint=left) from error
    except msgspec.ValidationError as error:
        raise StaleIndex(f"the index at {index_dir} was built by another version of imrsearch", hint=again) from error
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IndexFailure(f"the manifest of the index at {index_dir} cannot be read: {error}", hint=again) from error
    manifest = Manifest(*(getattr(written, name) for name in Manifest.__struct_fields__))
    if written.seal != seal_of(manifest):
        raise IndexFailure(f"the manifest of the index at {index_dir} is damaged", hint=again)
    return manifest


def write_manifest(index_dir: Path, manifest: Manifest) -> None:
    """Put the manifest in place in one step, and on the disk: a reader sees the old one or the new one."""
    sealed = {**msgspec.structs.asdict(manifest), "seal": seal_of(manifest)}
    beside = index_dir / f"{MANIFEST}.new"
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(sealed), indent=2) + b"\n")
    sync_file(beside)
    beside.replace(index_dir / MANIFEST)
    sync_folder(index_dir)


def digest_of_file(path: Path) -> str:
    """SHA-256 of the file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Put the file on the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Put the folder's names on the disk, where the system can do that by itself."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
