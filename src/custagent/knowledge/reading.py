"""One source while it is read: what it held before, what was seen of it now, and what follows from that (SRC-3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from custagent.core.document import Chunk, Difference, Document
from custagent.core.errors import SourceError
from custagent.core.ports import DocumentStore
from custagent.knowledge.arriving import Arriving
from custagent.knowledge.cutting.frame import Frame, frame_of, is_framed, stored_pages
from custagent.knowledge.cutting.split import split

#: A sync that would remove a larger share of a source stops and asks (SRC-3).
MOST_REMOVED = 0.3


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
class Reading:
    """One source while it is read; what is read is stored soon, and all of it with `finish`."""

    agent: str
    #: The source's key.
    key: str
    listener: Listener
    documents: DocumentStore
    #: The locations that it held before.
    before: frozenset[str]
    #: Nothing is written: it only looks what would change.
    dry_run: bool = False
    #: Whoever reads has said that what is gone is to go.
    accept_removals: bool = False
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    #: Locations that are in: read now, or unchanged.
    seen: set[str] = field(default_factory=set)
    unchanged: list[str] = field(default_factory=list)
    #: Locations that are gone for good: 404, 410, noindex, or a deleted file.
    gone: set[str] = field(default_factory=set)
    #: Locations that are kept as they were, because they could not be reached.
    unreached: set[str] = field(default_factory=set)
    problems: list[tuple[str, str]] = field(default_factory=list)
    #: Whether everything of the source was seen, so that the rest is not there any more.
    complete: bool = True
    #: Why what arrived is not believed, or not enough: the source is stale then. "" when all is well.
    doubt: str = ""
    #: What the pages that were held before have in common; found with the first page that is stored.
    _frame: Frame | None = None
    _arriving: Arriving = field(init=False)

    def __post_init__(self) -> None:
        self._arriving = Arriving(self.documents, agent=self.agent, source=self.key, stored=self.listener.page_read)

    def keep(self, *locations: str) -> None:
        """These have not changed; what only another source held is this one's from now on too (SRC-8)."""
        shared = [location for location in locations if location not in self.before]
        self.added += shared
        if shared and not self.dry_run:
            self.documents.share(shared, agent=self.agent, source=self.key)
        self.seen.update(locations)
        self.unchanged += locations
        for location in locations:
            self.listener.page_read(location)

    def store(self, document: Document, chunks: Sequence[Chunk]) -> None:
        """This is in, whether it is new or not. Raises StoreError."""
        if document.location in self.seen:
            # It may be one that waits to be stored, and this is compared with what is.
            self.finish()
        stored = self.documents.document(document.location) if document.location in self.before else None
        if stored is None:
            self.added.append(document.location)
        elif stored.hash != document.hash:
            self.changed.append(document.location)
        else:
            self.unchanged.append(document.location)
        if not self.dry_run:
            bare = self._without_frame(document)
            chunks = chunks if bare is document else split(bare)
            self._arriving.add(document, chunks)
        else:
            self.listener.page_read(document.location)
        self.seen.add(document.location)

    def finish(self) -> None:
        """Store what was read and is not stored yet. Raises StoreError."""
        self._arriving.store()

    def _without_frame(self, document: Document) -> Document:
        if not is_framed(document) or not self.before:
            return document
        if self._frame is None:
            self._frame = frame_of(stored_pages(self.documents, agent=self.agent, source=self.key))
        return self._frame.without(document)

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

    def too_many(self) -> str:
        """Why what is gone is not removed: it is too much to be believed (SRC-3); "" when it is not, or was accepted."""
        removed, before = len(self.removed()), len(self.before)
        if self.accept_removals or before <= 1 or removed <= MOST_REMOVED * before:
            return ""
        return (
            f"{removed} of {before} pages are gone, and none was removed. "
            f"If that is right: custagent sources sync {self.agent} --accept-removals"
        )


def sentence(error: SourceError) -> str:
    """The error as a person is told it: what is wrong, and what to do."""
    ended = not error.hint or error.message.endswith((".", "!", "?"))
    return f"{error.message}{'' if ended else '.'} {error.hint}".strip()
