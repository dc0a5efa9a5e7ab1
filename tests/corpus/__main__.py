"""The demo letters: python -m tests.corpus. Any number of others: python -m tests.corpus write DIR --number N."""

import argparse
from pathlib import Path

from .demo import FOLDER, demo_files, write_demo
from .generator import MOST
from .writing import KIND_SETS, write_letters


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    write = commands.add_parser("write", help="write generated letters and their truth")
    write.add_argument("folder", metavar="DIR", type=Path, help="a new or empty folder")
    write.add_argument("--number", type=int, default=1_000, help=f"how many letters, up to {MOST:,}")
    write.add_argument("--seed", type=int, default=0, help="another seed gives other letters")
    write.add_argument("--kind", choices=tuple(KIND_SETS), default="text", help="kind of file; mixed: all take turns")
    asked = parser.parse_args()
    if asked.command != "write":
        changed = write_demo()
        print(f"{FOLDER}: {len(demo_files())} files, {len(changed)} written or removed", *changed, sep="\n  ")
        return
    if not 0 < asked.number <= MOST:
        parser.error(f"--number is 1 to {MOST}")
    if asked.folder.exists() and any(asked.folder.iterdir()):
        parser.error(f"{asked.folder} is not empty")
    letters_dir = write_letters(asked.folder, asked.number, seed=asked.seed, kind=asked.kind)
    print(f"{letters_dir}: {asked.number} letters; what they say: {asked.folder / 'truth.jsonl'}")


if __name__ == "__main__":
    main()
