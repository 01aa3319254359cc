"""What a model wrote, read as statements: sentences with the passages that they name.

Asked for JSON, a model may write it whole, break off in the middle, wrap it in other text, or write prose with marks like
[2] instead: each is read as far as it goes, and nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from custagent.answer.spoken import plain
from custagent.sentences import sentences

#: What a model writes as prose when the passages do not answer the question.
NO_ANSWER: Final = "NO ANSWER"
#: What a model writes beyond this is not read.
MAX_WRITTEN = 10_000
#: More passages than these cannot be named.
_MOST_NAMED = 20

#: The form that models are held to which can be.
FORM: Final[Mapping[str, object]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["answered", "sentences"],
    "properties": {
        "answered": {"type": "boolean"},
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text", "passages"],
                "properties": {
                    "text": {"type": "string"},
                    "passages": {"type": "array", "items": {"type": "integer"}},
                },
            },
        },
    },
}

_MARKS = r"\[\d{1,2}(?: ?, ?\d{1,2}){0,20}\]"
_MARK = re.compile(_MARKS)
#: "Returns are free. [2]": the mark belongs to the sentence before it.
_LEADING_MARKS = re.compile(rf"(?:{_MARKS} ?)+")
_MARK_WITH_SPACES = re.compile(rf" ?{_MARKS}(?: (?=[.,;:!?]))?")
_MARK_RIGHT_AFTER = re.compile(r"(?<=[.!?…])(?=\[\d)")
_AUTOLINK = re.compile(r"<(https?://[^<>\s]{1,2000})>")
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,1000}>")
_LINK = re.compile(r"!?\[([^\[\]]{1,300})\]\([^()\s]{0,2000}(?: [^()]{0,200})?\)")
#: At the beginning of a text: it stands on a line of its own.
LIST_MARK: Final = re.compile(r"\A(?:[-*•–]|\d{1,3}[.)])\s+")

_OBJECT = re.compile(r'\{\s*"(?:answered|sentences|text|passages)"')
_ANSWERED = re.compile(r'"answered"\s*:\s*(true|false)')
_SENTENCES = re.compile(r'"sentences"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence of the model, without its marks."""

    text: str
    #: Indices of the passages it names, from 0; -1 and beyond the last for those that do not exist.
    named: tuple[int, ...]

    @property
    def is_list_item(self) -> bool:
        """Whether it stands on a line of its own."""
        return LIST_MARK.match(self.text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a model wrote, so far or in all."""

    statements: tuple[Statement, ...]
    #: The model says that the passages do not answer the question.
    refused: bool = False


def read(written: str, *, ended: bool = True) -> Draft:
    """The statements of `written`; while the model is still writing, those that are whole."""
    text = written[:MAX_WRITTEN]
    form = _OBJECT.search(text)
    if form:
        return _read_form(text, form.start())
    if plain(_MARK.sub("", text)).startswith(NO_ANSWER.lower()):
        return Draft(statements=(), refused=ended)
    if text.lstrip().startswith(("{", "[{", "`")):
        return Draft(statements=())
    found = tuple(_statements(text))
    # A mark may still follow the last one, and it may itself go on.
    return Draft(statements=found if ended else found[:-1])


def _read_form(text: str, start: int) -> Draft:
    array = _SENTENCES.search(text, start)
    answered = _ANSWERED.search(text, start)
    found: list[Statement] = []
    # Before its closing bracket the array may still bring something; half an object brings nothing.
    place = array.end() if array else len(text)
    while place < len(text):
        place = _after_blanks(text, place)
        try:
            one, place = _decode(text, place)
        except (ValueError, RecursionError):
            break
        found += _from_object(one)
    is_empty = array is not None and text[_after_blanks(text, array.end()) :].startswith("]")
    return Draft(statements=tuple(found), refused=bool(answered and answered[1] == "false") or is_empty)


def _after_blanks(text: str, place: int) -> int:
    blanks = _BETWEEN.match(text, place)
    return blanks.end() if blanks else place


def _from_object(one: Any) -> Iterator[Statement]:
    """The sentences of one entry: each names all that the entry names, and what its own marks name."""
    if not isinstance(one, dict) or not isinstance(one.get("text"), str):
        return
    listed = one.get("passages")
    numbers = [number for each in (listed if isinstance(listed, list) else [listed]) for number in _numbers(each)]
    for statement in _statements(one["text"]):
        named = dict.fromkeys([*(number - 1 for number in numbers[:_MOST_NAMED]), *statement.named])
        yield Statement(text=statement.text, named=tuple(named))


def _numbers(value: Any) -> list[int]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value]
    return [int(number) for number in re.findall(r"\d{1,3}", value)] if isinstance(value, str) else []


def _statements(written: str) -> Iterator[Statement]:
    lines = [" ".join(sentence.split()) for sentence in sentences(_without_markup(written))]
    marks_lead = bool(lines) and _LEADING_MARKS.match(lines[0]) is not None
    #: Each sentence with the text that its marks are found in.
    found: list[tuple[str, str]] = []
    for line in lines:
        late = _LEADING_MARKS.match(line) if found and not marks_lead else None
        if late:
            before, marked = found.pop()
            found.append((before, marked + late.group()))
        rest = line[late.end() :] if late else line
        if rest:
            found.append((rest, rest))
    for line, marked in found:
        named = (int(n) - 1 for mark in _MARK.findall(marked) for n in mark[1:-1].split(","))
        if text := _MARK_WITH_SPACES.sub("", line).strip():
            yield Statement(text=text, named=tuple(dict.fromkeys(named)))


def _without_markup(written: str) -> str:
    text = written.replace("【", "[").replace("】", "]").replace("**", "")
    text = _TAG.sub("", _AUTOLINK.sub(r"\1", text))
    text = _LINK.sub(lambda link: f"[{link[1]}]" if link[1].isdigit() else link[1], text)
    return _MARK_RIGHT_AFTER.sub(" ", text)
