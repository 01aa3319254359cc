"""Room for turns: how many are thought about at a time, so that nobody's slow model keeps the others waiting."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator

#: Turns that reckon at a time: more than there are cores would only take turns with each other, and with who receives.
AT_ONCE = max(2, min(4, os.cpu_count() or 1))
#: Turns of one channel under way, those included that only wait for a model. What is beyond, another channel's work
#: passes by: a model that hangs takes nothing from the others.
PER_CHANNEL = 16


class Places:
    """The turns under way. One that waits for a model, or for whatever else, keeps its channel's place alone."""

    def __init__(self, *, at_once: int = AT_ONCE, per_channel: int = PER_CHANNEL) -> None:
        self._at_once = at_once
        self._per_channel = per_channel
        #: By conversation: its channel.
        self._channels: dict[str, str] = {}
        self._reckoning: set[str] = set()

    def __contains__(self, conversation: str) -> bool:
        """Whether a turn of the conversation is under way."""
        return conversation in self._channels

    def __iter__(self) -> Iterator[str]:
        """The conversations with a turn under way."""
        return iter(self._channels)

    @property
    def free(self) -> bool:
        """Whether one more may begin."""
        return len(self._reckoning) < self._at_once

    def full(self) -> Collection[str]:
        """The channels that have all of their places."""
        return [channel for channel, taken in Counter(self._channels.values()).items() if taken >= self._per_channel]

    def take(self, conversation: str, channel: str) -> None:
        """A turn begins, and reckons."""
        self._channels[conversation] = channel
        self._reckoning.add(conversation)

    def wait(self, conversation: str) -> None:
        """It reckons no more: another one may begin."""
        self._reckoning.discard(conversation)

    def give_back(self, conversation: str) -> None:
        """It has ended, or is left behind."""
        self._reckoning.discard(conversation)
        self._channels.pop(conversation, None)
