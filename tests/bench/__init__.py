"""How fast, how large, how much memory: ours beside the bare engine and beside SQLite's full text search.

    generated letters -> Collection -> rounds of A B A B ... -> medians and ratios -> a section of docs/benchmarks.md

`python -m tests.bench` runs everything. Each engine is built from the very same letters, in processes of its own.
"""
