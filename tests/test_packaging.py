"""What is shipped: a wheel, also one made from an sdist, holds every module, table and fictional letter."""

import hashlib
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.write_docs import ROOT

hatchling = pytest.importorskip("hatchling.build")
LEFT_OUT = shutil.ignore_patterns(".venv", ".git", ".*_cache", ".hypothesis", "demo-*", "dist", "__pycache__")


def shipped() -> set[str]:
    """Every file of the package, as a wheel names it."""
    names = {
        f"imrsearch/{path.relative_to(ROOT).as_posix()}"
        for folder in ("schema", "indexer", "search")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return names | {"imrsearch/__init__.py", "imrsearch/__main__.py", "imrsearch/py.typed"}


def wheel_of(folder: Path, target: Path) -> set[str]:
    """The package's files in a wheel built in `folder`."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        name = hatchling.build_wheel(str(target))
    finally:
        os.chdir(before)
    with zipfile.ZipFile(target / name) as wheel:
        return {member for member in wheel.namelist() if member.startswith("imrsearch/")}


@pytest.mark.slow
def test_a_wheel_and_one_made_from_an_sdist_hold_everything(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=LEFT_OUT)
    assert wheel_of(copy, tmp_path) == shipped()
    before = Path.cwd()
    os.chdir(copy)
    try:
        sdist = hatchling.build_sdist(str(tmp_path))
    finally:
        os.chdir(before)
    with tarfile.open(tmp_path / sdist) as archive:
        archive.extractall(tmp_path / "sdist", filter="data")
    assert wheel_of(next((tmp_path / "sdist").iterdir()), tmp_path) == shipped()


def test_the_one_file_that_others_wrote_is_as_they_published_it() -> None:
    script = (ROOT / "search/web/static/htmx.min.js").read_bytes()
    assert b'version:"2.0.11"' in script
    assert hashlib.sha256(script).hexdigest() == "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
