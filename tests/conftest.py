"""Letters as files, read and indexed: what most tests of the walk from letters to answers begin with."""

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, settings

from imrsearch.indexer.build import build_index
from imrsearch.indexer.letter import parse_letter
from imrsearch.indexer.sources import Unread, read_letters
from imrsearch.schema.records import Letter, RawLetter
from imrsearch.search import cli

# Machines that run tests differ in speed, and no example is worth a failure because of it.
settings.register_profile("imrsearch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("imrsearch")

Read = Callable[..., list[RawLetter | Unread]]
Parse = Callable[..., Letter]


@pytest.fixture(scope="session")
def read(tmp_path_factory) -> Read:
    """Bytes as a file of that name, read."""
    folder = tmp_path_factory.mktemp("files")

    def read(content: bytes, name: str = "letter.txt") -> list[RawLetter | Unread]:
        path = folder / name
        path.write_bytes(content)
        return list(read_letters(path))

    return read


@pytest.fixture(scope="session")
def parse(read) -> Parse:
    """Bytes as a file of that name, read and understood; the file must hold one letter."""

    def parse(content: bytes, name: str = "letter.txt") -> Letter:
        [found] = read(content, name)
        assert not isinstance(found, Unread), found
        return parse_letter(found)

    return parse


@pytest.fixture(scope="session")
def letters_dir(tmp_path_factory) -> Path:
    """Every fictional letter once, in its own form; the kinds of file take turns."""
    from tests.corpus import KINDS, case_of, letters

    folder = tmp_path_factory.mktemp("letters")
    kinds: Sequence[str] = tuple(KINDS)
    for place, letter in enumerate(letters().values()):
        case = case_of(letter, letter["form"], kinds[place % len(kinds)])
        (folder / case.filename).write_bytes(case.content)
    return folder


@pytest.fixture(scope="session")
def fictional(letters_dir) -> tuple[Letter, ...]:
    """The letters of `letters_dir`, understood."""
    return tuple(parse_letter(raw) for path in sorted(letters_dir.iterdir()) for raw in read_letters(path))


@pytest.fixture(scope="session")
def index_dir(letters_dir, tmp_path_factory) -> Path:
    """An index of `letters_dir`; for tests that do not change it."""
    folder = tmp_path_factory.mktemp("fictional") / "index"
    report = build_index(sorted(letters_dir.iterdir()), folder)
    assert report.problems == ()
    return folder


@pytest.fixture(scope="session")
def plain() -> Callable[[object], object]:
    """A record as what its JSON holds."""

    def plain(record: object) -> object:
        return msgspec.json.decode(msgspec.json.encode(record))

    return plain


class Done(NamedTuple):
    """What a run of the command line ended with."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Run the command line in this process, away from the user's own index."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("IMRSEARCH_INDEX", raising=False)
    monkeypatch.delenv("IMRSEARCH_DEBUG", raising=False)

    def run(*arguments: object, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["imrsearch", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Done(code, out, err)

    return run
