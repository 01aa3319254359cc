"""A model's reply in the terminal as it comes, sentence by checked sentence (ANS-4)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from custagent.cli.transcript import show_agent, show_answer, show_body
from custagent.core.answer import Answer


class LiveReply:
    """Shows each sentence when it is told of it, and in the end what belongs to the whole reply.

    A reply that came at once, or came out otherwise than it began, is shown whole.
    """

    def __init__(self, labels: Mapping[str, str] = MappingProxyType({})) -> None:
        """`labels` say of sources what they are."""
        self._labels = labels
        self._said: list[str] = []

    def hear(self, sentence: str) -> None:
        """The next sentence of the reply; it was checked."""
        if not self._said:
            show_agent()
        self._said.append(sentence)
        show_body(sentence)

    def show(self, answer: Answer) -> None:
        """The reply is complete."""
        is_shown = bool(self._said) and " ".join(self._said).split() == answer.text.split()
        self._said.clear()
        show_answer(answer, with_text=not is_shown, labels=self._labels)
