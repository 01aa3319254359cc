"""How every command can be told to talk: --quiet, --no-color."""

import os
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.main import get_command


def _quiet(value: bool) -> None:
    if value:
        from custagent.cli.render import be_quiet

        be_quiet()


def _no_color(value: bool) -> None:
    if value:
        # The way that every library asks for, and that programs started from here see too.
        os.environ["NO_COLOR"] = "1"


def manner_options(panel: str | None) -> list[Any]:
    """How a command talks: --quiet, --no-color."""

    def options(
        quiet: Annotated[
            bool,
            typer.Option(
                "--quiet",
                "-q",
                callback=_quiet,
                expose_value=False,
                rich_help_panel=panel,
                help="Only results, warnings and errors: no progress, no next steps.",
            ),
        ] = False,
        no_color: Annotated[
            bool,
            typer.Option(
                "--no-color",
                callback=_no_color,
                expose_value=False,
                rich_help_panel=panel,
                help="No colours, as with NO_COLOR=1.",
            ),
        ] = False,
    ) -> None: ...

    return read_options(options)


def read_options(options: Callable[..., None]) -> list[Any]:
    """The parameters of a function, as Typer reads them."""
    reader = typer.Typer(add_completion=False)
    reader.command()(options)
    return list(get_command(reader).params)
