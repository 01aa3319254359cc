"""Reading sources on the web: one page, or a whole site with all that follows from how it answered (SRC-2, SRC-3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import replace
from urllib.parse import urlsplit

from custagent.core.agent import UrlSource
from custagent.core.document import NOINDEX, ROBOTS, RawContent
from custagent.core.errors import FetchError, SourceError
from custagent.core.ports import DocumentStore
from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.kind import is_page
from custagent.knowledge.convert.not_found import says_not_found
from custagent.knowledge.convert.page_head import moment
from custagent.knowledge.cutting.split import split
from custagent.knowledge.reading import MOST_REMOVED, Reading, sentence
from custagent.knowledge.web.crawl import (
    CrawlDone,
    CrawlEvent,
    CrawlSettings,
    PageFailed,
    PageLinks,
    PageRead,
    PageSkipped,
    PageUnchanged,
    SkipReason,
    Stop,
    Validators,
    crawl,
)
from custagent.knowledge.web.fetch import Fetched, Fetcher, NotModified, no_such_page
from custagent.knowledge.web.same_bytes import bytes_hash, is_as_before
from custagent.knowledge.web.site import Site
from custagent.knowledge.web.url import normal_url

_SKIPS = {
    SkipReason.ROBOTS: ROBOTS,
    SkipReason.ROBOTS_UNREACHABLE: "the host's robots.txt is out of reach, so nothing of it is read now",
    SkipReason.NOINDEX: NOINDEX,
    SkipReason.LIMIT: "left out by max_pages",
}
_STOPS = {
    Stop.PAGES: "left out by max_pages, or too many links away",
    Stop.REQUESTS: "left out because too many addresses led to no page of their own",
    Stop.BYTES: "left out because the site has sent more than is read at a time",
    Stop.SECONDS: "left out because reading took too long",
    Stop.SILENCE: "left out because the site stopped answering",
}
_KEPT = "its last version is kept"
#: Pages of one host that are read at a time, for sources of single pages.
_WIDTH = 8


class WebReader:
    """Reads web sources into their Reading. One for a whole sync: what robots.txt says is asked once a host."""

    def __init__(
        self, *, fetcher: Fetcher, documents: DocumentStore, convert: Callable[[RawContent], Converted]
    ) -> None:
        self._fetcher = fetcher
        self._documents = documents
        self._convert = convert
        self._site = Site(fetcher, width=_WIDTH, sleep=asyncio.sleep, now=time.monotonic)

    async def read_page(self, url: str, reading: Reading) -> None:
        """One page, wherever its redirects end. Raises SourceError; a page that is gone is noted as such."""
        own = self._documents.validators(reading.agent, reading.key)
        plain = normal_url(url) or url
        # Another source may hold the very page: then it is asked for once (SRC-8).
        others = self._documents.validators_of_others(plain, agent=reading.agent, source=reading.key)
        place, (etag, last_modified) = next(iter(own.items()), (plain, others.get(plain, ("", ""))))
        stored = self._documents.document(place)
        known = Validators(etag=etag, last_modified=last_modified, bytes_hash=stored.bytes_hash if stored else "")
        try:
            _, hop = await self._site.follow(url, lambda _: known)
        except FetchError as error:
            if error.gone:
                reading.gone |= reading.before
            raise
        if isinstance(hop, NotModified) or (isinstance(hop, Fetched) and is_as_before(hop, known)):
            reading.keep(*(reading.before or [plain]))
            return
        assert isinstance(hop, Fetched)  # noqa: S101 - a redirect was followed, media raise
        converted = await asyncio.to_thread(self._convert, hop.raw)
        if hop.noindex or converted.noindex:
            reading.gone |= reading.before
            raise SourceError(f"{url} is not read: {NOINDEX}")
        if says_not_found(converted.document):
            reading.gone |= reading.before
            raise no_such_page(url)
        document = replace(converted.document, bytes_hash=bytes_hash(hop.raw))
        reading.store(document, split(document))

    async def read_site(self, source: UrlSource, reading: Reading) -> None:
        """The page and what is related to it. Raises SourceError when the start is dead."""
        settings = CrawlSettings(
            scope=source.scope,
            include=source.include,
            exclude=source.exclude,
            max_pages=source.max_pages,
            max_depth=source.max_depth,
        )
        events = crawl(
            source.url,
            fetcher=self._fetcher,
            read_page=self._links_of,
            accept=is_page,
            settings=settings,
            known=self._known(reading, source.url),
        )
        try:
            # Closed at once when storing fails, not whenever the garbage is collected.
            async with aclosing(events):
                async for event in events:
                    self._take(event, source, reading)
        except FetchError as error:
            if error.gone:
                reading.gone.add(normal_url(source.url) or source.url)
            raise

    def _take(self, event: CrawlEvent[Converted], source: UrlSource, reading: Reading) -> None:
        match event:
            case PageRead():
                if event.given and self._leads_nowhere(event, reading):
                    reading.doubt = (
                        f"{event.url} says something else now and leads nowhere, as sites do under maintenance; {_KEPT}. "
                        f"If that is right: custagent sources sync {reading.agent} --accept-removals"
                    )
                    reading.seen.add(event.url)
                    return
                document = replace(
                    event.page.document,
                    location=event.url,
                    links=event.links,
                    dated=event.page.document.dated or moment(event.changed),
                    bytes_hash=bytes_hash(event.raw),
                )
                reading.store(document, split(document))
            case PageUnchanged():
                reading.keep(event.url)
            case PageSkipped():
                _skip(event, reading)
            case PageFailed():
                _fail(event, reading)
            case CrawlDone():
                _conclude(event, source, reading)

    def _leads_nowhere(self, event: PageRead[Converted], reading: Reading) -> bool:
        """Whether the start page, which led on before, has nothing to follow any more."""
        if event.links or reading.accept_removals or event.url not in reading.before or len(reading.before) == 1:
            return False
        stored = self._documents.document(event.url)
        return stored is not None and bool(set(stored.links) - {event.url})

    def _known(self, reading: Reading, url: str) -> Mapping[str, Validators]:
        """The source's documents, and of those that others hold of the site the ones whose links were noted."""
        site = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"
        own = self._documents.validators(reading.agent, reading.key)
        others = self._documents.validators_of_others(site, agent=reading.agent, source=reading.key)
        known = {}
        for location, (etag, last_modified) in {**others, **own}.items():
            document = self._documents.document(location)
            if location in own or (document and document.links):
                links = document.links if document else None
                content = document.hash if document else ""
                known[location] = Validators(
                    etag=etag,
                    last_modified=last_modified,
                    links=links,
                    content=content,
                    bytes_hash=document.bytes_hash if document else "",
                )
        return known

    def _links_of(self, raw: RawContent) -> PageLinks[Converted]:
        converted = self._convert(raw)
        if says_not_found(converted.document):
            raise no_such_page(raw.location)
        return PageLinks(
            page=converted,
            links=converted.links,
            canonical=converted.canonical,
            noindex=converted.noindex,
            nofollow=converted.nofollow,
            content=converted.document.hash,
        )


def _skip(event: PageSkipped, reading: Reading) -> None:
    if event.reason is SkipReason.NOINDEX:
        reading.gone.add(event.url)
    if event.reason is SkipReason.ROBOTS_UNREACHABLE and event.url in reading.before:
        reading.unreached.add(event.url)
    if event.reason in _SKIPS:
        reading.problems.append((event.url, _SKIPS[event.reason]))


def _fail(event: PageFailed, reading: Reading) -> None:
    told = f"{sentence(event.error)} (linked from {event.linked_from})" if event.linked_from else sentence(event.error)
    if isinstance(event.error, FetchError) and event.error.gone:
        reading.gone.add(event.url)
    elif event.url in reading.before:
        reading.unreached.add(event.url)
    if event.given:
        reading.doubt = told
    reading.fail(event.url, told)


def _conclude(event: CrawlDone, source: UrlSource, reading: Reading) -> None:
    """What the end of the crawl says about the pages that were not seen."""
    reading.complete = event.complete
    if event.left_out:
        reading.problems.append((source.url, _left_out(event)))
    if reading.doubt and not reading.too_many():
        # What the start says is not believed, so neither is what it does not lead to.
        reading.complete = False
    if event.stopped is Stop.SILENCE:
        reading.doubt = reading.doubt or (
            f"the site stopped answering, so {event.left_out} more addresses were not asked for; what was read stays. "
            f"Try again later: custagent sources sync {reading.agent}"
        )
    kept: Collection[str] = reading.unreached
    if kept and not event.left_out:
        # What only they lead to was out of reach with them.
        kept = reading.before - reading.seen - reading.gone
    if len(kept) > MOST_REMOVED * len(reading.before):
        reading.doubt = reading.doubt or (
            f"{len(kept)} of {len(reading.before)} pages could not be reached; their last version is kept"
        )


def _left_out(event: CrawlDone) -> str:
    first = ", ".join(event.left_out_urls[:3])
    more = " and others" if event.left_out > len(event.left_out_urls[:3]) else ""
    return f"{_STOPS[event.stopped or Stop.PAGES]}: {event.left_out} ({first}{more})"
