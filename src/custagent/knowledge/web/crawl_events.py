"""What a crawl is told, and what it tells while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Literal, TypeAlias, TypeVar

from custagent.core.document import RawContent
from custagent.core.errors import SourceError

#: What the caller makes of a page.
P = TypeVar("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """How far a crawl goes."""

    #: See `Scope`.
    scope: Literal["host", "domain", "prefix"] = "host"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    #: Pages that become part of the source, read or unchanged.
    max_pages: int = 1000
    #: Links between the start and a page.
    max_depth: int = 20
    #: Requests at a time, to one host and in all.
    concurrency: int = 8
    #: Bytes of content, unpacked, and seconds; what is not read by then is left out.
    max_bytes: int = 2_000_000_000
    max_seconds: float = 12 * 3600.0
    #: Addresses in a row that do not answer, or only that the server is in trouble: then the site is left alone.
    max_silence: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What is known of a page from an earlier crawl."""

    etag: str = ""
    last_modified: str = ""
    #: Where the page led (`PageRead.links`). None when that was not noted: then an unchanged page makes the crawl ask
    #: for every known page, and the crawl does not count as complete.
    links: tuple[str, ...] | None = None
    #: `PageLinks.content` of then; "" when that was not noted.
    content: str = ""
    #: `same_bytes.bytes_hash` of then; "" when that was not noted.
    bytes_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLinks(Generic[P]):
    """A page as the crawl needs it, with the parsed `page` carried along so that parsing happens once."""

    page: P
    #: Addresses in the page's links, absolute or relative to the page's location, without those marked nofollow.
    links: tuple[str, ...] = ()
    #: What the page calls its own address, absolute or relative; "" when it does not.
    canonical: str = ""
    #: The page asks not to be searchable.
    noindex: bool = False
    #: The page asks not to follow its links.
    nofollow: bool = False
    #: Equal exactly for pages that say the same, which are one page at several addresses; "" when nothing is known.
    content: str = ""


class SkipReason(StrEnum):
    """Why an address gave no page of its own."""

    #: robots.txt forbids it.
    ROBOTS = "robots"
    #: The host's robots.txt cannot be had, so nothing of it is read now.
    ROBOTS_UNREACHABLE = "robots-unreachable"
    NOINDEX = "noindex"
    #: It stands for another page: by a redirect, a canonical link, or because it says the same.
    DUPLICATE = "duplicate"
    #: The page that it stands for was left out by the limit.
    LIMIT = "limit"
    NOT_TEXT = "not-text"
    #: It leads out of the source.
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead(Generic[P]):
    """A page arrived, new or changed as far as the server tells."""

    #: The address to store and cite it by.
    url: str
    raw: RawContent
    page: P
    #: Where it leads: normal addresses on the source's hosts; to be given back in `Validators`.
    links: tuple[str, ...]
    #: When the site's map says that it was changed, as written; "" when it does not.
    changed: str = ""
    #: It is the address that was given, or where its redirects end.
    given: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageUnchanged:
    """A known page is as it was."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSkipped:
    url: str
    reason: SkipReason


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFailed:
    """A page did not arrive, or holds nothing readable. `error.gone` tells a removed page from an unreachable one."""

    url: str
    error: SourceError
    #: The page or sitemap that leads to it.
    linked_from: str
    #: It is the address that was given, not one found on the way (SRC-5).
    given: bool


class Stop(StrEnum):
    """Why a crawl left addresses out."""

    #: `max_pages` or `max_depth`.
    PAGES = "pages"
    #: Too many requests for the pages that they led to.
    REQUESTS = "requests"
    BYTES = "bytes"
    SECONDS = "seconds"
    #: The site stopped answering.
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlDone:
    """The last event."""

    #: Every page of the source was seen, so what was not seen is not there any more (SRC-3).
    complete: bool
    read: int
    unchanged: int
    skipped: int
    failed: int
    #: How many known addresses the limits left out.
    left_out: int
    #: The first 20 of them.
    left_out_urls: tuple[str, ...]
    #: Which limit it was, None when nothing was left out.
    stopped: Stop | None = None


CrawlEvent: TypeAlias = PageRead[P] | PageUnchanged | PageSkipped | PageFailed | CrawlDone
