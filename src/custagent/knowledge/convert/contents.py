"""Lists on a web page that only lead about: its own contents, and the same page in other languages.

Authors call them everything and nothing (a plain `ul` under the title of an FAQ), so they are known by where they lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

#: Fewer links are a cross-reference.
MIN_LINKS: Final = 3
#: Of the letters in a list of contents so many are links; the rest are numbers, bullets, "Contents".
MIN_LINKED: Final = 0.85
#: "Available languages: en | fr": so many links name their language, and are this much of the letters, of at most so many.
MIN_LANGUAGES: Final = 2
MIN_LANGUAGES_LINKED: Final = 0.2
MAX_LANGUAGES_LETTERS: Final = 400
#: How many elements above a link may belong to its list: `a` in `p` in `li` in `ul` in `li` in `ul` in `div` in `div`.
MAX_CLIMB: Final = 8
#: What stands between links and is no word: numbers, bars, dots; those of ASCII, and the rest by what Unicode says.
_BETWEEN = bytes(code for code in range(128) if not chr(code).isalpha())
_ASCII = re.compile(r"[\x00-\x7f]+")
#: What opens something where it stands: an answer, a panel, a menu.
_OPENERS = ("aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle", "data-bs-target")
_OPENER_ROLES = frozenset({"tab", "button"})


def signposts_of(tree: LexborHTMLParser) -> frozenset[int]:
    """The `mem_id` of each element that is such a list, whole."""
    return _contents(tree) | _languages(tree)


def _contents(tree: LexborHTMLParser) -> frozenset[int]:
    """Lists of contents.

    Every link's letters count for the elements above it; an element is a list of contents when nearly all its letters are
    such links and they lead out of it. (A heading that links to itself leads nowhere.)
    """
    links = [node for node in tree.css("a[href^='#']") if _leads(node)]
    if len(links) < MIN_LINKS:
        return frozenset()
    return frozenset(box.node.mem_id for box in _boxes(links) if _is_contents(box))


def _is_contents(box: _Box) -> bool:
    # An element holds at least the other letters of each element in it, which are counted first: so the large ones, which
    # are around everything, need not be counted.
    if box.links < MIN_LINKS or box.linked < MIN_LINKED * max(1, box.linked + box.unlinked):
        return False
    letters = _letters(box.node)
    outer: _Box | None = box
    while outer is not None:
        outer.unlinked = max(outer.unlinked, letters - box.linked)
        outer = outer.outer
    return box.linked >= MIN_LINKED * max(1, letters) and _leads_out(box.node)


def _languages(tree: LexborHTMLParser) -> frozenset[int]:
    """Lists of the page's translations: links that say in which language they lead (`hreflang`)."""
    found: set[int] = set()
    for box in _boxes(tree.css("a[hreflang]")):
        letters = _letters(box.node)
        few = letters <= MAX_LANGUAGES_LETTERS and box.linked >= MIN_LANGUAGES_LINKED * letters
        if box.links >= MIN_LANGUAGES and few:
            found.add(box.node.mem_id)
    return frozenset(found)


@dataclass(slots=True)
class _Box:
    """An element above links of a kind."""

    node: LexborNode
    links: int = 0
    #: Letters in those links.
    linked: int = 0
    #: As many other letters are in it at least.
    unlinked: int = 0
    #: The box around it, as far as it is one.
    outer: _Box | None = None


def _boxes(links: list[LexborNode]) -> Iterable[_Box]:
    boxes: dict[int, _Box] = {}
    for link in links:
        letters = _letters(link)
        inner: _Box | None = None
        for node in _ancestors(link):
            box = boxes.get(node.mem_id)
            if box is None:
                box = boxes[node.mem_id] = _Box(node)
            box.links += 1
            box.linked += letters
            if inner is not None:
                inner.outer = box
            inner = box
    return boxes.values()


def _leads(link: LexborNode) -> bool:
    """Whether the link goes to a named place, rather than open something or stand for a button."""
    attributes = link.attributes
    if (attributes.get("href") or "#") == "#" or attributes.get("role") in _OPENER_ROLES:
        return False
    return not any(name in attributes for name in _OPENERS)


def _ancestors(link: LexborNode) -> list[LexborNode]:
    found: list[LexborNode] = []
    node = link.parent
    while node is not None and len(found) < MAX_CLIMB and node.tag not in ("body", "main", "html"):
        found.append(node)
        node = node.parent
    return found


def _leads_out(node: LexborNode) -> bool:
    """Whether most of its links go to places that are not within it."""
    targets = [(link.attributes.get("href") or "").removeprefix("#") for link in node.css("a[href^='#']")]
    within = {name for one in node.css("[id]") if (name := one.attributes.get("id"))}
    within.update(name for one in node.css("a[name]") if (name := one.attributes.get("name")))
    return sum(target in within for target in targets) * 2 < len(targets)


def _letters(node: LexborNode) -> int:
    """How many letters stand in it, without the numbers and bars between links."""
    text = node.text()
    letters = len(text.encode("ascii", "ignore").translate(None, _BETWEEN))
    if text.isascii():
        return letters
    beyond = _ASCII.sub("", text)
    return letters + sum(map(str.isalnum, beyond)) - sum(map(str.isdecimal, beyond))
