"""Reads the content of a web page into sections: headings, questions, paragraphs, lists, tables, code."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from custagent.knowledge.convert import tables
from custagent.knowledge.convert.boilerplate import Attributes, Boilerplate
from custagent.knowledge.convert.inline import (
    BLOCK_TAGS,
    SPACE,
    collapse,
    flat,
    gap,
    heading_text,
    is_bare,
    is_permalink,
    meaningful_alt,
    raised,
    tidy,
)
from custagent.knowledge.convert.questions import FooterFilter, explains, is_question
from custagent.knowledge.convert.writer import MAX_HEADING, QUESTION_LEVEL, SectionWriter

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_STRUCTURES = _LISTS | {"li", "dl", "table", "pre", "button"}
#: Without attributes they are boxes and nothing else.
_BOXES = BLOCK_TAGS - _STRUCTURES - _HEADINGS.keys() - {"summary", "label", "dt"}
#: What tables are called that are drawn with boxes.
_DRAWN = ("table", "grid", "treegrid")
#: Their end is an event of its own.
_CLOSED = _LISTS | {"a", "q", "li", "dl"}


@dataclass(slots=True)
class _List:
    ordered: bool
    number: int
    group: int
    #: What the next block of the current item begins with; "" when the marker has been written.
    marker: str = ""
    #: A heading stands in the item: the text goes on as plain paragraphs.
    broken: bool = False


class PageReader:
    """Walks a page once, without recursion: pages nest deeper than Python's stack."""

    def __init__(self, boilerplate: Boilerplate) -> None:
        self._boilerplate = boilerplate
        self._drops = boilerplate.drops
        self.writer = SectionWriter()
        self._pieces: list[str] = []
        self._linked = 0
        #: For each link that is open, whether it leads to another place.
        self._links: list[bool] = []
        self._lists: list[_List] = []
        self._groups = 0
        self._fresh_anchor = ""
        #: The elements that are open, with their tags.
        self._open: list[tuple[LexborNode, str]] = []
        #: The page has questions with answers.
        self._asked = False
        self._footer = FooterFilter()
        self._terms: list[bool] = []

    def read(self) -> SectionWriter:
        """All of the page's content, in reading order."""
        for root in self._boilerplate.roots:
            self._walk(root)
            self._flush()
        return self.writer

    @property
    def _depth(self) -> int:
        return len(self._open)

    def _walk(self, root: LexborNode) -> None:
        open_ = self._open
        node: LexborNode | None = root
        while node is not None:
            tag = node.tag or ""
            if tag == "-text":
                self._text(node.text_content or "")
            elif tag[0] != "-" and self._enter(node, tag):
                child = node.first_child
                if child is not None:
                    open_.append((node, tag))
                    node = child
                    continue
                self._leave(tag)
            following = node.next if open_ else None
            while following is None and open_:
                node, tag = open_.pop()
                self._leave(tag)
                following = node.next if open_ else None
            node = following

    def _text(self, text: str) -> None:
        if not text.strip(SPACE):
            # Between blocks nothing is shown of it.
            if text and self._pieces:
                self._pieces.append(" ")
            return
        shown = collapse(text)
        if self._links and self._links[-1]:
            self._linked += len(shown.strip())
        self._pieces.append(shown)
        if shown and shown != " ":
            self._fresh_anchor = ""

    def _enter(self, node: LexborNode, tag: str) -> bool:
        """Begin an element; whether what is in it is still to be read."""
        attributes = node.attributes
        if self._drops(node, tag, attributes):
            return False
        if tag in BLOCK_TAGS and self._pieces:
            self._flush()
        if attributes:
            anchor = attributes.get("id") or (attributes.get("name") if tag == "a" else "")
            if anchor:
                self._fresh_anchor = anchor
        elif tag in _BOXES:
            return True
        if tag in _HEADINGS or attributes.get("role") == "heading":
            return self._heading(node, _HEADINGS.get(tag) or _level(attributes))
        if is_question(node, tag, attributes) or (tag == "dt" and self._terms and self._terms[-1]):
            return self._question(node, tag)
        if tag in _STRUCTURES:
            return self._structure(node, tag, attributes)
        is_drawn = attributes.get("role") in _DRAWN and tables.is_drawn(node)
        return self._rows(node) if is_drawn else self._inline(node, tag, attributes)

    def _structure(self, node: LexborNode, tag: str, attributes: Attributes) -> bool:
        """What has a form of its own. A button that is no question is a control."""
        if tag == "dl":
            return self._definitions(node)
        if tag == "table":
            return self._table(node)
        if tag == "pre":
            self._code(node)
        elif tag in _LISTS:
            self._open_list(tag, attributes)
        elif tag == "li":
            self._open_item(attributes)
        return tag in _LISTS or tag == "li"

    def _inline(self, node: LexborNode, tag: str, attributes: Attributes) -> bool:
        """What stands within a line, or is a plain box around blocks."""
        if tag not in BLOCK_TAGS:
            self._pieces.append(gap(node, self._pieces))
        if tag == "br":
            self._pieces.append("\n")
        elif tag == "img":
            self._text(f" {meaningful_alt(attributes)} ")
        elif tag == "a":
            if is_permalink(node):
                return False
            # An address to write to or to call is an answer, not a way elsewhere.
            elsewhere = not (attributes.get("href") or "").startswith(("mailto:", "tel:", "sms:"))
            self._links.append(elsewhere)
        elif tag == "q":
            self._pieces.append("“")
        elif tag == "sup":
            self._pieces.append(raised(node, self._pieces))
        elif "-" in tag:
            self._pieces.append(" ")
        elif attributes.get("role") == "tabpanel":
            self._tab_panel(attributes)
        return True

    def _leave(self, tag: str) -> None:
        if tag in BLOCK_TAGS:
            if self._pieces:
                self._flush()
        elif "-" in tag:
            self._pieces.append(" ")
        if tag in _CLOSED:
            self._close(tag)
        if self._asked and any(heading.level == QUESTION_LEVEL for heading in self.writer.open):
            self._flush()
            self.writer.close_questions(self._depth)

    def _close(self, tag: str) -> None:
        if tag == "a":
            del self._links[-1:]
        elif tag == "q":
            self._pieces.append("”")
        elif tag in _LISTS:
            self._lists.pop()
        elif tag == "li" and self._lists:
            self._lists[-1].marker = ""
            self._lists[-1].broken = False
        elif tag == "dl":
            self._terms.pop()

    # Headings and questions

    def _heading(self, node: LexborNode, level: int) -> bool:
        text = heading_text(node, self._drops)
        if not text:
            return False
        if len(text) > MAX_HEADING:
            self.writer.add(text)
            return False
        self._open_heading(text, level=level, anchor=self._anchor(node), depth=self._depth)
        return False

    def _question(self, node: LexborNode, tag: str) -> bool:
        text = heading_text(node, self._drops)
        # An answer lasts as long as what holds question and answer: for a summary its details.
        depth = self._depth - 0.5 if tag == "summary" else self._depth
        if tag == "dt":
            if _sibling(node, forward=False) == "dt":
                return False
            following = node
            while _sibling(following, forward=True) == "dt":
                following = _next_element(following) or following
                text = f"{text}, {heading_text(following, self._drops)}"
        if not text:
            return False
        if len(text) > MAX_HEADING:
            self.writer.add(text)
            return False
        self._open_heading(text, level=QUESTION_LEVEL, anchor=self._anchor(node), depth=depth)
        return False

    def _tab_panel(self, attributes: Attributes) -> None:
        """A panel is headed by its tab, which stands elsewhere."""
        label = attributes.get("aria-labelledby") or ""
        tab = _by_id(self._boilerplate.roots[0], label)
        text = heading_text(tab, lambda _node, tag, _attributes: tag == "svg") if tab is not None else ""
        if 0 < len(text) <= MAX_HEADING:
            self._flush()
            self._open_heading(text, level=QUESTION_LEVEL, anchor=attributes.get("id") or "", depth=self._depth + 0.5)

    def _open_heading(self, text: str, *, level: int, anchor: str, depth: float) -> None:
        self._asked = self._asked or level == QUESTION_LEVEL
        self.writer.heading(text, level=level, anchor=anchor, depth=depth)
        self._fresh_anchor = ""
        for one in self._lists:
            one.marker, one.broken = "", True

    def _anchor(self, node: LexborNode) -> str:
        """The fragment that leads to a heading: its own, one inside it, its permalink, or one just before it."""
        own = node.attributes.get("id")
        if own:
            return own
        if is_bare(node):
            return self._fresh_anchor
        for inner in node.css("[id], a[name]"):
            found = inner.attributes.get("id") or inner.attributes.get("name")
            if found and inner.attributes.get("href") is None:
                return found
        for link in node.css("a[href^='#']"):
            name = link.attributes.get("class") or ""
            if "headerlink" in name or "anchor" in name or is_permalink(link) or not link.text().strip():
                return (link.attributes.get("href") or "").removeprefix("#")
        return self._fresh_anchor

    # Lists, tables, code

    def _open_list(self, tag: str, attributes: Attributes) -> None:
        if not self._lists:
            self._groups += 1
        start = attributes.get("start") or ""
        number = int(start[:6]) if start.isascii() and start.isdigit() else 1
        self._lists.append(_List(ordered=tag == "ol", number=number, group=self._groups))

    def _open_item(self, attributes: Attributes) -> None:
        if not self._lists:
            self._open_list("ul", {})
        current = self._lists[-1]
        value = attributes.get("value") or ""
        if value.isascii() and value.isdigit():
            current.number = int(value[:6])
        current.marker = f"{current.number}. " if current.ordered else "- "
        current.number += 1

    def _definitions(self, node: LexborNode) -> bool:
        """A list of terms: questions with their answers, or short pairs as one line each."""
        parts = [one for child in node.iter() for one in (child.iter() if child.tag == "div" else (child,))]
        parts = [one for one in parts if one.tag in ("dt", "dd") and not self._drops(one, one.tag, one.attributes)]
        terms = [one for one in parts if one.tag == "dt"]
        explained = explains(terms, [one for one in parts if one.tag == "dd"], self._drops)
        # Looked at first: of lists inside each other only the innermost are read here.
        if explained:
            self._terms.append(True)
            return True
        texts = [flat(one, self._drops) for one in parts]
        if flat(node, self._drops).split() != " ".join(texts).split():
            # There is text beside terms and definitions, which would get lost.
            self._terms.append(False)
            return True
        self._groups += 1
        term = ""
        for part, text in zip(parts, texts, strict=True):
            if part.tag == "dt":
                term = f"{term}, {text}" if term else text
            else:
                self._add(f"{term.rstrip(': ')}: {text}" if term else text, group=self._groups)
                term = ""
        self._add(term, group=self._groups)
        return False

    def _table(self, node: LexborNode) -> bool:
        if tables.is_layout(node):
            return True
        return self._rows(node)

    def _rows(self, node: LexborNode) -> bool:
        self._groups += 1
        for name, line in tables.rows_of(node, self._drops):
            if name:
                self.writer.row(name, line)
            else:
                self._add(line, group=self._groups)
        return False

    def _code(self, node: LexborNode) -> None:
        text = flat(node, self._boilerplate.drops_in_code, code=True)
        lines = [line.rstrip() for line in text.split("\n")]
        self._add("\n".join(lines).strip("\n"))

    # Blocks

    def _add(self, text: str, *, group: int = 0, linked: int = 0) -> None:
        self._fresh_anchor = ""
        if self._footer.matches(text):
            return
        self.writer.add(text, group=group, linked=linked)

    def _flush(self) -> None:
        if not self._pieces:
            return
        text, linked = tidy(self._pieces), self._linked
        self._pieces, self._linked = [], 0
        if not text:
            return
        if not self._lists or self._lists[-1].broken:
            for paragraph in re.split(r"\n{2,}", text):
                self._add(paragraph, linked=linked)
                linked = 0
            return
        current = self._lists[-1]
        indent = "  " * (len(self._lists) - 1)
        rest = indent + "  "
        first = indent + current.marker if current.marker else rest
        current.marker = ""
        self._add(first + re.sub(r"\n+", "\n" + rest, text), group=current.group, linked=linked)


def _level(attributes: Attributes) -> int:
    value = attributes.get("aria-level") or ""
    return min(6, max(1, int(value))) if value in "123456789" and value else 2


def _next_element(node: LexborNode, *, forward: bool = True) -> LexborNode | None:
    other = node.next if forward else node.prev
    while other is not None and (other.tag or "-").startswith("-"):
        other = other.next if forward else other.prev
    return other


def _sibling(node: LexborNode, *, forward: bool) -> str:
    other = _next_element(node, forward=forward)
    return (other.tag or "") if other is not None else ""


def _by_id(root: LexborNode, name: str) -> LexborNode | None:
    if not re.fullmatch(r"[\w-]+", name):
        return None
    return root.css_first(f'[id="{name}"]')
