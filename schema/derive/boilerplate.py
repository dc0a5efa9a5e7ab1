"""What the guideline paragraphs say in every letter, and so tell nothing of one."""

import re
from functools import lru_cache

# "The Claims Administrator did not cite any medical evidence for its decision.", "The Expert Reviewer based their
# decision on recommendation(s) outside of the MTUS Guidelines.", "... did not base their decision on the MTUS.".
PROCEDURE = re.compile(
    r"\bThe (?:Claims Administrator|(?:Expert|Physician) Reviewer) (?:"
    r"did not cite any medical evidence for (?:its|their|his/her) decision"
    r"|based (?:its|their|his/her) decision on recommendation\(?s?\)? outside of the MTUS(?: Guidelines?)?"
    r"|did not base (?:its|their|his/her) decision on the MTUS(?: Guidelines?)?)\b\.?",
    re.IGNORECASE,
)
# "Decision based on MTUS Low Back Complaints 2004, Section(s): Special Studies.", "Decision based on Non-MTUS Citation
# Official Disability Guidelines", "Page(s): 24, 76-78.": words around what is cited. "MTUS" itself stays.
LABEL = re.compile(
    r"\bDecision based on\b(?=\s+MTUS)|\bDecision based on Non-MTUS\b(?:\s+Citations?\b)?:?|\b(?:Section|Page)\(s\):?",
    re.IGNORECASE,
)
# Every other paragraph of a hundred letters stands in one of the others, too.
PARAGRAPHS_KEPT = 4_096


@lru_cache(PARAGRAPHS_KEPT)
def cited_words(paragraph: str) -> str:
    """A guideline paragraph without the words that every letter has there, single spaces."""
    return " ".join(LABEL.sub(" ", PROCEDURE.sub(" ", paragraph)).split())
