"""Reading a site page by page: sitemap and links, politely, each page once, within limits (SRC-2, SRC-3).

The crawl knows addresses, not HTML: `read_page` tells it where a page leads. What it does is told as events, the last
of which is CrawlDone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress

from custagent.core.document import RawContent
from custagent.knowledge.web.budget import Budget
from custagent.knowledge.web.crawl_events import (
    CrawlDone,
    CrawlEvent,
    CrawlSettings,
    P,
    PageFailed,
    PageLinks,
    PageRead,
    PageSkipped,
    PageUnchanged,
    SkipReason,
    Stop,
    Validators,
)
from custagent.knowledge.web.crawler import Crawler
from custagent.knowledge.web.fetch import Fetcher
from custagent.knowledge.web.site import Site

__all__ = [
    "CrawlDone",
    "CrawlEvent",
    "CrawlSettings",
    "PageFailed",
    "PageLinks",
    "PageRead",
    "PageSkipped",
    "PageUnchanged",
    "SkipReason",
    "Stop",
    "Validators",
    "crawl",
]


async def crawl(
    start: str,
    *,
    fetcher: Fetcher,
    read_page: Callable[[RawContent], PageLinks[P]],
    accept: Callable[[RawContent], bool],
    settings: CrawlSettings | None = None,
    known: Mapping[str, Validators] | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[CrawlEvent[P], None]:
    """Every page of the site around `start`, as events; close it (`contextlib.aclosing`) when you stop early.

    `read_page` may raise ConvertError, and FetchError for a page that says itself that it is none; it is called in a
    worker thread, one call at a time, and only for content that `accept` takes. `known` holds the pages of an earlier
    crawl by `PageRead.url`. `sleep` and `now` are for tests.

    Raises AddressRefused or FetchError when the start is dead, or robots.txt forbids it or cannot be had: then nothing
    is known about the site, and nothing is to be removed.
    """
    settings = settings or CrawlSettings()
    events: asyncio.Queue[CrawlEvent[P] | None] = asyncio.Queue(maxsize=settings.concurrency)
    crawler = Crawler(
        site=Site(fetcher, width=settings.concurrency, sleep=sleep, now=now),
        read_page=read_page,
        accept=accept,
        settings=settings,
        known=known or {},
        tell=events.put,
        budget=Budget(settings, now=now),
    )
    # A task of its own, so that no task group stays open across a yield.
    work = asyncio.create_task(_run(crawler, start, events))
    try:
        while (event := await events.get()) is not None:
            yield event
        await work
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


async def _run(crawler: Crawler[P], start: str, events: asyncio.Queue[CrawlEvent[P] | None]) -> None:
    listened_to = True
    try:
        await crawler.run(start)
    except asyncio.CancelledError:
        # Nobody takes events any more, and a full queue would hold us for ever.
        listened_to = False
        raise
    except ExceptionGroup as group:
        # One failure cancels the rest of its round, so it is the whole story.
        raise group.exceptions[0] from None
    finally:
        if listened_to:
            await events.put(None)
