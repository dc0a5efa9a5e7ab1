"""Write the demo letters: python -m tests.corpus."""

from .demo import FOLDER, demo_files, write_demo

changed = write_demo()
print(f"{FOLDER}: {len(demo_files())} files, {len(changed)} written or removed", *changed, sep="\n  ")
