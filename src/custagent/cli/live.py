"""A model's reply in the terminal as it comes, sentence by checked sentence (ANS-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from custagent.cli.transcript import show_agent, show_answer, show_body
from custagent.core.answer import Answer


class LiveReply:
    """Shows each sentence when it is told of it, and in the end what belongs to the whole reply.

    A reply that came at once, or came out otherwise than it began, is shown whole.
    """

    def __init__(self, labels: Mapping[str, str] = MappingProxyType({}), root: Path | None = None) -> None:
        """`labels` say of sources what they are; files of the folder `root` become links."""
        self._labels = labels
        self._root = root
        self._said: list[str] = []

    def hear(self, sentence: str) -> None:
        """The next sentence of the reply; it was checked."""
        if not self._said:
            show_agent()
        self._said.append(sentence)
        show_body(sentence)

    def show(self, answer: Answer, *, instead: Callable[[], None] | None = None) -> None:
        """The reply is complete. `instead` shows its text otherwise, as a channel does."""
        is_shown = bool(self._said) and " ".join(self._said).split() == answer.text.split()
        self._said.clear()
        if instead is not None:
            if not is_shown:
                show_agent()
            instead()
        show_answer(answer, with_text=not is_shown and instead is None, labels=self._labels, root=self._root)
