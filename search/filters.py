"""The options that say what is asked, and one for each filter of the field list; part of the front door `cli.py`."""

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from imrsearch.schema.fields import FILTERS

Words = Annotated[
    list[str] | None, typer.Argument(metavar="[QUERY]...", help='Words, "phrases", field:value, OR, -word.')
]
Since = Annotated[str | None, typer.Option(metavar="DATE", help="Decided on or after: 2016, 2016-07, 2016-07-01.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Decided on or before.")]
Order = Annotated[str, typer.Option(metavar="ORDER", help="relevance, newest or oldest.")]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=0, help="How many hits; else 10, or in an export all.")]
Offset = Annotated[int, typer.Option(min=0, help="How many hits to pass over first.")]
Collapse = Annotated[
    bool,
    typer.Option("--collapse", help="List one of the items with nearly the same reasons; done in print."),
]
Every = Annotated[bool, typer.Option("--expand", help="List every item, also those with nearly the same reasons.")]
# --expand is about items.
Expand = Annotated[
    bool,
    typer.Option("--names/--no-expand", help="Also search the other names of drugs, classes and treatments."),
]
Widen = Annotated[bool, typer.Option(help="Where no item has all the words, find those that have most, and say so.")]


def filter_options() -> Iterator[inspect.Parameter]:
    """One repeatable option for each filter of the field list."""
    for field in FILTERS:
        # Typer reads an option from its annotation, which the field list supplies here: the one place for Any.
        annotation: Any = Annotated[
            list[str] | None, typer.Option(f"--{field.option}", metavar="VALUE", help=field.help)
        ]
        yield inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each filter, given to it as `filters`."""
    own = inspect.signature(command)
    kept = [parameter for parameter in own.parameters.values() if parameter.name != "filters"]
    options = list(filter_options())

    def run(**values: Any) -> None:
        filters = {option.name: tuple(given) for option in options if (given := values.pop(option.name, None))}
        command(filters=filters, **values)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = own.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*kept, *options)}
    return run
