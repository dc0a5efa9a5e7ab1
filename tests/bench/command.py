"""The whole command beside bare Python, and beside Python with the libraries that the command imports."""

from pathlib import Path
from statistics import median

from .process import python, run

LIBRARIES = "import typer, tantivy, msgspec"


def measure(index: Path, *, word: str, repeats: int) -> dict[str, float]:
    """Median seconds of each, by turns; a round before the first one fills the system's cache."""
    commands = {
        "bare Python": python("-c", "pass"),
        "Python and the libraries": python("-c", LIBRARIES),
        "imrsearch --version": python("-m", "imrsearch", "--version"),
        "imrsearch search": python("-m", "imrsearch", "search", word, "--index", index),
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for repeat in range(repeats + 1):
        for name, command in commands.items():
            ended = run(command)
            if repeat:
                seconds[name].append(ended.seconds)
    return {name: median(several) for name, several in seconds.items()}
