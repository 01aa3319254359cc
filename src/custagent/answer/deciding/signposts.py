"""Which passages only show the way to other pages: the cards of a start page, a list of links.

Nothing of a page tells that its text was a link once it is read; but each item of such a list is the name of another
page, with that page's blurb glued on: "- Delivery Prices, waiting times". Written lists set the name off: "Torget, the
city bike".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from custagent.core.document import Chunk, ScoredChunk

#: A shorter list may be a sentence in two lines.
_FEWEST_ITEMS = 3
#: So many of the items at least name another page: one or two may lead elsewhere.
_SHARE = 0.5
_ITEM = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+(.+)$", re.MULTILINE)


def told_apart(found: Sequence[ScoredChunk]) -> tuple[list[ScoredChunk], list[ScoredChunk]]:
    """What was found, in the same order: what says something, and what only leads to other pages of it."""
    titles = {(one.chunk.title, one.chunk.location) for one in found if one.chunk.title}
    says, leads = list[ScoredChunk](), list[ScoredChunk]()
    for one in found:
        (leads if is_signpost(one.chunk, titles) else says).append(one)
    return says, leads


def is_signpost(chunk: Chunk, titles: Iterable[tuple[str, str]]) -> bool:
    """Whether the passage is a list of other pages; `titles` are those of pages, each with its location."""
    items = _ITEM.findall(chunk.text) if "\n" in chunk.text and not chunk.question else []
    if len(items) < _FEWEST_ITEMS:
        return False
    others = tuple(title for title, location in titles if location != chunk.location)
    named = sum(any(_names(item.strip(), title) for title in others) for item in items)
    return named >= _SHARE * len(items)


def _names(item: str, title: str) -> bool:
    """Whether the item is the title, alone or with a blurb glued to it, which begins with a capital or a digit."""
    if not item.startswith(title):
        return False
    blurb = item[len(title) :]
    return not blurb or (blurb[0] == " " and blurb[1:2].isupper())
