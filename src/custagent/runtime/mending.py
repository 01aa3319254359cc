"""Makes damaged and missing indexes anew while questions go on being answered: from the database, which holds every vector.

A missing index, as after a `restore` on another machine, is only put together here. Where vectors are missing too,
somebody is reading content in for the first time, and embeds it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from custagent.core.errors import CustagentError, IndexDamaged

if TYPE_CHECKING:
    from custagent.knowledge.index.index import IndexFolder
    from custagent.knowledge.index.indexer import Indexer

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
        is_missing = _is_missing(folder)

        def embedded(_done: int, total: int) -> None:
            if self._closing.is_set():
                raise _Closing
            if is_missing and total:
                raise _NotEmbedded

        try:
            built = self._indexer().update(folder, embedded)
        except _Closing:
            _log.info("the index of agent %r was not made anew yet", folder.agent)
        except _NotEmbedded:
            _log.debug("the content of agent %r is not embedded yet", folder.agent)
        except CustagentError as error:
            _log.error("the index of agent %r cannot be made anew: %s", folder.agent, error.message)
        else:
            if built or not is_missing:
                what = "missing" if is_missing else "damaged"
                _log.warning("the index of agent %r was %s, and has been made anew", folder.agent, what)


def _is_missing(folder: IndexFolder) -> bool:
    try:
        return folder.live() is None
    except IndexDamaged:
        return False


class _Closing(Exception):
    """The workspace is being closed; what has been embedded is kept."""


class _NotEmbedded(Exception):
    """There is no index because the content is still being read in."""
