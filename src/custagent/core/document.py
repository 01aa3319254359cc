"""Content on its way in: what was fetched, the text extracted from it, and the passages that can be cited.

Source -> RawContent -> Document (of Sections) -> Chunk.  A Source is written by people: see `core.agent`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import accumulate
from typing import Final

from custagent.core.ids import content_hash

#: Stands in a quote where something of the passage was left out.
ELLIPSIS: Final = "[…]"
#: Stands between two sections where a document is taken as one text.
SECTION_GAP: Final = "\n\n"

#: Reasons for which a page is left out because its site asks for it. That is no fault.
ROBOTS: Final = "robots.txt asks not to read it"
NOINDEX: Final = "the page asks not to be searchable"
#: Each of them in a word, for counts.
LEFT_OUT: Final[Mapping[str, str]] = {ROBOTS: "robots.txt", NOINDEX: "noindex"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawContent:
    """The bytes behind one location, as they arrived."""

    #: Where it was found: the final URL after redirects, or a path inside the workspace with forward slashes.
    location: str
    #: The body, decompressed.
    body: bytes
    #: The declared media type without parameters, "" when none was declared.
    media_type: str = ""
    #: The declared character set, "" when none was declared.
    charset: str = ""
    #: Validators for the next conditional request, "" when the server sent none.
    etag: str = ""
    last_modified: str = ""
    #: The language that its server or the site's map says it is in, such as "sv" or "pt-BR"; "" when neither does.
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of a document under one heading (or on one page), in reading order."""

    #: Plain text. Paragraphs are separated by a blank line, list items start with "- ", a table is a line a row.
    text: str
    #: The headings above it, outermost first, without the document's title.
    headings: tuple[str, ...] = ()
    #: The fragment that leads to it, without "#"; "" when there is none.
    anchor: str = ""
    #: The page number in a paged file, 1-based; None elsewhere.
    page: int | None = None
    #: It only leads elsewhere: a list of links. It is kept, but nothing is answered from it.
    links_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One page of text, extracted from one location."""

    #: The location it is cited by: the canonical URL, or a path inside the workspace.
    location: str
    #: What the page calls itself; never empty.
    title: str
    #: ISO 639-1 code of the text.
    language: str
    sections: tuple[Section, ...]
    media_type: str = "text/plain"
    etag: str = ""
    last_modified: str = ""
    #: Where a web page leads, so that an unchanged page need not be read to go on from it.
    links: tuple[str, ...] = ()
    #: When the page was last changed, as it or its site's map says, ISO 8601 in UTC; "" when nothing says it.
    dated: str = ""
    #: Of the bytes that it was read from: equal ones need not be read again. "" when that was not noted.
    bytes_hash: str = ""

    @property
    def text(self) -> str:
        """All of its sections' text; a passage's `start` counts in it."""
        return SECTION_GAP.join(section.text for section in self.sections)

    @property
    def starts(self) -> tuple[int, ...]:
        """Where in `text` each section begins."""
        lengths = (len(section.text) + len(SECTION_GAP) for section in self.sections)
        return tuple(accumulate(lengths, initial=0))[:-1]

    @property
    def hash(self) -> str:
        """Changes exactly when something that can be cited changes."""
        parts = [self.title, self.language]
        for section in self.sections:
            parts += [*section.headings, section.anchor, str(section.page), section.text]
        return content_hash(*parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage that is indexed and can be cited."""

    #: The row's id; 0 before it is stored. Never used twice, so an index may refer to it.
    id: int = 0
    #: The location of its document.
    location: str
    #: The document's title.
    title: str
    #: The passage, as the page has it.
    text: str
    #: The headings above it, outermost first, joined by " > "; "" when there are none.
    heading: str = ""
    anchor: str = ""
    page: int | None = None
    language: str
    #: Its place within the document, from 0.
    ordinal: int = 0
    #: Where it begins in the document's `text`, in characters; None for a passage stored before this was noted.
    start: int | None = None
    #: The locations of the agent's sources that hold it; filled in when it is read for an agent.
    sources: tuple[str, ...] = ()
    #: A short answer's question: such a passage wins over pages when it matches (SRC-1); "" elsewhere.
    question: str = ""

    @property
    def indexed_text(self) -> str:
        """What search sees: the title and headings give the passage its subject."""
        lines = [self.title, *self.heading.split(" > "), self.text]
        return "\n".join(dict.fromkeys(line for line in lines if line))

    @property
    def hash(self) -> str:
        """The key of its vector: equal texts are embedded once, in whatever document they stand."""
        return content_hash(self.indexed_text)


class SourceStatus(StrEnum):
    """How far the reading of a source has come."""

    #: Written in the definition, never read.
    NEW = "new"
    #: Being read; what is stored so far is whole pages only (SRC-5).
    READING = "reading"
    READY = "ready"
    #: The last version is kept because the source could not be reached (SRC-3).
    STALE = "stale"
    #: Never read successfully.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What reading a source changed, or would change; by location, in the order in which pages were read."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What is known of one source of one agent at this moment; `sources list` prints it."""

    #: The source's key within the agent, see `core.agent.Source.key`.
    key: str
    #: "file", "url", "collection" or "short-answer".
    kind: str
    #: The path, URL, or a short answer's question.
    location: str
    status: SourceStatus = SourceStatus.NEW
    #: Distinct pages of text: one per document, for a paged file its pages.
    pages: int = 0
    chunks: int = 0
    #: Why it failed or went stale, in one sentence; "" when all is well.
    error: str = ""
    #: What was not read on the way, as (location, reason).
    problems: tuple[tuple[str, str], ...] = ()
    #: When it was last read to its end, UTC.
    synced_at: datetime | None = None
    #: What this reading changed; None where nothing was read just now.
    difference: Difference | None = None

    @property
    def not_read(self) -> tuple[tuple[str, str], ...]:
        """Of `problems` those that are faults."""
        return tuple(one for one in self.problems if one[1] not in LEFT_OUT)

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """Of `problems` the pages whose site asks not to read them."""
        return tuple(one for one in self.problems if one[1] in LEFT_OUT)

    @property
    def left_out_told(self) -> str:
        """ "3 pages left out, as their site asks: robots.txt 2, noindex 1"; "" when there is none."""
        counts = Counter(LEFT_OUT[reason] for _, reason in self.left_out)
        total = counts.total()
        pages = "page" if total == 1 else "pages"
        each = ", ".join(f"{word} {count}" for word, count in counts.most_common())
        return f"{total} {pages} left out, as their site asks: {each}" if total else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredChunk:
    """A chunk with what search found out about it for one question."""

    chunk: Chunk
    #: Cosine of the question's and the passage's vectors, -1..1.
    cosine: float
    #: BM25 divided by the best value that the question could reach, 0..1 (`docs/decisions`, fused retrieval).
    lexical: float
    #: The fused score that the ranking goes by.
    score: float
    #: The passage has no vector yet, so it was found by its words alone: the cosine is what such words let expect (SRC-5).
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A passage that an answer rests on, as the contact can check it."""

    title: str
    #: The location of the source that the page came with: a URL, or a path inside the workspace.
    source: str
    #: The page itself: a URL, or a path inside the workspace.
    location: str
    #: The words the answer rests on, as the page has them; an ELLIPSIS where something was left out between them.
    quote: str
    heading: str = ""
    anchor: str = ""
    page: int | None = None
    #: A private source is quoted but not shown to the contact (SRC-4).
    private: bool = False

    @property
    def stretches(self) -> tuple[str, ...]:
        """The parts of the quote that stand in the passage to the letter, in its order."""
        return tuple(part for part in (part.strip() for part in self.quote.split(ELLIPSIS)) if part)

    @property
    def link(self) -> str:
        """The location with the fragment that leads to the passage."""
        if self.page is not None:
            return f"{self.location}#page={self.page}"
        return f"{self.location}#{self.anchor}" if self.anchor else self.location


def numbered(citations: Iterable[Citation]) -> tuple[tuple[int, Citation], ...]:
    """Each citation with the number of its page, from 1, by which a text names it.

    In their order, those that contacts see first (SRC-4); several passages of one page have one number.
    """
    found = sorted(citations, key=lambda citation: citation.private)
    numbers: dict[tuple[str, str, bool], int] = {}
    return tuple((numbers.setdefault((one.title, one.link, one.private), len(numbers) + 1), one) for one in found)
