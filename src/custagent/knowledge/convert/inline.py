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

#: White space of HTML (https://html.spec.whatwg.org/#space-separated-tokens).
SPACE = " \t\r\n\f"
_SPACES = re.compile(r"[ \t\r\n\f\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
#: Without width: they only tell a browser where it may break a line, or mark the direction of writing.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_PERMALINK = re.compile(r"\s*(?:¶|§|🔗|#)\s*$")
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp|avif)", re.IGNORECASE)
_MIN_ALT_WORDS = 3

Drops = Callable[[LexborNode, str, Attributes], bool]


def collapse(text: str) -> str:
    """`text` with runs of white space as one space, as outside of `pre`."""
    if not text.isascii():
        return _SPACES.sub(" ", _INVISIBLE.sub("", text))
    # Most texts hold a line break here and there and nothing else to be changed.
    line = text.replace("\n", " ")
    return line if line.isprintable() and "  " not in line else _SPACES.sub(" ", line)


def tidy(pieces: list[str]) -> str:
    """Pieces of running text as one; "\\n" in a piece is a forced line break and stays."""
    lines = "".join(pieces).split("\n")
    if len(lines) == 1:
        return _spaced(lines[0]).strip()
    return "\n".join(_spaced(line).strip() for line in lines).strip("\n")


def _spaced(line: str) -> str:
    return _SPACES.sub(" ", line) if "  " in line or not line.isprintable() else line


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
    if is_bare(node):
        pieces.append(node.text())
        if not code and not pieces[0].isascii():
            pieces[0] = _INVISIBLE.sub("", pieces[0])
    else:
        _gather(node, drops, pieces, code=code)
    if code:
        return "".join(pieces).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    return " ".join("".join(pieces).split())


def _gather(top: LexborNode, drops: Drops, pieces: list[str], *, code: bool) -> None:
    open_: list[tuple[LexborNode, str]] = []
    node = top.first_child
    while node is not None:
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            pieces.append(text if code else collapse(text))
        elif tag[0] != "-" and _enter(node, tag, drops, pieces, code=code):
            child = node.first_child
            if child is not None:
                open_.append((node, tag))
                node = child
                continue
        following = node.next
        while following is None and open_:
            node, tag = open_.pop()
            if tag in BLOCK_TAGS and not code:
                pieces.append(" ")
            following = node.next
        node = following


def _enter(node: LexborNode, tag: str, drops: Drops, pieces: list[str], *, code: bool) -> bool:
    attributes = node.attributes
    if tag == "br":
        pieces.append("\n" if code else " ")
        return False
    if tag == "img":
        pieces.append(f" {meaningful_alt(attributes)} ")
        return False
    if drops(node, tag, attributes) or (tag == "a" and is_permalink(node)):
        return False
    if tag == "sup":
        pieces.append(raised(node, pieces))
    elif not code:
        pieces.append(" " if tag in BLOCK_TAGS or "-" in tag else gap(node, pieces))
    return True


def raised(node: LexborNode, pieces: list[str]) -> str:
    """What stands before a raised text: "^" between digits, because 10² is not 102."""
    if not _last_char(pieces).isdigit():
        return ""
    return "^" if node.text().strip().lstrip("-\u2212").isdigit() and node.css_first("a") is None else ""


def _last_char(pieces: list[str]) -> str:
    for piece in reversed(pieces):
        if piece:
            return piece[-1]
    return ""


def gap(node: LexborNode, pieces: list[str]) -> str:
    """A space where two inline elements touch that authors set apart by styles only.

    `<strong>Orders</strong><span>Change or cancel them</span>` are two things: the second is several words and
    begins like a sentence or a number. `<b>i</b><i>Phone</i>` stays one word.
    """
    last = _last_char(pieces)
    if not last.strip() or last in "([{/-“\"'":
        return ""
    before = node.prev
    if before is None or (before.tag or "-")[0] == "-":
        return ""
    text = node.text().lstrip()
    starts = text[:1].isupper() or text[:1].isdigit()
    return " " if starts and len(text.split(maxsplit=1)) > 1 else ""


def is_permalink(link: LexborNode) -> bool:
    """Whether it is the sign beside a heading that links to the heading."""
    return link.text().strip() in ("¶", "§", "#", "🔗", "\uf0c1")


def is_bare(node: LexborNode) -> bool:
    """Whether nothing but one text is in it."""
    child = node.first_child
    return child is None or (child.tag == "-text" and child.next is None)


def heading_text(node: LexborNode, drops: Drops) -> str:
    """The text of a heading without its permalink sign."""
    return _PERMALINK.sub("", flat(node, drops)).strip()
