"""Bringing a HubSpot account's pages into `content/`, as files that can be reviewed, and keeping them in step.

Three steps, so that people can look before anything is written: `list_pages` asks HubSpot, `plan` compares with the
files that are there, `carry_out` reads the pages and writes. Files are the truth afterwards: an agent reads them as it
reads any content collection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from custagent.config.home import Home
from custagent.config.secrets import reference_name, resolve
from custagent.core.errors import ConfigError, SourceError, UsageError
from custagent.core.people import Permission
from custagent.knowledge.convert.worker import Converter
from custagent.knowledge.hubspot import BASE, KINDS, HubSpotApi, HubSpotPage, NotImported, PageReader, listing
from custagent.knowledge.reading import MOST_REMOVED, Listener
from custagent.knowledge.web.addresses import AddressGuard
from custagent.knowledge.web.fetch import Fetcher
from custagent.knowledge.web.scope import matches
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.imported import ImportedFile, ImportedFolder
from custagent.runtime.content.sources import Place

#: The environment variable that holds the token, unless another is named.
VARIABLE: Final = "HUBSPOT_TOKEN"
#: Pages that are fetched at a time: all are of one company's site.
AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How the account is reached."""

    #: The token's environment variable, as ${NAME}.
    token: str = f"${{{VARIABLE}}}"
    base: str = BASE
    #: Hosts that may be asked although their address is private, besides those of the workspace.
    allow_hosts: tuple[str, ...] = ()
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What HubSpot has of one kind."""

    kind: str
    pages: tuple[HubSpotPage, ...]
    others: tuple[NotImported, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPlan:
    """What an import would do in `content/<kind>/`."""

    kind: str
    #: How many files of earlier imports are there.
    before: int
    added: tuple[HubSpotPage, ...] = ()
    #: Changed at HubSpot, or made of modules for want of the page.
    changed: tuple[HubSpotPage, ...] = ()
    unchanged: tuple[HubSpotPage, ...] = ()
    #: Public no more.
    removed: tuple[ImportedFile, ...] = ()
    others: tuple[NotImported, ...] = ()

    @property
    def too_many(self) -> bool:
        """Whether so much would go that it takes `--accept-removals` (SRC-3)."""
        return self.before > 1 and len(self.removed) > MOST_REMOVED * self.before


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What an import did; paths are relative to the workspace."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)
    #: (address, reason) of pages of which there is no new file.
    failed: list[tuple[str, str]] = field(default_factory=list)
    #: (address, reason) of pages that were made of their modules, because the public page did not arrive.
    instead: list[tuple[str, str]] = field(default_factory=list)
    #: The collections that hold files now.
    places: list[Place] = field(default_factory=list)


def list_pages(app: Application, account: Account, kinds: Collection[str] = tuple(KINDS)) -> list[Listed]:
    """What HubSpot has of these kinds. Raises ConfigError for a token that is not set, FetchError."""
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    try:
        token = resolve(account.token, app.environ).strip()
    except ConfigError as error:
        raise ConfigError(
            error.message,
            hint="In HubSpot, make a private app with the scope `content` (Settings > Integrations > Private Apps), and"
            f" here: export {reference_name(account.token) or VARIABLE}=...",
        ) from error
    return asyncio.run(_list(app, account, token, [kind for kind in KINDS if kind in kinds]))


async def _list(app: Application, account: Account, token: str, kinds: Sequence[str]) -> list[Listed]:
    hosts = _allowed(app, account)
    found = []
    async with HubSpotApi(token, base=account.base, allow_hosts=hosts, sleep=account.sleep) as api:
        for kind in kinds:
            pages, others = listing(kind, [result async for result in api.results(KINDS[kind])])
            found.append(Listed(kind=kind, pages=tuple(pages), others=tuple(others)))
    return found


def only(listed: Sequence[Listed], globs: Sequence[str]) -> set[str]:
    """The numbers of the pages whose address matches one of the globs; all without any.

    Raises UsageError when none does.
    """
    chosen = {
        page.id for one in listed for page in one.pages if not globs or any(matches(page.url, glob) for glob in globs)
    }
    if globs and not chosen:
        raise UsageError(
            f"no public page has an address like {' or '.join(globs)}",
            hint="A glob that begins with / is held against the path: --only '/help/*'. See all with --dry-run.",
        )
    return chosen


def plan(app: Application, listed: Sequence[Listed], chosen: Collection[str]) -> list[KindPlan]:
    """What bringing in the pages numbered `chosen` would do. Raises WorkspaceError."""
    return [_plan(app, one, chosen) for one in listed]


def _plan(app: Application, listed: Listed, chosen: Collection[str]) -> KindPlan:
    files = ImportedFolder(app.home, listed.kind).files()
    wanted = [page for page in listed.pages if page.id in chosen]
    public = {page.id for page in listed.pages}
    return KindPlan(
        kind=listed.kind,
        before=len(files),
        added=tuple(page for page in wanted if page.id not in files),
        changed=tuple(page for page in wanted if page.id in files and not files[page.id].holds(page)),
        unchanged=tuple(page for page in wanted if page.id in files and files[page.id].holds(page)),
        removed=tuple(file for file in files.values() if file.id not in public),
        others=listed.others,
    )


def carry_out(
    app: Application,
    plans: Sequence[KindPlan],
    account: Account,
    listener: Listener,
    *,
    remove: bool = True,
    converter: Converter | None = None,
) -> Outcome:
    """Read what is new or changed, write it, and `remove` what is public no more.

    What cannot be read never stops the rest; it is told in the outcome, and what was there stays. Each page is written
    when it is read, so that an import that was stopped goes on where it was. `converter` is shared with others and
    stays open; without it there is an own one. Raises WorkspaceError.
    """
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    outcome = Outcome(unchanged=sum(len(one.unchanged) for one in plans))
    if any(one.added or one.changed for one in plans):
        with nullcontext(converter) if converter else Converter() as used:
            asyncio.run(_read(app, plans, account, listener, outcome, converter=used))
    for one in plans:
        folder = ImportedFolder(app.home, one.kind)
        for file in one.removed if remove else ():
            folder.remove(file)
            outcome.removed.append(_inside(app, file.path))
        if folder.files():
            outcome.places.append(Place(mapping={"collection": folder.location, "type": one.kind}))
    return outcome


async def _read(
    app: Application,
    plans: Sequence[KindPlan],
    account: Account,
    listener: Listener,
    outcome: Outcome,
    *,
    converter: Converter,
) -> None:
    async with Fetcher(AddressGuard(_allowed(app, account)), sleep=account.sleep) as fetcher:
        reader = PageReader(fetcher, converter, language=app.workspace.default_language)
        work = _Work(home=app.home, reader=reader, listener=listener, outcome=outcome)
        waiting = [(one.kind, page) for one in plans for page in (*one.added, *one.changed)]
        queue = iter(waiting)
        await asyncio.gather(*(work.all_of(queue) for _ in range(min(AT_ONCE, len(waiting)))))


@dataclass(slots=True, kw_only=True)
class _Work:
    """The reading and writing of pages; what it comes to stands in `outcome`."""

    home: Home
    reader: PageReader
    listener: Listener
    outcome: Outcome
    #: By kind: the folder, and what was in it.
    folders: dict[str, tuple[ImportedFolder, Mapping[str, ImportedFile]]] = field(default_factory=dict)

    async def all_of(self, queue: Iterator[tuple[str, HubSpotPage]]) -> None:
        """One page after another, until `queue`, which others take from too, is empty."""
        for kind, page in queue:
            await self._one(kind, page)

    async def _one(self, kind: str, page: HubSpotPage) -> None:
        if kind not in self.folders:
            folder = ImportedFolder(self.home, kind)
            self.folders[kind] = folder, folder.files()
        folder, files = self.folders[kind]
        before = files.get(page.id)
        try:
            read = await self.reader.read(page)
        except SourceError as error:
            self.outcome.failed.append((page.url, f"{error.message} {error.hint}".strip()))
            self.listener.page_failed(page.url, error.message)
            return
        if read.instead and before and not before.from_modules:
            # The last version of the public page is better than its modules, and is tried again the next time.
            self.outcome.failed.append((page.url, read.instead))
            self.listener.page_failed(page.url, read.instead)
            return
        if read.instead:
            self.outcome.instead.append((page.url, read.instead))
        path = folder.write(page, read.markdown, before)
        if path is None:
            self.outcome.unchanged += 1
        else:
            told = path.relative_to(self.home.root).as_posix()
            (self.outcome.changed if before else self.outcome.added).append(told)
        self.listener.page_read(page.url)


def _allowed(app: Application, account: Account) -> tuple[str, ...]:
    return (*app.workspace.fetch.allow_hosts, *account.allow_hosts)


def _inside(app: Application, path: Path) -> str:
    return path.relative_to(app.home.root).as_posix()
