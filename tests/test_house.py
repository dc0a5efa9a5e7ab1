"""The rules of the house, read from the source: who imports whom, and how large things may grow."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import imrsearch

ROOT = Path(__file__).parents[1]
FOLDERS = ("schema", "indexer", "search", "imrsearch")
COMMAND_LINE = {
    *(f"search/cli{part}.py" for part in ("", "_desk", "_export", "_index", "_serve", "_sets", "_stats")),
    *("search/filters.py", "search/terminal.py"),
}
WEB = {path.relative_to(ROOT).as_posix() for path in (ROOT / "search/web").glob("*.py")}
MCP = {path.relative_to(ROOT).as_posix() for path in (ROOT / "search/mcp").glob("*.py")}
FRONT_DOORS = {*COMMAND_LINE, *WEB, *MCP, "search/reports.py", "search/progress.py"}
# Where the engine may be spoken to. The layers that it does not appear in can be moved to another one.
ENGINE = {
    "schema/documents.py",
    *(f"indexer/{name}.py" for name in ("check", "prepare", "update")),
    *(f"search/{name}.py" for name in ("candidates", "compile", "counts", "engine", "everything", "families")),
    *(f"search/{name}.py" for name in ("guidelines", "opened", "order", "proximity", "searcher", "stats")),
}
NETWORK = {"socket", "urllib.request", "http.client", "requests", "httpx", "aiohttp", "ftplib", "smtplib"}
NAMELESS = {"utils", "util", "misc", "common", "core", "base", "helpers"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 40


def sources() -> list[Path]:
    """Every source file of the product; the links in imrsearch/ lead to the same files."""
    found = [path for folder in FOLDERS[:3] for path in (ROOT / folder).rglob("*.py")]
    return sorted([*found, *(ROOT / "imrsearch").glob("*.py")])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


SOURCES = {name_of(path): path for path in sources()}


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(SOURCES[name].read_text("utf-8"))


@cache
def imports_of(name: str) -> frozenset[str]:
    """Every module that the file imports, wherever in it: "imrsearch.schema.fields", "tantivy"."""
    return frozenset(imports_in(name))


def imports_in(name: str) -> Iterator[str]:
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module or ""


def importers_of(package: str) -> set[str]:
    return {name for name in SOURCES for each in imports_of(name) if each == package or each.startswith(f"{package}.")}


def folder_of(name: str) -> str:
    return name.split("/")[0]


def test_there_is_something_to_check():
    assert len(SOURCES) > 30
    assert {folder_of(name) for name in SOURCES} == set(FOLDERS)


@pytest.mark.parametrize("name", SOURCES)
def test_imports_are_absolute_and_through_the_package(name):
    top = {each.split(".")[0] for each in imports_of(name)}
    assert top.isdisjoint({"schema", "indexer", "search", "tests"})


def test_the_schema_imports_nothing_else_of_ours():
    assert [name for name in importers_of("imrsearch.indexer") if folder_of(name) == "schema"] == []
    assert [name for name in importers_of("imrsearch.search") if folder_of(name) == "schema"] == []


def test_indexer_and_search_meet_at_the_front_doors_only():
    assert [name for name in importers_of("imrsearch.search") if folder_of(name) == "indexer"] == []
    meeting = {name for name in importers_of("imrsearch.indexer") if folder_of(name) == "search"}
    assert meeting <= FRONT_DOORS


def test_nothing_imports_a_front_door():
    for door in FRONT_DOORS:
        module = f"imrsearch.{door.removesuffix('.py').replace('/', '.')}"
        importers = importers_of(module)
        allowed = {"imrsearch/__main__.py"} if door == "search/cli.py" else COMMAND_LINE | WEB | MCP
        assert importers <= allowed, door


def test_the_engine_is_spoken_to_in_few_places():
    assert importers_of("tantivy") <= ENGINE


def test_the_html_parser_is_known_to_the_readers_only():
    assert all(name.startswith("indexer/sources/") for name in importers_of("selectolax"))
    assert all(name.startswith("indexer/sources/") for name in importers_of("pypdfium2"))


def test_the_command_line_library_is_known_to_the_command_line_only():
    assert importers_of("typer") | importers_of("click") <= COMMAND_LINE


def test_nothing_reaches_the_network():
    reaching = {name: sorted(NETWORK & imports_of(name)) for name in SOURCES if NETWORK & imports_of(name)}
    # It listens, and on this machine alone unless it is told otherwise.
    assert reaching == {"search/web/server.py": ["socket"]}


def test_a_function_lives_with_the_thing_it_speaks_about():
    assert [name for name in SOURCES if NAMELESS & set(Path(name).with_suffix("").parts)] == []


def test_no_file_is_too_long():
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in SOURCES.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def functions_of(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions of the module and methods of its classes, not those inside a function."""
    for node in tree_of(name).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_function_is_too_long():
    lengths = {
        f"{name}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for name in SOURCES
        for function in functions_of(name)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_no_function_takes_a_flag_by_place():
    """What it means would not be read where it is given."""
    offenders = []
    for name in SOURCES:
        for function in functions_of(name):
            args = function.args
            flags = [
                each.arg
                for each in (*args.posonlyargs, *args.args)
                if isinstance(each.annotation, ast.Name) and each.annotation.id == "bool"
            ]
            if flags:
                offenders.append(f"{name}:{function.lineno} {function.name}({', '.join(flags)})")
    assert offenders == []


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_public_has_a_docstring(name):
    tree = tree_of(name)
    assert ast.get_docstring(tree), "the module says nothing of itself"
    things = [*(node for node in tree.body if isinstance(node, ast.ClassDef)), *functions_of(name)]
    silent = [thing for thing in things if not thing.name.startswith("_") and not ast.get_docstring(thing)]
    assert [f"{name}:{thing.lineno} {thing.name}" for thing in silent] == []


def test_public_names_are_sorted_and_importable():
    names = imrsearch.__all__
    assert list(names) == sorted(names)
    assert len(names) == len(set(names))
    for name in names:
        assert getattr(imrsearch, name).__name__ == name
    scope: dict[str, object] = {}
    exec("from imrsearch import *", scope)
    assert set(names) <= scope.keys()


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = imrsearch.nonsense
    with pytest.raises(ImportError):
        exec("from imrsearch import nonsense")


def test_the_package_costs_nothing_until_it_is_used():
    script = "import sys, imrsearch; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"tantivy", "msgspec", "selectolax", "typer"}.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("name", [name for name in SOURCES if not name.endswith("__main__.py")])
def test_every_module_can_be_imported(name):
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert importlib.import_module(module if module == "imrsearch" else f"imrsearch.{module}")


def test_the_folders_are_the_package():
    for folder in FOLDERS[:3]:
        module = importlib.import_module(f"imrsearch.{folder}")
        assert Path(str(module.__file__)).resolve() == (ROOT / folder / "__init__.py").resolve()
