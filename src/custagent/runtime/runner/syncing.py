"""Keeps web sources fresh: each is read again when its interval has passed (SRC-3). Upgrades indexes of older engines.

Reading runs in a process of its own, at low priority: embedding a site must not slow the answers down, and a fault in
it must not end the runner. The process is `python -m custagent.runtime.runner.syncing WORKSPACE AGENT [LOCATION]`; unlike
`custagent sources sync` it goes by the applied definitions, for a hand edit that nobody has applied must neither add
nor forget anything (CRE-6). Without a location it brings the index alone up to date.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from custagent.config.agents import agent_from_text
from custagent.core.agent import AgentDefinition, UrlSource, source_key
from custagent.core.document import SourceState
from custagent.core.errors import ConfigError, CustagentError, IndexDamaged, StoreError, UnknownName
from custagent.core.ids import content_hash
from custagent.core.written import seconds
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application, open_application
from custagent.runtime.content.sources import read_again
from custagent.runtime.in_force import InForce
from custagent.runtime.waiting import wait_for_any

_log = logging.getLogger(__name__)

#: Seconds between two looks at what is due.
LOOKED_EVERY = 60.0
#: A source that could not be read is tried again after its interval, or after this if that is sooner.
RETRIED_AFTER = timedelta(minutes=15)
#: The most that a source is read later than its interval says: this share of it, and not longer than that.
MOST_LATER, LONGEST_LATER = 0.1, timedelta(minutes=30)
#: Seconds that a reading may take to end when the runner stops, before it is killed.
PATIENCE = 3.0
_LOW_PRIORITY = 10


class Syncing:
    """The syncing loop of a runner."""

    def __init__(self, app: Application, *, patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience
        #: When each (agent, location) was last tried: a site that is down is not asked every minute.
        self._tried: dict[tuple[str, str], datetime] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Sync until `stop` is set; a sync under way is ended, and goes on where it was the next time."""
        await self._upgrade(stop)
        while not stop.is_set():
            try:
                due = await asyncio.to_thread(self.due)
            except StoreError as error:
                _log.error("no source can be read for the moment: %s", error.message)
                due = []
            for agent, location in due:
                if not stop.is_set():
                    await self.sync(agent, location, stop)
            await wait_for_any(stop, seconds=LOOKED_EVERY)

    async def _upgrade(self, stop: asyncio.Event) -> None:
        for agent in await asyncio.to_thread(self.outdated):
            if not stop.is_set():
                await self.index(agent, stop)

    def outdated(self) -> list[str]:
        """The live agents whose index is damaged, missing, or of another engine than they should be embedded by."""
        try:
            agents = sorted(self._app.store.versions.live().keys() - {WORKSPACE_KEY})
            return [agent for agent in agents if self._is_outdated(agent)]
        except CustagentError as error:
            _log.error("no index can be looked at for the moment: %s", error.message)
            return []

    def _is_outdated(self, agent: str) -> bool:
        try:
            manifest = self._app.index_folder(agent).manifest()
        except IndexDamaged:
            return True
        if self._app.words_only is not None:
            return False
        if manifest is None:
            return any(state.chunks for state in self._app.store.sources.source_states(agent).values())
        return manifest.embedder != self._app.embedder.comparable[0]

    def due(self) -> list[tuple[str, str]]:
        """(agent, location) of each web source whose interval has passed; those never read are left to people."""
        now = self._app.clock.now()
        found: list[tuple[str, str]] = []
        for name, version in self._app.store.versions.live().items():
            if name == WORKSPACE_KEY:
                continue
            try:
                agent = agent_from_text(version.text, self._app.home, name)
            except ConfigError:
                continue  # told where agents are put into force
            found += [(name, source.url) for source in self._due_sources(agent, now)]
        return found

    def _due_sources(self, agent: AgentDefinition, now: datetime) -> list[UrlSource]:
        states = self._app.store.sources.source_states(agent.name)
        due = []
        for source in agent.sources:
            state = states.get(source_key(source.kind, source.location))
            if not isinstance(source, UrlSource) or state is None or state.synced_at is None:
                continue
            interval = timedelta(seconds=seconds(source.interval))
            tried = self._tried.get((agent.name, source.url))
            rested = tried is None or abs(now - tried) >= min(interval, RETRIED_AFTER)
            # Either way: a page that was read while the clock was years ahead is not left to age for years.
            if abs(now - state.synced_at) >= interval + _later(agent.name, state, interval) and rested:
                due.append(source)
        return due

    async def sync(self, agent: str, location: str, stop: asyncio.Event) -> None:
        """Read one source to its end, or until `stop` is set. How it went stands in the source's state."""
        self._tried[agent, location] = self._app.clock.now()
        told = await self._process(stop, agent, location)
        if told:
            _log.warning("%s of %s was not synced: %s", location, agent, told)

    async def index(self, agent: str, stop: asyncio.Event) -> None:
        """Bring an agent's index up to date, by the engine that embeds best; until then the old one serves."""
        told = await self._process(stop, agent)
        if told:
            _log.warning("the index of %s was not brought up to date: %s", agent, told)

    async def _process(self, stop: asyncio.Event, *arguments: str) -> str:
        """Let a process of its own do it; "" when it succeeded or was stopped, else the last that it told."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "custagent.runtime.runner.syncing", str(self._app.home.root), *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        # It may have ended already, or this process be of lower priority itself.
        with suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _LOW_PRIORITY)
        ended = asyncio.create_task(process.communicate())
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            await leave_none(process, ended, self._patience)
        _, told = await ended
        if not process.returncode or stop.is_set():
            return ""
        lines = told.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it says nothing"


async def leave_none(
    process: asyncio.subprocess.Process, ended: asyncio.Task[tuple[bytes, bytes]], patience: float
) -> None:
    """Leave no process behind: ask it to end, and kill it after `patience` seconds. `ended` reads it to its end."""
    for end, seconds_given in ((process.terminate, patience), (process.kill, None)):
        if ended.done():
            return
        # It may have ended by itself while what it told was not read yet.
        with suppress(ProcessLookupError):
            end()
        await asyncio.wait([ended], timeout=seconds_given)


def _later(agent: str, state: SourceState, interval: timedelta) -> timedelta:
    """How much later than its interval says a source is read: up to a tenth of it, and half an hour.

    Sources that were added together must not be read together for ever. By the hash of what was read last, so that it
    is another time each day, and the same one whenever it is asked for.
    """
    drawn = int(content_hash(agent, state.key, str(state.synced_at))[:8], 16) / 0xFFFFFFFF
    return min(interval * MOST_LATER, LONGEST_LATER) * drawn


class _Silent:
    """Nobody watches."""

    def page_read(self, location: str) -> None:
        """See Listener."""

    def page_failed(self, location: str, reason: str) -> None:
        """See Listener; it stands in the source's state."""

    def embedded(self, done: int, total: int) -> None:
        """See Listener."""


def read_one(app: Application, agent: str, location: str) -> Sequence[SourceState]:
    """Read one source of an agent by its applied definition; its state. Raises CustagentError."""
    version = app.store.versions.applied(agent)
    if version is None:
        raise UnknownName(f"no agent called {agent!r} is in force")
    definition = agent_from_text(version.text, app.home, agent)
    wanted = [source for source in definition.sources if source.location == location]
    return read_again(app, agent, wanted, _Silent())


def main(arguments: Sequence[str]) -> int:
    """What the process does; its exit code."""
    folder, agent, *locations = arguments
    errors: list[str] = []
    try:
        with open_application(Path(folder), None) as app:
            app.workspace = InForce(app).workspace()
            for location in locations:
                errors += [state.error for state in read_one(app, agent, location) if state.error]
            app.indexer.upgrade(app.index_folder(agent), _Silent().embedded)
    except CustagentError as error:
        errors = [error.message]
    for told in errors:
        print(told, file=sys.stderr)  # noqa: T201 - the runner reads it
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
