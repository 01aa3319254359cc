"""Past customers' questions out of a file: CSV or JSON lines, its columns found by their names."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TextIO

from custagent.core.answer import Utterance
from custagent.core.errors import UsageError
from custagent.core.past_question import PastQuestion


class Column(StrEnum):
    """What a column can hold."""

    QUESTION = "question"
    ID = "id"
    CONVERSATION = "conversation"
    SENDER = "sender"
    CONTACT = "contact"
    LANGUAGE = "language"
    CHANNEL = "channel"
    LABEL = "label"


#: What the columns are called in the exports of help desks, the surest name first; case, "_" and "-" do not matter.
NAMES: Final[Mapping[Column, tuple[str, ...]]] = {
    Column.QUESTION: (
        "question", "text", "message", "message text", "customer message", "query", "body", "content", "subject",
    ),
    Column.ID: ("id", "question id", "message id"),
    Column.CONVERSATION: (
        "conversation", "conversation id", "thread", "thread id", "ticket", "ticket id", "chat", "chat id", "session",
        "session id", "case id",
    ),
    Column.SENDER: ("sender", "sender type", "role", "author type", "direction"),
    Column.CONTACT: (
        "contact", "contact id", "customer", "customer id", "user id", "visitor id", "email", "phone",
    ),
    Column.LANGUAGE: ("language", "lang", "locale"),
    Column.CHANNEL: ("channel", "channel type"),
    Column.LABEL: ("label", "category", "topic", "tag", "intent"),
}  # fmt: skip
#: What follows where a column is not there.
WITHOUT: Final[Mapping[Column, str]] = {
    Column.CONVERSATION: "each question is a conversation of its own",
    Column.CONTACT: "each conversation is taken to be another contact's, which matters to the policy reopen-free alone",
    Column.LANGUAGE: "the language is told by the text",
    Column.CHANNEL: "all are asked as in a preview, on no channel",
    Column.LABEL: "nothing is divided by label",
}
#: Rows of these are replies: the agent's own stand in their place.
_REPLIERS: Final = frozenset({
    "agent", "assistant", "bot", "chatbot", "human", "operator", "admin", "staff", "support", "person", "employee",
    "outgoing", "outbound", "system", "teammate",
})  # fmt: skip
#: A line or cell beyond this is no message.
_LONGEST: Final = 4 * 1024 * 1024
_SEPARATORS: Final = ",;\t|"
_HINT: Final = (
    'A CSV file has a header line, such as question,language; a JSON line is {"question": "Where is my order?"}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastQuestions:
    """The questions of a file, and how it was read."""

    #: In the order of the file.
    questions: tuple[PastQuestion, ...]
    #: What each column was found as; those that are absent were not found.
    columns: Mapping[Column, str]
    #: Rows that were left out: replies by people or agents, and rows without words.
    replies: int = 0
    empty: int = 0

    @property
    def missing(self) -> tuple[Column, ...]:
        """What was not found and would tell more, see WITHOUT."""
        return tuple(column for column in WITHOUT if column not in self.columns)


def read_questions(path: Path) -> PastQuestions:
    """The questions of a CSV or JSON lines file, told apart by its ending, else by its first sign.

    A JSON line may also hold a whole conversation, as `custagent conversations export` writes it. Raises UsageError that
    names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = _json_rows(file) if _is_json(path, file) else _csv_rows(file)
            return _Gathered().of(rows, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=_HINT) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not UTF-8", hint="Save it as UTF-8 (in Excel: CSV UTF-8) and try again."
        ) from error


@dataclass(slots=True)
class _Gathered:
    """What has been read so far."""

    questions: list[PastQuestion] = field(default_factory=list)
    #: How often each name stood for a column.
    found: dict[Column, Counter[str]] = field(default_factory=dict)
    replies: int = 0
    empty: int = 0

    def of(self, rows: Iterator[tuple[int, Mapping[str, Any]]], path: Path) -> PastQuestions:
        for line, row in rows:
            self._take(line, row)
        if Column.QUESTION not in self.found and self.empty:
            raise UsageError(
                f"{path} has no column of questions: none is called {', '.join(NAMES[Column.QUESTION])}", hint=_HINT
            )
        if not self.questions:
            raise UsageError(f"{path} holds no question", hint=_HINT)
        columns = {column: self.found[column].most_common(1)[0][0] for column in Column if column in self.found}
        return PastQuestions(questions=tuple(self.questions), columns=columns, replies=self.replies, empty=self.empty)

    def _take(self, line: int, row: Mapping[str, Any]) -> None:
        values = self._values(row)
        messages = row.get("messages")
        if isinstance(messages, list):
            conversation = values.get(Column.CONVERSATION) or values.get(Column.ID) or f"line {line}"
            self._note(Column.CONVERSATION, "messages")
            for message in messages:
                if not isinstance(message, dict):
                    raise UsageError(f'line {line} has "messages" that are no objects', hint=_HINT)
                own = {**values, **self._values(message), Column.CONVERSATION: conversation}
                self._add(line, own, ())
            return
        self._add(line, values, _history(row.get("history"), line))

    def _add(self, line: int, values: Mapping[Column, str], history: tuple[Utterance, ...]) -> None:
        text = values.get(Column.QUESTION, "")
        if not text:
            self.empty += 1
        elif values.get(Column.SENDER, "").casefold() in _REPLIERS:
            self.replies += 1
        else:
            question = PastQuestion(
                text=text,
                line=line,
                id=values.get(Column.ID, ""),
                conversation=values.get(Column.CONVERSATION) or f"line {line}",
                contact=values.get(Column.CONTACT, ""),
                language=values.get(Column.LANGUAGE, ""),
                channel=values.get(Column.CHANNEL, ""),
                label=values.get(Column.LABEL, ""),
                history=history,
            )
            self.questions.append(question)

    def _values(self, row: Mapping[str, Any]) -> dict[Column, str]:
        """What the row holds by column: of several names the surest that has something in it."""
        by_name = {_plain_name(name): name for name in reversed(list(row))}
        values: dict[Column, str] = {}
        for column, names in NAMES.items():
            for name in (by_name[one] for one in names if one in by_name):
                value = _text(row[name])
                if value:
                    values[column] = value
                    self._note(column, name)
                    break
        return values

    def _note(self, column: Column, name: str) -> None:
        self.found.setdefault(column, Counter())[name] += 1


def _plain_name(name: str) -> str:
    return " ".join(re.sub(r"[_\-.]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).casefold().split())


def _text(value: Any) -> str:
    """A cell as text; "" for what is none. Of an object, what it is known by."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("key", "id", "email", "name") if value.get(key)), "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "replace").decode("utf-8").strip()


def _history(said: Any, line: int) -> tuple[Utterance, ...]:
    """What was said before, as the file has it."""
    if not said:
        return ()
    if not isinstance(said, list) or not all(
        isinstance(one, dict) and isinstance(one.get("text"), str) and isinstance(one.get("role"), str) for one in said
    ):
        raise UsageError(f'line {line} has a "history" that is not a list of {{"role": …, "text": …}}', hint=_HINT)
    return tuple(
        Utterance(role="agent" if one["role"].casefold() in _REPLIERS else "contact", text=_text(one["text"]))
        for one in said
    )


def _is_json(path: Path, file: TextIO) -> bool:
    if path.suffix.casefold() in (".jsonl", ".ndjson", ".json"):
        return True
    begin = file.read(1)
    file.seek(0)
    return begin == "{" and path.suffix.casefold() != ".csv"


def _lines(file: TextIO) -> Iterator[str]:
    """The lines of the file; one that is no message is not even read to its end. Raises UsageError."""
    number = 0
    while line := file.readline(_LONGEST + 1):
        number += 1
        if len(line) > _LONGEST:
            raise UsageError(
                f"{file.name}: line {number} is longer than {_LONGEST // 1024 // 1024} MB: that is no message",
                hint=_HINT,
            )
        yield line


def _json_rows(file: TextIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{file.name}: line {number} is not JSON", hint=_HINT) from error
        if not isinstance(row, dict):
            raise UsageError(f"{file.name}: line {number} is no JSON object", hint=_HINT)
        yield number, row


def _csv_rows(file: TextIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    header = file.readline(_LONGEST)
    file.seek(0)
    separator = max(_SEPARATORS, key=header.count)
    reader = csv.DictReader(_lines(file), delimiter=separator)
    while True:
        # A cell may hold line ends: where the row begins is what people look for.
        line = reader.line_num + 1
        # The module's only limit is one for the whole process, and converting content goes by it too.
        usual = csv.field_size_limit(_LONGEST)
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(f"{file.name}: line {line} is not CSV: {error}", hint=_HINT) from error
        finally:
            csv.field_size_limit(usual)
        yield max(line, 2), {name: value for name, value in row.items() if isinstance(name, str)}


def by_conversation(questions: Sequence[PastQuestion]) -> list[list[PastQuestion]]:
    """The questions of each conversation in their order; conversations by their first question."""
    found: dict[str, list[PastQuestion]] = {}
    for question in questions:
        found.setdefault(question.conversation, []).append(question)
    return list(found.values())
