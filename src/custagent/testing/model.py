"""A chat model with a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from custagent.core.errors import ModelError
from custagent.core.ports import Completion

#: Characters that a scripted model writes at a time.
_PIECE = 7


class ScriptedModel:
    """A ChatModel that says what it was told to, one text a call; it fails when the script is over.

    A line that is a ModelError is raised. Where somebody listens, a text comes in pieces.
    """

    def __init__(self, texts: Iterable[str | ModelError]) -> None:
        self._texts = iter(texts)
        #: What it was asked, call by call.
        self.prompts: list[list[dict[str, str]]] = []
        #: The form that was wanted, call by call.
        self.forms: list[Mapping[str, object] | None] = []

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        form: Mapping[str, object] | None = None,
        within: float | None = None,  # noqa: ARG002 - it takes no time
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        """See the port."""
        self.prompts.append([dict(message) for message in messages])
        self.forms.append(form)
        text = next(self._texts, None)
        if text is None:
            raise ModelError("the script is over")
        if isinstance(text, ModelError):
            raise text
        if heard:
            for end in range(_PIECE, len(text) + _PIECE, _PIECE):
                heard(text[:end])
        return Completion(
            text=text,
            model="scripted",
            input_tokens=len(json.dumps(self.prompts[-1])) // 4,
            output_tokens=len(text) // 4,
        )


def sentences_json(*said: tuple[str, Sequence[int]]) -> str:
    """What a model writes that keeps to the form: each sentence with the numbers of the passages it rests on."""
    return json.dumps(
        {"answered": True, "sentences": [{"text": text, "passages": list(named)} for text, named in said]},
        ensure_ascii=False,
    )
