"""What a channel finds around it: the runner's side of receiving and of sending, in the words of core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from custagent.channels.hub import Hub
from custagent.core.conversation import Begun
from custagent.core.message import DeliveryUpdate, InboundMessage
from custagent.core.ports import Clock
from custagent.core.workspace import Channel


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
