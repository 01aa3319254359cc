"""The addresses that a crawl still has to ask for, in rounds: the shallow ones first, and nothing twice.

A round is worked on in any order; what it found is put in afterwards in the order of its pages. So the set of pages
that a crawl reads does not depend on which server answered first, not even where a limit cuts it off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from custagent.knowledge.web.url import path_and_query

#: How many addresses are remembered for each page that may be read; link traps make more, and those are counted only.
_REMEMBERED_PER_PAGE = 200
_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An address to ask for."""

    url: str
    #: Links between the start and this page.
    depth: int
    linked_from: str
    #: The sitemap names it.
    listed: bool = False
    #: The redirects that led here.
    chain: tuple[str, ...] = ()
    #: False once the page's canonical link has turned out to lead nowhere.
    folds: bool = True


class State(Enum):
    """What became of an address."""

    #: It gave a page, or deliberately none: what stands for it is settled.
    DONE = "done"
    #: It did not arrive.
    DEAD = "dead"


class Frontier:
    """The queue, and the memory of what was queued. `max_depth` counts links from the start."""

    def __init__(self, *, max_pages: int, max_depth: int) -> None:
        self._max_depth = max_depth
        self._most = max_pages * _REMEMBERED_PER_PAGE
        self._seen: set[str] = set()
        self._waiting: dict[int, list[Visit]] = defaultdict(list)
        self.left_out = 0
        self.left_out_urls: list[str] = []

    def add(self, visit: Visit) -> None:
        """Queue an address that has not been queued before."""
        if visit.url in self._seen:
            return
        if len(self._seen) >= self._most:
            self.left_out += 1
            return
        self._seen.add(visit.url)
        if visit.depth > self._max_depth:
            self.leave_out([visit])
        else:
            self._waiting[_rank(visit)].append(visit)

    def again(self, visit: Visit) -> None:
        """Queue a page once more, this time as itself whatever it calls canonical."""
        self._waiting[_rank(visit)].append(replace(visit, folds=False))

    def next_round(self) -> list[Visit]:
        """The shallowest addresses, those of the sitemap first; empty when nothing is left."""
        if not self._waiting:
            return []
        visits = self._waiting.pop(min(self._waiting))
        return sorted(visits, key=lambda visit: (not visit.listed, path_and_query(visit.url).count("/")))

    def leave_out(self, visits: Iterable[Visit]) -> None:
        """Count what a limit leaves out, and note the first of them."""
        for visit in visits:
            self.left_out += 1
            if len(self.left_out_urls) < _LISTED:
                self.left_out_urls.append(visit.url)


def _rank(visit: Visit) -> int:
    """How soon it is its turn, 0 first: its depth, and a step later for each parameter.

    Filters, calendars and sort orders make any number of addresses, and must not take the room of what is written once.
    """
    query = visit.url.partition("?")[2]
    return visit.depth + (query.count("&") + 1 if query and not visit.listed else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What turned out about addresses that stand for others."""

    #: These are other pages' second names.
    duplicates: tuple[Visit, ...]
    #: What these call canonical is dead or leads back: they are pages of their own.
    own: tuple[Visit, ...]
    #: These only ever redirect to each other.
    circles: tuple[Visit, ...]


class Aliases:
    """Which address stands for which: a redirect, or a canonical link, from one to the other."""

    def __init__(self) -> None:
        self._target: dict[str, str] = {}
        self._open: dict[str, Visit] = {}
        #: The open ones that have content of their own, because the alias is a canonical link.
        self._with_content: set[str] = set()

    def add(self, visit: Visit, target: str, *, has_content: bool) -> None:
        self._target[visit.url] = target
        self._open[visit.url] = visit
        if has_content:
            self._with_content.add(visit.url)

    def unsettled(self) -> tuple[Visit, ...]:
        return tuple(self._open.values())

    def settle(self, states: Mapping[str, State]) -> Settled:
        """Decide all that can be decided, by what has become of the addresses so far."""
        duplicates, own, circles = [], [], []
        for visit in self._open.values():
            path, circle = self._path(visit.url)
            holders = [url for url in circle or path if url in self._with_content]
            state = states.get(path[-1])
            if circle and not holders:
                circles.append(visit)
            elif holders and (circle or state is State.DEAD):
                # One is read for all; the others of the chain wait for it and then stand for it.
                if visit.url == (min(holders) if circle else holders[-1]):
                    own.append(visit)
            elif state is not None:
                duplicates.append(visit)
        self._close(*duplicates, *own, *circles)
        for visit in own:
            del self._target[visit.url]
        return Settled(duplicates=tuple(duplicates), own=tuple(own), circles=tuple(circles))

    def _close(self, *visits: Visit) -> None:
        for visit in visits:
            del self._open[visit.url]
            self._with_content.discard(visit.url)

    def _path(self, url: str) -> tuple[list[str], list[str]]:
        """The chain from `url` to its end, and the circle that it ends in, if it does."""
        path = [url]
        while (following := self._target.get(path[-1])) is not None:
            if following in path:
                return path, path[path.index(following) :]
            path.append(following)
        return path, []
