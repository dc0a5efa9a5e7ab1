"""Where the sentences of a text begin and end."""

import re

from imrsearch.search.results import Span

# "… is recommended. The patient", "4 weeks.) The", also glued, "weeks.The patient". References stay with the sentence
# before them, "weeks. (Author, 2003) (Author, 2005)In this case"; the comma tells them from "(July 28, 2016) Opioids".
# The engine of patterns is quick at finding the next of few characters, and slow at a choice for each letter.
SENTENCE_END = re.compile(
    r"[.!?,](?:(?<!,)[\"”')\]]*(?:\s+(?=[\"“'\[]*[A-Z0-9])|(?=[A-Z][a-z]))"
    r"|(?<=[A-Za-z.],) (?:19|20)\d\d[a-z]?\)\s*(?=[A-Z][a-z]))"
)
# The point of "e.g.", "Dr.", "vs.", "pg. 607", "et al.", "J." and "i.e." ends no sentence.
ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"“])(?:e\.g|i\.e|cf|vs|v|dr|drs|mr|mrs|ms|st|pgs?|pp?|nos?|vol|ed|eds|al|fig|sec|sect|ch|chap|dept"
    r"|approx|incl|inj|tabs?|caps?|qty|ref|refs|[a-z])\.$",
    re.IGNORECASE,
)
# Letters of the longest of these.
LONGEST_ABBREVIATION = 6


def sentences_of(text: str) -> list[Span]:
    """Where each sentence begins and ends, without the space between."""
    sentences = []
    start = 0
    for match in SENTENCE_END.finditer(text):
        last = match.start() - (match[0][0] == ",")
        # To look for a long word takes longer than to see that this is one, as most are.
        long = last - start > LONGEST_ABBREVIATION and text[last - LONGEST_ABBREVIATION - 1 : last].isalpha()
        if not long and ABBREVIATION.search(text[max(start, last - 12) : last + 1]):
            continue
        end = match.start() + len(match[0].rstrip())
        sentences.append((start, end))
        start = match.end()
    if text[start:].strip():
        sentences.append((start, len(text.rstrip())))
    return sentences
