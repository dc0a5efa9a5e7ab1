"""What the command line says of itself; part of the front door `cli.py`."""

EXAMPLES = """\
\b
Examples:
  imrsearch demo                                         try it on fictional letters
  imrsearch index ~/letters                              read a folder of letters
  imrsearch "benzodiazepines 4 weeks" --outcome upheld   search the reasons
  imrsearch klonopin --facets outcome,specialty          count what was found
  imrsearch '"weaning" treatment:norco -acupuncture' --since 2016
  imrsearch --drug tramadol --sort newest                all items on a drug
  imrsearch stats --drug tramadol --by year              how often upheld and overturned
  imrsearch show CM17-9900405:2                          one item in full
  imrsearch cite CM17-9900405:2                          its citation, and a passage to paste
  imrsearch set add hearing CM17-9900405:2               keep items together
  imrsearch save weaning opioids weaning --since 2016    keep a search: imrsearch new weaning
"""

# Help of the commands that take words, with examples.
HELP = {
    "search": """\
Search the disputed items. `imrsearch QUERY` is short for this.

\b
Examples:
  imrsearch "benzodiazepines 4 weeks" --outcome upheld
  imrsearch norco -weaning --since 2016 --sort newest
  imrsearch '"functional improvement" treatment:acupuncture'
  imrsearch --drug tramadol --facets outcome,year --limit 0
  imrsearch "MRI lumbar" --json | jq .total
  imrsearch klonopin --since 2016 --output klonopin.xlsx
""",
    "cite": """\
Cite items in one form, each with its decisive passage to paste.

\b
Examples:
  imrsearch cite CM17-9900405:2
  imrsearch cite CM17-9900405:2 --passage "functional improvement"
  imrsearch cite CM17-9900405 --format bibtex
  imrsearch new weaning --json | jq -r '.hits[].id' | imrsearch cite - -o new.docx
""",
    "index": """\
Read letters into the index; run it again to bring it up to date.

PDF, HTML, plain text, ZIP and JSONL are told apart by their content.

\b
Examples:
  imrsearch index ~/letters
  imrsearch index 'letters/CM17-*.pdf' archive.zip
  find . -name '*.pdf' | imrsearch index -
""",
    "reindex": """\
Make the index anew from its letter store; the letters' own files are not read.

Searches go on with the old index until the new one is whole. Run it after an update of imrsearch.

\b
Examples:
  imrsearch reindex
  imrsearch reindex --keep 1     leave the generation before it where it is
""",
    "check": """\
Look at every byte, letter and item of the index and its store, and say how to repair what is damaged.

\b
Examples:
  imrsearch check
  imrsearch check --json
""",
    "parse": """\
Print letters as understood, without an index.

\b
Examples:
  imrsearch parse CM17-9900405.pdf
  imrsearch parse letters --json > letters.jsonl
""",
    "show": """\
Show an item in full with its letter's header, or a whole letter.

\b
Examples:
  imrsearch show CM17-9900405:2
  imrsearch show CM17-9900405:2 --specific    without sentences that many letters have
  imrsearch show CM17-9900405 --json
""",
    "set": """\
Keep items together, in a text file that you may edit.

\b
Examples:
  imrsearch set add hearing CM17-9900405:2 CM17-9900406
  imrsearch norco --json | jq -r '.hits[].id' | imrsearch set add hearing -
  imrsearch set show hearing
  imrsearch set export hearing --output hearing.docx
  imrsearch set remove hearing CM17-9900406
""",
    "save": """\
Save a search under a name; imrsearch run NAME asks it again, imrsearch new NAME for what is new.

\b
Examples:
  imrsearch save weaning "opioids weaning" --outcome overturned --since 2016
  imrsearch run weaning
  imrsearch new weaning
""",
    "run": """\
Ask a saved search again.

What it finds is remembered, not only what is printed: imrsearch new NAME leaves it out.

\b
Examples:
  imrsearch run weaning
  imrsearch run weaning --limit 50 --json
""",
    "new": """\
Print what a saved search finds now and did not find before: all of it, unless --limit is given.

What it finds is remembered, not only what is printed. To search for the word: imrsearch search new

\b
Examples:
  imrsearch new weaning
  imrsearch new weaning --json | jq -r '.hits[].id'
""",
    "stats": """\
Count how many of the items found were upheld and overturned, for each value of a field.

Shares of published letters, with 95% intervals (Wilson); not the odds of a decision. Rows of fewer than 10 are marked.

\b
Examples:
  imrsearch stats acupuncture                            by year
  imrsearch stats --by drug --drug-class opioids         of one class, drug by drug
  imrsearch stats --drug norco --by quantity             the ladder of quantities: 30, 60, 90, 120
  imrsearch stats "MRI lumbar" --by specialty --since 2016
  imrsearch stats --by guidelines-cited --csv > rates.csv
""",
    "guidelines": """\
List what the reviewers cite, guideline > document and edition > section > page, with outcomes.

Where the state has announced that another edition followed, the day and its source are told.

\b
Examples:
  imrsearch guidelines                                   documents and editions
  imrsearch guidelines tramadol --depth 3                down to the sections
  imrsearch guidelines --guideline MTUS --depth 4 --limit 0
  imrsearch guidelines --citation 'MTUS > Low Back Complaints 2004' --depth 3
""",
    "similar": """\
Show the items most like an item or a draft, a few of each outcome, and why.

A draft is read in memory: nothing of it is written, logged or kept.

\b
Examples:
  imrsearch similar CM17-9900405:2
  imrsearch similar - < draft.txt
  imrsearch similar --file draft.docx --limit 3
""",
    "contrast": """\
Set the nearest upheld and overturned items of one treatment side by side, with the sentences that tell them apart.

\b
Examples:
  imrsearch contrast CM17-9900405:2
  imrsearch contrast norco weaning
  imrsearch contrast - < draft.txt
""",
}
