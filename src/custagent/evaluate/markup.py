"""HTML and SVG by function calls: what is not markup already is escaped, so nothing that was named can become markup."""

from __future__ import annotations

from html import escape

#: Elements without an end.
_VOID = frozenset({"meta", "br", "col"})


class Markup(str):
    """Text that is markup already; only `tag` and `joined` make some."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """An element: plain texts among its children are escaped, as are all values; None leaves an attribute out.

    Python's words are written with an underscore: `class_`, `for_`; elsewhere it stands for a hyphen (`aria_label`).
    The result is well-formed XML as well.
    """
    named = {key.removesuffix("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    written = "".join(f' {key}="{escape(_plain(value))}"' for key, value in named.items())
    if name in _VOID:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*parts: str) -> Markup:
    """One after the other."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def _plain(value: str | float) -> str:
    """Numbers with three decimals at most: drawings need no more."""
    return value if isinstance(value, str) else f"{value:.3f}".rstrip("0").rstrip(".")
