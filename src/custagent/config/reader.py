"""YAML text as plain data, with the place of every key and value.

PyYAML scans (its C library where it is built, its Python twin elsewhere), this page builds: it reads events, not nodes,
so that depth and aliases are bounded before anything grows. It is stricter than YAML: one document, a mapping at the
top, text as keys, no key twice, no tags, directives or merge keys, no invisible characters. What it accepts,
ruamel.yaml (YAML 1.2) reads alike; a property test holds that. A byte order mark, as Windows editors write it, is
tolerated and kept.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias

import yaml

from custagent.config.complaints import TAB, plainly
from custagent.config.findings import DefinitionRejected, Finding
from custagent.config.scalars import plain
from custagent.core.errors import WorkspaceError

#: Where something stands in the data: keys and, in lists, positions from 0.
KeyPath: TypeAlias = tuple[str | int, ...]

#: The largest file that is read, in bytes.
MAX_BYTES: Final = 1_000_000
#: How deep lists and mappings may be nested. A definition needs six.
MAX_DEPTH: Final = 40
#: How much aliases may add, in characters; every value counts for sixteen more than its length.
MAX_EXPANSION: Final = 1_000_000
_WEIGHT: Final = 16

BOM: Final = "\ufeff"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Characters that no file may hold; in double quotes they can be written as escapes.
INVISIBLE: Final = re.compile(
    r"\r(?!\n)|[^\t\r\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_anchor = re.compile(r"&\S+\s+")
_block_start = re.compile(r"[|>][-+0-9]*(?: *| +#[^\n]*)(?:\r?\n|\Z)(?! +\r?\n)")
_colon = re.compile(r" *:(?=[\s,\[\]{}]|\Z)")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a key or value stands."""

    #: 1-based.
    line: int
    #: 1-based, in characters.
    column: int
    #: The offset of its first character in the text.
    start: int
    #: The offset after its last character; blank lines and comments that follow do not belong to it.
    end: int
    #: "scalar", "alias", or how a list or mapping is written: "block" or "flow".
    style: str = "scalar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file as it was read."""

    path: Path
    #: The whole text without its byte order mark.
    text: str
    data: dict[str, Any]
    #: The place of each value, () being the whole. Below an alias: where the value is written, at the anchor.
    values: dict[KeyPath, Place]
    #: The place of each mapping's key, by the path of its value.
    keys: dict[KeyPath, Place]

    def place(self, path: KeyPath, *, key: bool = False) -> Place:
        """Where the value (or its key) stands; where it is missing, the nearest thing around it."""
        if key and path in self.keys:
            return self.keys[path]
        while path not in self.values:
            path = path[:-1]
        return self.values[path]

    def finding(self, path: KeyPath, rule: str, message: str, *, key: bool = False, **more: Any) -> Finding:
        """A finding at a value, or at its key."""
        place = self.place(path, key=key)
        return Finding(path=self.path, line=place.line, column=place.column, rule=rule, message=message, **more)

    def strings(self) -> Iterator[tuple[KeyPath, str]]:
        """Every value that is text."""
        for path in self.values:
            value: Any = self.data
            for step in path:
                value = value[step]
            if isinstance(value, str):
                yield path, value


def read(path: Path) -> Reading:
    """The file's content. Raises WorkspaceError (no such file, unreadable) and DefinitionRejected (not our YAML)."""
    return read_text(decode(read_bytes(path), path), path)


def read_bytes(path: Path) -> bytes:
    """The file's bytes; a file that is too large is not read to its end. Raises as `read`."""
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except FileNotFoundError as exc:
        raise WorkspaceError(f"there is no file {path}") from exc
    except IsADirectoryError as exc:
        raise WorkspaceError(f"{path} is a folder, and no file", hint="rename it, or take it away") from exc
    except OSError as exc:
        raise WorkspaceError(f"{path} cannot be read: {exc.strerror}", hint="check the file's permissions") from exc
    if len(body) > MAX_BYTES:
        raise _rejected(
            path, "too-large", f"the file is larger than {MAX_BYTES // 1_000_000} MB, which no definition needs",
            hint="keep content in files under content/, and name them as sources",
        )  # fmt: skip
    return body


def decode(body: bytes, path: Path) -> str:
    """The bytes as text, byte order mark included. Raises DefinitionRejected."""
    if body.startswith(_UTF_16) or b"\0" in body[:2]:
        raise _rejected(
            path,
            "not-utf8",
            "the file is saved as UTF-16",
            hint="save the file as UTF-8: the editor offers it under Save As",
        )
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as exc:
        before = body[: exc.start].decode("utf-8")
        raise _rejected(
            path, "not-utf8", f"the byte 0x{body[exc.start]:02x} here is not UTF-8 text", text=before, offset=len(before),
            hint="save the file as UTF-8",
        ) from exc  # fmt: skip


def read_text(text: str, path: Path, *, loader: Any = _Loader) -> Reading:
    """What the text says; `path` is only named in errors, `loader` is PyYAML's scanner. Raises DefinitionRejected."""
    text = text.removeprefix(BOM)
    if found := INVISIBLE.search(text):
        raise _rejected(
            path, "invisible-character", f"the invisible character U+{ord(found[0]):04X} stands here",
            text=text, offset=found.start(),
            hint="save the file with ordinary line ends (LF)" if found[0] == "\r" else "delete it",
        )  # fmt: skip
    return _Builder(text, path, loader).build()


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Where the character at `offset` stands, both 1-based."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _rejected(
    path: Path, rule: str, message: str, *, text: str = "", offset: int = 0, hint: str = ""
) -> DefinitionRejected:
    line, column = line_and_column(text, offset)
    return DefinitionRejected([Finding(path=path, line=line, column=column, rule=rule, message=message, hint=hint)])


@dataclass(slots=True)
class _Anchor:
    path: KeyPath
    data: Any
    weight: int
    #: The paths of all values in it.
    inside: list[KeyPath]


@dataclass(slots=True)
class _Builder:
    text: str
    path: Path
    loader: Any
    values: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    #: None while the anchored value is still being read.
    anchors: dict[str, _Anchor | None] = field(default_factory=dict)
    #: The order in which values were met, so that an anchor knows what is inside it.
    met: list[KeyPath] = field(default_factory=list)
    weight: int = 0
    expansion: int = 0
    #: Offsets of tabs for which no excuse was found yet.
    tabs: set[int] = field(default_factory=set)
    events: Iterator[Any] = field(default_factory=lambda: iter(()))

    def build(self) -> Reading:
        try:
            self.tabs.update(found.start() for found in re.finditer("\t", self.text))
            self.events = iter(yaml.parse(self.text, Loader=self.loader))
            data = self._document()
            self._check_tabs()
        except yaml.MarkedYAMLError as exc:
            raise self._syntax(exc) from exc
        return Reading(path=self.path, text=self.text, data=data, values=self.values, keys=self.keys)

    def _document(self) -> dict[str, Any]:
        next(self.events)  # the stream's start
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            raise _rejected(self.path, "empty", "the file is empty", hint="write at least `name:`")
        if start.version or start.tags:
            self._refuse(start, "directive", "directives such as %YAML are not used here", hint="delete the line")
        root = next(self.events)
        data = self._value(root, ())
        if data is None:
            self._refuse(root, "empty", "the file holds nothing but comments", hint="write at least `name:`")
        if not isinstance(data, dict):
            self._refuse(root, "not-a-mapping", "the file must consist of lines `key: value`")
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._refuse(
                after, "two-documents", "a second document starts here", hint="one definition a file: delete ---"
            )
        return data

    def _value(self, event: Any, path: KeyPath) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        if event.tag is not None:
            self._refuse(event, "tag", f"tags such as {event.tag} are not used here", hint="put text in quotes instead")
        if event.anchor in self.anchors:
            self._refuse(event, "anchor", f"the anchor &{event.anchor} is set twice")
        if event.anchor:
            self._check_anchor(event)
            self.anchors[event.anchor] = None
        met, weight = len(self.met), self.weight
        self.met.append(path)
        data = self._scalar(event, path) if isinstance(event, yaml.ScalarEvent) else self._collection(event, path)
        if event.anchor:
            self.anchors[event.anchor] = _Anchor(path, data, self.weight - weight, self.met[met:])
        return data

    def _check_anchor(self, event: Any) -> None:
        """Readers differ about where a name ends that no blank follows: `&a:00`."""
        behind = self.text[event.start_mark.index + 1 + len(event.anchor) :][:1]
        if behind and behind not in " \t\r\n,]}":
            self._refuse(event, "anchor", f"a blank is missing after the anchor &{event.anchor}")

    def _scalar(self, event: Any, path: KeyPath) -> Any:
        self.values[path] = self._place(event, event.end_mark.index)
        self.weight += _WEIGHT + len(event.value)
        if event.style:
            self._check_quoted(event)
            return event.value
        try:
            return plain(event.value)
        except ValueError as exc:
            self._refuse(event, "ambiguous", str(exc))

    def _check_quoted(self, event: Any) -> None:
        """Quoted text may hold tabs. Block text begins in a way that all readers understand."""
        end, start = event.end_mark.index, self._after_anchor(event)
        if self.tabs:
            self.tabs.difference_update(range(start, end))
        if event.style in "|>" and not _block_start.match(self.text, start):
            self._refuse(
                event, "syntax", "after | or > nothing may follow on the line, and no line of blanks under it",
                hint="begin the text on the next line",
            )  # fmt: skip

    def _after_anchor(self, event: Any) -> int:
        found = _anchor.match(self.text, event.start_mark.index) if event.anchor else None
        return found.end() if found else event.start_mark.index

    def _check_tabs(self) -> None:
        """Between and in unquoted words YAML readers differ about tabs; in comments they are harmless."""
        if not self.tabs:
            return
        spans = sorted((place.start, place.end) for place in (*self.values.values(), *self.keys.values())
                       if place.style == "scalar")  # fmt: skip
        for tab in sorted(self.tabs):
            number = bisect(spans, (tab, len(self.text))) - 1
            end = spans[number][1] if number >= 0 else 0
            line = self.text.rfind("\n", 0, tab) + 1
            if end > tab or "#" not in self.text[max(end, line) : tab]:
                message, hint = TAB
                raise _rejected(self.path, "syntax", message, text=self.text, offset=tab, hint=hint)

    def _collection(self, event: Any, path: KeyPath) -> Any:
        if len(path) >= MAX_DEPTH:
            self._refuse(event, "too-deep", f"this is nested more than {MAX_DEPTH} levels deep")
        self.weight += _WEIGHT
        self.values[path] = self._place(
            event, event.end_mark.index
        )  # so that an outer value stands before an inner one
        data: Any = self._list(path) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(path)
        closing, children = data
        style = "flow" if event.flow_style else "block"
        end = closing.end_mark.index if event.flow_style else self._end_of_last(path, children)
        self.values[path] = self._place(event, end, style)
        return children

    def _end_of_last(self, path: KeyPath, children: Any) -> int:
        last = len(children) - 1 if isinstance(children, list) else next(reversed(children))
        return self.values[(*path, last)].end

    def _list(self, path: KeyPath) -> tuple[Any, list[Any]]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return event, items

    def _mapping(self, path: KeyPath) -> tuple[Any, dict[str, Any]]:
        pairs: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            where = (*path, key)
            if key in pairs:
                line = self.keys[where].line
                self._refuse(event, "duplicate-key", f"`{key}` is written twice; the first is on line {line}")
            self.keys[where] = self._place(event, event.end_mark.index)
            pairs[key] = self._value(next(self.events), where)
        return event, pairs

    def _key(self, event: Any) -> str:
        end = event.end_mark.index
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None or event.anchor:
            self._refuse(event, "key", "a plain word was expected here as key")
        if event.style:
            self._check_quoted(event)
            if not _colon.match(self.text, end):
                self._refuse(event, "syntax", "a colon and a space were expected after this key")
        try:
            key = event.value if event.style else plain(event.value)
        except ValueError as exc:
            self._refuse(event, "key", str(exc))
        if isinstance(key, str) and not event.style and key[:1].isspace():
            self._refuse(
                event, "key", "a space stands here that is none, as web pages and word processors write it",
                hint="put ordinary spaces in its place",
            )  # fmt: skip
        if not isinstance(key, str):
            self._refuse(event, "key", f"the key {event.value} is not text", hint="put it in quotes")
        return key

    def _alias(self, event: Any, path: KeyPath) -> Any:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            self._refuse(event, "alias", f"*{event.anchor} refers to nothing that is complete before this line")
        self.expansion += anchor.weight
        if self.expansion > MAX_EXPANSION:
            self._refuse(event, "alias-bomb", "the aliases make this file grow beyond all measure")
        self.weight += anchor.weight
        for inner in anchor.inside:
            copied = path + inner[len(anchor.path) :]
            self.met.append(copied)
            self.values[copied] = self.values[inner]
            if inner in self.keys and inner != anchor.path:
                self.keys[copied] = self.keys[inner]
        self.values[path] = self._place(event, event.end_mark.index, "alias")
        return anchor.data

    def _place(self, event: Any, end: int, style: str = "scalar") -> Place:
        mark = event.start_mark
        end = max(end, mark.index)
        if style == "scalar" and self.text[end - 1 : end] == "\n":  # the lines that follow a block scalar
            end = mark.index + len(self.text[mark.index : end].rstrip())
        return Place(line=mark.line + 1, column=mark.column + 1, start=mark.index, end=end, style=style)

    def _refuse(self, event: Any, rule: str, message: str, *, hint: str = "") -> NoReturn:
        mark = event.start_mark
        raise _rejected(self.path, rule, message, text=self.text, offset=mark.index, hint=hint)

    def _syntax(self, exc: yaml.MarkedYAMLError) -> DefinitionRejected:
        """The scanner's complaint in plain words, at the place where it helps most."""
        mark, opened = exc.problem_mark or exc.context_mark, exc.context_mark
        offset, message, hint = plainly(
            exc.problem or "", self.text, offset=mark.index if mark else 0, opened=opened.index if opened else None
        )
        return _rejected(self.path, "syntax", message, text=self.text, offset=offset, hint=hint)
