"""Reads sources: fetch or open -> convert -> split -> store, page by page (SRC-3, SRC-5).

A page is stored whole or not at all, those that come fast several at a time, so reading that was cut short goes on where it
stopped. What could not be read never stops the rest: it is listed with its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from custagent.core.agent import CollectionSource, FileSource, ShortAnswerSource, Source, UrlSource, source_key
from custagent.core.document import Chunk, Document, RawContent, Section, SourceState, SourceStatus
from custagent.core.errors import SourceError
from custagent.core.ids import content_hash
from custagent.core.ports import Clock, DocumentStore, SourceStates
from custagent.knowledge.convert.converted import Converted
from custagent.knowledge.convert.front_matter import address_of
from custagent.knowledge.convert.kind import is_known
from custagent.knowledge.convert.worker import Converter
from custagent.knowledge.cutting import tokens
from custagent.knowledge.cutting.frame import settle
from custagent.knowledge.cutting.split import split
from custagent.knowledge.reading import Listener, Reading, sentence
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.fetch import Fetcher, FetchLimits
from custagent.knowledge.web.same_bytes import bytes_hash
from custagent.knowledge.web_reader import WebReader
from custagent.knowledge.workspace_files import WorkspaceFiles
from custagent.language import detect


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
        limits: FetchLimits | None = None,
    ) -> None:
        """`converter` is shared with others and stays open; without it there is an own one while this one is open."""
        self._files = WorkspaceFiles(root)
        self._documents = documents
        self._sources = sources
        self._clock = clock
        self._language = default_language
        self._fetcher = Fetcher(AddressGuard(allow_hosts), limits=limits)
        self._converter = converter or Converter()
        self._own_converter = converter is None
        self._web = WebReader(fetcher=self._fetcher, documents=documents, convert=self._convert)

    async def __aenter__(self) -> Self:
        await self._fetcher.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own_converter:
            self._converter.close()
        # What comes next is embedding, which needs the room.
        tokens.release()
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
        reading = Reading(
            agent=agent,
            key=key,
            listener=listener,
            documents=self._documents,
            before=before,
            dry_run=dry_run,
            accept_removals=accept_removals,
        )
        error = ""
        try:
            await self._read(source, reading)
        except SourceError as failure:
            reading.complete = False
            error = sentence(failure)
        finally:
            # Also of a reading that is stopped: then the next one goes on from there.
            reading.finish()
        refused = reading.too_many()
        removed = frozenset() if refused else reading.removed()
        error = refused or error or reading.doubt
        difference = reading.difference(removed)
        if dry_run:
            return replace(state, error=error, problems=tuple(reading.problems), difference=difference)
        if removed:
            kept = set(self._documents.validators(agent, key)) - removed
            self._documents.keep_documents(kept, agent=agent, source=key)
        if difference or state.status is SourceStatus.READING:
            await asyncio.to_thread(settle, self._documents, agent=agent, source=key)
        if not error:
            state = replace(blank, synced_at=self._clock.now())
        return replace(self._finish(replace(state, error=error), reading), difference=difference)

    async def _read(self, source: Source, reading: Reading) -> None:
        match source:
            case ShortAnswerSource():
                reading.store(*_short_answer(source, self._language))
            case FileSource():
                if not self._files.has(source.file):
                    reading.gone |= reading.before
                await self._read_file(source.file, reading)
            case CollectionSource():
                await self._read_folder(source.collection, reading)
            case UrlSource(import_related=False):
                await self._web.read_page(source.url, reading)
            case UrlSource():
                await self._web.read_site(source, reading)

    def _finish(self, state: SourceState, reading: Reading) -> SourceState:
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

    async def _read_file(self, path: str, reading: Reading) -> None:
        raw = await asyncio.to_thread(self._files.open, path)
        # A reader that a package brings may read the same file otherwise tomorrow.
        digest = bytes_hash(raw, self._language) if is_known(path) else ""
        if (known := self._as_before(raw, digest, reading)) is not None:
            reading.keep(known)
            return
        converted = await asyncio.to_thread(self._convert, raw)
        if converted.document.location in reading.seen:
            raise SourceError(f"{path} names the same `url:` as another file, {converted.document.location}")
        # What there was to complain of is to be said again.
        document = replace(converted.document, bytes_hash="" if converted.warnings else digest)
        reading.store(document, split(document))
        reading.problems += [(path, warning) for warning in converted.warnings]

    def _as_before(self, raw: RawContent, digest: str, reading: Reading) -> str | None:
        """The location of the file's document, where it was read from these very bytes; else None."""
        location = address_of(raw) or raw.location
        if not digest or location not in reading.before or location in reading.seen:
            return None
        stored = self._documents.document(location)
        return location if stored is not None and stored.bytes_hash == digest else None

    async def _read_folder(self, path: str, reading: Reading) -> None:
        for place in await asyncio.to_thread(self._files.in_folder, path):
            try:
                await self._read_file(place, reading)
            except SourceError as error:
                # It is still there: what was read of it before stays.
                reading.seen.add(await asyncio.to_thread(self._cited_by, place))
                reading.fail(place, sentence(error))

    def _cited_by(self, path: str) -> str:
        """The location under which a file that cannot be read is stored, if it ever was."""
        try:
            return address_of(self._files.open(path)) or path
        except SourceError:
            return path

    def _convert(self, raw: RawContent) -> Converted:
        return self._converter.convert(raw, language_hint=self._language)


def _short_answer(source: ShortAnswerSource, language: str) -> tuple[Document, tuple[Chunk, ...]]:
    """Its document and only chunk. Agents may answer the same question differently, so both make the location."""
    question, answer = source.short_answer, source.answer
    location = f"short-answer:{content_hash(question, answer)[:16]}"
    spoken, _ = detect(f"{question}\n{answer}", language)
    document = Document(location=location, title=question, language=spoken, sections=(Section(text=answer),))
    chunk = Chunk(location=location, title=question, text=answer, language=spoken, question=question)
    return document, (chunk,)


def _nothing_read(reading: Reading) -> str:
    if reading.problems:
        location, reason = reading.problems[0]
        return f"nothing could be read; {location}: {reason}"
    return "nothing could be read: there is no file or page with text"
