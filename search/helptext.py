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
  imrsearch show CM17-0019171:2                          one item in full
  imrsearch cite CM17-0019171:2                          its citation, and a passage to paste
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
  imrsearch cite CM17-0019171:2
  imrsearch cite CM17-0019171:2 --passage "functional improvement"
  imrsearch cite CM17-0019171 --format bibtex
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
  imrsearch parse CM17-0019171.pdf
  imrsearch parse letters --json > letters.jsonl
""",
    "show": """\
Show an item in full with its letter's header, or a whole letter.

\b
Examples:
  imrsearch show CM17-0019171:2
  imrsearch show CM17-0019171 --json
""",
}
