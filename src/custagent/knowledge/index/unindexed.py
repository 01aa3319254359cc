"""Passages that are stored but in no index yet: they are found by their words until their vectors are there (SRC-5).

While a site is read in, a changed page is embedded anew or a damaged index is being made again, questions are answered
from these as well. Ids of passages ascend, so what came after the last one of an index is what it does not hold.
(Pages that another agent has held for longer have lower ids: those wait for the next generation, which needs no
embedding.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from custagent.core.ports import DocumentStore
from custagent.knowledge.index.lexicon import Entry, Postings, build_postings, entry_of

#: Putting the words of many passages together takes a while. At least so many times that while lies between two times.
_APART = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for an index. Row i stands for the chunk `chunk_ids[i]`."""

    chunk_ids: tuple[int, ...] = ()
    postings: tuple[Postings, ...] = ()


class Unindexed:
    """The passages of one agent that come after those of its index. Several threads may ask."""

    def __init__(self, documents: DocumentStore, agent: str, *, now: Callable[[], float] = time.monotonic) -> None:
        """`now` gives seconds."""
        self._documents = documents
        self._agent = agent
        self._now = now
        self._lock = Lock()
        #: The last chunk of the index that these come after.
        self._last = -1
        self._entries: list[Entry] = []
        self._chunk_ids: list[int] = []
        self._waiting = Waiting()
        self._not_before = 0.0

    def after(self, last: int) -> Waiting:
        """What was stored after the chunk with the id `last`, 0 for everything. Raises StoreError."""
        with self._lock:
            if last != self._last:
                self._last, self._entries, self._chunk_ids = last, [], []
                self._waiting, self._not_before = Waiting(), 0.0
            if self._now() >= self._not_before:
                self._look()
            return self._waiting

    def _look(self) -> None:
        fresh = self._documents.chunks_after(self._agent, max([self._last, *self._chunk_ids[-1:]]))
        if not fresh:
            return
        started = self._now()
        self._entries += [entry_of(row, chunk) for row, chunk in enumerate(fresh, len(self._entries))]
        self._chunk_ids += [chunk.id for chunk in fresh]
        self._waiting = Waiting(chunk_ids=tuple(self._chunk_ids), postings=tuple(build_postings(self._entries)))
        ended = self._now()
        self._not_before = ended + _APART * (ended - started)
