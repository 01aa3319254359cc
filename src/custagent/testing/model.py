"""A chat model with a script."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from custagent.core.errors import ModelError
from custagent.core.ports import Completion


class ScriptedModel:
    """A ChatModel that says what it was told to, one text a call; it fails when the script is over."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = iter(texts)
        #: What it was asked, call by call.
        self.prompts: list[list[dict[str, str]]] = []

    def complete(self, messages: Sequence[Mapping[str, str]]) -> Completion:
        """See the port."""
        self.prompts.append([dict(message) for message in messages])
        text = next(self._texts, None)
        if text is None:
            raise ModelError("the script is over")
        return Completion(
            text=text,
            model="scripted",
            input_tokens=len(json.dumps(self.prompts[-1])) // 4,
            output_tokens=len(text) // 4,
        )
