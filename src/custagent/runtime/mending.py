"""Makes damaged indexes anew while questions go on being answered: from the database, which holds every vector."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from custagent.core.errors import CustagentError

if TYPE_CHECKING:
    from custagent.knowledge.index import IndexFolder
    from custagent.knowledge.indexer import Indexer

_log = logging.getLogger(__name__)


class Mending:
    """The indexes of a workspace that are being made anew, each in a thread of its own."""

    def __init__(self, indexer: Callable[[], Indexer]) -> None:
        self._indexer = indexer
        self._threads: dict[str, Thread] = {}
        self._lock = Lock()
        self._closing = Event()

    def begin(self, folder: IndexFolder) -> None:
        """Make the agent's index anew, unless that is under way; returns at once. What goes wrong is logged."""
        with self._lock:
            under_way = self._threads.get(folder.agent)
            if self._closing.is_set() or (under_way is not None and under_way.is_alive()):
                return
            thread = Thread(target=self._work, args=[folder], name=f"mend-{folder.agent}", daemon=True)
            self._threads[folder.agent] = thread
            thread.start()

    def close(self) -> None:
        """Begin no more and wait for what is under way; of embedding only the batch, the rest is for another time."""
        self._closing.set()
        with self._lock:
            threads = tuple(self._threads.values())
        for thread in threads:
            thread.join()

    def _work(self, folder: IndexFolder) -> None:
        try:
            self._indexer().update(folder, self._embedded)
        except _Closing:
            _log.info("the index of agent %r was not made anew yet", folder.agent)
        except CustagentError as error:
            _log.error("the index of agent %r cannot be made anew: %s", folder.agent, error.message)
        else:
            _log.warning("the index of agent %r was damaged, and has been made anew", folder.agent)

    def _embedded(self, _done: int, _total: int) -> None:
        if self._closing.is_set():
            raise _Closing


class _Closing(Exception):
    """The workspace is being closed; what has been embedded is kept."""
