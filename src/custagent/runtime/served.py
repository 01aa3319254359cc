"""The kinds of channel that this installation can serve: what each brings, its adapter and its routes.

A kind joins by a line in `_BUILT_IN`, or from another package by an entry point of the group
`custagent.channel_kinds`, named as custagent.yaml names the kind; that one takes the place of a built-in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Protocol

from custagent.channels.hub import Hub
from custagent.channels.live_chat import LiveChatAdapter
from custagent.channels.reception import Surroundings
from custagent.core.errors import WorkspaceError
from custagent.core.ports import ChannelAdapter
from custagent.core.workspace import Channel, ChannelKind, LiveChatChannel

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from custagent.runtime.bootstrap import Application
    from custagent.runtime.runner import Runner

#: Where other packages name the kinds that they bring.
GROUP = "custagent.channel_kinds"


class ServedKind(Protocol):
    """What a kind of channel brings. It keeps nothing: one is made for each runner, and for each look at a channel."""

    def adapter(self, channel: Channel, around: Surroundings) -> ChannelAdapter:
        """What sends on a channel of this kind, and tries its connection.

        Raises nothing: a secret that is missing is told by the adapter's `check`, and by its `send` as a ChannelError, for
        it concerns no other channel.
        """
        ...

    def routes(self, runner: Runner) -> Sequence[BaseRoute]:
        """What the runner's web server serves for all channels of this kind, now and later. Raises nothing.

        A kind of another package sees of the runner what `Reception` promises.
        """
        ...


class LiveChatKind(ServedKind):
    """The chat on the company's own pages."""

    def adapter(self, channel: Channel, around: Surroundings) -> ChannelAdapter:
        """See the protocol."""
        origins = channel.origins if isinstance(channel, LiveChatChannel) else ()
        return LiveChatAdapter(channel.name, origins, around.hub)

    def routes(self, runner: Runner) -> Sequence[BaseRoute]:
        """See the protocol."""
        # Commands that only look at a channel need no web server.
        from custagent.channels.live_chat_web import create_routes
        from custagent.runtime.chat import LiveChats

        return create_routes(LiveChats(runner.app, runner), hub=runner.hub, clock=runner.app.clock)


_BUILT_IN: Mapping[str, type[ServedKind]] = {ChannelKind.LIVE_CHAT.value: LiveChatKind}


def is_served(kind: str) -> bool:
    """Whether channels of this kind can be served; what others bring is not loaded for that."""
    return kind in _BUILT_IN or bool(entry_points(group=GROUP, name=kind))


def served_kind(kind: str) -> ServedKind | None:
    """The kind of this name; None when nobody brings it. Raises WorkspaceError for one that cannot be loaded."""
    brought = next(iter(entry_points(group=GROUP, name=kind)), None)
    if brought is not None:
        return _load(brought)
    built_in = _BUILT_IN.get(kind)
    return built_in() if built_in else None


def served_kinds() -> Mapping[str, ServedKind]:
    """All that can be served, by name. Raises WorkspaceError for one that cannot be loaded."""
    found = {name: kind() for name, kind in _BUILT_IN.items()}
    return found | {one.name: _load(one) for one in entry_points(group=GROUP) if one.name in set(ChannelKind)}


def surroundings(app: Application, hub: Hub | None = None) -> Surroundings:
    """What the channels of the workspace find around them; without a runner, a hub that nobody listens to."""
    return Surroundings(hub=hub or Hub(), clock=app.clock, environ=app.environ, secrets=app.secrets)


def _load(brought: EntryPoint) -> ServedKind:
    try:
        kind: ServedKind = brought.load()()
    except (ImportError, AttributeError, TypeError) as error:
        package = brought.dist.name if brought.dist else brought.value
        raise WorkspaceError(
            f"{package} brings {brought.name} channels, but cannot be loaded: {error}",
            hint=f"Update it, or take it away: pip uninstall {package}",
        ) from error
    return kind
