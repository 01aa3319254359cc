"""The pages of the documentation as the tests read them: their blocks, and where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]

_FENCE = re.compile(r"(?ms)^(?: *<!-- not run: (?P<why>[^\n]+?) -->\n)?( *)```(\w*)\n(.*?)^ *```$")
_HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")
_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_GIVEN = re.compile(r"<!-- given: (.+?) -->")


def name_of(page: Path) -> str:
    """The page from the project's folder, for the names of tests."""
    return page.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    kind: str
    text: str
    #: Why its commands are not run; "" where they are.
    why_not_run: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """What is typed: of `console` what stands behind "$ ", of `bash` every line; no comments."""
        lines = self.text.replace("\\\n", " ").splitlines()
        typed = [line[2:] for line in lines if line.startswith("$ ")] if self.kind == "console" else lines
        return tuple(line for line in typed if line.strip() and not line.startswith("#"))

    @property
    def commands(self) -> tuple[str, ...]:
        """The same without what is only handed to a command, between `<<END` and `END`."""
        found: list[str] = []
        end = ""
        for line in self.lines:
            if end:
                end = "" if line.strip() == end else end
                continue
            found.append(line)
            if begun := _HEREDOC.search(line):
                end = begun[1]
        return tuple(found)


def blocks(markdown: str) -> Iterator[Block]:
    """Every fenced block, in order."""
    for why, indent, kind, text in _FENCE.findall(markdown):
        inner = "\n".join(line.removeprefix(indent) for line in text.splitlines())
        yield Block(kind, f"{inner}\n", why)


def shell_blocks(markdown: str) -> Iterator[Block]:
    """Those that hold commands."""
    return (block for block in blocks(markdown) if block.kind in ("console", "bash"))


def given(markdown: str) -> str:
    """What a reader has who begins the page, by its name in `tests/given.py`: "nothing" when it does not say."""
    found = _GIVEN.search(markdown)
    return found[1] if found else "nothing"


def prose(markdown: str) -> str:
    """The page without its blocks and without code within lines."""
    return re.sub(r"`[^`\n]*`", "`code`", _FENCE.sub("", markdown))


def links(markdown: str) -> list[str]:
    """Where the page leads: addresses and files, anchors included."""
    return _LINK.findall(_FENCE.sub("", markdown))


def anchors(markdown: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    found: set[str] = set()
    for heading in re.findall(r"(?m)^#{1,6} (.+?)\s*$", _FENCE.sub("", markdown)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        number = 0
        while (anchor := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(anchor)
    return found
