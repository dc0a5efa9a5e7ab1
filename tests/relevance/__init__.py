"""Proof of relevance without human judges: questions made from the letters, asked of us and of two plain engines.

    letters -> Collection -> Topic -> rankings by each Engine -> score -> mean with its interval

`python -m tests.relevance` prints the table; docs/relevance.md says what each row means and what it cannot show.
"""
