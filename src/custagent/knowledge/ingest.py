"""Reads sources: fetch or open -> convert -> split -> store, page by page (SRC-3, SRC-5).

A page is stored whole or not at all, so reading that was cut short goes on where it stopped. What could not be read
never stops the rest: it is listed with its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

from custagent.core.agent import CollectionSource, FileSource, ShortAnswerSource, Source, UrlSource, source_key
from custagent.core.document import Chunk, Difference, Document, RawContent, Section, SourceState, SourceStatus
from custagent.core.errors import FetchError, SourceError
from custagent.core.ids import content_hash
from custagent.core.ports import Clock, DocumentStore, SourceStates
from custagent.knowledge.addresses import AddressGuard
from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.kind import is_page
from custagent.knowledge.convert.worker import Converter
from custagent.knowledge.crawl import (
    CrawlDone,
    CrawlEvent,
    CrawlSettings,
    PageFailed,
    PageLinks,
    PageRead,
    PageSkipped,
    PageUnchanged,
    SkipReason,
    Validators,
    crawl,
)
from custagent.knowledge.fetch import Fetcher, NotModified
from custagent.knowledge.split import split
from custagent.knowledge.url import normal_url
from custagent.knowledge.workspace_files import WorkspaceFiles
from custagent.language import detect

#: A sync that would remove a larger share of a source stops and asks (SRC-3).
MOST_REMOVED = 0.3

_NOINDEX = "the page asks not to be searchable"
_SKIPS = {
    SkipReason.ROBOTS: "robots.txt asks not to read it",
    SkipReason.ROBOTS_UNREACHABLE: "the host's robots.txt is out of reach, so nothing of it is read now",
    SkipReason.NOINDEX: _NOINDEX,
    SkipReason.LIMIT: "left out by max_pages",
}


class Listener(Protocol):
    """Hears how the work goes on, for a progress display."""

    def page_read(self, location: str) -> None:
        """A page is stored, or was found unchanged."""
        ...

    def page_failed(self, location: str, reason: str) -> None:
        """A page could not be read."""
        ...

    def embedded(self, done: int, total: int) -> None:
        """So many passages of those without a vector have one now."""
        ...


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One source while it is read."""

    agent: str
    #: The source's key.
    key: str
    listener: Listener
    #: The locations that it held before.
    before: frozenset[str]
    #: Nothing is written: it only looks what would change.
    dry_run: bool = False
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    #: Locations that are in: read now, or unchanged.
    seen: set[str] = field(default_factory=set)
    unchanged: list[str] = field(default_factory=list)
    #: Locations that are gone for good: 404, 410, noindex, or a deleted file.
    gone: set[str] = field(default_factory=set)
    problems: list[tuple[str, str]] = field(default_factory=list)
    #: Whether everything of the source was seen, so that the rest is not there any more.
    complete: bool = True

    def keep(self, *locations: str) -> None:
        """These were looked at and have not changed."""
        self.seen.update(locations)
        self.unchanged += locations
        for location in locations:
            self.listener.page_read(location)

    def fail(self, location: str, reason: str) -> None:
        """This could not be read."""
        self.problems.append((location, reason))
        self.listener.page_failed(location, reason)

    def removed(self) -> frozenset[str]:
        """What the source held before and should not hold any more."""
        absent = self.before - self.seen if self.complete else frozenset()
        return absent | (self.before & self.gone)

    def difference(self, removed: Collection[str]) -> Difference:
        """What it comes to, with what was `removed`."""
        return Difference(
            added=tuple(self.added),
            changed=tuple(self.changed),
            removed=tuple(sorted(removed)),
            unchanged=tuple(location for location in dict.fromkeys(self.unchanged) if location in self.before),
        )


class Ingestor:
    """Reads sources into the store; use it as `async with`. One reader at a time a workspace."""

    def __init__(
        self,
        *,
        root: Path,
        documents: DocumentStore,
        sources: SourceStates,
        clock: Clock,
        allow_hosts: Sequence[str] = (),
        default_language: str = "en",
        converter: Converter | None = None,
    ) -> None:
        """`converter` is shared with others and stays open; without it there is an own one while this one is open."""
        self._files = WorkspaceFiles(root)
        self._documents = documents
        self._sources = sources
        self._clock = clock
        self._language = default_language
        self._fetcher = Fetcher(AddressGuard(allow_hosts))
        self._converter = converter or Converter()
        self._own_converter = converter is None

    async def __aenter__(self) -> Self:
        await self._fetcher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own_converter:
            self._converter.close()
        await self._fetcher.__aexit__(kind, error, trace)

    async def read(
        self, agent: str, source: Source, listener: Listener, *, accept_removals: bool = False, dry_run: bool = False
    ) -> SourceState:
        """Read one source of one agent to its end; what is known of it afterwards, with its `difference`.

        A source that cannot be read keeps its last version and says so in `error` (SRC-3). A `dry_run` looks, and writes
        nothing.
        """
        key = source_key(source.kind, source.location)
        blank = SourceState(key=key, kind=source.kind.value, location=source.location)
        state = self._sources.source_states(agent).get(key, blank)
        if not dry_run:
            self._sources.save_source_state(agent, replace(state, status=SourceStatus.READING))
        before = frozenset(self._documents.validators(agent, key))
        reading = _Reading(agent=agent, key=key, listener=listener, before=before, dry_run=dry_run)
        error = ""
        try:
            await self._read(source, reading)
        except SourceError as failure:
            reading.complete = False
            error = _sentence(failure)
        refused = _too_many(reading) if not accept_removals else ""
        removed = frozenset() if refused else reading.removed()
        error = refused or error
        difference = reading.difference(removed)
        if dry_run:
            return replace(state, error=error, problems=tuple(reading.problems), difference=difference)
        if removed:
            kept = set(self._documents.validators(agent, key)) - removed
            self._documents.keep_documents(kept, agent=agent, source=key)
        if not error:
            state = replace(blank, synced_at=self._clock.now())
        return replace(self._finish(replace(state, error=error), reading), difference=difference)

    async def _read(self, source: Source, reading: _Reading) -> None:
        match source:
            case ShortAnswerSource():
                self._store(*_short_answer(source, self._language), reading)
            case FileSource():
                await self._read_file(source.file, reading)
            case CollectionSource():
                await self._read_folder(source.collection, reading)
            case UrlSource(import_related=False):
                await self._read_url(source.url, reading)
            case UrlSource():
                await self._read_site(source, reading)

    def _finish(self, state: SourceState, reading: _Reading) -> SourceState:
        """Note how it ended; pages and chunks are counted from what is stored."""
        self._documents.touch(reading.unchanged)
        held = bool(self._documents.validators(reading.agent, reading.key))
        status = SourceStatus.READY
        if state.error:
            status = SourceStatus.STALE if held else SourceStatus.FAILED
        elif not held:
            status, state = SourceStatus.FAILED, replace(state, error=_nothing_read(reading))
        done = replace(state, status=status, problems=tuple(reading.problems))
        self._sources.save_source_state(reading.agent, done)
        return self._sources.source_states(reading.agent)[reading.key]

    def _keep(self, reading: _Reading, *locations: str) -> None:
        """These have not changed; what only another source held is this one's from now on too (SRC-8)."""
        shared = [location for location in locations if location not in reading.before]
        reading.added += shared
        if shared and not reading.dry_run:
            self._documents.share(shared, agent=reading.agent, source=reading.key)
        reading.keep(*locations)

    def _store(self, document: Document, chunks: Sequence[Chunk], reading: _Reading) -> None:
        stored = self._documents.document(document.location) if document.location in reading.before else None
        if stored is None:
            reading.added.append(document.location)
        elif stored.hash != document.hash:
            reading.changed.append(document.location)
        else:
            reading.unchanged.append(document.location)
        if not reading.dry_run:
            self._documents.save_document(document, chunks, agent=reading.agent, source=reading.key)
        reading.seen.add(document.location)
        reading.listener.page_read(document.location)

    async def _read_file(self, path: str, reading: _Reading) -> None:
        try:
            raw = await asyncio.to_thread(self._files.open, path)
        except SourceError:
            if not self._files.has(path):
                reading.gone.add(path)
            raise
        converted = await asyncio.to_thread(self._convert, raw)
        self._store(converted.document, split(converted.document), reading)

    async def _read_folder(self, path: str, reading: _Reading) -> None:
        for place in await asyncio.to_thread(self._files.in_folder, path):
            try:
                await self._read_file(place, reading)
            except SourceError as error:
                # It is still there: what was read of it before stays.
                reading.seen.add(place)
                reading.fail(place, _sentence(error))

    async def _read_url(self, url: str, reading: _Reading) -> None:
        validators = self._documents.validators(reading.agent, reading.key)
        # Another source may hold the very page: then it is asked for once (SRC-8).
        others = self._documents.validators_of_others(url, agent=reading.agent, source=reading.key)
        etag, last_modified = next(iter(validators.values()), others.get(url, ("", "")))
        try:
            fetched = await self._fetcher.fetch(url, etag=etag, last_modified=last_modified)
        except FetchError as error:
            if error.gone:
                reading.gone |= reading.before
            raise
        if isinstance(fetched, NotModified):
            self._keep(reading, *(reading.before or [url]))
            return
        converted = await asyncio.to_thread(self._convert, fetched.raw)
        if fetched.noindex or converted.noindex:
            reading.gone |= reading.before
            raise SourceError(f"{url} is not read: {_NOINDEX}")
        self._store(converted.document, split(converted.document), reading)

    async def _read_site(self, source: UrlSource, reading: _Reading) -> None:
        settings = CrawlSettings(
            scope=source.scope, include=source.include, exclude=source.exclude, max_pages=source.max_pages
        )
        events = crawl(
            source.url,
            fetcher=self._fetcher,
            read_page=self._read_page,
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

    def _take(self, event: CrawlEvent[Converted], source: UrlSource, reading: _Reading) -> None:
        match event:
            case PageRead():
                document = replace(event.page.document, location=event.url, links=event.links)
                self._store(document, split(document), reading)
            case PageUnchanged():
                self._keep(reading, event.url)
            case PageSkipped():
                if event.reason is SkipReason.NOINDEX:
                    reading.gone.add(event.url)
                if event.reason in _SKIPS:
                    reading.problems.append((event.url, _SKIPS[event.reason]))
            case PageFailed():
                if isinstance(event.error, FetchError) and event.error.gone:
                    reading.gone.add(event.url)
                reading.fail(event.url, f"{_sentence(event.error)} (linked from {event.linked_from})")
            case CrawlDone():
                reading.complete = event.complete
                if event.left_out:
                    reading.problems.append((source.url, _left_out(event)))

    def _known(self, reading: _Reading, url: str) -> Mapping[str, Validators]:
        """The source's documents, and of those that others hold of the site the ones whose links were noted."""
        site = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/"
        own = self._documents.validators(reading.agent, reading.key)
        others = self._documents.validators_of_others(site, agent=reading.agent, source=reading.key)
        known = {}
        for location, (etag, last_modified) in {**others, **own}.items():
            document = self._documents.document(location)
            if location in own or (document and document.links):
                links = document.links if document else None
                known[location] = Validators(etag=etag, last_modified=last_modified, links=links)
        return known

    def _read_page(self, raw: RawContent) -> PageLinks[Converted]:
        converted = self._convert(raw)
        return PageLinks(
            page=converted,
            links=converted.links,
            canonical=converted.canonical,
            noindex=converted.noindex,
            nofollow=converted.nofollow,
        )

    def _convert(self, raw: RawContent) -> Converted:
        return self._converter.convert(raw, language_hint=self._language)


def _too_many(reading: _Reading) -> str:
    """Why what is gone is not removed: it is too much to be believed (SRC-3); "" when it is not."""
    removed, before = len(reading.removed()), len(reading.before)
    if before <= 1 or removed <= MOST_REMOVED * before:
        return ""
    return (
        f"{removed} of {before} pages are gone, and none was removed. "
        f"If that is right: custagent sources sync {reading.agent} --accept-removals"
    )


def _short_answer(source: ShortAnswerSource, language: str) -> tuple[Document, tuple[Chunk, ...]]:
    """Its document and only chunk. Agents may answer the same question differently, so both make the location."""
    question, answer = source.short_answer, source.answer
    location = f"short-answer:{content_hash(question, answer)[:16]}"
    spoken, _ = detect(f"{question}\n{answer}", language)
    document = Document(location=location, title=question, language=spoken, sections=(Section(text=answer),))
    chunk = Chunk(location=location, title=question, text=answer, language=spoken, question=question)
    return document, (chunk,)


def _left_out(event: CrawlDone) -> str:
    first = ", ".join(event.left_out_urls[:3])
    more = " and others" if event.left_out > len(event.left_out_urls[:3]) else ""
    return f"left out by max_pages, or too many links away: {event.left_out} ({first}{more})"


def _nothing_read(reading: _Reading) -> str:
    if reading.problems:
        location, reason = reading.problems[0]
        return f"nothing could be read; {location}: {reason}"
    return "nothing could be read: there is no file or page with text"


def _sentence(error: SourceError) -> str:
    return f"{error.message} {error.hint}".strip()
