"""Changes to YAML as text: what is not meant to change stays as it was, byte for byte.

ruamel.yaml writes the new piece, with the quotation marks it needs; the reader's places say where it goes. Writing the
whole file anew, as ruamel.yaml's round trip does, would keep comments and order but straighten out indentation,
alignment and line breaks that people chose. Each change is read back: it is made only if the data then say exactly what
was intended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from itertools import takewhile
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from custagent.config.findings import DefinitionRejected
from custagent.config.reader import INVISIBLE, KeyPath, Place, Reading, read_text
from custagent.config.scalars import plain
from custagent.core.errors import ConfigError

_WIDE: Final = 1_000_000
_dash = re.compile(r"(?:&\S+)?(?:\s|#[^\n]*)*-")


def set_value(reading: Reading, path: KeyPath, value: Any) -> str:
    """The text with `value` at `path`; mappings that lead there are made."""
    missing = len(list(takewhile(lambda length: path[:length] not in reading.values, range(len(path), 0, -1))))
    there, rest = path[: len(path) - missing], path[len(path) - missing :]
    text = _replaced(reading, there, value) if not rest else _with_key(reading, there, rest, value)
    return _verified(reading, text, _with_value(reading.data, path, value))


def append_item(reading: Reading, path: KeyPath, value: Any) -> str:
    """The text with one more item at the end of the list at `path`; the list is made when there is none."""
    items = _at(reading, path)
    if items is None:
        return set_value(reading, path, [value])
    if not isinstance(items, list):
        raise _by_hand(reading, path)
    place = reading.values[path]
    if place.style == "block":
        column = _dash_offset(reading, place) - _line_start(reading.text, _dash_offset(reading, place))
        gap = max(reading.values[(*path, 0)].start - _dash_offset(reading, place) - 1, 1)
        item = _as_item(value, column, gap if "\n" not in _between(reading, path) else 1)
        text = _insert_line(reading, place.end, item)
    elif not items and isinstance(value, (Mapping, list)) and not _in_flow(reading, path):
        text = _opened(reading, path, [value])
    else:
        text = _in_brackets(reading, place, _inline(value), empty=not items)
    return _verified(reading, text, _with_value(reading.data, path, [*items, value]))


def append_key(reading: Reading, key: str, value: Any) -> str:
    """The text with a new key at the very end of the file, below the last comment and a blank line.

    In brackets, and where the file's end belongs to something else, it goes where `set_value` puts it.
    """
    newline = _newline(reading.text)
    body = reading.text.rstrip()
    text = f"{body}{newline * 2 if body else ''}{_indented(_block({key: value}), 0, newline)}{newline}"
    try:
        return _verified(reading, text, _with_value(reading.data, (key,), value))
    except ConfigError:
        return set_value(reading, (key,), value)


def remove_item(reading: Reading, path: KeyPath, number: int) -> str:
    """The text without one item of the list at `path`. Comments on lines of their own around it stay."""
    items, place = _at(reading, path), reading.values[path]
    starts = [reading.values[(*path, index)] for index in range(len(items))]
    if place.style == "block":
        begin = _line_start(reading.text, _item_offset(reading, path, number))
        end = _line_end(reading.text, starts[number].end)
        text = reading.text[:begin] + reading.text[end:].removeprefix("\r").removeprefix("\n")
        if len(items) == 1 and path in reading.keys:
            colon = reading.text.index(":", reading.keys[path].end) + 1
            text = f"{text[:colon]} []{text[colon:]}"
    elif number:
        text = reading.text[: starts[number - 1].end] + reading.text[starts[number].end :]
    else:
        end = starts[1].start if len(items) > 1 else starts[0].end
        text = reading.text[: starts[0].start] + reading.text[end:]
    return _verified(reading, text, _with_value(reading.data, path, items[:number] + items[number + 1 :]))


def written(value: Any) -> str:
    """The value on one line, as it stands after `key: `."""
    return _inline(value)


def _replaced(reading: Reading, path: KeyPath, value: Any) -> str:
    place, text = reading.values[path], reading.text
    if place.style == "block":
        rendered = _block(value) if value and isinstance(value, (Mapping, list)) else _inline(value)
        indented = _indented(rendered, place.column - 1, _newline(text)).lstrip(" ")
        return text[: place.start] + indented + text[place.end :]
    if place.start == place.end and value and isinstance(value, (Mapping, list)) and not _in_flow(reading, path):
        return _opened(reading, path, value)
    gap = " " if place.start == place.end and not text[: place.start].endswith(" ") else ""
    return text[: place.start] + gap + _inline(value) + text[place.end :]


def _with_key(reading: Reading, path: KeyPath, rest: KeyPath, value: Any) -> str:
    """The text with a new key in the mapping at `path`."""
    for step in reversed(rest[1:]):
        value = {step: value}
    pair, mapping = {rest[0]: value}, _at(reading, path)
    if mapping is None:
        return _replaced(reading, path, pair)
    if not isinstance(mapping, dict):
        raise _by_hand(reading, path)
    place = reading.values[path]
    if place.style == "flow":
        return _in_brackets(reading, place, _inline(pair)[1:-1], empty=not mapping)
    return _insert_line(reading, place.end, _indented(_block(pair), place.column - 1, _newline(reading.text)))


def _opened(reading: Reading, path: KeyPath, value: Any) -> str:
    """The text with a block below the key, where nothing or empty brackets stood."""
    if path not in reading.keys:
        raise _by_hand(reading, path)
    place, key = reading.values[path], reading.keys[path]
    before = reading.text[: place.start].rstrip(" ")
    text = before + reading.text[place.end :]
    end = _line_end(text, len(before))
    return text[:end] + _newline(text) + _indented(_block(value), key.column + 1, _newline(text)) + text[end:]


def _insert_line(reading: Reading, offset: int, lines: str) -> str:
    """The text with new lines after the line that holds `offset`."""
    text, newline = reading.text, _newline(reading.text)
    end = _line_end(text, offset)
    return text[:end] + newline + lines.replace("\r\n", "\n").replace("\n", newline) + text[end:]


def _in_brackets(reading: Reading, place: Place, addition: str, *, empty: bool) -> str:
    """The text with an addition before the closing bracket."""
    if place.style != "flow":
        raise ConfigError(
            f"{reading.path}:{place.line}: this list cannot be changed by program", hint="change it by hand"
        )
    inside = reading.text[: place.end - 1]
    kept = inside.rstrip()
    if "#" in inside[kept.rfind("\n") + 1 :] and "\n" in inside[len(kept) :]:
        kept = inside  # a comment would swallow the addition
    comma = "" if empty or kept.rstrip().endswith(",") else ","
    gap = "" if empty else " "
    return kept + comma + gap + addition + inside[len(kept) :] + reading.text[place.end - 1 :]


def _as_item(value: Any, column: int, gap: int) -> str:
    """The value as item of a block list whose dashes stand `column` characters from the left."""
    lines = (_block(value) if value and isinstance(value, (Mapping, list)) else _inline(value)).split("\n")
    indent = " " * (column + 1 + gap)
    first, *more = lines
    return "\n".join([f"{' ' * column}-{' ' * gap}{first}", *(f"{indent}{line}" if line else "" for line in more)])


def _item_offset(reading: Reading, path: KeyPath, number: int) -> int:
    """Where the item's dash stands; it must be the first thing on its line."""
    start = reading.values[(*path, number - 1)].end if number else reading.values[path].start
    offset = _dash_after(reading, start)
    if reading.text[_line_start(reading.text, offset) : offset].strip():
        raise _by_hand(reading, (*path, number))
    return offset


def _dash_offset(reading: Reading, place: Place) -> int:
    return _dash_after(reading, place.start)


def _dash_after(reading: Reading, offset: int) -> int:
    found = _dash.match(reading.text, offset)
    if found is None:
        raise _by_hand(reading, ())
    return found.end() - 1


def _between(reading: Reading, path: KeyPath) -> str:
    """What stands between the first dash and its item."""
    return reading.text[_dash_offset(reading, reading.values[path]) : reading.values[(*path, 0)].start]


def _in_flow(reading: Reading, path: KeyPath) -> bool:
    return any(reading.values[path[:length]].style == "flow" for length in range(len(path)))


def _at(reading: Reading, path: KeyPath) -> Any:
    """The value at `path`, None where there is none. What stands below an alias belongs to another place."""
    value: Any = reading.data
    for length, step in enumerate(path):
        if reading.values[path[:length]].style == "alias":
            raise _by_hand(reading, path[:length])
        if isinstance(value, dict) and step not in value:
            return None
        value = value[step]
    return value


def _with_value(data: Any, path: KeyPath, value: Any) -> Any:
    """A copy of the data with `value` at `path`."""
    if not path:
        return value
    if isinstance(data, list):
        return [_with_value(item, path[1:], value) if index == path[0] else item for index, item in enumerate(data)]
    data = dict(data or {})
    data[path[0]] = _with_value(data.get(path[0]), path[1:], value)
    return data


def _verified(reading: Reading, text: str, expected: Any) -> str:
    """The text, if it says what was intended."""
    try:
        understood = read_text(text, reading.path).data == expected
    except DefinitionRejected:
        understood = False
    if not understood:
        raise _by_hand(reading, ())
    return text


def _by_hand(reading: Reading, path: KeyPath) -> ConfigError:
    place = reading.place(path)
    return ConfigError(
        f"{reading.path}:{place.line}:{place.column}: what is written here cannot be changed by program",
        hint="change the file by hand, then run: custagent validate",
    )


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _line_end(text: str, offset: int) -> int:
    """The offset of the line's end, before its line break."""
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    return end - 1 if text[end - 1 : end] == "\r" and end > offset else end


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indented(lines: str, columns: int, newline: str) -> str:
    return newline.join(f"{' ' * columns}{line}" if line else "" for line in lines.split("\n"))


def _block(value: Any) -> str:
    return _dumped(value, flow=False)


def _inline(value: Any) -> str:
    text = _dumped([value], flow=True)
    return text[1:-1]


def _dumped(value: Any, *, flow: bool) -> str:
    yaml = YAML()
    yaml.width = _WIDE
    yaml.default_flow_style = flow
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    # ruamel.yaml writes some invisible characters as they are, unless it escapes everything.
    yaml.allow_unicode = not any(INVISIBLE.search(text) for text in _texts(value))
    yaml.dump(_quoted(value, flow=flow), out)
    text = out.getvalue().removesuffix("\n").removesuffix("\n...")
    if not flow and isinstance(value, Sequence) and not isinstance(value, str):
        text = "\n".join(line.removeprefix("  ") for line in text.split("\n"))
    return text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _quoted(value: Any, *, flow: bool) -> Any:
    """The value with its texts dressed so that every reader takes them for text."""
    if isinstance(value, Mapping):
        return {key: _quoted(item, flow=flow) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_quoted(item, flow=flow) for item in value]
    if not isinstance(value, str):
        return value
    lines = value.split("\n")
    if len(lines) > 1:
        readable = not flow and all(line == line.strip() and line.isprintable() for line in lines) and lines[0]
        return LiteralScalarString(value) if readable else DoubleQuotedScalarString(value)
    try:
        unambiguous = plain(value) == value and not INVISIBLE.search(value)
    except ValueError:
        unambiguous = False
    return value if unambiguous else DoubleQuotedScalarString(value)
