"""Preview: questions to an agent as it stands in the files, charged and sent nowhere (PRE-2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from custagent.core.answer import Answer, DecisionKind, Part, Question, Utterance
from custagent.core.errors import UsageError
from custagent.core.ports import Answerer


class PreviewSession:
    """One conversation with an agent in the terminal.

    `masked` takes out of a question what would be masked on a channel (ANS-7), so that both are answered alike.
    """

    def __init__(
        self, answerer: Answerer, *, channel: str = "", language: str = "", masked: Callable[[str], str] = str
    ) -> None:
        self._answerer = answerer
        self._masked = masked
        self.channel = channel
        self.language = language
        self.history: tuple[Utterance, ...] = ()
        #: What was asked here with its answers, oldest first; `history` may begin with what somebody else said before.
        self.turns: tuple[tuple[str, Answer], ...] = ()

    def ask(self, text: str) -> Answer:
        """The answer; question and answer become part of the conversation. Nothing does when it raises."""
        text = self._masked(text)
        question = Question(text=text, language=self.language, channel=self.channel, history=self.history)
        answer = self._answerer.answer(question)
        self.history += (
            Utterance(role="contact", text=text),
            Utterance(
                role="agent",
                text=answer.text,
                decision=answer.decision.kind,
                options=answer.options,
                reason=answer.decision.reason,
            ),
        )
        self.turns += ((text, answer),)
        return answer

    @property
    def last_question(self) -> str:
        """What was asked last; "" at the beginning."""
        return self.turns[-1][0] if self.turns else ""

    @property
    def goes_on(self) -> bool:
        """Whether something was said before the first question that was asked here."""
        return len(self.history) > 2 * len(self.turns)

    def reset(self, history: tuple[Utterance, ...] = ()) -> None:
        """Begin a new conversation, or go on with one of which `history` was said."""
        self.history, self.turns = history, ()

    def answer_with(self, answerer: Answerer) -> None:
        """Go on with an answerer that knows more."""
        self._answerer = answerer

    def forget_last(self) -> None:
        """Take the last question back, so that it can be asked again."""
        self.history, self.turns = self.history[:-2], self.turns[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A line of a question file with its answer."""

    #: As the line has it; the line's number where it has none.
    id: str | int
    question: str
    answer: Answer


def ask_lines(
    answerer: Answerer,
    lines: Iterable[str],
    *,
    channel: str = "",
    language: str = "",
    masked: Callable[[str], str] = str,
) -> Iterator[Asked]:
    """The answer to each line of a question file, in order (PRE-4).

    A line is {"id", "question", "language"?, "channel"?, "history"?: [{"role": "contact" | "agent", "text",
    "decision"?, "options"?}]}; further keys are ignored, blank lines left out. Raises UsageError naming the line.
    """
    for number, line in _numbered(lines):
        identifier, question = _LineReader(number=number).question(line)
        question = replace(
            question,
            text=masked(question.text),
            channel=question.channel or channel,
            language=question.language or language,
            history=tuple(replace(said, text=masked(said.text)) for said in question.history),
        )
        yield Asked(id=identifier, question=question.text, answer=answerer.answer(question))


def answer_object(answer: Answer, question: str, identifier: str | int) -> dict[str, Any]:
    """What `preview --json` prints for one question. Scripts rely on the keys; what a citation lacks is left out."""
    return {
        "id": identifier,
        "question": _encodable(question),
        "decision": answer.decision.kind.value,
        "reason": answer.decision.reason.value,
        "confidence": round(answer.decision.confidence, 4),
        "language": answer.language,
        "text": answer.text,
        "options": list(answer.options),
        "parts": [_part_object(part) for part in answer.parts],
        "citations": [_without_blanks(asdict(citation)) for citation in answer.citations],
        "candidates": [_without_blanks(asdict(candidate)) for candidate in answer.candidates],
        "usage": asdict(answer.usage),
        "timings_ms": dict(answer.timings_ms),
        "signals": {name: round(value, 4) for name, value in answer.evidence.signals.items()},
    }


def _part_object(part: Part) -> dict[str, Any]:
    """One of several questions in a message."""
    decision = part.decision
    return {
        "question": _encodable(part.question),
        "decision": decision.kind.value,
        "reason": decision.reason.value,
        "confidence": round(decision.confidence, 4),
    }


#: What a citation or candidate may lack, and what `private` is in most.
_OPTIONAL = ("heading", "anchor", "page", "private")


def _without_blanks(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value or key not in _OPTIONAL}


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers from 1."""
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix("\ufeff").strip()
            if text:
                yield number, text
    except UnicodeDecodeError as error:
        raise UsageError(
            f"line {number + 1} of the question file, or one soon after, is not UTF-8",
            hint="Save the file as UTF-8 and ask again.",
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _LineReader:
    """Reads one line of a question file; what is wrong with it is told with its number."""

    number: int

    def question(self, line: str) -> tuple[str | int, Question]:
        try:
            raw = json.loads(line)
        except json.JSONDecodeError as error:
            raise self._fault(f"is not JSON: {error.msg} at character {error.pos + 1}") from error
        except (ValueError, RecursionError) as error:
            raise self._fault("is no JSON that can be read") from error
        if not isinstance(raw, dict) or not isinstance(raw.get("question"), str):
            raise self._fault('needs "question" with a text')
        identifier = raw.get("id", self.number)
        if not isinstance(identifier, str | int) or isinstance(identifier, bool):
            raise self._fault('has an "id" that is neither a text nor a whole number')
        history = raw.get("history") or []
        if not isinstance(history, list):
            raise self._fault('has a "history" that is not a list')
        question = Question(
            text=_encodable(raw["question"]),
            language=self._text(raw, "language"),
            channel=self._text(raw, "channel"),
            history=tuple(self._utterance(said) for said in history),
        )
        return _encodable(identifier) if isinstance(identifier, str) else identifier, question

    def _text(self, raw: dict[str, Any], key: str) -> str:
        value = raw.get(key) or ""
        if not isinstance(value, str):
            raise self._fault(f'has a "{key}" that is not a text')
        return _encodable(value)

    def _utterance(self, said: Any) -> Utterance:
        if not isinstance(said, dict) or said.get("role") not in ("contact", "agent"):
            raise self._fault('needs a "role", "contact" or "agent", in each message of "history"')
        if not isinstance(said.get("text"), str):
            raise self._fault('needs a "text" in each message of "history"')
        options = said.get("options") or []
        if not isinstance(options, list) or not all(isinstance(option, str) for option in options):
            raise self._fault('has "options" in its "history" that are not a list of texts')
        return Utterance(
            role=said["role"],
            text=_encodable(said["text"]),
            decision=self._decision(said.get("decision")),
            options=tuple(map(_encodable, options)),
        )

    def _decision(self, written: Any) -> DecisionKind | None:
        kinds = [kind.value for kind in DecisionKind]
        if written is None:
            return None
        if written not in kinds:
            raise self._fault(f'has a "decision" in its "history" that is none of {", ".join(kinds)}')
        return DecisionKind(written)

    def _fault(self, what: str) -> UsageError:
        return UsageError(
            f"line {self.number} of the question file {what}",
            hint='A line is {"id": "1", "question": "How long do refunds take?"}',
        )


def _encodable(text: str) -> str:
    """JSON can spell characters that no file or terminal takes (lone surrogates)."""
    return text.encode("utf-8", "replace").decode("utf-8")
