"""Conversations in which a turn failed: how often in a row, and how long each is left alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

#: Failures in a row after which a conversation is handed over rather than tried again.
MOST_FAILURES = 3
#: Seconds before it is tried again after the first failure; doubled with the next.
FIRST_PAUSE = 0.5
#: Conversations that are remembered: of one that was taken by a person, nobody says that it is well again.
_REMEMBERED = 1_000


class Faults:
    """What is known of failures, in the event loop's time (seconds). The database needs none of it: a new runner begins
    anew.
    """

    def __init__(self, *, first_pause: float = FIRST_PAUSE) -> None:
        self._first_pause = first_pause
        #: By conversation, the one that failed longest ago first: (failures in a row, left alone until).
        self._known: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def failed(self, conversation: str, now: float) -> None:
        """The agent failed; it is tried again a little later, each time."""
        failures, _ = self._known.get(conversation, (0, 0.0))
        self._note(conversation, failures + 1, now + self._first_pause * 2 ** min(failures, MOST_FAILURES))

    def not_written(self, conversation: str, now: float) -> None:
        """The turn could not be written: no fault of the agent's, and tried until it can."""
        failures, _ = self._known.get(conversation, (0, 0.0))
        self._note(conversation, failures, now + self._first_pause)

    def hopeless(self, conversation: str) -> None:
        """No use in trying again: it is to be handed over now."""
        self._note(conversation, MOST_FAILURES, 0.0)

    def is_hopeless(self, conversation: str) -> bool:
        """Whether it is to be handed over rather than thought about."""
        return self._known.get(conversation, (0, 0.0))[0] >= MOST_FAILURES

    def left_alone(self, now: float) -> Collection[str]:
        """The conversations that are not to be tried yet."""
        return [conversation for conversation, (_, until) in self._known.items() if until > now]

    def is_left_alone(self, conversation: str, now: float) -> bool:
        """Whether it is not to be tried yet."""
        return self._known.get(conversation, (0, 0.0))[1] > now

    def forget(self, conversation: str) -> None:
        """All is well again."""
        self._known.pop(conversation, None)

    def _note(self, conversation: str, failures: int, until: float) -> None:
        self._known[conversation] = failures, until
        self._known.move_to_end(conversation)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
