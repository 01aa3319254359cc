"""Text within a block of a page: white space as a browser shows it, permalink signs and decorations left out."""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborNode

from custagent.knowledge.convert.boilerplate import Attributes

#: Elements that begin and end on a line of their own.
BLOCK_TAGS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "option", "optgroup", "label", "button",
})  # fmt: skip

_SPACES = re.compile(r"[ \t\r\n\f\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
#: Without width: they only tell a browser where it may break a line, or mark the direction of writing.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_PERMALINK = re.compile(r"\s*(?:¶|§|🔗|#)\s*$")
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp|avif)", re.IGNORECASE)
_MIN_ALT_WORDS = 3

Drops = Callable[[LexborNode, str, Attributes], bool]


def collapse(text: str) -> str:
    """`text` with runs of white space as one space, as outside of `pre`."""
    return _SPACES.sub(" ", text if text.isascii() else _INVISIBLE.sub("", text))


def tidy(pieces: list[str]) -> str:
    """Pieces of running text as one; "\\n" in a piece is a forced line break and stays."""
    lines = "".join(pieces).split("\n")
    if len(lines) == 1:
        return _SPACES.sub(" ", lines[0]).strip()
    return "\n".join(_SPACES.sub(" ", line).strip() for line in lines).strip("\n")


def meaningful_alt(attributes: Attributes) -> str:
    """An image's description where it says something: a sentence or an emoji, no file name, no "logo"."""
    alt = collapse(attributes.get("alt") or "").strip()
    if not alt or attributes.get("role") in ("presentation", "none") or _FILE_NAME.fullmatch(alt):
        return ""
    is_sign = not alt[0].isascii() and not alt[0].isalnum() and len(alt) <= 3  # noqa: PLR2004 - one emoji with marks
    return alt if is_sign or len(alt.split()) >= _MIN_ALT_WORDS else ""


def flat(node: LexborNode, drops: Drops, *, code: bool = False) -> str:
    """The text of all of `node` as one run; `code` keeps white space and lines as they are."""
    pieces: list[str] = []
    _gather(node, drops, pieces, code=code)
    if code:
        return "".join(pieces).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    return " ".join(tidy(pieces).split())


def _gather(top: LexborNode, drops: Drops, pieces: list[str], *, code: bool) -> None:
    open_tags: list[str] = []
    node = top.first_child
    while node is not None:
        tag = node.tag or ""
        descend = False
        if tag == "-text":
            pieces.append(node.text_content or "" if code else collapse(node.text_content or ""))
        elif not tag.startswith("-"):
            descend = _enter(node, tag, drops, pieces, code=code)
        if descend and node.first_child is not None:
            open_tags.append(tag)
            node = node.first_child
            continue
        while node is not None and node.next is None:
            if not open_tags:
                return
            if open_tags.pop() in BLOCK_TAGS and not code:
                pieces.append(" ")
            node = node.parent
        node = node.next if node is not None else None


def _enter(node: LexborNode, tag: str, drops: Drops, pieces: list[str], *, code: bool) -> bool:
    attributes = node.attributes
    if tag == "br":
        pieces.append("\n" if code else " ")
        return False
    if tag == "img":
        pieces.append(f" {meaningful_alt(attributes)} ")
        return False
    if drops(node, tag, attributes) or is_permalink(node, tag):
        return False
    if tag == "sup":
        pieces.append(raised(node, pieces))
    elif not code:
        pieces.append(" " if tag in BLOCK_TAGS or "-" in tag else gap(node, pieces))
    return True


def raised(node: LexborNode, pieces: list[str]) -> str:
    """What stands before a raised text: "^" between digits, because 10² is not 102."""
    digits = (node.text() or "").strip().lstrip("-\u2212").isdigit()
    return "^" if digits and _last_char(pieces).isdigit() and node.css_first("a") is None else ""


def _last_char(pieces: list[str]) -> str:
    return next((piece for piece in reversed(pieces) if piece), "")[-1:]


def gap(node: LexborNode, pieces: list[str]) -> str:
    """A space where two inline elements touch that authors set apart by styles only.

    `<strong>Orders</strong><span>Change or cancel them</span>` are two things: the second is several words and
    begins like a sentence or a number. `<b>i</b><i>Phone</i>` stays one word.
    """
    before = node.prev
    if before is None or (before.tag or "-")[0] == "-":
        return ""
    last = _last_char(pieces)
    if not last.strip() or last in "([{/-“\"'":
        return ""
    text = (node.text() or "").lstrip()
    starts = text[:1].isupper() or text[:1].isdigit()
    return " " if starts and len(text.split(maxsplit=1)) > 1 else ""


def is_permalink(node: LexborNode, tag: str) -> bool:
    """Whether it is the sign beside a heading that links to the heading."""
    return tag == "a" and (node.text() or "").strip() in ("¶", "§", "#", "🔗", "\uf0c1")


def heading_text(node: LexborNode, drops: Drops) -> str:
    """The text of a heading without its permalink sign."""
    return _PERMALINK.sub("", flat(node, drops)).strip()
