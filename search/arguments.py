"""The command line's arguments, put in the order that its parser wants; part of the front door `cli.py`."""

import itertools
import re
import shlex
from collections.abc import Collection, Mapping, Sequence

from imrsearch.schema.errors import UsageError

# "-n", "-n5"; "-norco" excludes a word.
SHORT_LIMIT = re.compile(r"-n\d*$")


def with_command(
    arguments: Sequence[str], commands: Mapping[str, Collection[str]], *, with_value: Collection[str]
) -> list[str]:
    """The arguments with their command first: `search` where none is named, so that `imrsearch QUERY` searches.

    Options may stand before the command or the query: `--json --index DIR status`, `--outcome upheld klonopin`.
    What begins with one hyphen and is no option excludes a word: `norco -weaning`.

    commands    of each command the commands below it: of `set` it is `add`, `show` and others
    with_value  options that take the next argument as their value, so that it is not taken for the query
    """
    if not arguments:
        return ["--help"]
    if arguments[0] in ("-h", "--help", "--version"):
        return list(arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options, words = parted(arguments[:end], with_value)
    if words and words[0] in commands:
        command, *words = words
    else:
        command = "search"
    if not (below := commands[command]):
        return [command, *options, "--", *words, *arguments[end + 1 :]]
    if not words:
        return [command, "--help"]
    if words[0] not in below:
        quoted = shlex.join(("imrsearch", "search", *arguments))
        hint = f"one of: {', '.join(below)}; to search for the words: {quoted}"
        raise UsageError(f"{command} does not know {words[0]}", hint=hint)
    return [command, words[0], *options, "--", *words[1:], *arguments[end + 1 :]]


def parted(arguments: Sequence[str], with_value: Collection[str]) -> tuple[list[str], list[str]]:
    """Options with their values, and all other words."""
    options: list[str] = []
    words: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument.startswith("--") or argument == "-h" or SHORT_LIMIT.match(argument):
            options.append(argument)
            if argument in with_value:
                options.extend(itertools.islice(rest, 1))
        else:
            words.append(argument)
    return options, words
