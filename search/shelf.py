"""Text files that the user names and may edit: found by name, written in one step, by one process at a time."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct

from imrsearch.schema.errors import UsageError
from imrsearch.schema.manifest import sync_file, sync_folder

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_HINT = "use up to 64 letters, digits, - _ and points, and begin with a letter or digit; not con, nul and the like"
# Files that Windows keeps for itself, whatever follows the point.
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# Seconds to wait for another process: it writes one file.
PATIENCE = 10
# Names that are told where one is not there.
MOST_NAMES = 10


class Shelf(Struct, frozen=True):
    """A folder of files of one kind.

    what    what such a file is to people: "set"
    suffix  how its name ends: ".txt"
    """

    folder: Path
    what: str
    suffix: str

    def names(self) -> list[str]:
        """The names of all files, in order."""
        names = (path.name.removesuffix(self.suffix) for path in self.folder.glob(f"*{self.suffix}"))
        return sorted((name for name in names if NAME.fullmatch(name)), key=str.lower)

    def path(self, name: str) -> Path:
        """The file of that name in upper or lower case, also one that is not there yet; UsageError for no name."""
        if not NAME.fullmatch(name) or RESERVED.fullmatch(name):
            raise UsageError(f"a {self.what} cannot be named {name!r}", hint=NAME_HINT)
        alike = [other for other in self.names() if other.lower() == name.lower()]
        return self.folder / f"{name if name in alike or not alike else alike[0]}{self.suffix}"

    def there(self, name: str, *, hint: str) -> Path:
        """The file of that name; UsageError names the others where there is none."""
        path = self.path(name)
        if path.exists():
            return path
        names = self.names()
        near = list(dict.fromkeys([*get_close_matches(name, names), *names]))
        others = f"one of: {', '.join(near[:MOST_NAMES])}; " if near else ""
        raise UsageError(f"there is no {self.what} {name}", hint=others + hint)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other processes from writing; UsageError where a file cannot be written."""
        # Slow to import, and only writing asks for it.
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / "lock", timeout=PATIENCE):
                yield
        except Timeout as error:
            said = f"another process has been writing to {self.folder} for {PATIENCE} seconds"
            raise UsageError(said, hint="wait for it to end, then run this again") from error
        except OSError as error:
            said = f"{error.filename or self.folder} cannot be written: {error.strerror}"
            raise UsageError(said, hint=f"nothing was changed; make room, or make {self.folder} writable") from error


def read_text(path: Path) -> str:
    """The file's text; UsageError where it is none. What an editor puts before it, and its line ends, are left out."""
    try:
        content = path.read_bytes()
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}, line {line}: this is no UTF-8 text", hint="save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="make it readable, or delete it") from error


def read_lines(path: Path) -> list[str]:
    """The file's lines."""
    *lines, rest = read_text(path).split("\n")
    return [*lines, rest] if rest else lines


def write_text(path: Path, text: str) -> None:
    """Put the text in place in one step, and on the disk: a reader sees the old one or the new one."""
    # A link stays one.
    path = path.resolve()
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8", newline="\n")
    sync_file(beside)
    beside.replace(path)
    sync_folder(path.parent)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """The lines as a file's text, likewise."""
    write_text(path, "".join(f"{line}\n" for line in lines))
