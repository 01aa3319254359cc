"""The crawl at work: rounds of visits, and what is concluded from them. `crawl` is the way in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Generic

from custagent.core.document import RawContent
from custagent.core.errors import AddressRefused, FetchError, SourceError
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
from custagent.knowledge.web.fetch import (
    MOST_REDIRECTS,
    Fetched,
    Hop,
    Media,
    Moved,
    NotModified,
    redirects_too_often,
)
from custagent.knowledge.web.frontier import Aliases, Frontier, State, Visit
from custagent.knowledge.web.same_bytes import is_as_before
from custagent.knowledge.web.scope import Scope
from custagent.knowledge.web.site import Site
from custagent.knowledge.web.sitemap import SitemapTree, read_sitemaps
from custagent.knowledge.web.url import normal_url, origin

#: Where a site's map is that robots.txt does not name.
_SITEMAPS = ("sitemap.xml", "sitemap_index.xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a visit brought to light, put into the frontier when the round is over."""

    #: None while the address stands for another.
    state: State | None = State.DONE
    #: Normal addresses.
    links: Sequence[str] = ()
    #: The address that this one stands for.
    target: str = ""
    #: It stands for it by a canonical link, and holds the content too.
    has_content: bool = False


class Crawler(Generic[P]):
    """One crawl. `tell` is given each event; the other arguments are those of `crawl`."""

    def __init__(
        self,
        *,
        site: Site,
        read_page: Callable[[RawContent], PageLinks[P]],
        accept: Callable[[RawContent], bool],
        settings: CrawlSettings,
        known: Mapping[str, Validators],
        tell: Callable[[CrawlEvent[P]], Awaitable[None]],
        budget: Budget,
    ) -> None:
        self._site = site
        self._read_page = read_page
        self._accept = accept
        self._settings = settings
        self._known = known
        self._tell_caller = tell
        self._frontier = Frontier(max_pages=settings.max_pages, max_depth=settings.max_depth)
        self._aliases = Aliases()
        self._states: dict[str, State] = {}
        self._scope = Scope(start="")
        self._reading = asyncio.Lock()
        self._budget = budget
        #: The first address of each content, in this crawl, and in the one before.
        self._contents: dict[str, str] = {}
        self._known_contents = {known[url].content: url for url in reversed(list(known)) if known[url].content}
        self._counts: Counter[type] = Counter()
        self._complete = True
        #: What the site's map says of its pages: when they were changed, and their language.
        self._changed: dict[str, str] = {}
        self._languages: dict[str, str] = {}

    async def run(self, start: str) -> None:
        """The whole crawl. Raises AddressRefused, FetchError when the start is dead."""
        visit, hop = await self._open(start)
        self._frontier.add(visit)
        self._frontier.next_round()
        found = await self._judge(visit, hop)
        await self._add_sitemap()
        self._take_in([visit], [found])
        while visits := self._frontier.next_round():
            self._take_in(visits, await self._round(visits))
            await self._settle()
        await self._finish()

    async def _open(self, start: str) -> tuple[Visit, Hop]:
        """The start behind its redirects; they decide what the site's own name is."""
        url, hop = await self._site.follow(start, self._known_of)
        settings = self._settings
        self._scope = Scope(start=url, kind=settings.scope, include=settings.include, exclude=settings.exclude)
        given = normal_url(start) or start
        if replace(self._scope, start=given).contains(url):
            self._scope = replace(self._scope, below=given)
        return Visit(url=url, depth=0, linked_from=""), hop

    def _known_of(self, url: str) -> Validators:
        return self._known.get(url, Validators())

    async def _hop(self, url: str) -> Hop:
        known = self._known_of(url)
        return await self._site.hop(url, etag=known.etag, last_modified=known.last_modified)

    async def _add_sitemap(self) -> None:
        start = self._scope.start
        tree, root = await self._sitemap()
        for place, error in tree.problems:
            self._complete = self._complete and _is_gone(error)
            await self._tell(PageFailed(url=place, error=error, linked_from=f"{origin(start)}/robots.txt", given=False))
        self._complete = self._complete and not tree.cut
        self._changed = {self._scope.home(url): changed for url, changed in tree.changed.items()}
        self._languages = {self._scope.home(url): language for url, language in tree.languages.items()}
        for url in map(self._scope.home, tree.pages):
            if self._scope.wants(url):
                self._frontier.add(Visit(url=url, depth=1, linked_from=root, listed=True))

    async def _sitemap(self) -> tuple[SitemapTree, str]:
        """The site's map, and its first file: as robots.txt names it, else where such files usually are."""
        start = self._scope.start
        robots = await self._site.robots(start)
        hosts = replace(self._scope, kind="domain" if self._scope.kind == "domain" else "host")
        listed = [normal_url(entry, start) for entry in robots.sitemaps]
        roots = [url for url in listed if url and hosts.contains(url)]
        if roots:
            return await read_sitemaps(roots, load=self._load, belongs=hosts.contains), roots[0]
        for guess in (f"{origin(start)}/{name}" for name in _SITEMAPS):
            if robots.allows(guess):
                tree = await read_sitemaps([guess], load=self._load, belongs=hosts.contains)
                real = tuple(problem for problem in tree.problems if not _is_no_sitemap(problem[1]))
                if tree.pages or real:
                    return replace(tree, problems=real), guess
        return SitemapTree(), ""

    async def _load(self, url: str) -> RawContent:
        raw = await self._site.load(url)
        self._budget.receive(len(raw.body))
        return raw

    async def _round(self, visits: Sequence[Visit]) -> list[_Found]:
        """What the visits found, in their order; fewer than there are visits when the limit is reached."""
        tasks: list[asyncio.Task[_Found]] = []
        running: set[asyncio.Task[_Found]] = set()
        async with asyncio.TaskGroup() as group:
            for visit in visits:
                # A visit starts only if there is room even when all before it turn out to be pages: so it does not
                # matter which answer comes first.
                while running and (len(running) >= self._settings.concurrency or not self._room(len(running))):
                    _, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                if not self._room(0):
                    break
                self._budget.ask()
                tasks.append(group.create_task(self._visit(visit)))
                running.add(tasks[-1])
        self._frontier.leave_out(visits[len(tasks) :])
        return [task.result() for task in tasks]

    def _room(self, running: int) -> bool:
        return self._pages() + running < self._settings.max_pages and self._budget.spent is None

    def _pages(self) -> int:
        return self._counts[PageRead] + self._counts[PageUnchanged]

    async def _visit(self, visit: Visit) -> _Found:
        robots = await self._site.robots(visit.url)
        if isinstance(robots.unreachable, AddressRefused):
            return await self._fail(visit, robots.unreachable)
        if robots.unreachable is not None:
            self._complete = False
            return await self._skip(visit, SkipReason.ROBOTS_UNREACHABLE)
        if not robots.allows(visit.url):
            return await self._skip(visit, SkipReason.ROBOTS)
        try:
            hop = await self._hop(visit.url)
        except FetchError as exc:
            if _may_pass(exc):
                self._budget.wait_in_vain()
            return await self._fail(visit, exc)
        self._budget.receive(len(hop.raw.body) if isinstance(hop, Fetched) else 0)
        return await self._judge(visit, hop)

    async def _judge(self, visit: Visit, hop: Hop) -> _Found:
        match hop:
            case Media():
                return await self._skip(visit, SkipReason.NOT_TEXT)
            case Moved():
                return await self._follow(visit, hop)
            case NotModified():
                return await self._keep(visit)
            case Fetched():
                return await self._take(visit, hop)

    async def _keep(self, visit: Visit) -> _Found:
        links = self._known[visit.url].links
        if links is None:
            # Without its links we cannot tell what is gone, but we can see to it that nothing is lost.
            self._complete = False
            links = tuple(self._known)
        self._contents.setdefault(self._known[visit.url].content, visit.url)
        await self._tell(PageUnchanged(url=visit.url))
        return _Found(links=links)

    async def _follow(self, visit: Visit, hop: Moved) -> _Found:
        target = normal_url(hop.target)
        if not target or not self._scope.wants(target):
            return await self._skip(visit, SkipReason.ELSEWHERE)
        chain = (*visit.chain, visit.url)
        if target in chain or len(chain) > MOST_REDIRECTS:
            return await self._fail(visit, redirects_too_often(chain[0], hop.status))
        return _Found(state=None, target=target)

    async def _take(self, visit: Visit, fetched: Fetched) -> _Found:
        raw = fetched.raw
        if is_as_before(fetched, self._known_of(visit.url)):
            return await self._keep(visit)
        if not self._accept(raw):
            return await self._skip(visit, SkipReason.NOT_TEXT)
        raw = replace(raw, language=raw.language or self._languages.get(visit.url, ""))
        try:
            async with self._reading:
                page = await asyncio.to_thread(self._read_page, raw)
        except SourceError as exc:
            return await self._fail(visit, exc)
        links = () if fetched.nofollow or page.nofollow else self._links(page.links, visit.url)
        if fetched.noindex or page.noindex:
            return replace(await self._skip(visit, SkipReason.NOINDEX), links=links)
        canonical = await self._canonical(visit, page.canonical or fetched.canonical)
        if other := canonical or self._same_as(visit, page.content):
            return _Found(state=None, target=other, has_content=True, links=links)
        changed = self._changed.get(visit.url, "")
        await self._tell(
            PageRead(url=visit.url, raw=raw, page=page.page, links=links, changed=changed, given=not visit.linked_from)
        )
        return _Found(links=links)

    def _same_as(self, visit: Visit, content: str) -> str:
        """The other address that says the same and stands for this one too; "" when this is the first that says it.

        An address that was a page before stays one: what is cited must not change with the order of answers.
        """
        if not content:
            return ""
        first = self._contents.get(content, "")
        known = self._known_contents.get(content, "")
        may_wait = visit.folds and visit.linked_from and not first
        if may_wait and known not in ("", visit.url) and self._scope.wants(known):
            # If it turns out to be dead or to lead here, this address comes back as one that does not fold.
            return known
        return "" if self._contents.setdefault(content, visit.url) == visit.url else first

    def _links(self, references: Iterable[str], base: str) -> tuple[str, ...]:
        urls = (
            self._scope.home(url) for reference in dict.fromkeys(references) if (url := normal_url(reference, base))
        )
        return tuple(dict.fromkeys(url for url in urls if self._scope.contains(url)))

    async def _canonical(self, visit: Visit, declared: str) -> str:
        """The other address that the page is to be known by, if it names one that we may read; else ""."""
        plain = normal_url(declared, visit.url) if declared and visit.folds else ""
        if not plain:
            return ""
        url = self._scope.home(plain)
        if visit.url in (plain, url) or not self._scope.wants(url):
            return ""
        return url if (await self._site.robots(url)).allows(url) else ""

    def _take_in(self, visits: Sequence[Visit], found: Sequence[_Found]) -> None:
        for visit, one in zip(visits, found, strict=False):
            if one.state is not None:
                self._states[visit.url] = one.state
            else:
                self._aliases.add(visit, one.target, has_content=one.has_content)
                chain = () if one.has_content else (*visit.chain, visit.url)
                origin_page = visit.url if one.has_content else visit.linked_from
                self._frontier.add(replace(visit, url=one.target, linked_from=origin_page, chain=chain, folds=True))
            for url in one.links:
                if self._scope.wants(url):
                    self._frontier.add(Visit(url=url, depth=visit.depth + 1, linked_from=visit.url))

    async def _settle(self) -> None:
        settled = self._aliases.settle(self._states)
        for visit in settled.duplicates:
            await self._skip(visit, SkipReason.DUPLICATE)
        for visit in settled.own:
            self._frontier.again(visit)
        for visit in settled.circles:
            await self._fail(visit, redirects_too_often(visit.url, HTTPStatus.FOUND))

    async def _finish(self) -> None:
        for visit in self._aliases.unsettled():
            await self._skip(visit, SkipReason.LIMIT)
        frontier, counts = self._frontier, self._counts
        await self._tell(
            CrawlDone(
                complete=self._complete and not frontier.left_out,
                read=counts[PageRead],
                unchanged=counts[PageUnchanged],
                skipped=counts[PageSkipped],
                failed=counts[PageFailed],
                left_out=frontier.left_out,
                left_out_urls=tuple(frontier.left_out_urls),
                stopped=(self._budget.spent or Stop.PAGES) if frontier.left_out else None,
            )
        )

    async def _skip(self, visit: Visit, reason: SkipReason) -> _Found:
        await self._tell(PageSkipped(url=visit.url, reason=reason))
        return _Found()

    async def _fail(self, visit: Visit, error: SourceError) -> _Found:
        given = not visit.linked_from
        if _may_pass(error) or ((visit.url in self._known or given) and not _is_gone(error)):
            self._complete = False
        await self._tell(PageFailed(url=visit.url, error=error, linked_from=visit.linked_from, given=given))
        return _Found(state=State.DEAD)

    async def _tell(self, event: CrawlEvent[P]) -> None:
        # Counted first: room for further pages must not depend on how fast the caller takes events.
        self._counts[type(event)] += 1
        await self._tell_caller(event)


def _is_gone(error: SourceError) -> bool:
    return isinstance(error, FetchError) and error.gone


def _may_pass(error: SourceError) -> bool:
    """Whether the page may well be there: out of reach for the moment, so its links are unknown."""
    if not isinstance(error, FetchError) or isinstance(error, AddressRefused):
        return False
    status = error.status
    return status is None or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _is_no_sitemap(error: SourceError) -> bool:
    """Whether there is simply none where we guessed one."""
    if isinstance(error, FetchError):
        return not _may_pass(error)
    return True
