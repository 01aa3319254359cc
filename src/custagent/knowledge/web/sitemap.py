"""sitemap.xml and its indexes: the pages that a site itself says it has (sitemaps.org protocol)."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

from custagent.core.document import RawContent
from custagent.core.errors import ConvertError, SourceError
from custagent.knowledge.web.decoding import GZIP_MAGIC, DecodingError, decode
from custagent.knowledge.web.url import normal_url

#: The protocol's own limits for one file: 50,000 addresses and 50 MB unpacked.
MOST_ENTRIES = 50_000
_MOST_BYTES = 50_000_000
#: How deep indexes may lie in each other, how many files and how many pages one site may have.
_DEEPEST = 3
_MOST_FILES = 200
_MOST_PAGES = 100_000
#: So many files that cannot be read are enough: each may take as long as a page may.
_MOST_PROBLEMS = 10
_CUT = "The sitemaps are too many, or too deep in each other; the rest of them was left out."
#: The page for everybody whose language is not among the others.
_ANY = "x-default"
_FINAL = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapFile:
    """What one file lists, as written."""

    #: Each page, and then its translations that are not listed themselves.
    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    #: When each page was changed, and the language that it is in, by page; without those of which it is not said.
    changed: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapTree:
    """What all files of a site list."""

    #: Normal addresses inside the site, without repetition, in the files' order.
    pages: tuple[str, ...] = ()
    #: When each was changed, and its language, as the files write it; without those of which they do not say it.
    changed: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    #: Files that could not be read.
    problems: tuple[tuple[str, SourceError], ...] = ()
    #: Some of it was left out because it was too much.
    cut: bool = False


def parse_sitemap(body: bytes) -> SitemapFile:
    """The entries of a sitemap, an index, or a plain list of addresses; gzip is undone.

    At most 50,000 entries are taken. Raises ConvertError for anything else, a document type declaration included: a
    sitemap needs none, and it is how small files become gigabytes.
    """
    if body.startswith(GZIP_MAGIC):
        try:
            body = decode(body, "gzip", most=_MOST_BYTES)
        except DecodingError as exc:
            raise ConvertError(f"The sitemap {exc}.") from exc
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:4] in (b"http", b"HTTP"):
        lines = body.decode("utf-8-sig", "replace").split()
        return SitemapFile(pages=tuple(lines[:MOST_ENTRIES]))
    return _Reader().read(body)


async def read_sitemaps(
    roots: Sequence[str],
    *,
    load: Callable[[str], Awaitable[RawContent]],
    belongs: Callable[[str], bool],
) -> SitemapTree:
    """Everything that the files at `roots` and the files they point to list.

    `load` gets a file or raises FetchError; addresses that `belongs` refuses are dropped. Relative ones count from their
    file, though the protocol knows none: sites are built without being told their own name.
    """
    waiting = deque((root, 1) for root in dict.fromkeys(roots))
    known = set(roots)
    pages: dict[str, None] = {}
    changed, languages = dict[str, str](), dict[str, str]()
    problems: list[tuple[str, SourceError]] = []
    cut = False
    files = 0
    while waiting and not cut:
        place, depth = waiting.popleft()
        files += 1
        try:
            found = parse_sitemap((await load(place)).body)
        except SourceError as exc:
            problems.append((place, exc))
            cut = len(problems) == _MOST_PROBLEMS
            continue
        pages.update(dict.fromkeys(url for entry in found.pages if (url := normal_url(entry, place)) and belongs(url)))
        changed.update(_of_pages(found.changed, pages, place))
        languages.update(_of_pages(found.languages, pages, place))
        entries = (normal_url(entry, place) for entry in found.sitemaps)
        nested = [url for url in entries if url and belongs(url) and url not in known]
        known.update(nested)
        if depth < _DEEPEST:
            waiting.extend((url, depth + 1) for url in nested)
        cut = (
            len(pages) > _MOST_PAGES or (bool(nested) and depth == _DEEPEST) or (files == _MOST_FILES and bool(waiting))
        )
        if cut:
            problems.append((place, ConvertError(_CUT)))
    kept = tuple(pages)[:_MOST_PAGES]
    return SitemapTree(pages=kept, changed=changed, languages=languages, problems=tuple(problems), cut=cut)


def _of_pages(told: Mapping[str, str], pages: Mapping[str, None], place: str) -> dict[str, str]:
    """What the file at `place` tells of `pages`, by their normal address."""
    return {url: said for entry, said in told.items() if (url := normal_url(entry, place)) in pages}


class _Full(Exception):
    """Enough entries were read."""


class _Reader:
    """Takes the text of each <loc> that stands in a <url> or <sitemap>, whatever namespace they are in.

    Of a <url> also its <lastmod>, and where its translations are: <xhtml:link rel="alternate" hreflang="sv" href="…">.
    """

    def __init__(self) -> None:
        self._path: list[str] = []
        self._text: list[str] = []
        self._found: dict[str, list[str]] = {"url": [], "sitemap": []}
        self._translations: dict[str, str] = {}
        self._changed: dict[str, str] = {}
        #: Of the <url> that is open.
        self._page = self._lastmod = ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def read(self, body: bytes) -> SitemapFile:
        try:
            self._parser.Parse(body, _FINAL)
        except _Full:
            pass
        except expat.ExpatError as exc:
            raise ConvertError(f"The sitemap is not well-formed XML: {exc}.") from exc
        except (ValueError, LookupError) as exc:
            raise ConvertError(f"The sitemap is written in an encoding that we do not know: {exc}.") from exc
        return SitemapFile(
            pages=tuple(dict.fromkeys((*self._found["url"], *self._translations))),
            sitemaps=tuple(self._found["sitemap"]),
            changed=self._changed,
            languages={page: language for page, language in self._translations.items() if language != _ANY},
        )

    def _doctype(self, *_declaration: object) -> None:
        raise ConvertError("The sitemap has a document type declaration, which sitemaps do not need.")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = name.rpartition(" ")[2]
        if not self._path and local not in ("urlset", "sitemapindex"):
            raise ConvertError(f"This is no sitemap: its outermost element is <{local[:40]}>.")
        if local == "link" and self._path[-1:] == ["url"] and "alternate" in attributes.get("rel", "").split():
            self._translation(attributes.get("href", "").strip(), attributes.get("hreflang", "").strip().lower())
        self._path.append(local)
        self._text.clear()

    def _translation(self, page: str, language: str) -> None:
        # The page for everybody else may be that of one language: then this language counts.
        if language and page and (page in self._translations or len(self._translations) < MOST_ENTRIES):
            before = self._translations.get(page, _ANY)
            self._translations[page] = language if before == _ANY else before

    def _characters(self, text: str) -> None:
        if self._path and self._path[-1] in ("loc", "lastmod"):
            self._text.append(text)

    def _end(self, _name: str) -> None:
        name, text = self._path.pop(), "".join(self._text).strip()
        inside = self._path[-1] if self._path else ""
        if name == "url":
            if self._page and self._lastmod:
                self._changed[self._page] = self._lastmod
            self._page = self._lastmod = ""
        elif name == "lastmod" and inside == "url":
            self._lastmod = text
        elif name == "loc" and inside in self._found:
            self._page = text
            self._found[inside].append(text)
            if len(self._found[inside]) >= MOST_ENTRIES:
                raise _Full
