"""The pages say what is true: generated ones are current, README commands run, named files exist."""

import re
from pathlib import Path

import pytest

from tests.write_docs import PAGES, ROOT, readme_with_outputs

PYTHON_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
NAMED_FILE = re.compile(r"`([a-z_]+\.py|[a-z_]+/[a-z_/]+\.py|[a-z_]+/)`")


@pytest.mark.parametrize("name", PAGES)
def test_generated_page_is_current(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


def test_readme_commands_print_what_the_readme_shows() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme_with_outputs(readme) == readme, "run: make docs"


def test_readme_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from imrsearch import build_index, letter_files

    monkeypatch.chdir(tmp_path)
    build_index(letter_files([str(ROOT / "indexer" / "demo")]), tmp_path / "demo")
    for block in PYTHON_BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        exec(compile(block, "README.md", "exec"), {})
    assert "Norco" in capsys.readouterr().out


@pytest.mark.parametrize(
    "page",
    ["docs/architecture.md", *(f"docs/decisions/{path.name}" for path in (ROOT / "docs" / "decisions").iterdir())],
)
def test_files_named_in_pages_exist(page: str) -> None:
    folders = (ROOT, ROOT / "schema", ROOT / "indexer", ROOT / "search", ROOT / "tests")
    places = (*folders, *(ROOT / "indexer").iterdir(), *(ROOT / "search").iterdir())
    for name in NAMED_FILE.findall((ROOT / page).read_text(encoding="utf-8")):
        assert any((place / name).exists() for place in places), f"{page} names {name}"


def test_nothing_names_a_machine_path() -> None:
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if (
            path.is_file()
            and (inside[0] == ".ci" or inside[0][0] != ".")
            and path.suffix in (".py", ".md", ".toml", ".txt", "")
        ):
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert "/work/" + "main" not in text, path
