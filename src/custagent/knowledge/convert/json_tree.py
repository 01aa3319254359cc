"""JSON files, and those with an object a line: objects as headings and records, questions with their answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from custagent.core.errors import ConvertError
from custagent.knowledge.convert.record import add_record, add_text, name_of, plain
from custagent.knowledge.convert.rows import row_names
from custagent.knowledge.convert.writer import MAX_HEADING, SectionWriter

_HINT = "Export it again from the program that made it, or check it with: python -m json.tool FILE"
_QUESTION_KEYS = ("question", "q")
_ANSWER_KEYS = ("answer", "answers", "acceptedAnswer", "suggestedAnswer", "a")
_TEXT_KEYS = ("text", "body", "content", "value", "html")
#: A list of longer texts is one of paragraphs, not of words.
_MAX_LISTED = 60
_DEEPEST_HEADING = 6


def read_json(text: str, writer: SectionWriter, location: str) -> None:
    """Write what a JSON file holds. Raises ConvertError where it breaks its format."""
    try:
        values = list(_values(text, location))
        _write(values if len(values) > 1 else values[0], writer, level=1)
    except RecursionError as error:
        raise ConvertError(
            f"{location}: the JSON is nested too deeply to hold text", hint="Export it in a flatter form, such as CSV."
        ) from error


def _values(text: str, location: str) -> Iterator[object]:
    """The one value of the file, or one of each line (https://jsonlines.org)."""
    try:
        yield json.loads(text)
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0][1]):  # noqa: PLR2004 - a single line is a JSON file that is damaged
            raise ConvertError(f"{location}: the JSON is damaged ({error})", hint=_HINT) from error
    else:
        return
    for number, line in lines:
        try:
            yield json.loads(line)
        except ValueError as error:
            raise ConvertError(f"{location}: the JSON of line {number} is damaged ({error})", hint=_HINT) from error


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _write(value: object, writer: SectionWriter, *, level: int) -> None:
    """Objects become headings while they hold objects, and records when they hold plain values."""
    if isinstance(value, dict):
        _write_object({str(key): one for key, one in value.items()}, writer, level=level)
    elif isinstance(value, list):
        for one, name in zip(value, _names(value), strict=True):
            if name:
                add_record(writer, {str(key): _plain(field) for key, field in one.items()}, group=level, name=name)
            else:
                _write(one, writer, level=level)
    else:
        writer.add(plain(_plain(value)), group=level)


def _names(listed: list[Any]) -> list[str]:
    """What the records of a long list are called; "" for all in any other list."""
    if not all(isinstance(one, dict) and not any(map(_is_nested, one.values())) and not _asked(one) for one in listed):
        return [""] * len(listed)
    keys = list(dict.fromkeys(key for one in listed for key in one))
    return row_names(list(map(str, keys)), [[_plain(one.get(key)) for key in keys] for one in listed])


def _write_object(found: Mapping[str, Any], writer: SectionWriter, *, level: int) -> None:
    asked = _asked(found)
    if asked is not None:
        question, answers, rest = asked
        add_text(writer, question, answers, rest)
        return
    fields = {key: _plain(one) for key, one in found.items() if not _is_nested(one) and not key.startswith("@")}
    nested = {key: one for key, one in found.items() if _is_nested(one)}
    for question in [key for key in fields if key.rstrip().endswith("?") and len(key) <= MAX_HEADING]:
        # Where questions are the keys, the values are their answers.
        add_text(writer, question, [plain(fields.pop(question))], {})
    name = name_of(fields) if nested and level <= _DEEPEST_HEADING else ""
    if name:
        writer.heading(name, level=level, anchor="")
    add_record(writer, {key: text for key, text in fields.items() if text and text != name}, group=level)
    below = level + bool(name)
    for key, one in nested.items():
        # What is nested deeper stands below the last heading that there is room for.
        heading = readable_key(key)[:MAX_HEADING] if below <= _DEEPEST_HEADING else ""
        if heading:
            writer.heading(heading, level=below, anchor="")
        _write(one, writer, level=below + 1)
        if heading:
            writer.close_headings(below)
    if name:
        writer.close_headings(level)


def _asked(found: Mapping[str, Any]) -> tuple[str, list[str], dict[str, str]] | None:
    """A question, its answers and what else is known of it; None for what is no question.

    The answer may be an object of its own, as in schema.org's Question.
    """
    by_name = {key.casefold(): key for key in found}
    keys = _QUESTION_KEYS if found.get("@type") != "Question" else ("name", *_QUESTION_KEYS)
    question_key = next((by_name[key] for key in keys if key in by_name), "")
    answer_key = next((by_name[key.casefold()] for key in _ANSWER_KEYS if key.casefold() in by_name), "")
    question = found.get(question_key)
    answers = _texts(found.get(answer_key))
    if not isinstance(question, str) or not question.strip() or not answers or len(question) > MAX_HEADING:
        return None
    rest = {
        key: _plain(one)
        for key, one in found.items()
        if key not in (question_key, answer_key) and not key.startswith("@") and not _is_nested(one)
    }
    return plain(question), answers, {key: text for key, text in rest.items() if text}


def _texts(value: object) -> list[str]:
    """The texts of an answer: a text, an object that holds one, or a list of these."""
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, dict):
        held = next((value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str)), "")
        return _texts(held)
    text = plain(_plain(value))
    return [text] if text else []


def _is_nested(value: object) -> bool:
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and any(isinstance(one, dict | list) for one in value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        texts = [text for one in value if (text := _plain(one))]
        return ("\n" if any(len(text) > _MAX_LISTED for text in texts) else ", ").join(texts)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip()


def readable_key(key: str) -> str:
    """The name of a field as words: "opening_hours" is "opening hours"."""
    return re.sub(r"[_-]+", " ", key).strip() or "…"
