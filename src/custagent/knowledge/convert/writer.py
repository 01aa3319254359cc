"""Sections while they are written: blocks of text under the headings that are open."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from custagent.core.document import Section

#: Real headings are levels 1 to 6; a question in a list of questions ranks below them all.
QUESTION_LEVEL = 7
#: A "heading" longer than this is a paragraph in large print.
MAX_HEADING = 250
#: Headings inside headings beyond these are no outline, but a page that never ends.
MAX_OPEN = 32
#: A line that says whose the page is, or which program made it.
_IMPRINT = re.compile(
    r"(?:(?:©|\(c\)|copyright\s*(?:©|\(c\)|\d{4})|(?:all|alle|tous|todos los) (?:rights|rechte|rättigheter|droits|derechos)\b)"
    r"|(?:generated|built|made|created|powered|rendered|proudly \w+) (?:on .{5,40} )?(?:by|with|using)\b).{0,150}$",
    re.IGNORECASE,
)


#: Deeper than any question that a table may stand in.
_ROW_DEPTH = 1_000_000


@dataclass(slots=True)
class OpenHeading:
    """A heading under which text is being written."""

    level: int
    text: str
    anchor: str
    #: How many blocks had been written when it was opened.
    blocks_before: int
    #: Where in the tree a question's answer ends: it is closed with the element at this depth's parent.
    depth: float = 0.0
    #: The depth at which the question itself stands.
    own_depth: float = 0.0


@dataclass(slots=True)
class _Block:
    text: str
    #: Blocks of the same group (a list, a table) follow each other line by line; 0 is a paragraph of its own.
    group: int
    linked: int

    @property
    def is_linked(self) -> bool:
        """Whether it is links with next to nothing between them."""
        return self.linked * 10 >= sum(map(str.isalnum, self.text)) * 6

    def is_trail_to(self, title: str) -> bool:
        """Whether it is bread crumbs: links, and after them the page itself."""
        return bool(self.linked) and _same(self.text[-len(title) :], title)

    @property
    def is_imprint(self) -> bool:
        return _IMPRINT.match(self.text.strip()) is not None


@dataclass(slots=True)
class _Draft:
    headings: tuple[str, ...]
    anchor: str
    opens: bool
    is_row: bool = False
    blocks: list[_Block] = field(default_factory=list)


class SectionWriter:
    """Collects blocks and headings in reading order and makes sections of them."""

    def __init__(self) -> None:
        self.open: list[OpenHeading] = []
        self.block_count = 0
        self._drafts = [_Draft(headings=(), anchor="", opens=False)]

    @property
    def first_heading(self) -> str:
        """The first heading written, "" when there was none; the name of a table's row is none."""
        return next((draft.headings[-1] for draft in self._drafts if draft.headings and not draft.is_row), "")

    def add(self, text: str, *, group: int = 0, linked: int = 0) -> None:
        """A block of text; `linked` is how many of its characters are links."""
        if text.strip():
            self._drafts[-1].blocks.append(_Block(text=text, group=group, linked=linked))
            self.block_count += 1

    def row(self, name: str, line: str) -> None:
        """A row of a long table, as a section of its own under its name, below the headings that are open."""
        anchor = self.open[-1].anchor if self.open else ""
        self.heading(name, level=QUESTION_LEVEL, anchor=anchor, depth=_ROW_DEPTH)
        self._drafts[-1].is_row = True
        self.add(line)
        self.close_questions(_ROW_DEPTH - 1)

    def heading(self, text: str, *, level: int, anchor: str, depth: float = 0.0) -> None:
        """Open a heading; it closes those of its level and below, a question (`depth`) only those it stands beside."""
        while self.open and self._closes(self.open[-1], level, depth):
            self.open.pop()
        del self.open[MAX_OPEN - 1 :]
        self.open.append(
            OpenHeading(
                level=level, text=text, anchor=anchor, blocks_before=self.block_count, depth=depth, own_depth=depth
            )
        )
        self._start(opens=True)

    @staticmethod
    def _closes(top: OpenHeading, level: int, depth: float) -> bool:
        if level == QUESTION_LEVEL:
            return top.level == QUESTION_LEVEL and top.own_depth >= depth
        if top.level == QUESTION_LEVEL:
            return top.depth >= depth
        return top.level >= level

    def close_questions(self, depth: int) -> None:
        """The element at `depth` ends: a question inside it is over once its answer has been written."""
        for index, heading in enumerate(self.open):
            if heading.level != QUESTION_LEVEL or heading.depth <= depth:
                continue
            if heading.blocks_before == self.block_count:
                heading.depth = depth
                continue
            del self.open[index:]
            self._start(opens=False)
            return

    def close_headings(self, level: int) -> None:
        """What stood under a heading of this level is over: what follows belongs to the headings above it."""
        if any(heading.level >= level for heading in self.open):
            self.open = [heading for heading in self.open if heading.level < level]
            self._start(opens=False)

    def _start(self, *, opens: bool) -> None:
        anchor = self.open[-1].anchor if self.open else ""
        headings = tuple(heading.text for heading in self.open)
        self._drafts.append(_Draft(headings=headings, anchor=anchor, opens=opens))

    def drop_edges(self, title: str) -> None:
        """Leave out the bars of links that stand before the page's title and below its text.

        For pages that do not mark their main part: there the bars are plain paragraphs and lists.
        """
        first = next((at for at, one in enumerate(self._drafts) if one.headings and _same(one.headings[-1], title)), 0)
        for draft in self._drafts[:first]:
            draft.blocks = [block for block in draft.blocks if not (block.is_linked or block.is_trail_to(title))]
        last = next((draft for draft in reversed(self._drafts) if draft.blocks), self._drafts[-1])
        end = len(last.blocks)
        while end and (last.blocks[end - 1].is_linked or last.blocks[end - 1].is_imprint):
            end -= 1
        # One linked paragraph may be the point of the text; and nothing but links is a page that leads elsewhere.
        if end and (len(last.blocks) - end > 1 or last.blocks[-1].is_imprint):
            del last.blocks[end:]

    def sections(self, title: str, *, drop: re.Pattern[str] | None = None) -> tuple[Section, ...]:
        """All sections with text. The title is left out of the heading paths; a heading without any text under it
        stands as text. A section whose heading matches `drop` and that is nothing but links is left out."""
        written: list[Section] = []
        for index, draft in enumerate(self._drafts):
            headings = draft.headings
            if headings and _same(headings[0], title):
                headings = headings[1:]
            text = _joined(draft.blocks)
            if not text and draft.opens and headings and not self._has_children(index):
                text = headings[-1]
            if not text or (drop and headings and drop.fullmatch(headings[-1]) and _all_links(draft.blocks)):
                continue
            links_only = _is_signpost(draft.blocks)
            written.append(Section(text=text, headings=headings, anchor=draft.anchor, links_only=links_only))
        return tuple(written)

    def _has_children(self, index: int) -> bool:
        path = self._drafts[index].headings
        following = self._drafts[index + 1] if index + 1 < len(self._drafts) else None
        return following is not None and len(following.headings) > len(path) and following.headings[: len(path)] == path


def _joined(blocks: list[_Block]) -> str:
    parts: list[str] = []
    group = 0
    for block in blocks:
        if parts:
            parts.append("\n" if block.group and block.group == group else "\n\n")
        parts.append(block.text)
        group = block.group
    return "".join(parts)


def _is_signpost(blocks: list[_Block]) -> bool:
    """Whether the blocks are a list of links, each perhaps with a few words about what is there."""
    total = sum(len(block.text) for block in blocks)
    listed = len(blocks) > 1 and all(block.group and block.linked for block in blocks)
    return listed and sum(block.linked for block in blocks) * 3 >= total


def _all_links(blocks: list[_Block]) -> bool:
    total = sum(len(block.text) for block in blocks)
    return sum(block.linked for block in blocks) * 10 >= total * 7


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
