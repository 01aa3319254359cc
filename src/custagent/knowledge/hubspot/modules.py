"""The text of a page's modules, for a page whose public version cannot be had.

A module's fields are its developer's, so they are told apart by what they hold: HTML is taken as it is; of other texts
those whose names say that people read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

#: Names of fields with a heading, and with other words.
_HEADINGS: Final = frozenset({"heading", "title", "headline", "header", "question", "subheading", "subtitle"})
_TEXTS: Final = frozenset({"text", "content", "description", "answer", "body", "value", "caption", "summary"})
_MARKUP: Final = re.compile(r"<(?:p|h[1-6]|ul|ol|li|table|div|span|strong|em|br|a|blockquote)\b", re.IGNORECASE)
#: HubSpot's template language within what people wrote: buttons and personal fields.
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_DEEPEST: Final = 40


def modules_html(modules: Mapping[str, Any]) -> str:
    """What the modules say as HTML, in their order on the page; "" when they say nothing."""
    pieces = [piece for part in modules.values() for piece in _pieces(part, "", 0)]
    return "\n".join(dict.fromkeys(pieces))


def without_template(html: str) -> str:
    """The HTML without HubSpot's template language."""
    return _TEMPLATE.sub("", html)


def _pieces(value: Any, name: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        yield from _piece(value, name)
    elif isinstance(value, list):
        for one in value:
            yield from _pieces(one, name, depth + 1)
    elif isinstance(value, dict):
        for key, one in sorted(value.items(), key=_place):
            yield from _pieces(one, str(key).lower(), depth + 1)


def _place(entry: tuple[str, Any]) -> tuple[int, int]:
    """Columns of a row go by their keys, which are numbers; of a module's fields the heading comes first."""
    key = str(entry[0])
    return (0 if key.lower() in _HEADINGS else 1), (int(key) if key.isascii() and key.isdigit() else 0)


def _piece(text: str, name: str) -> Iterator[str]:
    plain = without_template(text).strip()
    if not plain:
        return
    if _MARKUP.search(plain):
        yield plain
    elif name in _HEADINGS:
        yield f"<h2>{escape(plain)}</h2>"
    elif name in _TEXTS and " " in plain:
        yield f"<p>{escape(plain)}</p>"
