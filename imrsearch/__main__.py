"""`python -m imrsearch` is `imrsearch`."""

from imrsearch.search.cli import main

main()
