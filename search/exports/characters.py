"""What a text may hold in a file that other programs read."""

import re

# Control characters, half characters, ends of lines that are no line feeds, and what XML allows nowhere.
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
# "=HYPERLINK(...)", " +1", "-2", "@x", also full-width: a spreadsheet would compute it.
FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠]")


def clean(text: str) -> str:
    """The text on one line, with spaces for what no file should hold."""
    return UNWRITABLE.sub(" ", text)


def without_formula(text: str) -> str:
    """The clean text as a spreadsheet's cell may hold it: an apostrophe before what it would compute."""
    text = clean(text)
    return f"'{text}" if FORMULA.match(text) else text
