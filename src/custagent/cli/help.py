"""The help of a command: what Typer writes, in colours that can be read, and no wider than its words need."""

from __future__ import annotations

import re
from copy import copy
from typing import Any


class ReadableHelp:
    """What commands and groups have in common; stands before Typer's class in the bases."""

    params: list[Any]

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, --help among them. What takes no value has no type: `--json`, not `--json <bool>`."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # Typer's class comes after this one
        for param in params:
            if getattr(param, "is_flag", False) and param.metavar is None:
                param.metavar = ""
        return params

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help. While it is written an option's opposite stands in its text: beside it, it takes a column of all."""
        _use_our_colours()
        params, self.params = self.params, [_in_one_column(param) for param in self.params]
        try:
            super().format_help(ctx, formatter)  # type: ignore[misc]  # as above
        finally:
            self.params = params


def _in_one_column(param: Any) -> Any:
    opposite = getattr(param, "secondary_opts", ())
    if not opposite:
        return param
    shown = copy(param)
    shown.secondary_opts = []
    usual = param.show_default and param.default is True
    shown.help = f"{param.help} {'Default; else' if usual else 'Else'}: {opposite[0]}."
    shown.show_default = False
    return shown


def _use_our_colours() -> None:
    """Typer's yellow and green are the terminal's own, which on white few can read."""
    from typer import rich_utils

    from custagent.cli.render import COLOURS

    names = re.compile(rf"\b({'|'.join(COLOURS)})\b")
    for name, style in vars(rich_utils).items():
        if name.startswith("STYLE_") and isinstance(style, str):
            setattr(rich_utils, name, names.sub(lambda found: f"color({COLOURS[found[0]]})", style))
