"""HTML of a mail as text, what is quoted told apart.

An own reader, for it has to take what strangers send in linear time and without limits of nesting, and needs nothing but
text, links and a few attributes. Scripts, styles and what is hidden are left out, and no picture is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from html import unescape

#: Letters of HTML that are read, and of one tag's attributes.
_MAX_HTML = 2_000_000
_MAX_TAG = 20_000
#: Elements that are kept track of; deeper ones count as text of these.
_MAX_DEPTH = 200
#: Letters of one, with what changes its colour.
_MAX_EMOJI = 4

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9:-]{0,40}")
_ATTRIBUTE = re.compile(r"([^\s=>\"'/]{1,60})(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
_TAG_MARK = re.compile(r"[>\"']")
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_MANY_BREAKS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>]{1,2000}", re.IGNORECASE)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|(?:max-)?height\s*:\s*0(?![.\d]*[1-9])[^;]*;.*overflow\s*:\s*hidden|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE | re.DOTALL,
)

_RAW = frozenset({"script", "style", "title", "textarea", "xmp", "noembed", "noframes"})
_DROPPED = frozenset("script style title textarea head template svg object iframe noembed noframes".split())
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr o:p".split())
_BLOCKS = frozenset(
    "address article aside blockquote center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header li main nav ol"
    " pre section table tbody tfoot thead tr ul".split()
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 blockquote table ul ol pre".split())

#: What mail programs put around the mail that is answered: ids and classes, and elements behind which all is quoted.
_QUOTE_CLASSES = frozenset(
    "yahoo_quoted protonmail_quote tutanota_quote zmail_extra moz-forward-container moz-email-headers-table"
    " x_gmail_quote gmx_quote OutlookMessageHeader ms-outlook-mobile-reference-message".split()
)
_QUOTE_IDS = frozenset("mail-editor-reference-message-container isForwardContent isReplyContent".split())
_ENDING_IDS = frozenset(
    "divRplyFwdMsg x_divRplyFwdMsg appendonsend x_appendonsend ms-outlook-mobile-signature-cut".split()
)
_PREFIX_CLASSES = frozenset("moz-cite-prefix gmail_attr gmail_quote_attribution".split())
_CITED_BLOCKS = frozenset("gmail_quote x_gmail_quote protonmail_quote tutanota_quote cite quote".split())


class Standing(IntEnum):
    """Whose words they are; the highest around a piece of text decides."""

    OWN = 0
    #: Around a quotation, where inline replies may stand.
    AROUND = 1
    #: "Anna wrote:".
    PREFIX = 2
    QUOTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What an HTML page says."""

    #: The writer's own words; "" when all of it is quoted.
    own: str
    #: All of it, what is quoted behind `> `.
    full: str
    #: Whether the page tells apart what is quoted.
    marked: bool


@dataclass(slots=True)
class _Element:
    name: str
    #: Also when only an element around it is.
    dropped: bool
    #: The highest of its own and those around it.
    standing: Standing
    #: Blanks and line ends in it count.
    kept: bool
    link: str = ""
    #: Where its text begins among the pieces.
    begins: int = 0


@dataclass(slots=True)
class _Page:
    """The text so far: pieces with their standing, and the elements that are open."""

    pieces: list[tuple[Standing, str]] = field(default_factory=list)
    open: list[_Element] = field(default_factory=list)
    #: Everything behind a mail program's mark.
    ended: bool = False
    #: How many line ends the text ends in; at its beginning there are enough.
    breaks: int = 2

    @property
    def standing(self) -> Standing:
        if self.ended:
            return Standing.QUOTED
        return self.open[-1].standing if self.open else Standing.OWN

    @property
    def dropped(self) -> bool:
        return bool(self.open) and self.open[-1].dropped

    @property
    def kept(self) -> bool:
        return bool(self.open) and self.open[-1].kept

    def add(self, text: str) -> None:
        if not text or self.dropped:
            return
        self.pieces.append((self.standing, text))
        bare = text.rstrip("\n")
        self.breaks = len(text) - len(bare) + (0 if bare.strip() else self.breaks)

    def block(self, name: str) -> None:
        """Where an element begins or ends that stands in lines of its own: as many line ends as are missing."""
        if name in _BLOCKS or name == "p":
            self.add("\n" * ((2 if name in _PARAGRAPHS else 1) - self.breaks))

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A start tag."""
        if name == "br":
            self.add("\n")
        elif name == "hr":
            self.add("\n\n")
        elif name == "img":
            self.add(_picture(attributes))
        elif name in {"td", "th"} and self.pieces and not self.pieces[-1][1].endswith((" ", "\n")):
            self.add(" ")
        else:
            self.block(name)
            self.add("- " if name == "li" else "")
        self.ended = self.ended or attributes.get("id", "") in _ENDING_IDS
        if name not in _VOID and len(self.open) < _MAX_DEPTH:
            self.open.append(
                _Element(
                    name=name,
                    dropped=self.dropped or name in _DROPPED or _is_hidden(attributes),
                    kept=self.kept or name == "pre",
                    standing=max(self.standing, _standing(name, attributes)),
                    link=attributes.get("href", "").strip() if name == "a" else "",
                    begins=len(self.pieces),
                )
            )

    def end(self, name: str) -> None:
        """An end tag: it closes the latest element of its name, and those within it; without one it is nothing."""
        at = next((at for at in range(len(self.open) - 1, -1, -1) if self.open[at].name == name), None)
        if at is not None:
            for element in reversed(self.open[at:]):
                self._close_link(element)
            del self.open[at:]
        self.block(name)

    def _close_link(self, element: _Element) -> None:
        found = _LINK.fullmatch(element.link)
        if found is None or self.dropped:
            return
        said = "".join(text for _, text in self.pieces[element.begins :]).strip()
        bare = element.link.partition(":")[2].strip("/").removeprefix("www.")
        if said and bare and bare.lower() not in said.lower().removesuffix("/"):
            self.add(f" ({element.link})")


def text_of(html: str) -> Written:
    """What the page says; whatever letters it is made of."""
    page = _Page()
    html = html[:_MAX_HTML]
    for kind, text, attributes in _tokens(html):
        if kind == "text":
            page.add(_spaced(text, page))
        elif kind == "start":
            page.start(text, attributes)
        else:
            page.end(text)
    return _written(page)


def _written(page: _Page) -> Written:
    """The pieces in order. Where Gmail's frame around a quotation holds text, it is an inline reply, or forwarded."""
    forwarded = any(
        standing is Standing.PREFIX and re.search(r"-{5,}", text) is not None for standing, text in page.pieces
    )
    limit = Standing.OWN if forwarded else Standing.AROUND
    own = _tidy("".join(text if standing <= limit else _break(text) for standing, text in page.pieces))
    marked = any(standing >= Standing.PREFIX and text.strip() for standing, text in page.pieces) or forwarded
    return Written(own=own, full=_full(page), marked=marked)


def _full(page: _Page) -> str:
    lines: list[str] = []
    at = 0
    while at < len(page.pieces):
        quoted = page.pieces[at][0] is Standing.QUOTED
        run: list[str] = []
        while at < len(page.pieces) and (page.pieces[at][0] is Standing.QUOTED) is quoted:
            run.append(page.pieces[at][1])
            at += 1
        told = _tidy("".join(run))
        if told:
            lines.append("\n".join(f"> {line}".rstrip() for line in told.split("\n")) if quoted else told)
    return "\n\n".join(lines)


def _break(text: str) -> str:
    return "\n" if "\n" in text else ""


def _tidy(text: str) -> str:
    text = text.replace("\u00a0", " ").replace("\u200b", "").replace("\ufeff", "")
    text = "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _MANY_BREAKS.sub("\n\n", text).strip()


def _spaced(text: str, page: _Page) -> str:
    if page.kept:
        return unescape(text)
    text = unescape(_BLANKS.sub(" ", text))
    return text.lstrip(" ") if not page.pieces or page.pieces[-1][1].endswith("\n") else text


def _standing(name: str, attributes: Mapping[str, str]) -> Standing:
    classes = set(attributes.get("class", "").split())
    if name == "blockquote" and (attributes.get("type", "").lower() == "cite" or classes & _CITED_BLOCKS):
        return Standing.QUOTED
    if attributes.get("id", "") in _QUOTE_IDS or classes & _QUOTE_CLASSES:
        return Standing.QUOTED
    if classes & _PREFIX_CLASSES:
        return Standing.PREFIX
    return Standing.AROUND if "gmail_quote" in classes or "gmail_quote_container" in classes else Standing.OWN


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return "hidden" in attributes or _HIDING.search(attributes.get("style", "")[:2000]) is not None


def _picture(attributes: Mapping[str, str]) -> str:
    """A picture that stands for a letter, such as an emoji; of others nothing is said here, for they are files."""
    tiny = {attributes.get("width", ""), attributes.get("height", "")} & {"0", "1", "0px", "1px"}
    said = attributes.get("alt", "").strip()
    return (
        said if 0 < len(said) <= _MAX_EMOJI and not said.isascii() and not tiny and not _is_hidden(attributes) else ""
    )


def _tokens(html: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The page as ("text" | "start" | "end", text or name, attributes), in one pass."""
    at, broken_quotes = 0, False
    while at < len(html):
        opens = html.find("<", at)
        if opens < 0:
            yield "text", html[at:], {}
            return
        if opens > at:
            yield "text", html[at:opens], {}
        if html.startswith(("<!", "<?"), opens):
            at = _after_comment(html, opens)
            continue
        closing = html.startswith("</", opens)
        named = _NAME.match(html, opens + 1 + closing)
        if named is None:
            yield "text", "<", {}
            at = opens + 1
            continue
        ends = -1 if broken_quotes else _tag_end(html, named.end())
        if ends < 0:
            # A quote that never ends, or no end at all: the next bracket has to do, from here on.
            broken_quotes, ends = True, html.find(">", named.end())
        if ends < 0:
            return
        name = named[0].lower()
        yield "end" if closing else "start", name, _attributes(html[named.end() : ends]) if not closing else {}
        at = ends + 1
        if name in _RAW and not closing:
            at = _after_raw(html, at, name)
            yield "end", name, {}


def _attributes(tag: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(tag[:_MAX_TAG]):
        found.setdefault(name.lower(), unescape(double or single or bare))
    return found


def _tag_end(html: str, at: int) -> int:
    """Where the tag's bracket is, outside of quotes; -1 for nowhere."""
    while True:
        mark = _TAG_MARK.search(html, at)
        if mark is None:
            return -1
        if mark[0] == ">":
            return mark.start()
        closes = html.find(mark[0], mark.end())
        if closes < 0:
            return -1
        at = closes + 1


def _after_comment(html: str, opens: int) -> int:
    """Where the page goes on behind a comment or declaration. One that never ends is the rest of the page."""
    ending = "-->" if html.startswith("<!--", opens) else ">"
    # Outlook's `<!--[if mso]>` hides what it holds from everybody else, `<![if !mso]>` does not.
    ends = html.find(ending, opens + 2)
    return len(html) if ends < 0 else ends + len(ending)


def _after_raw(html: str, at: int, name: str) -> int:
    closes = re.compile(rf"</{name}[\s/>]", re.IGNORECASE).search(html, at)
    if closes is None:
        return len(html)
    ends = html.find(">", closes.start())
    return len(html) if ends < 0 else ends + 1
