"""The demo letters that ship with the product, written from the fictional truth."""

import io
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import boilerplate as words
from .forms import document_of
from .kinds import bytes_of, jsonl_bytes, zip_bytes
from .pdfkind import same_pages
from .truth import letters

PLAN = Path(__file__).with_name("demo.toml")
FOLDER = Path(__file__).parents[2] / "indexer" / "demo"

README = f"""{words.MARK.replace("LETTER", "LETTERS").replace("a real determination", "real determinations")}

The files in this folder hold {{letters}} letters with {{items}} disputed items. Their form is that of California's
Independent Medical Review determinations of 2013 to 2018. Everything else is invented: persons, injuries, findings,
reasons and citations. The case numbers (CMyy-99...) cannot exist. Nothing here is authority for anything, and nothing
here is medical advice.

They are the letters that `imrsearch demo` indexes. `python -m tests.corpus` writes them from tests/corpus/letters;
do not edit them by hand.
"""


def demo_files() -> dict[str, bytes]:
    """Every file of the demo by name."""
    plan = tomllib.loads(PLAN.read_text("utf-8"))
    known = letters()
    files = packed(plan["files"])
    files[plan["archive"]["name"]] = zip_bytes(packed(plan["archive"]["files"]))
    files[plan["records"]["name"]] = jsonl_bytes(known[key] for key in plan["records"]["letters"])
    items = sum(len(known[key]["items"]) for key in demo_keys(plan))
    files["README.txt"] = README.format(letters=len(demo_keys(plan)), items=items).encode()
    return dict(sorted(files.items()))


def demo_keys(plan: Mapping[str, Any] | None = None) -> list[str]:
    """The keys of the letters that ship."""
    plan = plan or tomllib.loads(PLAN.read_text("utf-8"))
    return [*plan["files"], *plan["archive"]["files"], *plan["records"]["letters"]]


def packed(kinds: Mapping[str, str]) -> dict[str, bytes]:
    """Each letter of KINDS in its own form, by file name."""
    from . import file_name

    files = {}
    for key, kind in kinds.items():
        letter = letters()[key]
        files[file_name(letter, letter["form"], kind)] = bytes_of(document_of(letter, letter["form"]), kind)
    return files


def same_content(name: str, one: bytes, other: bytes) -> bool:
    """Whether two demo files say the same. Encrypted PDFs differ in bytes from run to run, also inside a ZIP."""
    if one == other:
        return True
    if name.endswith(".pdf"):
        return same_pages(one, other)
    if name.endswith(".zip"):
        first, second = members(one), members(other)
        return first.keys() == second.keys() and all(same_content(n, first[n], second[n]) for n in first)
    return False


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def write_demo(folder: Path = FOLDER) -> list[str]:
    """Bring FOLDER up to date; the names of the files that were written or removed. Twice in a row changes nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    files = demo_files()
    changed = []
    for name, content in files.items():
        path = folder / name
        if not path.exists() or not same_content(name, path.read_bytes(), content):
            path.write_bytes(content)
            changed.append(name)
    for path in sorted(folder.iterdir()):
        if path.name not in files:
            path.unlink()
            changed.append(path.name)
    return changed
