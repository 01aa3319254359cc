"""What is known of an agent's sources: the definition tells which they are, the database how far they were read."""

from __future__ import annotations

from custagent.config.findings import did_you_mean
from custagent.core.agent import source_key
from custagent.core.document import SourceState
from custagent.core.errors import UnknownName
from custagent.runtime.bootstrap import Application


def states(app: Application, agent: str) -> list[SourceState]:
    """Each source of the definition with what is known of it, in the file's order."""
    known = app.store.sources.source_states(agent)
    listed = []
    for source in app.agent(agent).sources:
        key = source_key(source.kind, source.location)
        listed.append(known.get(key) or SourceState(key=key, kind=source.kind.value, location=source.location))
    return listed


def find_state(app: Application, agent: str, location: str) -> SourceState:
    """The source at `location`. Raises UnknownName."""
    listed = states(app, agent)
    for state in listed:
        if location in (state.location, state.key):
            return state
    near = did_you_mean(location, [state.location for state in listed])
    hint = near if near.startswith("did") else f"See them with: custagent sources list {agent}"
    raise UnknownName(f"{agent} has no source {location!r}", hint=hint)
