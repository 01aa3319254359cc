"""Keeps web sources fresh: each is read again when its interval has passed (SRC-3).

Reading runs in a process of its own, the same command that people type, at low priority: embedding a site must not
slow the answers down, and a fault in it must not end the runner.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from datetime import datetime, timedelta

from custagent.config.agents import agent_from_text
from custagent.core.agent import AgentDefinition, UrlSource, source_key
from custagent.core.written import seconds
from custagent.runtime.bootstrap import WORKSPACE_KEY, Application
from custagent.runtime.delivery import wait_for_any

_log = logging.getLogger(__name__)

#: Seconds between two looks at what is due.
LOOKED_EVERY = 60.0
_LOW_PRIORITY = 10


class Syncing:
    """The syncing loop of a runner."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def run(self, stop: asyncio.Event) -> None:
        """Sync until `stop` is set; a sync under way is ended, and goes on where it was the next time."""
        while not stop.is_set():
            for agent, location in await asyncio.to_thread(self.due):
                if not stop.is_set():
                    await self._sync(agent, location, stop)
            await wait_for_any(stop, seconds=LOOKED_EVERY)

    def due(self) -> list[tuple[str, str]]:
        """(agent, location) of each web source whose interval has passed; those never read are left to people."""
        now = self._app.clock.now()
        found: list[tuple[str, str]] = []
        for name, version in self._app.store.versions.live().items():
            if name == WORKSPACE_KEY:
                continue
            agent = agent_from_text(version.text, self._app.home, name)
            found += [(name, source.url) for source in self._due_sources(agent, now)]
        return found

    def _due_sources(self, agent: AgentDefinition, now: datetime) -> list[UrlSource]:
        states = self._app.store.sources.source_states(agent.name)
        due = []
        for source in agent.sources:
            state = states.get(source_key(source.kind, source.location))
            if not isinstance(source, UrlSource) or state is None or state.synced_at is None:
                continue
            if now - state.synced_at >= timedelta(seconds=seconds(source.interval)):
                due.append(source)
        return due

    async def _sync(self, agent: str, location: str, stop: asyncio.Event) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "custagent", "--workspace", str(self._app.home.root)),
            *("sources", "sync", agent, location, "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=lambda: os.nice(_LOW_PRIORITY) and None,
        )
        ended = asyncio.create_task(process.communicate())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not ended.done():
            process.terminate()
        _, told = await ended
        if process.returncode and not stop.is_set():
            _log.warning("%s of %s was not synced: %s", location, agent, told.decode(errors="replace").strip())
