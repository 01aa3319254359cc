"""Where a web page leads, and the address that it calls its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

#: The page for everybody else, in whatever language.
_ANY: Final = "x-default"
_CHARS: Final = "A-Za-z0-9_~%@=,&!$*()+-"
_NAME: Final = f"[{_CHARS}][{_CHARS}.]*"
_REST: Final = rf"/?(?:\?[{_CHARS}./]+)?"
#: References in which nothing is to be resolved: whole addresses; and names, after where they begin: here, at the root,
#: above.
_WHOLE = re.compile(rf"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/[{_CHARS}./]*)?(?:\?[{_CHARS}./]+)?")
_FROM = re.compile(rf"(/|(?:\.\./)*)({_NAME}(?:/{_NAME})*{_REST})")


class Links:
    """The references of one page, made absolute."""

    def __init__(self, tree: LexborHTMLParser, location: str) -> None:
        self._tree = tree
        self._location = location
        self._relations = [
            (frozenset((attributes.get("rel") or "").lower().split()), attributes)
            for attributes in (node.attributes for node in tree.css("link[rel][href]"))
        ]
        base = tree.css_first("base[href]")
        self._base = (base and join(location, base.attributes.get("href") or "")) or location
        #: Where "", "/", "../" … lead from there.
        self._places: dict[str, str] = {}

    def found(self) -> tuple[str, ...]:
        """Where its links lead, in order, each once; those marked nofollow are left out.

        After them come the addresses that it names for itself in other languages.
        """
        hrefs: dict[str, str] = {}
        for node in self._tree.css("a[href], area[href]"):
            attributes = node.attributes
            if "nofollow" not in (attributes.get("rel") or "").lower().split():
                # Many links lead about the page itself, or to several places of one page.
                href = attributes.get("href") or ""
                hrefs.setdefault(href.partition("#")[0], href)
        targets = dict.fromkeys(target for href in hrefs.values() if (target := self._joined(href)))
        return tuple(targets | dict.fromkeys(target for _, target in self._alternates()))

    def canonical(self) -> str:
        """The absolute http(s) URL that the page names as its own, "" when it names none."""
        for relation, attributes in self._relations:
            if "canonical" in relation:
                return self._joined(attributes.get("href") or "")
        return ""

    def own_language(self) -> str:
        """The language that it names for its own address among those of its translations, as written; "" for none."""
        own = (urldefrag(self._location).url, self.canonical())
        return next((language for language, target in self._alternates() if target in own and language != _ANY), "")

    def _alternates(self) -> Iterator[tuple[str, str]]:
        """(hreflang, address) of the page in each language, its own often included.

        RFC 8288 §3.4.1, https://html.spec.whatwg.org/#rel-alternate
        """
        for relation, attributes in self._relations:
            language = (attributes.get("hreflang") or "").strip().lower()
            target = self._joined(attributes.get("href") or "") if language and "alternate" in relation else ""
            if target:
                yield language, target

    def _joined(self, href: str) -> str:
        """`join` with the base, which takes longer than all else about a page for its hundreds of links."""
        page = href.partition("#")[0]
        if _WHOLE.fullmatch(page):
            return page
        found = _FROM.fullmatch(page)
        if found is None:
            return join(self._base, href)
        place, names = found.groups()
        if place not in self._places:
            self._places[place] = join(self._base, f"{place}x")[:-1]
        return self._places[place] and self._places[place] + names


def join(base: str, href: str) -> str:
    """`href` as an absolute URL without its fragment; "" for what is no address of a page."""
    try:
        target = urldefrag(urljoin(base, "".join(href.split("\n")).strip())).url
        scheme = urlsplit(target).scheme
    except ValueError:
        return ""
    return target if scheme in ("http", "https") else ""
