"""The kinds of channel that this installation can serve: what each brings, its adapter and its routes.

A kind joins by a line in `_BUILT_IN`, or from another package by an entry point of the group
`custagent.channels`, named as custagent.yaml names the kind; that one takes the place of a built-in one. How to write
one is told in docs/writing-a-channel.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from custagent.channels.hub import Hub
from custagent.channels.live_chat.adapter import LiveChatAdapter
from custagent.channels.live_chat.identity import identities_of
from custagent.channels.reception import Surroundings
from custagent.channels.unserved import UnservedAdapter
from custagent.config.kinds import brought_kind, brought_kinds, load_kind, unusable
from custagent.core.channel import Channel, ChannelKind, LiveChatChannel, OtherChannel
from custagent.core.ports import ChannelAdapter
from custagent.runtime.workspace_key import workspace_key

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from custagent.runtime.bootstrap import Application
    from custagent.runtime.kinds.host import Host


class ServedKind(Protocol):
    """What a kind of channel brings. It keeps nothing: one is made for each runner, and for each look at a channel."""

    def adapter(self, channel: Channel, around: Surroundings) -> ChannelAdapter:
        """What sends on a channel of this kind, and tries its connection.

        Raises nothing: a secret that is missing is told by the adapter's `check`, and by its `send` as a ChannelError, for
        it concerns no other channel.
        """
        ...

    def routes(self, host: Host) -> Sequence[BaseRoute]:
        """What the runner's web server serves for all channels of this kind, now and later. Raises nothing.

        A kind of another package sees of the runner what `Reception` promises.
        """
        del host
        return ()

    def work(self, host: Host, stop: asyncio.Event) -> Sequence[Coroutine[Any, Any, None]]:
        """What the runner does for all channels of this kind, now and later, beside all else, until `stop` is set.

        Each looks anew at `channels()` now and then; a fault of one channel must not stop the others. Raises LeaseHeld.
        """
        del host, stop
        return ()


@runtime_checkable
class Guided(Protocol):
    """A kind that has something to be done elsewhere before its channels work."""

    def guide(self, channel: Channel, address: str) -> Sequence[str]:
        """What to do outside custagent for a channel that was added just now, a step each, in order.

        `address` is where browsers and providers reach the runner, without a slash at the end.
        """
        ...


class LiveChatKind(ServedKind):
    """The chat on the company's own pages."""

    def adapter(self, channel: Channel, around: Surroundings) -> ChannelAdapter:
        """See the protocol."""
        if not isinstance(channel, LiveChatChannel):
            return LiveChatAdapter(channel.name, (), around.hub)
        identities = identities_of(channel, around.secrets)
        return LiveChatAdapter(channel.name, channel.origins, around.hub, identities)

    def routes(self, host: Host) -> Sequence[BaseRoute]:
        """See the protocol."""
        # Commands that only look at a channel need no web server.
        from custagent.channels.live_chat.loader import KeptLoaders
        from custagent.channels.live_chat.web import create_routes
        from custagent.runtime.kinds.chat import LiveChats

        loaders = KeptLoaders(host.app.home.state_folder / "loaders")
        loaders.keep()
        return create_routes(LiveChats(host.app, host), hub=host.hub, clock=host.app.clock, loaders=loaders)


def _whatsapp() -> ServedKind:
    from custagent.channels.whatsapp.adapter import WhatsAppKind

    return WhatsAppKind()


def _messenger() -> ServedKind:
    from custagent.channels.messenger.adapter import MessengerKind

    return MessengerKind()


def _email() -> ServedKind:
    from custagent.runtime.kinds.mail import EmailKind

    return EmailKind()


#: What makes each: a command pays for the kinds that it looks at, not for mail when all there is is a chat.
_BUILT_IN: Mapping[str, Callable[[], ServedKind]] = {
    ChannelKind.LIVE_CHAT.value: LiveChatKind,
    ChannelKind.WHATSAPP.value: _whatsapp,
    ChannelKind.MESSENGER.value: _messenger,
    ChannelKind.EMAIL.value: _email,
}


def is_served(kind: str) -> bool:
    """Whether channels of this kind can be served; what others bring is not loaded for that."""
    return kind in _BUILT_IN or brought_kind(kind) is not None


def served_kind(kind: str) -> ServedKind | None:
    """The kind of this name; None when nobody brings it. Raises WorkspaceError for one that cannot be loaded."""
    brought = brought_kind(kind)
    if brought is not None:
        return _load(brought)
    built_in = _BUILT_IN.get(kind)
    return built_in() if built_in else None


def served_kinds() -> Mapping[str, ServedKind]:
    """All that can be served, by name. Raises WorkspaceError for one that cannot be loaded."""
    found = {name: kind() for name, kind in _BUILT_IN.items()}
    return found | {name: _load(one) for name, one in brought_kinds().items()}


def adapter_of(channel: Channel, kind: ServedKind | None, around: Surroundings) -> ChannelAdapter:
    """What sends on the channel; where nothing can, something that says why, and lets replies wait. Raises nothing."""
    if kind is None:
        return UnservedAdapter(
            channel.name,
            step=f"{channel.kind} channels are served",
            wrong=f"nothing that is installed here serves {channel.kind} channels: install the package that brings them,"
            " into the Python that runs custagent",
        )
    if type(channel) is OtherChannel:
        return UnservedAdapter(
            channel.name,
            step="its settings can be read",
            wrong=f"they are not those of a {channel.kind} channel: custagent validate says what is wrong",
        )
    return kind.adapter(channel, around)


def surroundings(app: Application, hub: Hub | None = None) -> Surroundings:
    """What the channels of the workspace find around them; without a runner, a hub that nobody listens to."""
    return Surroundings(
        hub=hub or Hub(),
        clock=app.clock,
        environ=app.environ,
        secrets=app.secrets,
        company=lambda: app.workspace.name,
        key=partial(workspace_key, app.home),
        root=app.home.root,
    )


def _load(brought: EntryPoint) -> ServedKind:
    """Raises WorkspaceError."""
    try:
        kind: ServedKind = load_kind(brought)()
    except TypeError as error:
        raise unusable(brought, error) from error
    return kind
