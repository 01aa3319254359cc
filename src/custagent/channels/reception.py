"""What a channel finds around it: the runner's side of receiving and of sending, in the words of core."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from custagent.channels.hub import Hub
from custagent.core.channel import Channel
from custagent.core.channel_event import ChannelEvent
from custagent.core.conversation import Begun, Conversation
from custagent.core.errors import ChannelError, ConfigError, SendFault
from custagent.core.message import Attachment, DeliveryUpdate, InboundMessage
from custagent.core.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a channel needs for sending, and for trying its connection."""

    #: The open streams of the live chat.
    hub: Hub
    clock: Clock
    #: The environment: where a provider is, when it is not where everybody's is.
    environ: Mapping[str, str]
    #: The values that a `${NAME}` of custagent.yaml stands for: that of today first, then, while it is being changed, the
    #: one before. Raises ConfigError that names the variable when it is not set.
    secrets: Callable[[str], tuple[str, ...]]
    #: The company, as contacts know it.
    company: Callable[[], str] = str
    #: A secret that the workspace made for itself, by which it knows again what it once gave away, such as a mail's id.
    #: Raises WorkspaceError when it can be neither read nor made.
    key: Callable[[], bytes] = bytes
    #: The workspace's folder.
    root: Path = Path()

    def secret(self, reference: str) -> str:
        """Today's value of `${NAME}`, for talking to a provider. Raises ChannelError: without it nothing goes out."""
        try:
            return self.secrets(reference)[0]
        except ConfigError as error:
            raise ChannelError(error.message, hint=error.hint, fault=SendFault.CHANNEL_OUT) from error


class Reception(Protocol):
    """Who takes what providers bring: the runner. Asked anew at each request, for channels change while it works."""

    @property
    def around(self) -> Surroundings:
        """What the channels find around them."""
        ...

    def channels(self) -> Mapping[str, Channel]:
        """The channels that are in force, by name. Raises ConfigError, StoreError."""
        ...

    async def receive_all(self, messages: Sequence[InboundMessage]) -> Sequence[Begun]:
        """Mask contacts' messages and write them down in one transaction, in order; durable when it returns (CONV-2).

        What was written down before is told as a duplicate, also within the batch. Raises UnknownName for a channel that
        is gone, LeaseHeld, StoreError: then nothing was written.
        """
        ...

    async def note(self, updates: Sequence[DeliveryUpdate]) -> None:
        """Write down what became of replies; durable when it returns. What is known already changes nothing.

        Raises LeaseHeld, StoreError.
        """
        ...

    async def take(self, events: Sequence[ChannelEvent]) -> None:
        """Mask what else channels tell, and write down what follows from it; durable when it returns.

        An event that was taken before changes nothing. Raises LeaseHeld, StoreError.
        """
        ...

    async def keep(self, content: bytes, *, name: str, media_type: str) -> Attachment:
        """Keep a file that came with a message, once however often it comes; what it is, is told by its bytes.

        What is too large or of a kind that is not taken is told in `error`, and not kept. Raises StoreError.
        """
        ...

    async def conversation_of(self, channel: str, external_ids: Sequence[str]) -> Conversation | None:
        """The conversation that the last of these provider's ids which is known belongs to, ours or the contact's.

        Raises StoreError.
        """
        ...

    async def known(self, channel: str, external_ids: Collection[str]) -> Collection[str]:
        """Those among the provider's ids of messages that are written down, ours and contacts'. Raises StoreError."""
        ...

    async def remember(self, channel: str, value: str) -> None:
        """Keep how far a channel has read what waits for it there, in the channel's own words. Raises LeaseHeld, StoreError."""
        ...

    async def trouble(self, channel: str, reason: str) -> None:
        """Nothing comes in on the channel, and why, such as a mailbox that refuses the password; "" once it works again.

        Told at each try: who is to hear of it, and when, is decided here. Raises LeaseHeld, StoreError.
        """
        ...

    async def remembered(self, channel: str) -> str:
        """What `remember` was last told of the channel, "" at first. Raises StoreError."""
        ...
