"""What a web page says about itself in its head: its site, its language, who may index it, when it was changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from custagent.knowledge.convert.questions import is_date_line
from custagent.knowledge.convert.written_date import written_date

#: Who says what a robot may do: to all, and to us.
_ROBOTS: Final = ("robots", "custagent")
#: What pages call the date of their last change, and that of their publication.
_CHANGED: Final = frozenset({
    "article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified", "dc.date.modified",
})  # fmt: skip
_PUBLISHED: Final = frozenset({"article:published_time", "datepublished", "dcterms.issued", "dc.date.issued"})
#: What has a date of its own: a page and what it is about; no comment, no review, no event.
_DATED_KINDS: Final = ("Page", "Article", "Posting", "HowTo")
#: Before this year there was no web.
_FIRST_YEAR: Final = 1990


class PageHead:
    """What the head of one page says."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._tree = tree
        self._metas = [node.attributes for node in tree.css("meta")]

    def meta(self, key: str, name: str) -> str:
        """The content of the first `meta` whose attribute `key` is `name`, "" when there is none."""
        for attributes in self._metas:
            if (attributes.get(key) or "").lower() == name:
                return attributes.get("content") or ""
        return ""

    @property
    def robots(self) -> frozenset[str]:
        """The directives for everyone or for us, in lower case."""
        words: set[str] = set()
        for attributes in self._metas:
            if (attributes.get("name") or "").lower() in _ROBOTS:
                words.update(word.strip().lower() for word in (attributes.get("content") or "").split(","))
        return frozenset(words)

    @property
    def language(self) -> str:
        """The language that it declares, as written; "" when it declares none."""
        for node in (self._tree.css_first("html"), self._tree.body):
            if node is not None:
                declared = node.attributes.get("lang") or node.attributes.get("xml:lang")
                if declared:
                    return declared
        return self.meta("http-equiv", "content-language") or self.meta("property", "og:locale")

    def dated(self, structured: Iterable[Mapping[str, Any]]) -> str:
        """When it was last changed, else published, as ISO 8601 in UTC; "" when it does not say.

        What it tells programs comes first, then what stands in its text.

        `structured` is what it tells search engines (see `structured.nodes_of`).
        """
        changed, published = [], []
        for node in structured:
            kinds = node.get("@type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if any(str(kind).endswith(_DATED_KINDS) for kind in kinds):
                changed.append(node.get("dateModified"))
                published.append(node.get("datePublished"))
        for name, content in self._named():
            if name in _CHANGED:
                changed.append(content)
            elif name in _PUBLISHED:
                published.append(content)
        told = next((told for one in (*changed, *published) if (told := moment(one))), "")
        body = self._tree.body
        if told or body is None:
            return told
        return moment(written_date(" ".join(body.text(separator=" ").split())))

    def _named(self) -> Iterator[tuple[str, str]]:
        for attributes in self._metas:
            name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
            yield name.lower(), attributes.get("content") or ""
        for node in self._tree.css("time[datetime]"):
            attributes = node.attributes
            name = (attributes.get("itemprop") or "").lower()
            yield name or ("datemodified" if _stands_for_page(node) else ""), attributes.get("datetime") or ""


def _stands_for_page(time: LexborNode) -> bool:
    """Whether its line says of the page when it was changed, as "Last updated on 3 May 2026"."""
    line = time.parent
    return line is not None and is_date_line(" ".join(line.text().split()))


def moment(written: Any) -> str:
    """A date or a moment as ISO 8601 in UTC; "" for what is none, or cannot be one of a web page."""
    text = written.strip() if isinstance(written, str) else ""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        try:
            told = parsedate_to_datetime(text)
        except ValueError:
            return ""
    try:
        told = told.replace(tzinfo=told.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return ""
    return told.replace(microsecond=0).isoformat() if told.year >= _FIRST_YEAR else ""
