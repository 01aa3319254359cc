"""The frame of a site: what its pages have in common at their edges, found by comparing them with each other.

The second of two ways to tell a page's text from what stands around it; the first looks at one page's structure
(`convert/boilerplate.py`). A banner, a bar of telephone numbers or a list of sections in plain boxes looks like text on
any one page, and repeats on them all. The documents are stored as they were read; only passages are made without the
frame. So it is found anew from what is stored, adding a page costs no second reading of the others, and when the frame
changes, exactly the pages that stand in it get new passages.
"""

from __future__ import annotations

import re
import string
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from custagent.core.document import Document, Section
from custagent.core.ports import DocumentStore
from custagent.knowledge.arriving import Arriving
from custagent.knowledge.cutting.split import split

#: Fewer pages of one language have nothing to be compared with.
MIN_PAGES: Final = 5
#: On so many of them a paragraph is part of the frame; navigation misses only the odd landing page.
MIN_SHARE: Final = 0.8
#: What is compared: pages, not files that have no frame.
_MEDIA_TYPES = frozenset({"text/html", "application/xhtml+xml"})

_PARAGRAPHS = re.compile(r"(\n\s*\n)")
_STATEMENT = re.compile(r"\d|\S+@\S+|(?:\S+\s+){4,}\S*[.!?:。！？]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Paragraphs that are the frame of a site's pages, by language."""

    #: language -> paragraph -> the page that keeps it, "" for none.
    #: An opening hour or a telephone number may stand nowhere else, so statements are kept on the site's foremost page.
    paragraphs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def without(self, document: Document) -> Document:
        """The document without the frame above and below its text; the same object where there is none."""
        keepers = self.paragraphs.get(document.language)
        if not keepers or not is_framed(document):
            return document
        texts = list(_texts(document))
        own = [at for at, (_, text) in enumerate(texts) if text not in keepers]
        if not own:
            return document  # it has no text of its own, so it stays whole
        dropped: defaultdict[int, set[str]] = defaultdict(set)
        for section, text in (*texts[: own[0]], *texts[own[-1] + 1 :]):
            if keepers[text] != document.location:
                dropped[section].add(text)
        return replace(document, sections=tuple(_sections(document, dropped))) if dropped else document


def is_framed(document: Document) -> bool:
    """Whether it is of a kind that has a frame: a web page, no file."""
    return document.media_type in _MEDIA_TYPES


def frame_of(documents: Sequence[Document]) -> Frame:
    """The frame of the pages of one site. It depends on nothing but them, whatever their order."""
    pages: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        if is_framed(document):
            pages[document.language].append(document)
    return Frame(
        paragraphs={language: found for language, of in sorted(pages.items()) if (found := _repeated(of))},
    )


def settle(documents: DocumentStore, *, agent: str, source: str) -> int:
    """Make the passages of the source's pages those without its frame; how many pages got others.

    Pages whose passages say already what they should are not written.
    """
    stored = stored_pages(documents, agent=agent, source=source)
    frame = frame_of(stored)
    said: Counter[str] = Counter()
    for chunk in documents.chunks_of(agent):
        said[chunk.location] += _size(chunk.text)
    settled, arriving = 0, Arriving(documents, agent=agent, source=source)
    for document in stored:
        bare = frame.without(document)
        # Every word of a section is in exactly one passage, so equal sizes are equal texts.
        if is_framed(document) and said[document.location] != _spoken_size(bare):
            arriving.add(document, split(bare))
            settled += 1
    arriving.store()
    return settled


def stored_pages(documents: DocumentStore, *, agent: str, source: str) -> list[Document]:
    """The source's documents, by location."""
    locations = sorted(documents.validators(agent, source))
    return [document for location in locations if (document := documents.document(location)) is not None]


def _repeated(pages: Sequence[Document]) -> dict[str, str]:
    """The paragraphs on most of `pages`, each with the page that keeps it."""
    if len(pages) < MIN_PAGES:
        return {}
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for page in pages:
        for text in {text for _, text in _texts(page)}:
            holders[text].append(page.location)
    return {
        text: min(locations, key=_depth) if _STATEMENT.search(text) else ""
        for text, locations in holders.items()
        if len(locations) >= MIN_SHARE * len(pages)
    }


def _depth(location: str) -> tuple[int, int, str]:
    """How far a page is from the front of its site."""
    return len(urlsplit(location).path.rstrip("/").split("/")), len(location), location


def _texts(document: Document) -> Iterator[tuple[int, str]]:
    """Each paragraph of the text that passages are made of, with the number of its section."""
    for number, section in enumerate(document.sections):
        if not section.links_only:
            for part in _PARAGRAPHS.split(section.text)[::2]:
                if text := part.strip():
                    yield number, text


def _sections(document: Document, dropped: Mapping[int, set[str]]) -> Iterator[Section]:
    for number, section in enumerate(document.sections):
        gone = dropped.get(number)
        if not gone:
            yield section
            continue
        parts = _PARAGRAPHS.split(section.text)
        kept = [part for part in parts[::2] if part.strip() and part.strip() not in gone]
        if kept:
            yield replace(section, text="\n\n".join(kept))


def _spoken_size(document: Document) -> int:
    answering = [section for section in document.sections if not section.links_only]
    return sum(_size(section.text) for section in answering or document.sections)


def _size(text: str) -> int:
    """Letters without white space."""
    if text.isascii():
        return len(text) - sum(map(text.count, string.whitespace))
    return sum(map(len, text.split()))
