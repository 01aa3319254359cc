"""Adding, reading and removing an agent's sources: the YAML, the content and the index go together."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from custagent.config.agents import agent_path
from custagent.config.editor import add_sources, append_values, put_back
from custagent.config.editor import remove_source as remove_from_file
from custagent.config.reach import host_to_allow
from custagent.core.agent import AgentDefinition, Source, source_key
from custagent.core.document import SourceState
from custagent.core.errors import SourceError, UsageError
from custagent.core.people import Permission
from custagent.knowledge.convert.kind import supported
from custagent.knowledge.ingest import Ingestor
from custagent.knowledge.reading import Listener
from custagent.runtime.bootstrap import Application
from custagent.runtime.content.source_states import find_state
from custagent.runtime.definitions.agents import apply_agents, apply_workspace

#: A web address as people say it: help.example.com/faq.
_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.){2,}[a-z]{2,}(?:/\S*)?|[a-z0-9-]+\.[a-z]{2,}/\S*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What somebody wants to add: a URL, file or folder, or a short answer, as it will stand in YAML."""

    mapping: dict[str, Any]

    @property
    def location(self) -> str:
        """The value of the first key."""
        return str(next(iter(self.mapping.values())))


def find_place(app: Application, text: str, options: dict[str, Any]) -> Place:
    """What `text` names. A file or folder from outside the workspace is copied into `content/` (SRC-8).

    `options` are the keys of a URL source. Raises SourceError.
    """
    if text.startswith(("http://", "https://")):
        return Place(mapping={"url": text, **options})
    path = Path(text).expanduser()
    if not path.exists():
        near = f" Did you mean https://{text}?" if _HOST.fullmatch(text) and not supported(path) else ""
        raise SourceError(
            f"there is no file, folder or URL {text!r}", hint=f"A web address starts with http:// or https://.{near}"
        )
    if path.is_file() and not supported(path):
        raise SourceError(f"{path.name} is of a kind that cannot be read", hint="custagent sources add --help")
    inside = _inside(app, path.resolve())
    private = {"private": True} if options.get("private") else {}
    return Place(mapping={"collection" if path.is_dir() else "file": inside, **private})


def add_places(
    app: Application, agent: str, places: Sequence[Place], *, allow_hosts: Sequence[str] = ()
) -> AgentDefinition:
    """Write the places into the agent's file and put it into force; one that is there already stays as it is.

    Raises SourceError for an address that would not be fetched (SRC-7), and what validation finds.
    """
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    for place in places:
        _check_reach(place, agent, [*app.workspace.fetch.allow_hosts, *allow_hosts])
    known = {source.location for source in app.agent(agent).sources}
    new = {place.location: place.mapping for place in places if place.location not in known}
    path = agent_path(app.home, agent)
    if allow_hosts:
        with put_back(app.home.workspace_file):
            append_values(app.home.workspace_file, ("fetch", "allow_hosts"), allow_hosts)
            apply_workspace(app, action="sources add", subject=agent)
    with put_back(path):
        add_sources(path, *new.values())
        apply_agents(app, [agent], action="sources add")
    return app.agent(agent)


def _check_reach(place: Place, agent: str, allowed: Sequence[str]) -> None:
    url = place.mapping.get("url")
    if not url:
        return
    try:
        refused = host_to_allow(url, allowed)
    except ValueError as error:
        raise SourceError(str(error)) from error
    if refused:
        host, reason = refused
        whole = " --import-related" if place.mapping.get("import_related") else ""
        raise SourceError(
            f"{url} is not read: {reason}",
            hint=f"If it is a server of your own: custagent sources add {agent} {url}{whole} --allow-host {host}",
        )


def remove_source(app: Application, agent: str, location: str) -> SourceState:
    """Take a source off; its pages leave the answers at once. Raises UnknownName."""
    app.actor.require(Permission.EDIT_AGENTS, app.workspace)
    state = find_state(app, agent, location)
    path = agent_path(app.home, agent)
    with put_back(path):
        remove_from_file(path, location)
        apply_agents(app, [agent], action="sources remove")
    app.store.sources.forget_source(agent, state.key)
    return state


def sync(
    app: Application,
    agent: AgentDefinition,
    listener: Listener,
    *,
    only: Sequence[str] | None = None,
    accept_removals: bool = False,
    dry_run: bool = False,
) -> list[SourceState]:
    """Read the agent's sources, or those at the locations `only`, then bring the index up to date.

    Sources that are no longer in the file are forgotten. What could not be read is told by each state's `error` and
    `problems`, not raised. A `dry_run` only looks what would change.
    """
    if dry_run:
        named = [source for source in agent.sources if only is None or source.location in only]
        return asyncio.run(_read(app, agent.name, named, listener, accept_removals=accept_removals, dry_run=True))
    keys = {source_key(source.kind, source.location) for source in agent.sources}
    for key in set(app.store.sources.source_states(agent.name)) - keys:
        app.store.sources.forget_source(agent.name, key)
    wanted = [source for source in agent.sources if only is None or source.location in only]
    return read_again(app, agent.name, wanted, listener, accept_removals=accept_removals)


def read_again(
    app: Application, agent: str, wanted: Sequence[Source], listener: Listener, *, accept_removals: bool = False
) -> list[SourceState]:
    """Read these sources of an agent, then bring the index up to date; nothing else of it is touched. See `sync`."""
    read = asyncio.run(_read(app, agent, wanted, listener, accept_removals=accept_removals))
    app.indexer.update(app.index_folder(agent), listener.embedded)
    # The new index holds all that there is: vectors of words that no page has any more serve nobody.
    app.store.vectors.drop_unused_vectors()
    return read


async def _read(
    app: Application,
    agent: str,
    wanted: Sequence[Source],
    listener: Listener,
    *,
    accept_removals: bool,
    dry_run: bool = False,
) -> list[SourceState]:
    ingestor = Ingestor(
        root=app.home.root,
        documents=app.store.documents,
        sources=app.store.sources,
        clock=app.clock,
        allow_hosts=app.workspace.fetch.allow_hosts,
        default_language=app.workspace.default_language,
    )
    async with ingestor:
        return [
            await ingestor.read(agent, source, listener, accept_removals=accept_removals, dry_run=dry_run)
            for source in wanted
        ]


def _inside(app: Application, path: Path) -> str:
    """The path relative to the workspace; copied into `content/` when it is outside."""
    root = app.home.root.resolve()
    if path.is_relative_to(root):
        if path.is_relative_to(app.home.state_folder.resolve()) or path == root:
            raise UsageError(f"{path.name} cannot be a source: name a file or folder with content")
        return path.relative_to(root).as_posix()
    if root.is_relative_to(path):
        raise UsageError(
            f"{path} cannot be a source: the workspace lies in it", hint="Name the folder with the content alone."
        )
    target = app.home.content_folder / path.name
    before = target.exists()
    try:
        _copy(path, target)
    except OSError as error:
        if not before:
            _take_away(target)
        raise SourceError(
            f"{path} cannot be copied to content/{path.name}: {error.strerror}",
            hint="Copy what it should answer from into content/ yourself, and add it from there.",
        ) from error
    return target.relative_to(app.home.root).as_posix()


def _take_away(copy: Path) -> None:
    if copy.is_dir():
        shutil.rmtree(copy, ignore_errors=True)
        return
    with suppress(OSError):
        copy.unlink()


def _copy(path: Path, target: Path) -> None:
    """Bring a file, or a folder's files of kinds that can be read, into the workspace. Raises SourceError and OSError."""
    if path.is_file():
        if target.exists() and target.read_bytes() != path.read_bytes():
            raise SourceError(
                f"content/{path.name} is there already, with other content",
                hint="Rename the file, or copy it into content/ yourself and add it from there.",
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and supported(file):
            copy = target / file.relative_to(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    if not target.is_dir():
        raise SourceError(f"the folder {path.name} holds no file of a kind that can be read")
