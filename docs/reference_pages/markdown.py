"""Markdown as the reference's pages are written in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def prose(paragraph: str) -> str:
    """Text as Markdown: what it would read as markup stands as written."""
    return paragraph.replace("<", "\\<").replace("*", "\\*")


def cell(text: str) -> str:
    """Text for a cell of a table: one line, and no border within."""
    return " ".join(text.split()).replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are Markdown already, on one line each."""
    lines = (f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
    return "\n".join(lines)


def first_sentence(docstring: str | None) -> str:
    """What a docstring begins with: its first paragraph as one line."""
    return " ".join((docstring or "").partition("\n\n")[0].split())
