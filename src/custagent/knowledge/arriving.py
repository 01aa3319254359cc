"""Pages that were read and are not stored yet: several are stored at once, for each commit waits for the disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from custagent.core.document import Chunk, Document
from custagent.core.ports import DocumentStore

#: So many pages are stored at once, and so many characters of them: what is kept in memory meanwhile.
MOST_PAGES, MOST_CHARS = 256, 2_000_000
#: Seconds between two commits while pages come fast; those that come slower are stored one by one. So a reading that is
#: killed has lost the pages of this while at most, and nobody notices it in the progress that is shown.
APART = 0.25


class Arriving:
    """The pages of one source that wait to be stored. Each is stored whole or not at all (SRC-5)."""

    def __init__(
        self,
        documents: DocumentStore,
        *,
        agent: str,
        source: str,
        stored: Callable[[str], None] = lambda _location: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stored` is told the location of each page as soon as it is in the store; `now` gives seconds."""
        self._documents = documents
        self._agent = agent
        self._source = source
        self._stored = stored
        self._now = now
        self._pages: list[tuple[Document, Sequence[Chunk]]] = []
        self._chars = 0
        self._last = float("-inf")

    def add(self, document: Document, chunks: Sequence[Chunk]) -> None:
        """Store it, now or with the pages that follow; nothing is stored for sure before `store`. Raises StoreError."""
        self._pages.append((document, chunks))
        self._chars += sum(len(section.text) for section in document.sections)
        is_full = len(self._pages) >= MOST_PAGES or self._chars >= MOST_CHARS
        if is_full or self._now() - self._last >= APART:
            self.store()

    def store(self) -> None:
        """Store all that waits. Raises StoreError; the pages are dropped then, for they would fail again."""
        pages, self._pages, self._chars = self._pages, [], 0
        if pages:
            self._documents.save_documents(pages, agent=self._agent, source=self._source)
            self._last = self._now()
        for document, _ in pages:
            self._stored(document.location)
