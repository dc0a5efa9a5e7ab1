"""Options of the commands that take a question: one for each filter of the field list; part of `cli.py`."""

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from imrsearch.schema.fields import FILTERS


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
