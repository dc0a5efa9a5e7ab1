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
    "similar": """\
Show the items most like an item or a draft, a few of each outcome, and why.

A draft is read in memory: nothing of it is written, logged or kept.

\b
Examples:
  imrsearch similar CM17-0019171:2
  imrsearch similar - < draft.txt
  imrsearch similar --file draft.docx --limit 3
""",
    "contrast": """\
Set the nearest upheld and overturned items of one treatment side by side, with the sentences that tell them apart.

\b
Examples:
  imrsearch contrast CM17-0019171:2
  imrsearch contrast norco weaning
  imrsearch contrast - < draft.txt
""",
}
